#include "upkeep/janitor/report.hpp"

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace upkeep;

TEST_CASE("fields come in groups that are not torn apart, each name once", "[report]") {
  janitor_report r;
  r.aborted_reason = "count_limit";
  r.error = "e";
  r.notifier_error = "n";
  r.receipt = receipt{};
  r.policies = {{"store", "s"}, {"guard", "g"}};
  std::set<std::string> names, closed;
  std::string open;
  r.fields([&](std::string_view name, const auto&) {
    const std::string group(name.substr(0, name.find('.')));
    const std::string now = group.size() == name.size() ? "" : group;
    if (now != open) {
      if (!open.empty()) closed.insert(open);
      REQUIRE_FALSE(closed.contains(now));
      open = now;
    }
    REQUIRE(names.insert(std::string(name)).second);
    for (const char c : name) REQUIRE(((c >= 'a' && c <= 'z') || c == '_' || c == '.'));
  });
  for (const char* wanted :
       {"status",           "aborted.reason",     "rows",          "set_aside.zero",  "set_aside.unreadable", "pairs",
        "duplicates_found", "duplicates_removed", "orphans_found", "orphans_removed", "unknown_sources",      "review_pairs",
        "last_copy",        "waiting_grace",      "changed",       "bytes_reclaimed", "kb_reclaimed",         "file_bytes_before",
        "file_bytes_after", "total_seconds",      "seconds.scan",  "seconds.oracle",  "seconds.join",         "seconds.guard",
        "seconds.backup",   "seconds.remove",     "receipt.path",  "policies.guard"}) {
    CAPTURE(wanted);
    REQUIRE(names.contains(wanted));
  }
}

TEST_CASE("a clean run has neither reason nor error nor receipt among its fields", "[report]") {
  janitor_report().fields([](std::string_view name, const auto&) {
    REQUIRE(name != "aborted.reason");
    REQUIRE(name != "error");
    REQUIRE_FALSE(name.starts_with("receipt."));
  });
}

TEST_CASE("outcomes have names, and what was removed adds up", "[report]") {
  REQUIRE(to_string(outcome::done) == "done");
  REQUIRE(to_string(outcome::aborted) == "aborted");
  REQUIRE(to_string(outcome::cancelled) == "cancelled");
  REQUIRE(to_string(outcome::failed) == "failed");
  REQUIRE(to_string(outcome::inconsistent) == "inconsistent");
  janitor_report r;
  r.duplicates_removed = 3;
  r.orphans_removed = 4;
  REQUIRE(r.removed() == 7);
}
