#pragma once
// The comparison of two rows in single precision, with a stop on the way: drops what is certainly too far apart.

#include "../simd/dot_product.hpp"
#include "../simd/reference.hpp"
#include "../simd/scaled_distance.hpp"
#include "sketch_space.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// The components that a pair's distance is looked at after: enough to drop most, and whole registers.
[[nodiscard]] inline std::size_t leading_components(std::size_t n) noexcept { return std::min(n, (n / 4 + 63) / 64 * 64); }

/// The norm of a scaled row without its leading components.
[[nodiscard]] inline float tail_norm(const float* row, std::size_t n, const scaled_row& scaled) noexcept {
  const std::size_t head = leading_components(n);
  const float squared = squared_norm(row + head, n - head);
  if (squared > 0x1p-80f && squared < 0x1p100f) return scaled.factor * std::sqrt(squared);
  // Squares of a row that is not scaled yet may underflow or overflow where the row itself is far from it.
  return static_cast<float>(double{scaled.factor} * std::sqrt(reference_squared_norm(row + head, n - head)));
}

/// One row on its way through the comparison.
struct compared_row {
  const float* row = nullptr;
  scaled_row scaled;
  float tail = 0;  ///< see tail_norm
};

/// Whether two rows are certainly not within the threshold of `space`; both norms and the proof are those of sketch_space.
[[nodiscard]] inline bool is_far(const sketch_space& space, const compared_row& a, const compared_row& b) noexcept {
  const std::size_t n = space.components(), head = leading_components(n);
  float distance = scaled_distance(a.row, a.scaled.factor, b.row, b.scaled.factor, head);
  const float tails = a.tail - b.tail;
  if (double{distance + tails * tails} > space.largest_leading(a.scaled, b.scaled)) return true;
  distance += scaled_distance(a.row + head, a.scaled.factor, b.row + head, b.scaled.factor, n - head);
  return double{distance} > space.largest_distance(a.scaled, b.scaled);
}

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
