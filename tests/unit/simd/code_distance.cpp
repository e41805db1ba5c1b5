// The squared distance of two sketches is that of a plain loop, wherever their codes stand.

#include "upkeep/simd/code_distance.hpp"

#include "support/catch.hpp"
#include "support/kernel_checks.hpp"
#include "upkeep/base/rng.hpp"

#include <cstdint>
#include <vector>

TEST_CASE("the distance of codes is that of a plain loop", "[simd]") {
  upkeep::rng random(77);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::uint8_t> room(4 * 16 + 8);
    for (std::uint8_t& c : room)
      c = random.chance(0.3) ? std::uint8_t{1} : random.chance(0.3) ? std::uint8_t{255} : static_cast<std::uint8_t>(random.below(256));
    const std::size_t off = random.below(9);  // no alignment is promised
    const std::uint8_t* const a = room.data() + off;
    std::int32_t expected = 0;
    for (std::size_t k = 0; k < 32; ++k) expected += (int{a[k]} - int{a[k + 32]}) * (int{a[k]} - int{a[k + 32]});
    REQUIRE(upkeep::code_distance(a, a + 32, a + 16, a + 48) == expected);
    REQUIRE(upkeep::code_distance(a, a, a + 16, a + 16) == 0);
  }
}

TEST_CASE("the largest distance of codes is exact, and each code counts once", "[simd]") {
  std::uint8_t low[32] = {}, high[32];
  for (std::uint8_t& c : high) c = 255;
  CHECK(upkeep::code_distance(low, high, low + 16, high + 16) == 32 * 255 * 255);
  for (std::size_t k = 0; k < 32; ++k) {
    std::uint8_t one[32] = {};
    one[k] = static_cast<std::uint8_t>(k + 100);
    CHECK(upkeep::code_distance(one, low, one + 16, low + 16) == static_cast<std::int32_t>((k + 100) * (k + 100)));
    CHECK(upkeep::code_distance(low, one, low + 16, one + 16) == static_cast<std::int32_t>((k + 100) * (k + 100)));
  }
}

TEST_CASE("pairs beyond the sum of their bounds are dropped, the others stay in order", "[simd]") {
  upkeep_test::check_kept_within_bounds(&upkeep::keep_within_bounds);
}
