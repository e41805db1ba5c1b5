#pragma once
// Sketches for the tests of sets and filters: random ones in clusters, and which of them are within reach by a plain loop.

#include "upkeep/base/rng.hpp"
#include "upkeep/join/sketch_set.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace upkeep_test {

/// Codes around a few centres, some at the ends of their range; reaches and bounds of many sizes.
inline upkeep::sketch_table random_table(upkeep::sketch_shape shape, std::size_t n, std::uint64_t seed) {
  upkeep::rng random(seed);
  upkeep::sketch_table table(shape, n);
  const std::size_t more = shape.width - shape.leading;
  for (std::size_t i = 0; i < n; ++i) {
    const double centre = 40.0 + 25.0 * static_cast<double>(random.below(8)), spread = random.chance(0.1) ? 120.0 : 8.0;
    const auto code = [&] { return static_cast<std::uint8_t>(std::clamp(centre + spread * random.normal(), 1.0, 255.0)); };
    std::int32_t squared = 0;
    for (std::size_t k = 0; k < shape.leading; ++k) {
      const std::uint8_t c = table.leading[i * shape.leading + k] = code();
      squared += (128 - int{c}) * (128 - int{c});
    }
    for (std::size_t k = 0; k < more; ++k) table.rest[i * more + k] = code();
    const auto t = static_cast<std::int32_t>(random.between(0, random.chance(0.1) ? 40'000 : 1500));
    table.reach[i] = random.chance(0.01) ? 1 << 22 : (t - squared + (t > squared ? 1 : 0)) / 2;
    if (more != 0) table.bound[i] = static_cast<float>(2 * t);
  }
  return table;
}

/// Whether the leading codes of a row and of a column are within reach of each other (see sketch_space).
inline bool within_reach(const upkeep::sketch_set& rows, std::size_t row, const upkeep::sketch_set& columns, std::size_t column) {
  const std::size_t leading = rows.shape().leading;
  std::int64_t sum = std::int64_t{rows.reach()[row]} + std::int64_t{columns.reach()[column]};
  for (std::size_t k = 0; k < leading; ++k)
    sum += (128 - std::int64_t{rows.leading()[row * leading + k]}) * (128 - std::int64_t{columns.leading()[column * leading + k]});
  return sum >= 0;
}

/// The same for all codes, where there are more than the leading ones.
inline bool within_bound(const upkeep::sketch_set& rows, std::size_t row, const upkeep::sketch_set& columns, std::size_t column) {
  const std::size_t leading = rows.shape().leading, more = rows.shape().width - leading;
  if (more == 0) return true;
  std::int64_t sum = 0;
  const auto add = [&](const std::uint8_t* a, const std::uint8_t* b, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) sum += (std::int64_t{a[k]} - std::int64_t{b[k]}) * (std::int64_t{a[k]} - std::int64_t{b[k]});
  };
  add(rows.leading() + row * leading, columns.leading() + column * leading, leading);
  add(rows.rest() + row * more, columns.rest() + column * more, more);
  return static_cast<float>(sum) <= rows.bound(row) + columns.bound(column);
}

}  // namespace upkeep_test
