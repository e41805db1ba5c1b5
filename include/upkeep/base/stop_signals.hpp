#pragma once
// Turns SIGINT and SIGTERM into a stop request, so that a program ends what it began.

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <pthread.h>

namespace upkeep::inline v0 {

/// While one lives, the first SIGINT or SIGTERM requests a stop instead of ending the process; a later one ends it as usual. What follows
/// within a second is the same wish: timeout(1) and others tell the process and then its whole group. Make it at the beginning of main, before
/// other threads are started: they inherit which signals they leave to it. One at a time.
///
/// When it goes, the process is as it was. Only where it goes within that second, the signals stay blocked: what is still to come is no new
/// wish, and must not turn the end of a process that did as it was asked into a death by a signal.
/// @par Thread safety
/// `token` may be called by any thread; made and destroyed by the same one.
class stop_signals {
 public:
  /// @param on_first  called once, by another thread, after the first signal; must not throw
  /// @param same  how long after the first signal others mean the same
  explicit stop_signals(std::function<void()> on_first = {}, std::chrono::milliseconds same = std::chrono::seconds(1))
      : on_first_(std::move(on_first)), same_(same) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &before_);
    // A thread that waits for signals may do what a signal handler may not.
    thread_ = std::thread([this] { watch(); });
  }
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;
  ~stop_signals() {
    {
      const std::lock_guard guard(mutex_);
      over_ = true;
      // The thread blocks the signal as long as it waits for one: this wakes it and ends nothing.
      if (!passed_on_) pthread_kill(thread_.native_handle(), SIGTERM);
    }
    ended_.notify_one();
    thread_.join();
    if (!may_come_again_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  /// Stop is requested of it at the first signal. May outlive this object.
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  void watch() {
    int number = 0;
    sigwait(&signals_, &number);
    if (is_over()) return;
    may_come_again_ = true;
    source_.request_stop();
    if (on_first_) on_first_();
    using clock = std::chrono::steady_clock;
    for (const auto until = clock::now() + same_;;) {
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(until - clock::now()).count();
      if (left <= 0) break;
      const timespec patience{static_cast<std::time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
      sigtimedwait(&signals_, nullptr, &patience);
      if (is_over()) return;
    }
    // All other threads go on blocking them, so a later signal needs this one to be delivered to.
    std::unique_lock lock(mutex_);
    if (over_) return;
    may_come_again_ = false;
    passed_on_ = true;
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    ended_.wait(lock, [this] { return over_; });
  }

  bool is_over() {
    const std::lock_guard guard(mutex_);
    return over_;
  }

  std::function<void()> on_first_;
  std::chrono::milliseconds same_;
  sigset_t signals_{}, before_{};
  std::stop_source source_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool passed_on_ = false, over_ = false;
  bool may_come_again_ = false;  // of the thread, and read when it has ended
  std::thread thread_;
};

}  // namespace upkeep::inline v0
