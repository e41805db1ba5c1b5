#include "upkeep/base/bar_scale.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <vector>

using upkeep::bar_scale;

TEST_CASE("bar_scale: even counts grow with their numbers") {
  const bar_scale scale(std::vector<std::uint64_t>{0, 3, 7, 12});
  CHECK_FALSE(scale.logarithmic());
  CHECK(scale.top() == 15);
  CHECK(scale.ticks() == std::vector<double>{0, 5, 10, 15});
  CHECK(scale.height(15) == 1);
  CHECK(scale.height(3) == Approx(0.2));
  CHECK(scale.height(0) == 0);
}

TEST_CASE("bar_scale: where one bar dwarfs the others it is their logarithm that counts") {
  const std::vector<std::uint64_t> counts = {1, 2, 5, 40'000};
  const bar_scale scale(counts);
  CHECK(scale.logarithmic());
  CHECK(scale.top() == 50'000);
  CHECK(scale.ticks() == std::vector<double>{1, 10, 100, 1000, 10'000, 50'000});
  CHECK(scale.height(1) > 0.03);  // the smallest bar is seen
  double before = 0;
  for (const std::uint64_t count : counts) {
    CHECK(scale.height(static_cast<double>(count)) > before);
    before = scale.height(static_cast<double>(count));
  }
  CHECK(before <= 1);
  CHECK_FALSE(bar_scale(std::vector<std::uint64_t>{1, 5, 20 * 5}).logarithmic());
  CHECK(bar_scale(std::vector<std::uint64_t>{1, 5, 20 * 5 + 1}).logarithmic());
}

TEST_CASE("bar_scale: nothing has a scale as well") {
  for (const auto& counts : {std::vector<std::uint64_t>{}, std::vector<std::uint64_t>{0, 0}}) {
    const bar_scale scale(counts);
    CHECK(scale.height(0) == 0);
    CHECK(scale.top() == 1);
    CHECK(scale.ticks() == std::vector<double>{0, 1});
  }
}

TEST_CASE("bar_scale: round numbers are the next of 1, 2, 5 and their tenfolds") {
  for (const auto& [value, round] :
       {std::pair<double, double>{0, 1}, {1, 1}, {1.5, 2}, {2, 2}, {3, 5}, {5, 5}, {6, 10}, {11, 20}, {99, 100}})
    CHECK(upkeep::round_up_to_scale(value) == round);
}
