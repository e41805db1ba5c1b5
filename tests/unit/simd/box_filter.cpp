// The filter of boxes against a plain loop: gaps on either side, gaps beyond 127, reaches that are met exactly, empty boxes.

#include "upkeep/simd/box_filter.hpp"

#include "support/catch.hpp"
#include "support/kernel_checks.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace {

template <std::size_t Width>
struct block {
  alignas(64) std::uint8_t lows[Width * upkeep::box_block], highs[Width * upkeep::box_block];
  alignas(64) std::int32_t reaches[upkeep::box_block];
  std::uint8_t low[Width], high[Width];

  explicit block(upkeep::rng& random) {
    const std::int64_t extent = random.chance(0.5) ? 250 : 20;  // of a box: they overlap mostly, or hardly
    const auto sides = [&](std::uint8_t& l, std::uint8_t& h) {
      const std::int64_t a = random.between(1, 255), b = std::clamp<std::int64_t>(a + random.between(-extent, extent), 1, 255);
      l = static_cast<std::uint8_t>(std::min(a, b));
      h = static_cast<std::uint8_t>(std::max(a, b));
    };
    for (std::size_t k = 0; k < Width; ++k) {
      sides(low[k], high[k]);
      for (std::size_t b = 0; b < upkeep::box_block; ++b) sides(lows[upkeep::box_code(b, k)], highs[upkeep::box_code(b, k)]);
    }
  }

  [[nodiscard]] std::int32_t squared_gap(std::size_t b) const {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < Width; ++k) {
      const int l = lows[upkeep::box_code(b, k)], h = highs[upkeep::box_code(b, k)];
      const int gap = l > high[k] ? l - high[k] : low[k] > h ? low[k] - h : 0;
      sum += std::min(gap, 127) * std::min(gap, 127);
    }
    return sum;
  }

  [[nodiscard]] std::uint32_t filter(std::int32_t reach) const { return upkeep::box_filter<Width>(low, high, reach, lows, highs, reaches); }
};

template <std::size_t Width>
void check_width() {
  upkeep::rng random(74 + Width);
  for (int round = 0; round < 200; ++round) {
    block<Width> b(random);
    const auto reach = static_cast<std::int32_t>(random.between(-1000, 100000));
    std::uint32_t expected = 0;
    for (std::size_t i = 0; i < upkeep::box_block; ++i) {  // one less than needed, exactly what is needed, one more, or any
      const auto off = static_cast<std::int32_t>(random.between(-1, 2));
      b.reaches[i] = off == 2 ? static_cast<std::int32_t>(random.between(-1000, 100000)) : b.squared_gap(i) - reach + off;
      expected |= static_cast<std::uint32_t>(b.squared_gap(i) <= b.reaches[i] + reach) << i;
    }
    CAPTURE(Width, round);
    REQUIRE(b.filter(reach) == expected);
  }
}

}  // namespace

TEST_CASE("boxes within reach are those of a plain loop", "[simd]") {
  check_width<16>();
  check_width<32>();
  check_width<64>();
}

TEST_CASE("each code's gap counts on both sides, and as 127 at most", "[simd]") {
  upkeep::rng random(75);
  block<16> b(random);
  for (std::size_t k = 0; k < 16; ++k)
    for (const int side : {-1, 1})
      for (const int gap : {0, 1, 2, 126, 127, 128, 200}) {
        std::fill_n(b.lows, sizeof b.lows, std::uint8_t{1});
        std::fill_n(b.highs, sizeof b.highs, std::uint8_t{255});
        std::fill_n(b.reaches, upkeep::box_block, 0);
        std::fill_n(b.low, 16, std::uint8_t{100});
        std::fill_n(b.high, 16, std::uint8_t{110});
        b.low[k] = b.high[k] = side < 0 ? std::uint8_t{1} : std::uint8_t{255};
        const std::size_t box = k;  // any
        const auto at = static_cast<std::uint8_t>(side < 0 ? 1 + gap : 255 - gap);
        b.lows[upkeep::box_code(box, k)] = b.highs[upkeep::box_code(box, k)] = at;
        const std::int32_t squared = std::min(gap, 127) * std::min(gap, 127);
        CAPTURE(k, side, gap);
        CHECK((b.filter(squared) >> box & 1u) == 1u);
        CHECK((b.filter(squared - 1) >> box & 1u) == 0u);
      }
}

TEST_CASE("an empty box is within reach of nothing, on either side", "[simd]") {
  upkeep::rng random(76);
  constexpr std::int32_t nothing = -(1 << 28), most = 1 << 24;
  block<32> b(random);
  std::fill_n(b.reaches, upkeep::box_block, most);
  for (std::size_t k = 0; k < 32; ++k) {
    b.lows[upkeep::box_code(3, k)] = 255;
    b.highs[upkeep::box_code(3, k)] = 0;
  }
  b.reaches[3] = nothing;
  CHECK(b.filter(most) == 0xfff7u);
  std::fill_n(b.low, 32, std::uint8_t{255});
  std::fill_n(b.high, 32, std::uint8_t{0});
  CHECK(b.filter(nothing) == 0u);
}

TEST_CASE("the numbers of the bits that are set, ascending", "[simd]") {
  upkeep::rng random(144);
  for (int round = 0; round < 300; ++round) {
    const auto bits = static_cast<std::uint32_t>(round == 0 ? 0 : round == 1 ? 0xffff : random.below(65536));
    const auto base = static_cast<std::uint32_t>(random.below(1u << 30));
    const std::unique_ptr<std::uint32_t[]> out(new std::uint32_t[16]);
    std::vector<std::uint32_t> expected;
    for (std::uint32_t b = 0; b < 16; ++b)
      if ((bits >> b & 1u) != 0) expected.push_back(base + b);
    REQUIRE(upkeep::write_set_bits(bits, base, out.get()) == expected.size());
    CHECK(std::vector<std::uint32_t>(out.get(), out.get() + expected.size()) == expected);
  }
}

TEST_CASE("boxes within reach are found in two levels as in one", "[simd]") {
  upkeep_test::check_boxes_within_reach<16>(&upkeep::boxes_within_reach<16>);
  upkeep_test::check_boxes_within_reach<32>(&upkeep::boxes_within_reach<32>);
  upkeep_test::check_boxes_within_reach<64>(&upkeep::boxes_within_reach<64>);
}
