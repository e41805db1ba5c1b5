// The generator gives published and recorded numbers everywhere, and its distributions have the properties they promise.

#include "upkeep/base/rng.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

using upkeep::rng;

static_assert(std::uniform_random_bit_generator<rng>);

TEST_CASE("splitmix64 gives the published numbers", "[rng]") {
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected :
       {6457827717110365317U, 3203168211198807973U, 9817491932198370423U, 4593380528125082431U, 16408922859458223821U}) {
    CHECK(upkeep::splitmix64(state) == expected);
  }
}

TEST_CASE("xoshiro256** gives the published numbers", "[rng]") {
  rng random = rng::from_state(1, 2, 3, 4);
  for (const std::uint64_t expected :
       {std::uint64_t{11520}, std::uint64_t{0}, std::uint64_t{1509978240}, 1215971899390074240U, 1216172134540287360U, 607988272756665600U,
        16172922978634559625U, 8476171486693032832U, 10595114339597558777U, 2904607092377533576U}) {
    CHECK(random() == expected);
  }
}

TEST_CASE("the same seed gives the same numbers and another seed gives others", "[rng]") {
  rng a(7), b(7), c(8);
  std::size_t different = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t x = a();
    CHECK(x == b());
    different += x != c() ? 1 : 0;
  }
  CHECK(different == 100);
}

TEST_CASE("below stays below and is even over every residue", "[rng]") {
  rng random(11);
  CHECK(random.below(0) == 0);
  CHECK(random.below(1) == 0);
  for (const std::uint64_t n : {std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{6}, std::uint64_t{10}, std::uint64_t{17}}) {
    std::vector<double> seen(n, 0.0);
    const double draws = 20000.0 * static_cast<double>(n);
    for (double i = 0; i < draws; ++i) {
      const std::uint64_t drawn = random.below(n);
      REQUIRE(drawn < n);
      seen[drawn] += 1;
    }
    for (const double count : seen) CHECK(std::abs(count - 20000.0) < 5.0 * std::sqrt(20000.0));
  }
  // A modulo of 64 bits would draw the lower third of this range twice as often.
  const std::uint64_t large = 0xC000000000000000U;
  int low = 0;
  for (int i = 0; i < 30000; ++i) low += random.below(large) < large / 3 ? 1 : 0;
  CHECK(std::abs(low - 10000) < 500);
}

TEST_CASE("between covers closed intervals up to the whole range", "[rng]") {
  rng random(12);
  bool first = false, last = false;
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t drawn = random.between(-2, 2);
    REQUIRE((drawn >= -2 && drawn <= 2));
    first = first || drawn == -2;
    last = last || drawn == 2;
  }
  CHECK((first && last));
  CHECK(random.between(5, 5) == 5);
  CHECK(random.between(5, 4) == 5);
  int negative = 0;
  for (int i = 0; i < 1000; ++i) {
    negative += random.between(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()) < 0 ? 1 : 0;
  }
  CHECK(std::abs(negative - 500) < 100);
}

TEST_CASE("uniform lies in [0, 1) with the right mean and never reaches 1", "[rng]") {
  rng random(13);
  double sum = 0.0;
  for (int i = 0; i < 100000; ++i) {
    const double x = random.uniform();
    REQUIRE((x >= 0.0 && x < 1.0));
    sum += x;
  }
  CHECK(sum / 100000.0 == Approx(0.5).margin(0.005));
  // All 64 bits set is the largest that can be drawn.
  CHECK(static_cast<double>(rng::max() >> 11U) * 0x1p-53 < 1.0);
}

TEST_CASE("normal has the moments and tails of the normal distribution", "[rng]") {
  rng random(14);
  constexpr int draws = 200000;
  double sum = 0.0, squares = 0.0, cubes = 0.0, fourths = 0.0;
  int beyond_two = 0;
  for (int i = 0; i < draws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    cubes += x * x * x;
    fourths += x * x * x * x;
    beyond_two += std::abs(x) > 2.0 ? 1 : 0;
  }
  CHECK(sum / draws == Approx(0.0).margin(0.01));
  CHECK(squares / draws == Approx(1.0).margin(0.02));
  CHECK(cubes / draws == Approx(0.0).margin(0.05));
  CHECK(fourths / draws == Approx(3.0).margin(0.1));
  CHECK(beyond_two / double{draws} == Approx(0.0455).margin(0.003));
}

TEST_CASE("normal follows the polar method computed with the C library in long double", "[rng]") {
  rng random(15), same_bits(15);
  for (int i = 0; i < 2000; ++i) {
    long double u = 0, v = 0, s = 0;
    do {
      u = 2.0L * same_bits.uniform() - 1.0L;
      v = 2.0L * same_bits.uniform() - 1.0L;
      s = u * u + v * v;
    } while (s >= 1.0L || s == 0.0L);
    const long double scale = std::sqrt(-2.0L * std::log(s) / s);
    // s is rounded to a double; near s = 1, where the logarithm vanishes, that shows, but the draws are then close to zero.
    REQUIRE(random.normal() == Approx(static_cast<double>(u * scale)).epsilon(1e-12).margin(1e-9));
    REQUIRE(random.normal() == Approx(static_cast<double>(v * scale)).epsilon(1e-12).margin(1e-9));
  }
}

TEST_CASE("the portable logarithm is within 1e-15 of the real one", "[rng]") {
  rng random(16);
  for (int i = 0; i < 20000; ++i) {
    const double x = random.uniform() * std::ldexp(1.0, static_cast<int>(random.below(40)) - 30) + 1e-300;
    const auto real = static_cast<double>(std::log(static_cast<long double>(x)));
    REQUIRE(std::abs(upkeep::v0::detail::portable_log(x) - real) <= 1e-15 * std::max(1.0, std::abs(real)));
  }
}

TEST_CASE("normal draws are recorded to the bit", "[rng]") {
  // Made by this code on x86-64; every compiler, instruction set and C library must give the same bits.
  rng random(2026);
  const std::array<double, 6> recorded = {0x1.244ed0b15c929p-1, -0x1.accce762a2601p+0, 0x1.2e9e7869e4049p-1,
                                          0x1.18118ea1f4c97p-1, 0x1.73d459e983e15p-2,  0x1.6e748ae10690cp-2};
  for (const double expected : recorded) CHECK(random.normal() == expected);
}

TEST_CASE("shuffle permutes, and every order is equally likely", "[rng]") {
  rng random(17);
  std::array<int, 24> seen{};
  for (int round = 0; round < 24000; ++round) {
    std::array<int, 4> items = {0, 1, 2, 3};
    random.shuffle(std::span(items));
    std::array<int, 4> sorted = items;
    std::sort(sorted.begin(), sorted.end());
    REQUIRE(sorted == std::array<int, 4>{0, 1, 2, 3});
    int rank = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      int smaller = 0;
      for (std::size_t j = i + 1; j < 4; ++j) smaller += items[j] < items[i] ? 1 : 0;
      rank = rank * static_cast<int>(4 - i) + smaller;
    }
    ++seen[static_cast<std::size_t>(rank)];
  }
  for (const int count : seen) CHECK(std::abs(count - 1000) < 160);
  std::vector<int> none;
  random.shuffle(std::span(none));
  CHECK(none.empty());
}
