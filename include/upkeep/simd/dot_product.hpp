#pragma once
// The fast dot product and squared norm of rows of floats, in single precision.

#include "batch.hpp"

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// The dot product of two rows of `n` floats, summed in single precision in an order that depends on the machine.
/// |result - exact| <= g(n) sum |a_i b_i|, g(n) = n u / (1 - n u), u = 2^-24, barring overflow and underflow; `reference_dot` is the exact
/// sister. Reads exactly `n` floats of each row; neither needs to be aligned.
/// @tparam Floats  the register type, for tests of the fallback
template <class Floats = default_floats>
inline float dot_product(const float* a, const float* b, std::size_t n) noexcept {
  constexpr std::size_t width = Floats::size;
  // Four sums: a fused multiply-add takes four cycles, and two loads a cycle feed at most one of them.
  Floats s0 = Floats::zero(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * width <= n; i += 4 * width) {
    s0 = multiply_add(Floats::load(a + i), Floats::load(b + i), s0);
    s1 = multiply_add(Floats::load(a + i + width), Floats::load(b + i + width), s1);
    s2 = multiply_add(Floats::load(a + i + 2 * width), Floats::load(b + i + 2 * width), s2);
    s3 = multiply_add(Floats::load(a + i + 3 * width), Floats::load(b + i + 3 * width), s3);
  }
  for (; i + width <= n; i += width) s0 = multiply_add(Floats::load(a + i), Floats::load(b + i), s0);
  if (i < n) s1 = multiply_add(Floats::load_first(a + i, n - i), Floats::load_first(b + i, n - i), s1);
  return sum((s0 + s1) + (s2 + s3));
}

/// The squared Euclidean norm of a row of `n` floats; the bound of `dot_product` with both rows the same.
template <class Floats = default_floats>
inline float squared_norm(const float* a, std::size_t n) noexcept {
  constexpr std::size_t width = Floats::size;
  Floats s0 = Floats::zero(), s1 = s0, s2 = s0, s3 = s0;
  std::size_t i = 0;
  for (; i + 4 * width <= n; i += 4 * width) {
    const Floats x0 = Floats::load(a + i), x1 = Floats::load(a + i + width);
    const Floats x2 = Floats::load(a + i + 2 * width), x3 = Floats::load(a + i + 3 * width);
    s0 = multiply_add(x0, x0, s0);
    s1 = multiply_add(x1, x1, s1);
    s2 = multiply_add(x2, x2, s2);
    s3 = multiply_add(x3, x3, s3);
  }
  for (; i < n; i += width) {
    const Floats x = i + width <= n ? Floats::load(a + i) : Floats::load_first(a + i, n - i);
    s0 = multiply_add(x, x, s0);
  }
  return sum((s0 + s1) + (s2 + s3));
}

/// The compiled library's, chosen at run time.
template <>
inline float dot_product<run_time_floats>(const float* a, const float* b, std::size_t n) noexcept {
  return kernels().dot_product(a, b, n);
}

template <>
inline float squared_norm<run_time_floats>(const float* a, std::size_t n) noexcept {
  return kernels().squared_norm(a, n);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
