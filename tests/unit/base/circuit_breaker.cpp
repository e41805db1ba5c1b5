// It opens after enough failures in a row, lets one call try after the pause, and closes when that one succeeds.

#include "upkeep/base/circuit_breaker.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <chrono>
#include <optional>

using namespace std::chrono_literals;
using upkeep::circuit_breaker;
using upkeep::time_point;

TEST_CASE("failures in a row open it, one success forgets them", "[circuit_breaker]") {
  circuit_breaker breaker({.failures = 3, .pause = 10s});
  const time_point begin(1000s);
  for (int i = 0; i < 5; ++i) {
    breaker.failed(begin);
    breaker.failed(begin);
    CHECK(breaker.allows(begin));
    breaker.succeeded();
  }
  for (int i = 0; i < 3; ++i) breaker.failed(begin);
  CHECK(breaker.is_open());
  CHECK_FALSE(breaker.allows(begin));
  CHECK_FALSE(breaker.allows(begin + 9999999us));
}

TEST_CASE("after the pause one call tries, and decides", "[circuit_breaker]") {
  circuit_breaker breaker({.failures = 1, .pause = 10s});
  time_point now(1000s);
  breaker.failed(now);
  now += 10s;
  CHECK(breaker.allows(now));
  CHECK_FALSE(breaker.allows(now));
  breaker.failed(now);
  CHECK_FALSE(breaker.allows(now + 9s));
  now += 10s;
  CHECK(breaker.allows(now));
  breaker.succeeded();
  CHECK(breaker.allows(now));
  CHECK(breaker.allows(now));
  CHECK_FALSE(breaker.is_open());
}

TEST_CASE("a trial of which nothing is heard does not shut it for ever", "[circuit_breaker]") {
  circuit_breaker breaker({.failures = 1, .pause = 10s});
  breaker.failed(time_point(0s));
  CHECK(breaker.allows(time_point(10s)));
  CHECK_FALSE(breaker.allows(time_point(19s)));
  CHECK(breaker.allows(time_point(20s)));
}

TEST_CASE("a clock set back prolongs no pause", "[circuit_breaker]") {
  circuit_breaker breaker({.failures = 1, .pause = 10s});
  breaker.failed(time_point(5000s));
  CHECK_FALSE(breaker.allows(time_point(1000s)));
  CHECK(breaker.allows(time_point(1010s)));
}

TEST_CASE("with no failures to count it never opens", "[circuit_breaker]") {
  circuit_breaker breaker({.failures = 0});
  for (int i = 0; i < 100; ++i) breaker.failed(time_point(0s));
  CHECK(breaker.allows(time_point(0s)));
}

TEST_CASE("generated histories agree with a record of everything that happened", "[circuit_breaker]") {
  upkeep::rng random(3);
  for (int round = 0; round < 200; ++round) {
    const auto limit = static_cast<unsigned>(random.between(1, 4));
    circuit_breaker breaker({.failures = limit, .pause = 7s});
    time_point now(0s);
    unsigned in_a_row = 0;
    std::optional<time_point> last_bad;  // the failure or trial that the pause counts from
    for (int step = 0; step < 60; ++step) {
      now += std::chrono::seconds(random.between(0, 5));
      const bool expected = in_a_row < limit || now >= *last_bad + 7s;
      REQUIRE(breaker.allows(now) == expected);
      if (!expected) continue;
      if (in_a_row >= limit) last_bad = now;
      if (random.chance(0.1)) continue;  // nothing is heard of it
      if (random.chance(0.3)) {
        breaker.succeeded();
        in_a_row = 0;
      } else {
        breaker.failed(now);
        ++in_a_row;
        last_bad = now;
      }
    }
  }
}
