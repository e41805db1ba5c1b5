#pragma once
// Turns SIGINT and SIGTERM into a stop request, so that a program ends what it began.

#include <condition_variable>
#include <csignal>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <pthread.h>

namespace upkeep::inline v0 {

/// While one lives, the first SIGINT or SIGTERM requests a stop instead of ending the process; the second ends it as usual. Make it at the
/// beginning of main, before other threads are started: they inherit which signals they leave to it. One at a time.
/// @par Thread safety
/// `token` may be called by any thread; made and destroyed by the same one.
class stop_signals {
 public:
  /// @param on_first  called once, by another thread, after the first signal; must not throw
  explicit stop_signals(std::function<void()> on_first = {}) : on_first_(std::move(on_first)) {
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
      // The thread blocks the signal as long as it has not come: this wakes it and ends nothing.
      if (!came_) pthread_kill(thread_.native_handle(), SIGTERM);
    }
    ended_.notify_one();
    thread_.join();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  void watch() {
    int number = 0;
    sigwait(&signals_, &number);
    {
      const std::lock_guard guard(mutex_);
      if (over_) return;
      came_ = true;
      pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    }
    source_.request_stop();
    if (on_first_) on_first_();
    // All other threads go on blocking them, so the second signal needs this one to be delivered to.
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [this] { return over_; });
  }

  std::function<void()> on_first_;
  sigset_t signals_{}, before_{};
  std::stop_source source_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool came_ = false, over_ = false;
  std::thread thread_;
};

}  // namespace upkeep::inline v0
