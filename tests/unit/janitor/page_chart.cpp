#include "upkeep/janitor/page_chart.hpp"

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <vector>

using namespace upkeep::v0::detail;
using upkeep::time_point;

namespace {

std::vector<time_point> nights(int count) {
  std::vector<time_point> times;
  for (int i = 0; i < count; ++i) times.emplace_back(std::chrono::hours(24 * (20'000 + i)));
  return times;
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("page_chart: numbers as people read them") {
  CHECK(page_count(0) == "0");
  CHECK(page_count(1234567) == "1,234,567");
  CHECK(page_number(0.5, 3) == "0.5");
  CHECK(page_number(-0.0001, 2) == "0");
  CHECK(page_percent(0) == "0 %");
  CHECK(page_percent(0.00012) == "0.012 %");
  CHECK(page_percent(0.00846) == "0.85 %");
  CHECK(page_percent(1) == "100 %");
  CHECK(page_size(1023) == "1023 bytes");
  CHECK(page_size(1536) == "1.5 KB");
  CHECK(page_size(std::uint64_t{5} << 40U) == "5 TB");
  CHECK(page_short(9'999) == "9999");
  CHECK(page_short(25'000) == "25k");
  CHECK(page_short(1'500'000) == "1.5M");
  CHECK(page_time(time_point(std::chrono::seconds(1'700'000'059))) == "2023-11-14 22:14");
  CHECK(trend_chart(
            "x", nights(1), {{"A", {71.7 * 1024}}}, [](double v) { return page_size(static_cast<std::uint64_t>(v)); }, true)
            .find(">80 KB<") != std::string::npos);
  for (const auto& [most, top] : {std::pair<double, double>{0, 1}, {0.03, 0.03}, {0.031, 0.04}, {7, 8}, {8.1, 10}, {1234, 2000}})
    CHECK(axis_top(most) == Approx(top));
}

TEST_CASE("page_chart: a line over time, its gaps left out and its ends dated") {
  const std::vector<chart_line> lines = {{"A & B", {0.01, std::nullopt, 0.02}}, {"C", {0.0, 0.03, std::nullopt}}};
  const std::string svg = trend_chart("a <label>", nights(3), lines, &page_percent);
  CHECK(svg.find("aria-label=\"a &lt;label&gt;\"") != std::string::npos);
  CHECK(occurrences(svg, "<circle") == 4);
  CHECK(occurrences(svg, "<polyline") == 2);
  CHECK(svg.find("A &amp; B, 2024-10-04 00:00: 1 %") != std::string::npos);
  CHECK(svg.find(">2024-10-04</text>") != std::string::npos);
  CHECK(svg.find(">2024-10-06</text>") != std::string::npos);
  CHECK(svg.find(">3 %</text>") != std::string::npos);  // the top of the axis
  // Zero is at the base, the largest at the top, the first left of the last.
  CHECK(svg.find("cx=\"56\" cy=\"164\"") != std::string::npos);
  CHECK(svg.find("cx=\"346\" cy=\"62.7\"") != std::string::npos);  // 2 of 3 %
  CHECK(svg.find("cy=\"12\"") != std::string::npos);
}

TEST_CASE("page_chart: no value draws nothing, one value draws one point in the middle") {
  CHECK(trend_chart("x", {}, {}, &page_percent).empty());
  CHECK(trend_chart("x", nights(2), {{"A", {std::nullopt, std::nullopt}}}, &page_percent).empty());
  const std::string one = trend_chart("x", nights(1), {{"A", {0.0}}}, &page_percent);
  CHECK(occurrences(one, "<circle") == 1);
  CHECK(one.find("cx=\"201\"") != std::string::npos);
  CHECK(one.find("text-anchor=\"middle\"") != std::string::npos);
}

TEST_CASE("page_chart: a histogram has a bar for each bin, within its frame") {
  const std::string svg = histogram_chart({.name = "n", .rows = 9, .compared = 9, .lowest = 0.8, .bins = {1, 0, 4, 2}});
  CHECK(occurrences(svg, "<rect") == 4);
  CHECK(svg.find("<title>0.9 to 0.95: 4 rows</title>") != std::string::npos);
  CHECK(svg.find("<title>0.8 to 0.85: 1 row</title>") != std::string::npos);
  CHECK(svg.find(">0.8</text>") != std::string::npos);
  CHECK(svg.find(">1</text>") != std::string::npos);
  CHECK(histogram_chart({}).find("<svg") == 0);
}
