#include "upkeep/workflow/jobs.hpp"

#include "support/catch.hpp"

using namespace upkeep;

TEST_CASE("a fact is found by its name, the first of two", "[jobs]") {
  const step_facts facts{{"safe", "yes"}, {"empty", ""}, {"safe", "no"}};
  CHECK(fact(facts, "safe") == "yes");
  CHECK(fact(facts, "empty") == "");
  CHECK_FALSE(fact(facts, "rows"));
}

TEST_CASE("kinds of events have the names under which they are kept", "[jobs]") {
  using enum step_event::what;
  CHECK(to_string(started) == "started");
  CHECK(to_string(completed) == "completed");
  CHECK(to_string(failed) == "failed");
  CHECK(to_string(timed_out) == "timed_out");
  CHECK(to_string(interrupted) == "interrupted");
}
