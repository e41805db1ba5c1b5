#pragma once
// The fast cosine of two rows of floats in one pass, in single precision.

#include "batch.hpp"

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// The cosine from a dot product and the product of the norms: 0 where that is 0, held in [-1, 1].
[[gnu::always_inline]] inline float cosine_of_sums(float dot, float norms) noexcept {
  if (norms == 0.0f) return 0.0f;
  const float c = dot / norms;
  return c > 1.0f ? 1.0f : c < -1.0f ? -1.0f : c;
}

/// The cosine of two rows of `n` floats, in one pass over both; 0 where one of them is zero, held in [-1, 1].
/// |result - exact| <= 2 g(n + 4), g(k) = k u / (1 - k u), u = 2^-24, while the squared norms neither overflow nor underflow a float (norms
/// from 1e-15 to 1e19); `reference_cosine` is the exact sister without that limit. Reads exactly `n` floats of each row, aligned or not.
/// @tparam Floats  the register type, for tests of the fallback
template <class Floats = default_floats>
inline float cosine_similarity(const float* a, const float* b, std::size_t n) noexcept {
  constexpr std::size_t width = Floats::size;
  Floats ab0 = Floats::zero(), ab1 = ab0, aa0 = ab0, aa1 = ab0, bb0 = ab0, bb1 = ab0;
  std::size_t i = 0;
  for (; i + 2 * width <= n; i += 2 * width) {
    const Floats x0 = Floats::load(a + i), y0 = Floats::load(b + i);
    const Floats x1 = Floats::load(a + i + width), y1 = Floats::load(b + i + width);
    ab0 = multiply_add(x0, y0, ab0);
    aa0 = multiply_add(x0, x0, aa0);
    bb0 = multiply_add(y0, y0, bb0);
    ab1 = multiply_add(x1, y1, ab1);
    aa1 = multiply_add(x1, x1, aa1);
    bb1 = multiply_add(y1, y1, bb1);
  }
  for (; i < n; i += width) {
    const bool whole = i + width <= n;
    const Floats x = whole ? Floats::load(a + i) : Floats::load_first(a + i, n - i);
    const Floats y = whole ? Floats::load(b + i) : Floats::load_first(b + i, n - i);
    ab0 = multiply_add(x, y, ab0);
    aa0 = multiply_add(x, x, aa0);
    bb0 = multiply_add(y, y, bb0);
  }
  // The product of two squared norms would leave the range of a float twice as early as each of them does.
  return cosine_of_sums(sum(ab0 + ab1), __builtin_sqrtf(sum(aa0 + aa1)) * __builtin_sqrtf(sum(bb0 + bb1)));
}

/// The compiled library's, chosen at run time.
template <>
inline float cosine_similarity<run_time_floats>(const float* a, const float* b, std::size_t n) noexcept {
  return kernels().cosine_similarity(a, b, n);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
