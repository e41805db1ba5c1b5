// Every type of registers makes the same integers as a plain loop, and tells their signs in the order that it promises.

#include "upkeep/simd/code_lanes.hpp"

#include "support/catch.hpp"
#include "support/code_types.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <cstdint>

namespace {

// Codes as sketches hold them, the ends of their range more often than not.
std::uint8_t any_code(upkeep::rng& random) {
  const auto kind = random.below(4);
  return static_cast<std::uint8_t>(kind == 0 ? 1 : kind == 1 ? 255 : random.between(1, 255));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("sums of products of codes are those of a plain loop", "[simd]", upkeep_test::code_types) {
  using codes = TestType;
  constexpr std::size_t lanes = codes::lanes, step = codes::step, width = 64;
  upkeep::rng random(71);
  for (int round = 0; round < 50; ++round) {
    alignas(64) std::uint8_t row[width];
    alignas(64) typename codes::row_code room[width];
    alignas(64) typename codes::column_code columns[width * lanes];
    alignas(64) std::int32_t start[lanes];
    for (std::uint8_t& c : row) c = round == 0 ? std::uint8_t{255} : any_code(random);
    for (auto& c : columns) c = static_cast<typename codes::column_code>(round == 0 ? -127 : 128 - int{any_code(random)});
    for (std::int32_t& s : start) s = static_cast<std::int32_t>(random.between(-(1 << 29), 1 << 29));
    const auto less = static_cast<std::int32_t>(random.between(-(1 << 22), 1 << 22));

    std::int32_t expected[lanes];
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      expected[lane] = start[lane] - less;
      for (std::size_t k = 0; k < width; ++k)
        expected[lane] += std::int32_t{row[k]} * std::int32_t{columns[k / step * (lanes * step) + lane * step + k % step]};
    }

    const typename codes::row_code* const x = codes::template expand<width>(row, room);
    for (std::size_t k = 0; k < width; ++k) REQUIRE(int{x[k]} == int{row[k]});
    auto sums = codes::subtract(codes::load_sums(start), less);
    for (std::size_t k = 0; k < width; k += step) sums = codes::multiply_add(sums, x + k, codes::load_codes(columns + k * lanes));
    for (std::size_t lane = 0; lane < lanes; ++lane) {  // the sum is what it is 0 and not negative without, and negative without one more
      const std::uint32_t none = codes::negative(codes::subtract(sums, expected[lane]));
      const std::uint32_t one = codes::negative(codes::subtract(sums, expected[lane] + 1));
      REQUIRE((none >> lane & 1u) == 0u);
      REQUIRE((one >> lane & 1u) == 1u);
    }
    std::uint32_t signs = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) signs |= static_cast<std::uint32_t>(expected[lane] < 0) << lane;
    CHECK(codes::negative(sums) == signs);
  }
}

TEMPLATE_LIST_TEST_CASE("the signs of four registers come in the promised order, however large the sums", "[simd]",
                        upkeep_test::code_types) {
  if constexpr (requires(typename TestType::sums s) { TestType::negative(s, s, s, s); }) {
    constexpr std::size_t lanes = TestType::lanes;
    for (const std::int32_t size : {1, 32767, 32768, 65536, 1 << 30})
      for (std::size_t bit = 0; bit < 64; ++bit) {
        alignas(64) std::int32_t sums[4][lanes];
        for (auto& vector : sums) std::fill_n(vector, lanes, size == 1 ? 0 : size);
        sums[bit / 4 % 4][bit / 16 * 4 + bit % 4] = -size;
        CHECK(TestType::negative(TestType::load_sums(sums[0]), TestType::load_sums(sums[1]), TestType::load_sums(sums[2]),
                                 TestType::load_sums(sums[3])) == std::uint64_t{1} << bit);
      }
  } else {
    CHECK(TestType::lanes < 16);  // only registers of 16 sums gather signs this way
  }
}
