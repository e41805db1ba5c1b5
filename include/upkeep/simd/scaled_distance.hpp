#pragma once
// The fast squared Euclidean distance of two rows that are scaled on the way, in single precision.

#include "batch.hpp"

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// The squared Euclidean distance of `factor_a` * a and `factor_b` * b, rows of `n` floats, all in single precision.
/// With u = 2^-24 its root is within u (1 + g(n + 4)) (|factor_a a| + |factor_b b|) of the exact distance up to a factor 1 + g(n + 4), g(k)
/// = k u / (1 - k u), barring overflow and underflow: a product is rounded once (not at all where the machine fuses it), the difference and
/// the sum of squares have relative errors only. Reads exactly `n` floats of each row; neither needs to be aligned.
/// @tparam Floats  the register type, for tests of the fallback
template <class Floats = default_floats>
inline float scaled_distance(const float* a, float factor_a, const float* b, float factor_b, std::size_t n) noexcept {
  constexpr std::size_t width = Floats::size;
  const Floats fa = Floats::set(factor_a), fb = Floats::set(-factor_b);
  const auto difference = [&](Floats x, Floats y) __attribute__((always_inline)) { return multiply_add(x, fa, y * fb); };
  Floats s0 = Floats::zero(), s1 = s0;
  std::size_t i = 0;
  for (; i + 2 * width <= n; i += 2 * width) {
    const Floats d0 = difference(Floats::load(a + i), Floats::load(b + i));
    const Floats d1 = difference(Floats::load(a + i + width), Floats::load(b + i + width));
    s0 = multiply_add(d0, d0, s0);
    s1 = multiply_add(d1, d1, s1);
  }
  if (i + width <= n) {
    const Floats d = difference(Floats::load(a + i), Floats::load(b + i));
    s0 = multiply_add(d, d, s0);
    i += width;
  }
  if (i < n) {
    const Floats d = difference(Floats::load_first(a + i, n - i), Floats::load_first(b + i, n - i));
    s1 = multiply_add(d, d, s1);
  }
  return sum(s0 + s1);
}

/// The compiled library's, chosen at run time.
template <>
inline float scaled_distance<run_time_floats>(const float* a, float factor_a, const float* b, float factor_b, std::size_t n) noexcept {
  return kernels().scaled_distance(a, factor_a, b, factor_b, n);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
