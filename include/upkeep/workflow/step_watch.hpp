#pragma once
// Asks a step to stop that has shown no sign of life for too long.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace upkeep::inline v0 {

/// When a step last showed a sign of life, and whether that is too long ago.
/// @par Thread safety
/// None.
class life_signs {
 public:
  using time = std::chrono::steady_clock::time_point;
  life_signs(std::chrono::milliseconds patience, time begin) : patience_(patience), last_(begin) {}

  void sign(time now) noexcept { last_ = now; }
  [[nodiscard]] time patient_until() const noexcept { return last_ + patience_; }
  [[nodiscard]] bool too_long_ago(time now) const noexcept { return now >= patient_until(); }

 private:
  std::chrono::milliseconds patience_;
  time last_;
};

/// Watches over one step from its construction to its destruction. A step is asked to stop, never killed: it ends at its next check of the
/// token.
/// @par Thread safety
/// All members may be called by any thread.
class step_watch {
 public:
  /// @param patience  longest time between two signs of life, by the steady clock: the wall clock may be set meanwhile
  /// @param outer     a request to stop that is passed on
  step_watch(std::chrono::milliseconds patience, const std::stop_token& outer)
      : pass_on_(outer, forward{&source_}), signs_(patience, std::chrono::steady_clock::now()), thread_([this] { watch(); }) {}
  step_watch(const step_watch&) = delete;
  step_watch& operator=(const step_watch&) = delete;
  ~step_watch() {
    {
      const std::lock_guard guard(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  [[nodiscard]] std::stop_token token() const noexcept { return source_.get_token(); }

  /// The step is alive.
  void sign_of_life() noexcept {
    const std::lock_guard guard(mutex_);
    signs_.sign(std::chrono::steady_clock::now());
  }

  [[nodiscard]] bool ran_out() const noexcept {
    const std::lock_guard guard(mutex_);
    return ran_out_;
  }

 private:
  struct forward {
    std::stop_source* to;
    void operator()() const noexcept { to->request_stop(); }
  };

  void watch() {
    std::unique_lock guard(mutex_);
    while (!over_ && !ran_out_) {
      changed_.wait_until(guard, signs_.patient_until(), [&] { return over_; });
      ran_out_ = !over_ && signs_.too_long_ago(std::chrono::steady_clock::now());
    }
    if (!ran_out_) return;
    guard.unlock();
    source_.request_stop();
  }

  std::stop_source source_;
  std::stop_callback<forward> pass_on_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  life_signs signs_;
  bool over_ = false, ran_out_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace upkeep::inline v0
