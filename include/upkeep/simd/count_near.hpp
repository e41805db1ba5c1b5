#pragma once
// Counts which rows of a sample are near each other by their first 16 and by all 32 components.

#include "batch.hpp"

#include <cstddef>
#include <cstdint>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Of the pairs of a row from `begin` to `end` and one from `other_begin` to `other_end`, those whose squared Euclidean distance, in single
/// precision, is at most `bound_16` over the first 16 components, and of these those with at most `bound_32` over 32.
/// @param values  component c of row r at [c * stride + r]
/// @param other_end  a whole number of registers behind `other_begin`
template <class Floats = default_floats>
near_counts count_near(const float* values, std::size_t stride, std::size_t begin, std::size_t end, std::size_t other_begin,
                       std::size_t other_end, float bound_16, float bound_32) noexcept {
  const Floats limit_16 = Floats::set(bound_16), limit_32 = Floats::set(bound_32);
  near_counts counts{0, 0};
  for (std::size_t i = begin; i < end; ++i)
    for (std::size_t j = other_begin; j < other_end; j += Floats::size) {
      Floats sum = Floats::zero();
      const auto add = [&](std::size_t first, std::size_t last) __attribute__((always_inline)) {
        for (std::size_t c = first; c < last; ++c) {
          const Floats gap = Floats::load(values + c * stride + j) - Floats::set(values[c * stride + i]);
          sum = multiply_add(gap, gap, sum);
        }
      };
      add(0, 16);
      const std::uint32_t near = at_least(limit_16, sum);
      if (near == 0) continue;
      counts.of_16 += static_cast<std::uint64_t>(__builtin_popcount(near));
      add(16, 32);
      counts.of_32 += static_cast<std::uint64_t>(__builtin_popcount(near & at_least(limit_32, sum)));
    }
  return counts;
}

/// The compiled library's, chosen at run time.
template <>
inline near_counts count_near<run_time_floats>(const float* values, std::size_t stride, std::size_t begin, std::size_t end,
                                               std::size_t other_begin, std::size_t other_end, float bound_16, float bound_32) noexcept {
  return kernels().count_near(values, stride, begin, end, other_begin, other_end, bound_16, bound_32);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
