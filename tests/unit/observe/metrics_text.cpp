#include "upkeep/observe/metrics_text.hpp"

#include "support/catch.hpp"
#include "support/exposition.hpp"
#include "support/failure.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

using namespace std::string_view_literals;
using upkeep::metric_family;
using upkeep::metric_kind;
using upkeep::metric_labels;
using upkeep::metric_set;
using upkeep_test::exposition;
using upkeep_test::failure_of;

namespace {

constexpr std::array<metric_family, 3> families = {{{"a_total", metric_kind::counter, "Things\nthat \\ happened \"here\"."},
                                                    {"b_bytes", metric_kind::gauge, "How large."},
                                                    {"c_seconds", metric_kind::histogram, "How long."}}};
constexpr std::array<double, 3> bounds = {0.5, 1, 10};

metric_set some() { return metric_set(families, bounds); }

}  // namespace

TEST_CASE("metrics_text: the text is what the format's specification says, byte for byte") {
  metric_set set = some();
  set.add("a_total", metric_labels({{"who", "x"}, {"why", "a \"b\" \\c\nd"}}), 3);
  set.add("a_total", metric_labels({{"who", "x"}, {"why", "a \"b\" \\c\nd"}}), 4);
  set.set("b_bytes", "", 0.25);
  set.sample("c_seconds", "", 0.5);
  set.sample("c_seconds", "", 2);
  set.sample("c_seconds", "", 100);
  CHECK(set.text() ==
        "# HELP a_total Things\\nthat \\\\ happened \"here\".\n"
        "# TYPE a_total counter\n"
        "a_total{who=\"x\",why=\"a \\\"b\\\" \\\\c\\nd\"} 7\n"
        "# HELP b_bytes How large.\n"
        "# TYPE b_bytes gauge\n"
        "b_bytes 0.25\n"
        "# HELP c_seconds How long.\n"
        "# TYPE c_seconds histogram\n"
        "c_seconds_bucket{le=\"0.5\"} 1\n"
        "c_seconds_bucket{le=\"1\"} 1\n"
        "c_seconds_bucket{le=\"10\"} 2\n"
        "c_seconds_bucket{le=\"+Inf\"} 3\n"
        "c_seconds_sum 102.5\n"
        "c_seconds_count 3\n");
  const exposition read(set.text());
  CHECK(read.families().at("a_total").help == families[0].help);
  CHECK(read.value("a_total", {{"who", "x"}, {"why", "a \"b\" \\c\nd"}}) == 7);
}

TEST_CASE("metrics_text: nothing gives nothing, and a value of any kind is a word of the format") {
  CHECK(some().text().empty());
  const auto shown = [](double value) {
    metric_set set = some();
    set.set("b_bytes", "", value);
    const std::string text = set.text();
    return text.substr(text.rfind(' ') + 1);
  };
  CHECK(shown(std::nan("")) == "NaN\n");
  CHECK(shown(HUGE_VAL) == "+Inf\n");
  CHECK(shown(-HUGE_VAL) == "-Inf\n");
  CHECK(shown(1e6) == "1000000\n");
  CHECK(shown(-0.1) == "-0.1\n");
  CHECK(shown(1e300) == "1e+300\n");
}

TEST_CASE("metrics_text: labels of any bytes stay apart and readable") {
  metric_set set = some();
  const std::string_view names[] = {"",   "a\0b"sv,  "\xff", "\xc3\xa4 \xf0\x9f\x98\x80", ",le=\"1\"", "}", "\r\x1b", "\\n", "\n", "\\",
                                    "\"", "a b{}=,", "\\x00"};
  double value = 0;
  for (const std::string_view name : names) set.set("b_bytes", metric_labels({{"store", name}}), ++value);
  for (const std::string_view name : names) set.sample("c_seconds", metric_labels({{"store", name}}), value);
  const exposition read(set.text());
  CHECK(read.families().at("b_bytes").samples.size() == std::size(names));
  CHECK(read.value("b_bytes", {{"store", "\xc3\xa4 \xf0\x9f\x98\x80"}}) == 4);
  CHECK(read.value("b_bytes", {{"store", "a\\x00b"}}) == 2);
  CHECK(read.value("b_bytes", {{"store", "\\xff"}}) == 3);
  CHECK(read.value("c_seconds_count", {{"store", ",le=\"1\""}}) == 1);
  metric_set again = some();
  again.read(set.text());
  CHECK(again.text() == set.text());
}

