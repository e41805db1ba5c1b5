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

}  // namespace

TEST_CASE("the first signal requests a stop, a later one ends the process, one that follows at once means the same", "[stop_signals]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  const bool at_once = GENERATE(false, true);
  child process([&](const child::line_to_parent& parent) {
    forget_handlers();
    std::mutex mutex;
    std::condition_variable told;
    bool first = false;
    const auto on_first = [&] {
      const std::lock_guard guard(mutex);
      first = true;
      told.notify_one();
    };
    const stop_signals signals(on_first, at_once ? std::chrono::hours(1) : std::chrono::hours(0));
    parent.say(signals.token().stop_requested() ? "stops" : "works");
    std::unique_lock lock(mutex);
    told.wait(lock, [&] { return first; });
    parent.say(signals.token().stop_requested() ? "stops" : "works");
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

TEST_CASE("what came within the same second is forgotten with it", "[stop_signals]") {
  child process([&](const child::line_to_parent& parent) {
    forget_handlers();
    {
      std::mutex mutex;
      std::condition_variable told;
      bool first = false;
      const auto on_first = [&] {
        const std::lock_guard guard(mutex);
        first = true;
        told.notify_one();
      };
      const stop_signals signals(on_first, std::chrono::hours(1));
      parent.say("works");
      std::unique_lock lock(mutex);
      told.wait(lock, [&] { return first; });
    }
    parent.say("over");
    for (;;) ::pause();
    return std::string();
  });
  CHECK(process.hear() == "works");
  process.send(SIGTERM);
  CHECK(process.hear() == "over");
  process.send(SIGTERM);
  CHECK(process.end().signal == SIGTERM);
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
