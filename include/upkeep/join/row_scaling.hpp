#pragma once
// By what a filter multiplies each row before it compares in single precision: the metric's own factor, and one that fits all rows.

#include "../config.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <span>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// The metric's own factor for a row of this norm: 1/norm for the cosine; 1 where the metric names none.
template <class Metric>
[[nodiscard]] double metric_row_scale(double norm) noexcept {
  if constexpr (requires {
                  { Metric::row_scale(norm) } -> std::same_as<double>;
                })
    return Metric::row_scale(norm);
  else
    return 1.0;
}

/// The power of two that takes the median of the scaled rows' norms to about 1 (1 where the metric normalises rows), so that data of any
/// magnitude stays clear of overflow and underflow. Rows of squared norm 0 or NaN are not asked.
template <class Metric>
[[nodiscard]] double common_scale(std::span<const double> squared_norms) noexcept {
  // The median of the exponents, by counting: they lie between those of the smallest float and of sqrt(n) times the largest.
  constexpr int lowest = -200, highest = 200;
  std::size_t counts[highest - lowest + 1] = {};
  std::size_t counted = 0;
  for (const double squared : squared_norms) {
    if (!(squared > 0)) continue;
    const double norm = std::sqrt(squared), scaled = metric_row_scale<Metric>(norm) * norm;
    if (!(scaled > 0) || std::isinf(scaled)) continue;
    const int exponent = std::ilogb(scaled);
    ++counts[(exponent < lowest ? lowest : exponent > highest ? highest : exponent) - lowest];
    ++counted;
  }
  std::size_t below = 0;
  for (int exponent = lowest; exponent <= highest; ++exponent) {
    below += counts[exponent - lowest];
    if (2 * below > counted) return std::ldexp(1.0, -exponent);
  }
  return 1.0;
}

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
