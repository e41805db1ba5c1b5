#include "upkeep/janitor/limits.hpp"

#include "support/catch.hpp"

using namespace upkeep;

namespace {

plan plan_of(std::size_t duplicates, std::size_t orphans, const std::string& scope = "") {
  plan p;
  for (std::size_t i = 0; i < duplicates; ++i) {
    planned_removal r;
    r.key = static_cast<std::int64_t>(i);
    r.score = .98 + .001 * static_cast<double>(i % 20);
    r.scope = scope;
    p.removals.push_back(r);
  }
  for (std::size_t i = 0; i < orphans; ++i) {
    planned_removal r;
    r.key = static_cast<std::int64_t>(1000 + i);
    r.reason = removal_reason::orphan;
    r.scope = scope;
    p.removals.insert(p.removals.begin(), r);
  }
  return p;
}

}  // namespace

TEST_CASE("exactly the allowed fraction passes and one more does not", "[limits]") {
  REQUIRE(exceeded_limit(plan_of(5, 0), {}, {.rows = 100}).reason.empty());
  REQUIRE(exceeded_limit(plan_of(6, 0), {}, {.rows = 100}).reason == "safety_threshold");
  REQUIRE(exceeded_limit(plan_of(1, 0), {}, {.rows = 19}).reason == "safety_threshold");
  REQUIRE(exceeded_limit(plan_of(1, 0), {}, {.rows = 20}).reason.empty());
  REQUIRE(exceeded_limit(plan_of(0, 0), {.fraction = 0}, {.rows = 0}).reason.empty());
  for (std::uint64_t rows = 1; rows < 3000; ++rows) {  // .05 has no exact binary form: its multiples must still count as allowed
    if (rows % 20 == 0) REQUIRE(exceeded_limit(plan_of(rows / 20, 0), {}, {.rows = rows}).reason.empty());
  }
}

TEST_CASE("each limit has its own option and none lifts another", "[limits]") {
  const plan p = plan_of(6, 0, "a");
  REQUIRE(exceeded_limit(p, {.fraction = 1, .count = 5}, {.rows = 100}).reason == "count_limit");
  REQUIRE(exceeded_limit(p, {.fraction = .05, .count = 100}, {.rows = 100}).reason == "safety_threshold");
  REQUIRE(exceeded_limit(p, {.fraction = 1, .scope_fraction = .5}, {.rows = 100, .scope_rows = {{"a", 10}}}).reason == "scope_threshold");
  REQUIRE(exceeded_limit(p, {.fraction = 1, .scope_fraction = .6}, {.rows = 100, .scope_rows = {{"a", 10}}}).reason.empty());
}

TEST_CASE("a sudden rise of absent sources is seen", "[limits]") {
  const plan p = plan_of(0, 1);
  REQUIRE(exceeded_limit(p, {}, {.rows = 100, .absent_share = .5}).reason.empty());  // nothing to compare with
  REQUIRE(exceeded_limit(p, {}, {.rows = 100, .absent_share = .31, .last_absent_share = .2}).reason == "absence_spike");
  REQUIRE(exceeded_limit(p, {}, {.rows = 100, .absent_share = .3, .last_absent_share = .2}).reason.empty());
  REQUIRE(exceeded_limit(plan_of(0, 0), {}, {.rows = 100, .absent_share = 1, .last_absent_share = .2}).reason == "absence_spike");
}

TEST_CASE("the message names the figures and the remedy", "[limits]") {
  const std::string message = exceeded_limit(plan_of(6, 0), {}, {.rows = 100}).message;
  REQUIRE(message == "6 of 100 rows (6 %) are planned to be removed and 5 % allowed: look at the plan, then raise limits.fraction");
}

TEST_CASE("trimming keeps the safest removals", "[limits]") {
  plan p = plan_of(8, 4);
  REQUIRE(trim_to_limits(p, {.fraction = .05}, {.rows = 100}) == 7);
  REQUIRE(p.removals.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    REQUIRE(p.removals[i].reason == removal_reason::duplicate);
    REQUIRE(p.removals[i].key == key(static_cast<std::int64_t>(7 - i)));  // by falling score
  }
  plan scoped = plan_of(8, 0, "a");
  REQUIRE(trim_to_limits(scoped, {.fraction = 1, .scope_fraction = .3}, {.rows = 100, .scope_rows = {{"a", 10}}}) == 5);
  REQUIRE(exceeded_limit(scoped, {.fraction = 1, .scope_fraction = .3}, {.rows = 100, .scope_rows = {{"a", 10}}}).reason.empty());
}
