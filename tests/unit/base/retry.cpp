// Passing failures are tried again after growing pauses, lasting ones are not; no test waits.

#include "upkeep/base/retry.hpp"

#include "support/catch.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::error;
using upkeep::retry_policy;
using upkeep::time_point;

namespace {

struct fixture {
  upkeep::testing::manual_clock clock;
  upkeep::rng random{1};
  std::vector<std::chrono::microseconds> called;  // when, since the start

  /// A function that fails `failures` times before it returns 7.
  auto failing(int failures, errc code = errc::unavailable) {
    return [this, failures, code] {
      called.push_back(clock.now().time_since_epoch());
      if (static_cast<int>(called.size()) <= failures) throw error(code, "no answer " + std::to_string(called.size()));
      return 7;
    };
  }
};

constexpr retry_policy steady{.attempts = 4, .delay = 1s, .factor = 2.0, .maximum_delay = 3s, .jitter = 0.0};

}  // namespace

TEST_CASE("success at once waits for nothing", "[retry]") {
  fixture f;
  CHECK(upkeep::retry(steady, f.clock, f.random, f.failing(0)) == 7);
  CHECK(f.called == std::vector<std::chrono::microseconds>{0s});
}

TEST_CASE("pauses grow up to the maximum", "[retry]") {
  fixture f;
  CHECK(upkeep::retry(steady, f.clock, f.random, f.failing(3)) == 7);
  CHECK(f.called == std::vector<std::chrono::microseconds>{0s, 1s, 3s, 6s});
}

TEST_CASE("the last error comes out when the attempts are used up", "[retry]") {
  fixture f;
  try {
    upkeep::retry(steady, f.clock, f.random, f.failing(100));
    FAIL("succeeded");
  } catch (const error& e) {
    CHECK(std::string(e.what()) == "no answer 4");
  }
  CHECK(f.called.size() == 4);
  CHECK(f.clock.now() == time_point(6s));  // no pause after the last
}

TEST_CASE("what will not pass is not tried again", "[retry]") {
  fixture f;
  CHECK_THROWS_AS(upkeep::retry(steady, f.clock, f.random, f.failing(1, errc::corrupt)), error);
  CHECK(f.called.size() == 1);
  fixture other;
  int calls = 0;
  CHECK_THROWS_AS(upkeep::retry(steady, other.clock, other.random,
                                [&]() -> int {
                                  ++calls;
                                  throw std::logic_error("a bug");
                                }),
                  std::logic_error);
  CHECK(calls == 1);
}

TEST_CASE("the caller says what is worth retrying", "[retry]") {
  fixture f;
  const auto io_only = [](const error& e) { return e.code() == errc::io; };
  CHECK(upkeep::retry(steady, f.clock, f.random, f.failing(2, errc::io), io_only) == 7);
  CHECK(f.called.size() == 3);
  fixture other;
  CHECK_THROWS_AS(upkeep::retry(steady, other.clock, other.random, other.failing(2), io_only), error);
  CHECK(other.called.size() == 1);
}

TEST_CASE("a function that returns nothing, and a policy of no attempts, call once", "[retry]") {
  fixture f;
  int calls = 0;
  upkeep::retry({.attempts = 0}, f.clock, f.random, [&] { ++calls; });
  CHECK(calls == 1);
  CHECK_THROWS_AS(upkeep::retry({.attempts = 0}, f.clock, f.random, f.failing(1)), error);
  CHECK(f.called.size() == 1);
}

TEST_CASE("jitter shortens pauses, never lengthens them, and differs between seeds", "[retry]") {
  const retry_policy policy{.attempts = 2, .delay = 1s, .factor = 2.0, .maximum_delay = 1h, .jitter = 0.25};
  upkeep::rng random(9);
  std::chrono::microseconds shortest = 1h, longest = 0s;
  for (int i = 0; i < 1000; ++i) {
    const auto pause = upkeep::pause_after(policy, 3, random);
    REQUIRE((pause > 3s - 1us && pause <= 4s));
    shortest = std::min(shortest, pause);
    longest = std::max(longest, pause);
  }
  CHECK(shortest < 3050ms);
  CHECK(longest > 3950ms);
}

TEST_CASE("extreme policies give pauses within their bounds", "[retry]") {
  upkeep::rng random(9);
  const auto pause = [&](const retry_policy& policy, unsigned attempt) { return upkeep::pause_after(policy, attempt, random); };
  CHECK(pause({.delay = 1s, .factor = 1e300, .maximum_delay = 1min, .jitter = 0}, 4000000000U) == 1min);
  CHECK(pause({.delay = 0s, .factor = 2, .jitter = 0}, 4000000000U) == 0s);
  CHECK(pause({.delay = 1s, .factor = 1.0, .jitter = 0}, 4000000000U) == 1s);
  CHECK(pause({.delay = 1s, .factor = 0.5, .jitter = 0}, 3) == 1s);
  CHECK(pause({.delay = -5s, .factor = 2, .jitter = 0}, 3) == 0s);
  CHECK(pause({.delay = 1s, .factor = 2, .maximum_delay = -1s, .jitter = 0}, 3) == 0s);
  for (int i = 0; i < 100; ++i) {
    const auto any = pause({.delay = 1s, .factor = 2, .jitter = 9.0}, 1);
    CHECK((any >= 0s && any <= 1s));
  }
}

TEST_CASE("a stop request ends the waiting, and is noticed within 100 ms", "[retry]") {
  fixture f;
  std::stop_source source;
  source.request_stop();
  try {
    upkeep::retry(steady, f.clock, f.random, f.failing(0), upkeep::transient_errors{}, source.get_token());
    FAIL("called although stopped");
  } catch (const error& e) {
    CHECK(e.code() == errc::cancelled);
  }
  CHECK(f.called.empty());

  // A clock that stops the work while it is being slept on.
  struct stopping_clock {
    upkeep::testing::manual_clock clock;
    std::stop_source source;
    time_point now() const { return clock.now(); }
    void sleep_until(time_point instant) const {
      clock.sleep_until(instant);
      if (clock.now() >= time_point(350ms)) std::stop_source(source).request_stop();
    }
  };
  fixture g;
  const stopping_clock stopping{g.clock, std::stop_source()};
  try {
    upkeep::retry(steady, stopping, g.random, g.failing(3), upkeep::transient_errors{}, stopping.source.get_token());
    FAIL("finished although stopped");
  } catch (const error& e) {
    CHECK(e.code() == errc::cancelled);
  }
  CHECK(g.called.size() == 1);
  CHECK(g.clock.now() <= time_point(450ms));
}

TEST_CASE("a pause during which the clock is set back is no longer for it", "[retry]") {
  struct clock_set_back {
    upkeep::testing::manual_clock inner;
    unsigned* sleeps;
    [[nodiscard]] upkeep::time_point now() const { return inner.now(); }
    void sleep_until(upkeep::time_point instant) const {
      inner.sleep_until(instant);
      if (++*sleeps == 50) inner.advance(-std::chrono::hours(1));
    }
  };
  const upkeep::time_point begin(std::chrono::hours(1000));
  unsigned sleeps = 0;
  const upkeep::testing::manual_clock clock(begin);
  std::stop_source stop;  // whoever may be stopped sleeps in slices of 100 ms
  upkeep::sleep_unless_stopped(clock_set_back{clock, &sleeps}, begin + std::chrono::seconds(10), stop.get_token());
  // What of the slice in which it happens had passed, nobody knows.
  CHECK(sleeps <= 101);
  CHECK(clock.now() >= begin + std::chrono::seconds(10) - std::chrono::hours(1));
}
