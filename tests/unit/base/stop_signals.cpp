// The first signal asks, the second ends, and nothing is left behind.

#include "upkeep/base/stop_signals.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <string>

#include <pthread.h>
#include <unistd.h>

using upkeep::stop_signals;
using upkeep_test::child;

namespace {

/// The test framework has handlers of its own, which would report the end of a child.
void forget_handlers() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

/// Signals in a child that says "works", and returns from `wait` once the first one was told.
struct told_signals {
  told_signals(const child::line_to_parent& parent, std::chrono::milliseconds same)
      : signals(
            [this] {
              const std::lock_guard guard(mutex);
              first = true;
              told.notify_one();
            },
            same) {
    parent.say(signals.token().stop_requested() ? "stops" : "works");
  }
  void wait() {
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return first; });
  }

  std::mutex mutex;
  std::condition_variable told;
  bool first = false;
  const stop_signals signals;
};

}  // namespace

TEST_CASE("the first signal requests a stop, a later one ends the process, one that follows at once means the same", "[stop_signals]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const bool at_once = GENERATE(false, true);
  child process([&](const child::line_to_parent& parent) {
    forget_handlers();
    told_signals told(parent, at_once ? std::chrono::hours(1) : std::chrono::hours(0));
    told.wait();
    parent.say(told.signals.token().stop_requested() ? "stops" : "works");
    for (;;) ::pause();
    return std::string();
  });
  CHECK(process.hear() == "works");
  process.send(signal);
  CHECK(process.hear() == "stops");
  process.send(signal);
  if (at_once) process.send(SIGKILL);
  CHECK(process.end().signal == (at_once ? SIGKILL : signal));
}

TEST_CASE("a process that ends as it was asked to is not killed by what follows at once", "[stop_signals]") {
  child process([&](const child::line_to_parent& parent) {
    forget_handlers();
    {
      told_signals told(parent, std::chrono::hours(1));
      told.wait();
    }
    std::raise(SIGTERM);
    std::raise(SIGINT);
    return std::string("as usual");
  });
  CHECK(process.hear() == "works");
  process.send(SIGTERM);
  const upkeep_test::ended end = process.end();
  CHECK(end.signal == 0);
  CHECK(end.said == "as usual");
}

TEST_CASE("the process is as it was when it is gone", "[stop_signals]") {
  child process([&](const child::line_to_parent& parent) {
    forget_handlers();
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, nullptr, &before);
    for (int i = 0; i < 3; ++i) {
      const stop_signals signals;
      pthread_sigmask(SIG_BLOCK, nullptr, &after);
      if (sigismember(&after, SIGTERM) != 1 || signals.token().stop_requested()) return std::string("not at work");
    }
    pthread_sigmask(SIG_BLOCK, nullptr, &after);
    parent.say(sigismember(&before, SIGTERM) == sigismember(&after, SIGTERM) ? "same" : "other");
    for (;;) ::pause();
    return std::string();
  });
  CHECK(process.hear() == "same");
  process.send(SIGTERM);
  CHECK(process.end().signal == SIGTERM);
}
