#pragma once
// A clock that stands still until a test moves it.

#include "../base/clock.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace upkeep::inline v0::testing {

/// What `sleep_until` of a manual_clock does.
enum class when_slept {
  advance,  ///< moves the clock to the wanted instant and returns: for tests with one thread
  wait      ///< blocks until another thread has moved the clock that far
};

/// The clock policy for tests. Copies show the same time: policies take their clock by value, the test keeps a copy to move it.
/// @par Thread safety
/// All members may be called by any thread at any time.
class manual_clock {
 public:
  explicit manual_clock(time_point start = time_point{}, when_slept behaviour = when_slept::advance) : state_(std::make_shared<state>()) {
    state_->now = start;
    state_->behaviour = behaviour;
  }

  [[nodiscard]] time_point now() const {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    return state_->now;
  }

  void sleep_until(time_point instant) const {
    std::unique_lock<std::mutex> guard(state_->mutex);
    if (state_->behaviour == when_slept::advance) {
      if (state_->now < instant) state_->now = instant;
      state_->moved.notify_all();
      return;
    }
    ++state_->sleepers;
    state_->moved.notify_all();
    state_->moved.wait(guard, [&] { return state_->now >= instant; });
    --state_->sleepers;
  }

  /// Moves the clock; backwards too, as a machine's clock may be set back.
  void advance(std::chrono::microseconds by) const {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    state_->now += by;
    state_->moved.notify_all();
  }
  void set(time_point instant) const {
    const std::lock_guard<std::mutex> guard(state_->mutex);
    state_->now = instant;
    state_->moved.notify_all();
  }

  /// Blocks until that many threads sleep in `sleep_until` (behaviour `wait`), so that a test need not guess when to advance.
  void wait_for_sleepers(unsigned count) const {
    std::unique_lock<std::mutex> guard(state_->mutex);
    state_->moved.wait(guard, [&] { return state_->sleepers >= count; });
  }

 private:
  struct state {
    std::mutex mutex;
    std::condition_variable moved;
    time_point now{};
    when_slept behaviour = when_slept::advance;
    unsigned sleepers = 0;
  };
  std::shared_ptr<state> state_;
};

}  // namespace upkeep::inline v0::testing
