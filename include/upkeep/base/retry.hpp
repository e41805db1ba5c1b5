#pragma once
// Tries again what failed for a passing reason, with growing pauses.

#include "clock.hpp"
#include "error.hpp"
#include "rng.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <stop_token>
#include <utility>

namespace upkeep::inline v0 {

/// How often and after which pauses. Pause n is `delay * factor^(n-1)`, at most `maximum_delay`, shortened by a random share of up to
/// `jitter` so that many clients do not return in step.
struct retry_policy {
  unsigned attempts = 4;  ///< calls in all; 0 counts as 1
  std::chrono::microseconds delay = std::chrono::milliseconds(500);
  double factor = 2.0;
  std::chrono::microseconds maximum_delay = std::chrono::seconds(30);
  double jitter = 0.25;  ///< 0 (none) to 1 (anything from no pause to the whole)
};

/// The errors that may go away by themselves: something was busy or did not answer.
struct transient_errors {
  bool operator()(const error& failure) const noexcept { return failure.code() == errc::busy || failure.code() == errc::unavailable; }
};

/// The pause after the failed attempt number `attempt` (from 1); draws one number from `random` if there is jitter.
[[nodiscard]] inline std::chrono::microseconds pause_after(const retry_policy& policy, unsigned attempt, rng& random) noexcept {
  const auto most = static_cast<double>(std::max<std::int64_t>(policy.maximum_delay.count(), 0));
  double pause = static_cast<double>(std::max<std::int64_t>(policy.delay.count(), 0));
  for (unsigned i = 1; i < attempt && pause > 0.0 && pause < most && policy.factor > 1.0; ++i) pause *= policy.factor;
  pause = std::min(pause, most);
  if (policy.jitter > 0.0) pause -= pause * std::min(policy.jitter, 1.0) * random.uniform();
  return std::chrono::microseconds(static_cast<std::int64_t>(pause));
}

/// Sleeps until `until`, or for as long as that was away where the clock is set back meanwhile. Throws errc::cancelled when `stop` is requested
/// (noticed within 100 ms).
template <class Clock>
void sleep_unless_stopped(Clock&& clock, time_point until, const std::stop_token& stop) {
  for (time_point now = clock.now(); now < until;) {
    if (stop.stop_requested()) throw error(errc::cancelled, "stopped while retrying, as asked");
    // In slices, because no clock can be woken by a stop token.
    clock.sleep_until(stop.stop_possible() ? std::min(until, now + std::chrono::milliseconds(100)) : until);
    const time_point before = std::exchange(now, clock.now());
    if (now < before) until -= before - now;
  }
}

/// Returns what `f()` returns; calls it again after a pause when it throws an `upkeep::error` of which `worth_retrying(error)` says true,
/// at most `policy.attempts` times in all. The last error, an error not worth retrying and every other exception pass through. Throws
/// errc::cancelled when `stop` is requested before a call or during a pause (noticed within 100 ms).
template <class Clock, class F, class Predicate = transient_errors>
auto retry(const retry_policy& policy, Clock&& clock, rng& random, F&& f, Predicate worth_retrying = {}, const std::stop_token& stop = {})
    -> decltype(f()) {
  for (unsigned attempt = 1;; ++attempt) {
    if (stop.stop_requested()) throw error(errc::cancelled, "stopped while retrying, as asked");
    try {
      return f();
    } catch (const error& failure) {
      if (attempt >= policy.attempts || !worth_retrying(failure)) throw;
    }
    sleep_unless_stopped(clock, clock.now() + pause_after(policy, attempt, random), stop);
  }
}

}  // namespace upkeep::inline v0
