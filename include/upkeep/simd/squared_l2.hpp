#pragma once
// The fast squared Euclidean distance of two rows of floats, in single precision.

#include "batch.hpp"

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// The squared Euclidean distance of two rows of `n` floats, differences and sums in single precision.
/// Relative error at most g(n + 3), g(k) = k u / (1 - k u), u = 2^-24, barring overflow and underflow: all terms are positive, so near rows
/// lose nothing. `reference_squared_distance` is the exact sister. Reads exactly `n` floats of each row; neither needs to be aligned.
/// @tparam Floats  the register type, for tests of the fallback
template <class Floats = default_floats>
inline float squared_l2(const float* a, const float* b, std::size_t n) noexcept {
  constexpr std::size_t width = Floats::size;
  Floats s0 = Floats::zero(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * width <= n; i += 4 * width) {
    const Floats d0 = Floats::load(a + i) - Floats::load(b + i);
    const Floats d1 = Floats::load(a + i + width) - Floats::load(b + i + width);
    const Floats d2 = Floats::load(a + i + 2 * width) - Floats::load(b + i + 2 * width);
    const Floats d3 = Floats::load(a + i + 3 * width) - Floats::load(b + i + 3 * width);
    s0 = multiply_add(d0, d0, s0);
    s1 = multiply_add(d1, d1, s1);
    s2 = multiply_add(d2, d2, s2);
    s3 = multiply_add(d3, d3, s3);
  }
  for (; i + width <= n; i += width) {
    const Floats d = Floats::load(a + i) - Floats::load(b + i);
    s0 = multiply_add(d, d, s0);
  }
  if (i < n) {
    const Floats d = Floats::load_first(a + i, n - i) - Floats::load_first(b + i, n - i);
    s1 = multiply_add(d, d, s1);
  }
  return sum((s0 + s1) + (s2 + s3));
}

/// The compiled library's, chosen at run time.
template <>
inline float squared_l2<run_time_floats>(const float* a, const float* b, std::size_t n) noexcept {
  return kernels().squared_l2(a, b, n);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
