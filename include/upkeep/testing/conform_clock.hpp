#pragma once
// Puts a clock through every promise of its role, in one line and without a test framework.

#include "../concepts/clock.hpp"
#include "conformance.hpp"

#include <chrono>
#include <string>

namespace upkeep::inline v0::testing {

/// Checks a clock: nobody may move it meanwhile. `sleep_until` is checked where there is one.
/// @param make  gives the clock: `[] { return my_clock(…); }`
template <class Make>
conformance_report conform_clock(Make make) {
  detail::rule_runner runner("clock");
  runner.rule("does_not_run_backwards", [&] {
    auto clock = make();
    time_point last = clock.now();
    for (int i = 0; i < 10'000; ++i) {
      const time_point now = clock.now();
      detail::require(now >= last, "it was " + to_iso8601(last) + " and then " + to_iso8601(now));
      last = now;
    }
  });
  runner.rule("two_clocks_agree", [&] {
    auto first = make(), second = make();
    const time_point before = first.now(), between = second.now(), after = first.now();
    constexpr auto tolerance = std::chrono::minutes(1);
    detail::require(between >= before - tolerance && between <= after + tolerance,
                    "a second clock says " + to_iso8601(between) + " when the first says " + to_iso8601(after));
  });
  runner.rule("sleeps_until_the_instant", [&] {
    auto clock = make();
    if constexpr (requires(time_point t) { clock.sleep_until(t); }) {
      const time_point instant = clock.now() + std::chrono::milliseconds(2);
      clock.sleep_until(instant);
      detail::require(clock.now() >= instant, "it woke up before " + to_iso8601(instant));
      clock.sleep_until(instant - std::chrono::hours(1));  // the past: returns at once
    }
  });
  return runner.finish();
}

}  // namespace upkeep::inline v0::testing