TEST_CASE("metrics_text: what is read back goes on counting") {
  metric_set first = some();
  first.add("a_total", metric_labels({{"who", "x"}}), 5);
  first.add("a_total", metric_labels({{"who", "zero"}}), 0);
  first.set("b_bytes", "", -2.5);
  for (const double seconds : {0.1, 0.7, 3.0, 30.0}) first.sample("c_seconds", metric_labels({{"step", "s"}}), seconds);
  first.sample("c_seconds", metric_labels({{"step", "nothing"}}), 0);
  metric_set second = some();
  second.read(first.text());
  CHECK(second.text() == first.text());
  for (metric_set* set : {&first, &second}) {
    set->add("a_total", metric_labels({{"who", "x"}}), 1);
    set->sample("c_seconds", metric_labels({{"step", "s"}}), 0.2);
  }
  CHECK(second.text() == first.text());
  CHECK(exposition(second.text()).value("c_seconds_bucket", {{"le", "0.5"}, {"step", "s"}}) == 2);
}

TEST_CASE("metrics_text: what was not written by it is corrupt, wherever it is cut or changed") {
  metric_set set = some();
  set.add("a_total", metric_labels({{"who", "x"}}), 5);
  set.sample("c_seconds", metric_labels({{"step", "s"}}), 3);
  const std::string text = set.text();
  const auto refused = [&](const std::string& changed) {
    INFO(changed);
    metric_set target = some();
    CHECK(failure_of([&] { target.read(changed); }).code == upkeep::errc::corrupt);
  };
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    REQUIRE(at != std::string::npos);
    return changed.replace(at, from.size(), to);
  };
  refused(text.substr(0, text.size() - 1));
  refused(with("# TYPE a_total counter", "# TYPE a_total gauge"));
  refused(with("a_total{", "z_total{"));
  refused(with("a_total{who=\"x\"} 5\n", "a_total{who=\"x\"} five\n"));
  refused(with("a_total{who=\"x\"} 5\n", "a_total{who=\"x\"} 5 \n"));
  refused(with("a_total{who=\"x\"} 5\n", "a_total{who=\"x\"} 5\na_total{who=\"x\"} 5\n"));
  refused(with("a_total{who=\"x\"} 5\n", "a_total{who=\"x} 5\n"));
  refused(with("a_total{who=\"x\"} 5\n", "a_total\n"));
  refused(with("le=\"1\"", "le=\"2\""));
  refused(with("le=\"1\"} 0", "le=\"1\"} 7"));
  refused(with("le=\"1\"} 0", "le=\"1\"} -1"));
  refused(with("c_seconds_count{step=\"s\"} 1\n", ""));
  refused(with("c_seconds_sum{step=\"s\"} 3\n", ""));
  refused(with("c_seconds_count{step=\"s\"} 1\n", "c_seconds_count{step=\"s\"} 2\n"));
  refused(text + "# HELP other_total Of somebody else.\n");
  for (std::size_t cut = text.find("# HELP c_seconds"); cut < text.size(); ++cut)  // within or between lines of the histogram
    if (text[cut - 1] != '\n' || cut > text.find("c_seconds_bucket")) refused(text.substr(0, cut));
}

TEST_CASE("metrics_text: a metric that there is not is refused") {
  metric_set set = some();
  CHECK(failure_of([&] { set.add("nothing_total", "", 1); }).names("nothing_total"));
}
