#include "upkeep/janitor/health_page.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;
using upkeep::health_page;
using upkeep::key;
using upkeep::page_member;
using upkeep::time_point;

namespace {

time_point at(int hours) { return time_point(std::chrono::hours(490'000 + hours)); }

upkeep::page_run run(int hours, std::string phase = "cleanup") {
  upkeep::page_run r{.phase = phase, .status = "done", .started = at(hours)};
  r.report.emplace();
  r.report->phase = phase;
  r.report->rows = 1000 + static_cast<std::uint64_t>(hours);
  r.report->duplicates_found = 50;
  r.report->duplicates_removed = 12;
  r.report->file_bytes_after = 1 << 20;
  r.report->compaction = upkeep::compaction_report{.page_bytes = 4096, .free_pages_after = 3};
  return r;
}

bool has(const std::string& page, std::string_view part) { return page.find(part) != std::string::npos; }

std::string section(const std::string& page, const std::string& id) {
  const std::size_t begin = page.find("id=\"" + id + "\"");
  return begin == std::string::npos ? std::string() : page.substr(begin, page.find("</section>", begin) - begin);
}

}  // namespace

TEST_CASE("health_page: without a run it says so, and shows what was found now") {
  health_page page{.store = "notes.sqlite", .made = at(5)};
  std::string html = to_html(page);
  CHECK(has(section(html, "last-run"), "No run has been recorded yet"));
  for (const char* id : {"over-runs", "runs", "found", "review", "similarity"}) CHECK(section(html, id).empty());
  page.looked = "the store";
  html = to_html(page);
  CHECK(has(section(html, "found"), "None."));
  CHECK(has(section(html, "review"), "None."));
}

TEST_CASE("health_page: the last run, its figures and its failure") {
  health_page page{.store = "s", .made = at(100), .runs = {run(1), run(97)}};
  std::string last = section(to_html(page), "last-run");
  CHECK(has(last, "✓ done"));
  CHECK(has(last, "3 hours before this page was made"));
  CHECK(has(last, "<dd>1,097</dd>"));
  CHECK(has(last, "50 <span class=\"faint\">12 removed</span>"));
  page.runs.back().status = "aborted";
  page.runs.back().report->error = "80 % <of> the rows";
  last = section(to_html(page), "last-run");
  CHECK(has(last, "✗ aborted"));
  CHECK(has(last, "80 % &lt;of&gt; the rows"));
  page.runs.push_back({.phase = "cleanup", .status = "started", .started = at(99)});
  last = section(to_html(page), "last-run");
  CHECK(has(last, "never ended"));
  CHECK(has(last, "all of them are in its backup"));
}

TEST_CASE("health_page: only runs that looked are drawn, all of them are listed") {
  health_page page{.store = "s", .made = at(100)};
  for (int i = 0; i < 40; ++i) page.runs.push_back(run(i, i % 4 == 0 ? "apply" : "cleanup"));
  page.earlier_runs = 7;
  const std::string html = to_html(page), trends = section(html, "over-runs"), runs = section(html, "runs");
  std::size_t points = 0;
  for (std::size_t i = trends.find("<circle"); i != std::string::npos; i = trends.find("<circle", i + 1)) ++points;
  CHECK(points == 30 * 4);  // duplicates, orphans, rows, size
  CHECK(has(trends, "duplicates 4.8"));
  CHECK(has(trends, "7 earlier runs not shown"));
  CHECK(has(runs, "And 17 earlier runs."));
  CHECK(runs.find("1,039") < runs.find("1,038"));
}

TEST_CASE("health_page: no text of any origin is markup, and no byte is lost for the eye") {
  const std::string_view hostile[] = {"</bdi><script>alert(1)</script>", "\"onload='x'",     "a\0b\x1b[31m"sv, "line\nbreak", "\xff\xfe",
                                      "\xe2\x80\xae right to left",      "\xf0\x9f\x98\x80", "</style><h1>",   "&lt;"};
  for (const std::string_view text : hostile) {
    const std::string own(text);
    health_page page{.store = own, .made = at(9), .runs = {run(1)}, .looked = own};
    page.runs[0].report->error = page.runs[0].report->notifier_error = page.runs[0].report->receipt_path = own;
    page.runs[0].report->receipt.emplace();
    page.runs[0].phase = page.runs[0].status = own;
    page.histograms = {{.name = own, .rows = 1, .compared = 1, .lowest = 0.8, .bins = {1}}};
    page.found = page.removed = {{.witness = key(text), .text = own, .members = {{.key = key(text), .text = own, .score = 1}}, .size = 1}};
    page.found[0].members[0].accepted_by = own;
    page.review = {{.pair = {key(text), key(text), 0.99, own}, .removed_text = own, .survivor_text = own},
                   {.pair = {key(text), key(text), 0.99, "guard", own, true}, .removed_text = own, .survivor_text = own}};
    const std::string html = to_html(page);
    INFO(own);
    CHECK(upkeep::is_utf8(html));
    // Every tag is one of ours, and none has an attribute that runs something.
    const std::set<std::string> known = {
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body",   "header",     "h1", "h2", "h3",  "bdi",   "p",    "main",
        "section",  "span", "dl",   "div",  "dt",    "dd",    "figure", "figcaption", "b",  "br", "svg", "line",  "text", "polyline",
        "circle",   "rect", "code", "ul",   "li",    "table", "thead",  "tbody",      "tr", "th", "td",  "footer"};
    for (std::size_t i = html.find('<'); i != std::string::npos; i = html.find('<', i + 1)) {
      const std::size_t begin = i + (html[i + 1] == '/' ? 2 : 1);
      const std::string tag = html.substr(begin, html.find_first_of(" >\n", begin) - begin);
      if (known.count(tag) == 0) FAIL("a tag that is none of ours: " + tag);
    }
    for (const char* never : {"<script", "onload=\"", " onload='", "http://", "https://", "url(", "@import", "src="})
      CHECK_FALSE(has(html, never));
    CHECK(std::none_of(html.begin(), html.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; }));
  }
}

TEST_CASE("health_page: what waits for a person says why, and what a person accepted says who") {
  health_page page{.store = "s", .made = at(9), .runs = {run(1)}, .looked = "it", .all_review = 7};
  page.runs[0].report->accepted_pairs = 1;
  page.runs[0].report->rejected_pairs = 12;
  page.found = {
      {.witness = key(1), .members = {{.key = key(2), .score = 0.99, .accepted_by = "eve"}, {.key = key(3), .score = 0.99}}, .size = 2}};
  page.review = {{.pair = {key(4), key(5), 0.985, "guard", "a number differs"}, .removed_text = "5 bar", .survivor_text = "6 bar"},
                 {.pair = {key(6), key(7), 0.98, "guard", "", true}}};
  const std::string html = to_html(page), review = section(html, "review"), found = section(html, "found"),
                    last = section(html, "last-run");
  CHECK(has(review, "cosine 0.9850: a number differs</div>"));
  CHECK(has(review, "close, but not the same to the guard; decided before, but a row has changed since"));
  CHECK(has(review, "<code>4</code></bdi> <span class=\"faint\">would go</span>\n<p class=\"text\"><bdi>5 bar</bdi></p>"));
  CHECK(has(review, "<code>5</code></bdi> <span class=\"faint\">would stay</span>"));
  CHECK(has(review, "And 5 more pairs."));
  CHECK(has(found, "cosine 0.9900, accepted by <bdi>eve</bdi></div>"));
  CHECK(has(found, "cosine 0.9900</div>"));
  CHECK(has(last, "<dt>Accepted</dt><dd>1 pair</dd>"));
  CHECK(has(last, "<dt>Rejected</dt><dd>12 pairs</dd>"));
}

TEST_CASE("health_page: keys of both kinds are told apart, long texts are cut") {
  health_page page{.store = "s", .made = at(9), .looked = "it", .threshold = 0.98};
  page.found = {{.witness = key(7), .text = std::string(5000, 'x'), .members = {{.key = key("7"), .score = 0.98761}}, .size = 9}};
  page.all_found = 3;
  const std::string found = section(to_html(page), "found");
  CHECK(has(found, "<code>7</code>"));
  CHECK(has(found, "<code>&quot;7&quot;</code>"));
  CHECK(has(found, std::string(300, 'x') + "…"));
  CHECK(has(found, "and 8 more"));
  CHECK(has(found, "And 2 smaller groups."));
  CHECK(has(found, "cosine 0.9876"));
}

TEST_CASE("largest_groups: the largest first, and of each the members that are least alike") {
  std::vector<std::pair<key, page_member>> members;
  for (int i = 0; i < 6; ++i) members.push_back({key("b"), {.key = key(i), .score = 1 - i / 100.0}});
  members.push_back({key("c"), {.key = key("x"), .score = 0.99}});
  for (int i = 0; i < 6; ++i) members.push_back({key("a"), {.key = key(10 + i), .score = 0.99}});
  const auto [groups, all] = upkeep::largest_groups(members, 2, 3);
  CHECK(all == 3);
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].witness == key("a"));
  CHECK(groups[1].size == 6);
  REQUIRE(groups[1].members.size() == 3);
  CHECK(groups[1].members[0].key == key(5));
  CHECK(groups[0].members[2].key == key(12));
  CHECK(upkeep::largest_groups({}, 2, 3).first.empty());
}
