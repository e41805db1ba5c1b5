#pragma once
// Stops asking a service that has failed several times in a row, and tries it again after a pause.

#include "clock.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>

namespace upkeep::inline v0 {

/// When a circuit_breaker opens, and for how long.
struct circuit_options {
  unsigned failures = 5;  ///< in a row; 0: it never opens
  std::chrono::microseconds pause = std::chrono::seconds(30);
};

/// Lets calls pass while they succeed. After `failures` in a row it lets none pass for the time of `pause`, then a single one: if that
/// succeeds it is closed again, else the pause begins anew (Nygard: Release It!, 2007). A clock that is set back prolongs no pause.
///
///     if (!breaker.allows(clock.now())) return unknown;
///     try { answer = ask(); breaker.succeeded(); } catch (…) { breaker.failed(clock.now()); }
/// @par Thread safety
/// All members may be called by several threads at once.
class circuit_breaker {
 public:
  explicit circuit_breaker(const circuit_options& options = {}) : options_(options) {}

  /// Whether a call may be made now. Who was told so says afterwards how it went; a call of which nothing is heard for the time of `pause`
  /// is given up, and the next one passes.
  [[nodiscard]] bool allows(time_point now) {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (!since_) return true;
    since_ = std::min(*since_, now);
    if (now - *since_ < options_.pause) return false;
    since_ = now;
    return true;
  }

  /// Closes the circuit, and the count of failures begins anew.
  void succeeded() {
    const std::lock_guard<std::mutex> guard(mutex_);
    since_.reset();
    in_a_row_ = 0;
  }

  /// Counts one failure in a row; from `failures` on, each begins the pause anew.
  void failed(time_point now) {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (options_.failures == 0) return;
    if (in_a_row_ < options_.failures) ++in_a_row_;
    if (in_a_row_ == options_.failures) since_ = now;
  }

  /// Whether calls are being refused, but for the one that tries.
  [[nodiscard]] bool is_open() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return since_.has_value();
  }

 private:
  circuit_options options_;
  mutable std::mutex mutex_;
  unsigned in_a_row_ = 0;
  std::optional<time_point> since_;  // when it opened, or let the last call try
};

}  // namespace upkeep::inline v0
