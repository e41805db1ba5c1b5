// The clock that tests move by hand.

#include "upkeep/testing/manual_clock.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <thread>

using std::chrono::microseconds;
using upkeep::time_point;

namespace {

time_point at(std::int64_t count) { return time_point(microseconds(count)); }

}  // namespace

TEST_CASE("a manual clock moves only by hand, and its copies move with it", "[clock]") {
  const upkeep::testing::manual_clock clock(at(1000));
  const upkeep::testing::manual_clock copy = clock;
  CHECK(clock.now() == at(1000));
  clock.advance(microseconds(500));
  CHECK(copy.now() == at(1500));
  copy.sleep_until(at(9000));
  CHECK(clock.now() == at(9000));
  clock.sleep_until(at(10));
  CHECK(clock.now() == at(9000));
  clock.set(at(5));
  CHECK(copy.now() == at(5));
}

TEST_CASE("a thread sleeping on a waiting manual clock wakes when the clock gets there", "[clock]") {
  const upkeep::testing::manual_clock clock(at(0), upkeep::testing::when_slept::wait);
  time_point woken{};
  std::thread sleeper([&] {
    clock.sleep_until(at(100));
    woken = clock.now();
  });
  clock.wait_for_sleepers(1);
  clock.advance(microseconds(40));
  clock.wait_for_sleepers(1);  // still asleep
  clock.advance(microseconds(80));
  sleeper.join();
  CHECK(woken == at(120));
}
