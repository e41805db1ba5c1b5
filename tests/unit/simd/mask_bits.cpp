// The bits of a mask are its lanes and nothing else, in code that has no register to spare.

#include "upkeep/simd/mask_bits.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/simd/batch.hpp"
#include "upkeep/simd/box_filter.hpp"

#include <cstdint>
#include <vector>

#if defined(__AVX512F__)
TEST_CASE("a mask's bits are its lanes", "[simd]") {
  for (std::uint32_t i = 0; i < 65536; i += 257) CHECK(upkeep::mask_bits(static_cast<__mmask16>(i)) == i);
}
#endif

TEST_CASE("what is made of masks has no bits beyond the lanes, even where it is spilled", "[simd]") {
  upkeep::rng random(80);
  alignas(64) std::uint8_t lows[16 * 16] = {}, highs[16 * 16];
  alignas(64) std::int32_t reaches[16];
  const std::uint8_t low[16] = {}, high[16] = {};
  for (std::uint8_t& h : highs) h = 255;
  std::vector<std::uint32_t> boxes;
  std::uint64_t others[12] = {};
  for (int round = 0; round < 200; ++round) {
    std::uint32_t expected = 0;
    for (std::size_t b = 0; b < 16; ++b) {
      reaches[b] = random.chance(0.5) ? 0 : -1;
      expected |= static_cast<std::uint32_t>(reaches[b] == 0) << b;
    }
    std::uint32_t found = 0, each = 0;
    for (std::uint32_t near = upkeep::box_filter<16>(low, high, 0, lows, highs, reaches); near != 0; near &= near - 1) {
      const auto box = static_cast<std::uint32_t>(__builtin_ctz(near));
      // Twelve sums that live across the loop, and a vector that may move: no register is left for `near`.
      for (std::uint64_t& o : others) o = o * 31 + box + static_cast<std::uint64_t>(&o - others);
      boxes.push_back(box);
      found |= box < 16 ? std::uint32_t{1} << box : 0;
      ++each;
    }
    REQUIRE(found == expected);
    REQUIRE(each == static_cast<std::uint32_t>(__builtin_popcount(expected)));
  }
  std::uint64_t sum = 0;
  for (const std::uint64_t o : others) sum += o;
  CHECK(sum != 0);

  std::vector<float> zeros(64, 0.0f);
  using floats = upkeep::native_floats;
  const std::uint32_t all = floats::size == 32 ? ~0u : (1u << floats::size) - 1;
  CHECK(at_least(floats::load(zeros.data()), floats::zero()) == all);
}
