// Reports of conformance: what is ok, what is broken, and what stands in their text.

#include "upkeep/testing/conformance.hpp"

#include <stdexcept>

#include "support/catch.hpp"

using upkeep::errc;
using upkeep::error;
namespace suite = upkeep::testing::detail;

TEST_CASE("a report without rules is not ok, nor is one with a failure", "[conformance_report]") {
  CHECK_FALSE(upkeep::testing::conformance_report{}.ok());
  suite::rule_runner good("role");
  good.rule("first", [] {});
  good.rule("second", [] { suite::require(true, "never"); });
  const auto held = good.finish();
  CHECK(held.ok());
  CHECK(held.text() == "role: all 2 rules hold\n");

  suite::rule_runner bad("role");
  bad.rule("holds", [] {});
  bad.rule("broken", [] { suite::require_equal(1, 2, "the count"); });
  bad.rule("throws", [] { throw std::runtime_error("what"); });
  bad.rule("throws_a_number", [] { throw 1; });
  const auto report = bad.finish();
  CHECK_FALSE(report.ok());
  CHECK(report.rules.size() == 4);
  CHECK(report.broke("broken"));
  CHECK_FALSE(report.broke("holds"));
  CHECK(report.text() ==
        "role: 3 of 4 rules are broken\n  broken: the count is 1, not 2\n  throws: threw: what\n"
        "  throws_a_number: threw something that is no std::exception\n");
}

TEST_CASE("an expected refusal must be an upkeep::error", "[conformance_report]") {
  CHECK(suite::thrown_code([] { throw error(errc::busy, ""); }, "it") == errc::busy);
  CHECK_THROWS_AS(suite::thrown_code([] {}, "it"), suite::broken_rule);
  CHECK_THROWS_AS(suite::thrown_code([] { throw std::logic_error(""); }, "it"), suite::broken_rule);
}
