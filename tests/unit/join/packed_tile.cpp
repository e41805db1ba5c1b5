// Packing: every component where the kernel reads it, scaled, and nothing read beyond the rows.

#include "upkeep/join/packed_tile.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "upkeep/join/product_filter.hpp"

#include <cstdint>
#include <limits>
#include <vector>

TEST_CASE("a packed tile interleaves its rows, scaled, and fills up the last group", "[join]") {
  constexpr std::size_t lanes = 6;
  upkeep::rng random(31);
  for (const std::size_t components : {0u, 1u, 5u, 31u, 32u, 33u, 64u, 70u})
    for (const std::size_t gap : {0u, 3u})
      for (const std::size_t count : {0u, 1u, 5u, 6u, 7u, 12u, 13u}) {
        const std::size_t stride = components + gap, all = count + 2, first = 2;
        const auto values = upkeep_test::normal_row(random, (all - 1) * stride + components);  // no gap after the last row
        const upkeep::matrix_view<const float> rows(values.data(), all, components, stride);
        const auto row_of = [](std::size_t i) {
          return i % 5 == 4 ? upkeep::filter_row{} : upkeep::filter_row{1.0 / static_cast<double>(i), static_cast<float>(i), false};
        };
        upkeep::packed_tile<lanes> tile;
        tile.pack(rows, first, count, row_of);
        CAPTURE(components, gap, count);
        REQUIRE(tile.groups() == (count + lanes - 1) / lanes);
        for (std::size_t g = 0; g < tile.groups(); ++g) {
          CHECK(tile.first_of(g) == first + g * lanes);
          CHECK(reinterpret_cast<std::uintptr_t>(tile.values(0)) % 64 == 0);
          for (std::size_t l = 0; l < lanes; ++l) {
            const std::size_t i = first + g * lanes + l;
            const bool in = i < first + count && i % 5 != 4;
            CHECK(tile.bounds(g)[l] == (in ? static_cast<float>(i) : std::numeric_limits<float>::infinity()));
            for (std::size_t k = 0; k < components; ++k) {
              const float expected = in ? static_cast<float>(double{rows[i][k]} * (1.0 / static_cast<double>(i))) : 0.0f;
              REQUIRE(tile.values(g)[k * lanes + l] == expected);
            }
          }
        }
      }
}

TEST_CASE("a row that takes part in nothing is not even read", "[join]") {
  std::vector<float> values(8, 1.0f);
  values[2] = std::numeric_limits<float>::quiet_NaN();
  values[3] = std::numeric_limits<float>::infinity();
  const upkeep::matrix_view<const float> rows(values.data(), 4, 2);
  upkeep::packed_tile<2> tile;
  tile.pack(rows, 0, 4, [](std::size_t i) { return i == 1 ? upkeep::filter_row{} : upkeep::filter_row{2.0, 0.5f, false}; });
  const std::vector<float> first(tile.values(0), tile.values(0) + 4), second(tile.values(1), tile.values(1) + 4);
  CHECK(first == std::vector<float>{2, 0, 2, 0});
  CHECK(second == std::vector<float>{2, 2, 2, 2});
}

TEST_CASE("a tile can be packed again, larger and smaller", "[join]") {
  const std::vector<float> values(100, 3.0f);
  const upkeep::matrix_view<const float> rows(values.data(), 20, 5);
  const auto all = [](std::size_t) { return upkeep::filter_row{1.0, 0.0f, false}; };
  upkeep::packed_tile<4> tile;
  for (const std::size_t count : {3u, 20u, 1u}) {
    tile.pack(rows, 0, count, all);
    CHECK(tile.groups() == (count + 3) / 4);
    CHECK(tile.values(0)[0] == 3.0f);
    CHECK(tile.values(0)[1] == (count > 1 ? 3.0f : 0.0f));
  }
}
