#include "upkeep/janitor/plan.hpp"

#include "support/catch.hpp"

using namespace upkeep;

TEST_CASE("plans are equal when all that a removal depends on is equal", "[plan]") {
  plan a;
  a.removals.emplace_back();
  a.removals[0].key = "row";
  a.review.push_back({1, 2, .99, "guard"});
  plan b = a;
  CHECK(a == b);
  SECTION("key: the text 1 is not the number 1") {
    a.removals[0].key = 1;
    b.removals[0].key = "1";
  }
  SECTION("reason") { b.removals[0].reason = removal_reason::orphan; }
  SECTION("digest") { b.removals[0].digest = 1; }
  SECTION("witness") { b.removals[0].witness = 1; }
  SECTION("witness digest") { b.removals[0].witness_digest = 1; }
  SECTION("a source that is absent and one that is empty") { b.removals[0].has_source = true; }
  SECTION("review") { b.review.pop_back(); }
  SECTION("store") { b.store = "another"; }
  SECTION("time") { b.made += std::chrono::microseconds(1); }
  CHECK_FALSE(a == b);
}

TEST_CASE("a new plan removes nothing and has the newest format", "[plan]") {
  const plan p;
  CHECK(p.format == plan::newest_format);
  CHECK(p.removals.empty());
  CHECK(to_string(removal_reason::duplicate) == "duplicate");
  CHECK(to_string(removal_reason::orphan) == "orphan");
}
