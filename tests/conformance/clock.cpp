// The suite for clocks passes the shipped clocks, and catches a clock that breaks any one of its rules.

#include "upkeep/testing/conform_clock.hpp"

#include <chrono>
#include <memory>

#include "support/catch.hpp"
#include "upkeep/testing/manual_clock.hpp"

using upkeep::time_point;
using upkeep::testing::conform_clock;

namespace {

void check(const upkeep::testing::conformance_report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

template <class Make>
void caught(Make make, const char* rule) {
  const auto report = conform_clock(make);
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
  CHECK(report.failures.size() == 1);
}

struct jumps_back {
  std::shared_ptr<int> calls = std::make_shared<int>(0);
  time_point now() { return time_point(std::chrono::hours(++*calls == 100 ? -1 : 0)); }
};
struct since_its_own_start {
  time_point start;
  time_point now() { return start; }
};
struct wakes_early {
  time_point now() { return upkeep::system_clock().now(); }
  void sleep_until(time_point) {}
};

}  // namespace

TEST_CASE("the shipped clocks conform", "[conformance][clock]") {
  check(conform_clock([] { return upkeep::system_clock(); }));
  check(conform_clock([clock = upkeep::testing::manual_clock()] { return clock; }));
}

TEST_CASE("the suite catches a clock that breaks one rule", "[conformance][clock]") {
  caught([] { return jumps_back(); }, "does_not_run_backwards");
  caught([made = 0]() mutable { return since_its_own_start{time_point(std::chrono::hours(++made))}; }, "two_clocks_agree");
  caught([] { return wakes_early(); }, "sleeps_until_the_instant");
}
