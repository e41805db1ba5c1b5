// The tile kernel finds the pairs that reach their bound, and only those.

#include "upkeep/simd/tile_dot.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <cstdint>
#include <limits>
#include <memory>

TEMPLATE_TEST_CASE("the tile kernel compares every pair of its block with its own bound", "[simd]", upkeep::native_floats,
                   upkeep::portable_floats) {
  using shape = upkeep::tile_shape<TestType>;
  upkeep::rng random(16);
  for (std::size_t n = 0; n <= 40; ++n) {
    // Small integers: every sum is exact in float, so the answer is known whatever the order.
    const auto rows = std::make_unique<float[]>(n * shape::rows), columns = std::make_unique<float[]>(n * shape::columns);
    for (std::size_t i = 0; i < n * shape::rows; ++i) rows[i] = static_cast<float>(random.between(-9, 9));
    for (std::size_t i = 0; i < n * shape::columns; ++i) columns[i] = static_cast<float>(random.between(-9, 9));
    const auto row_bounds = std::make_unique<float[]>(shape::rows), column_bounds = std::make_unique<float[]>(shape::columns);
    for (std::size_t i = 0; i < shape::rows; ++i) row_bounds[i] = static_cast<float>(random.between(-20, 60));
    for (std::size_t i = 0; i < shape::columns; ++i) column_bounds[i] = static_cast<float>(random.between(-20, 60));
    row_bounds[0] = std::numeric_limits<float>::infinity();
    column_bounds[1] = std::numeric_limits<float>::quiet_NaN();

    std::uint32_t expected[shape::rows] = {}, all = 0;
    for (std::size_t r = 0; r < shape::rows; ++r)
      for (std::size_t c = 0; c < shape::columns; ++c) {
        float product = 0;
        for (std::size_t k = 0; k < n; ++k) product += rows[k * shape::rows + r] * columns[k * shape::columns + c];
        if (product >= row_bounds[r] + column_bounds[c]) expected[r] |= std::uint32_t{1} << c;
      }
    for (const std::uint32_t bits : expected) all |= bits;

    const auto hits = std::make_unique<std::uint32_t[]>(shape::rows);
    CAPTURE(n);
    CHECK(upkeep::tile_dot<TestType>(rows.get(), columns.get(), n, row_bounds.get(), column_bounds.get(), hits.get()) == all);
    for (std::size_t r = 0; r < shape::rows; ++r) CHECK(hits[r] == expected[r]);
    CHECK(hits[0] == 0u);
    CHECK((all & 2u) == 0u);
  }
}

TEMPLATE_TEST_CASE("a component that is not a number spoils only its own row and column", "[simd]", upkeep::native_floats,
                   upkeep::portable_floats) {
  using shape = upkeep::tile_shape<TestType>;
  const std::size_t n = 3;
  std::unique_ptr<float[]> rows(new float[n * shape::rows]), columns(new float[n * shape::columns]);
  for (std::size_t i = 0; i < n * shape::rows; ++i) rows[i] = 1.0f;
  for (std::size_t i = 0; i < n * shape::columns; ++i) columns[i] = 1.0f;
  rows[shape::rows + 1] = std::numeric_limits<float>::quiet_NaN();
  columns[2 * shape::columns + 2] = std::numeric_limits<float>::quiet_NaN();
  const std::unique_ptr<float[]> row_bounds(new float[shape::rows]()), column_bounds(new float[shape::columns]());
  std::uint32_t hits[shape::rows];
  const auto every = static_cast<std::uint32_t>((std::uint64_t{1} << shape::columns) - 1);
  CHECK(upkeep::tile_dot<TestType>(rows.get(), columns.get(), n, row_bounds.get(), column_bounds.get(), hits) == (every & ~4u));
  for (std::size_t r = 0; r < shape::rows; ++r) CHECK(hits[r] == (r == 1 ? 0u : every & ~4u));
}

TEMPLATE_TEST_CASE("a block of another register type is the same in parts", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  using shape = upkeep::tile_shape<upkeep::run_time_floats>;
  upkeep::rng random(17);
  for (std::size_t n = 0; n <= 20; ++n) {
    std::unique_ptr<float[]> rows(new float[n * shape::rows]), columns(new float[n * shape::columns]);
    for (std::size_t i = 0; i < n * shape::rows; ++i) rows[i] = static_cast<float>(random.between(-9, 9));
    for (std::size_t i = 0; i < n * shape::columns; ++i) columns[i] = static_cast<float>(random.between(-9, 9));
    std::unique_ptr<float[]> row_bounds(new float[shape::rows]), column_bounds(new float[shape::columns]);
    for (std::size_t i = 0; i < shape::rows; ++i) row_bounds[i] = static_cast<float>(random.between(-20, 100));
    for (std::size_t i = 0; i < shape::columns; ++i) column_bounds[i] = static_cast<float>(random.between(-20, 100));
    std::uint32_t hits[shape::rows], all = 0;
    const std::uint32_t joined = upkeep::tile_dot_in_parts<upkeep::run_time_floats, TestType>(rows.get(), columns.get(), n,
                                                                                              row_bounds.get(), column_bounds.get(), hits);
    for (std::size_t r = 0; r < shape::rows; ++r)
      for (std::size_t c = 0; c < shape::columns; ++c) {
        float product = 0;
        for (std::size_t k = 0; k < n; ++k) product += rows[k * shape::rows + r] * columns[k * shape::columns + c];
        CAPTURE(n, r, c);
        REQUIRE((hits[r] >> c & 1u) == (product >= row_bounds[r] + column_bounds[c] ? 1u : 0u));
        all |= hits[r];
      }
    CHECK(joined == all);
  }
}
