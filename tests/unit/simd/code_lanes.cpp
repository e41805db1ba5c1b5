// Every type of registers makes the same integers as a plain loop, and tells which are below a number.

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

// Bit i: whether sum i is below `x`, in the way of the kernel.
template <class Codes>
std::uint32_t below(typename Codes::sums sums, std::int32_t x) {
  if constexpr (requires { &Codes::write_below; }) {
    static_assert(Codes::lanes == 16);
    unsigned char out[3] = {0, 0, 99};
    Codes::write_below(sums, x, out);
    CHECK(out[2] == 99);
    return std::uint32_t{out[0]} | std::uint32_t{out[1]} << 8;
  } else {
    return Codes::negative(Codes::subtract(sums, x));
  }
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
      expected[lane] = start[lane];
      for (std::size_t k = 0; k < width; ++k)
        expected[lane] += std::int32_t{row[k]} * std::int32_t{columns[k / step * (lanes * step) + lane * step + k % step]};
    }

    const typename codes::row_code* const x = codes::template expand<width>(row, room);
    for (std::size_t k = 0; k < width; ++k) REQUIRE(int{x[k]} == int{row[k]});
    auto sums = codes::load_sums(start);
    for (std::size_t k = 0; k < width; k += step) sums = codes::multiply_add(sums, x + k, codes::load_codes(columns + k * lanes));
    for (std::size_t lane = 0; lane < lanes; ++lane) {  // the sum is what it is not below, and below one more
      REQUIRE((below<codes>(sums, expected[lane]) >> lane & 1u) == 0u);
      REQUIRE((below<codes>(sums, expected[lane] + 1) >> lane & 1u) == 1u);
    }
    std::uint32_t signs = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) signs |= static_cast<std::uint32_t>(expected[lane] < less) << lane;
    CHECK(below<codes>(sums, less) == signs);
  }
}
