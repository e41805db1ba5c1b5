#pragma once
// The double-precision formulas that define what "exact" means in upkeep: the same bits on every machine and compiler.

#include "run_time_kernels.hpp"

#include <cstddef>
#include <cstdint>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

// Why the bits cannot differ. (1) The order is fixed: accumulator k of eight takes elements i with i % 8 == k in ascending order, and the
// eight are added as ((0+4)+(2+6)) + ((1+5)+(3+7)). Eight independent sums are what a compiler may put into vector registers without being
// allowed to reorder anything. (2) Every product below has at most 53 significant bits and so is exact in double; whether a compiler fuses
// it with the addition after it (GCC does by default, where the machine can) changes nothing.

namespace detail {

// Eight numbers as the compilers' own vectors, on every machine: what they make of a loop changes with the flags.
using eight_floats [[gnu::vector_size(32)]] = float;
using eight_doubles [[gnu::vector_size(64)]] = double;

[[gnu::always_inline]] inline double add_eight(const double* s) noexcept {
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// What an element's difference adds to a squared distance. The difference d of two floats in double has up to 53 bits, its square 106: d is
// split into h, its leading 26 bits, and the rest l (27 bits, exact), and d^2 = h^2 + 2 h l + l^2 is taken without l^2, at most a relative
// 2^-50. A mask instead of a rounding, because it neither overflows nor underflows.
[[gnu::always_inline]] inline double add_squared_difference(double sum, float a, float b) noexcept {
  const double d = static_cast<double>(a) - static_cast<double>(b);
  const double h = __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, d) & ~std::uint64_t{0x7ffffff});
  const double l = d - h;
  sum += h * h;
  return sum + h * (l + l);
}

}  // namespace detail

/// The dot product of two rows of `n` floats: products exact, sums in double in the fixed order above.
/// The error is below (n/8 + 3) 2^-53 times the sum of the products' absolute values.
inline double reference_dot(const float* a, const float* b, std::size_t n) noexcept {
  if constexpr (kernels_at_run_time) return kernels().reference_dot(a, b, n);
  detail::eight_doubles s = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    detail::eight_floats x, y;
    __builtin_memcpy(&x, a + i, sizeof x);
    __builtin_memcpy(&y, b + i, sizeof y);
    s += __builtin_convertvector(x, detail::eight_doubles) * __builtin_convertvector(y, detail::eight_doubles);
  }
  double sums[8];
  __builtin_memcpy(sums, &s, sizeof sums);
  for (std::size_t k = 0; i + k < n; ++k) sums[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
  return detail::add_eight(sums);
}

/// The squared Euclidean norm of a row of `n` floats: `reference_dot` of the row with itself. Never overflows; 0 only where all are zero.
inline double reference_squared_norm(const float* a, std::size_t n) noexcept { return reference_dot(a, a, n); }

/// `reference_squared_norm` of four rows at once, the same bits: four chains of additions keep the machine busy that would wait for one.
inline void reference_squared_norms(const float* const* rows, std::size_t n, double* norms) noexcept {
  if constexpr (kernels_at_run_time) return kernels().reference_squared_norms(rows, n, norms);
  const float *const a = rows[0], *const b = rows[1], *const c = rows[2], *const d = rows[3];
  detail::eight_doubles sa = {}, sb = {}, sc = {}, sd = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    detail::eight_floats x[4];
    __builtin_memcpy(&x[0], a + i, sizeof x[0]);
    __builtin_memcpy(&x[1], b + i, sizeof x[1]);
    __builtin_memcpy(&x[2], c + i, sizeof x[2]);
    __builtin_memcpy(&x[3], d + i, sizeof x[3]);
    const detail::eight_doubles ya = __builtin_convertvector(x[0], detail::eight_doubles),
                                yb = __builtin_convertvector(x[1], detail::eight_doubles),
                                yc = __builtin_convertvector(x[2], detail::eight_doubles),
                                yd = __builtin_convertvector(x[3], detail::eight_doubles);
    sa += ya * ya;
    sb += yb * yb;
    sc += yc * yc;
    sd += yd * yd;
  }
  double sums[4][8];
  __builtin_memcpy(sums[0], &sa, sizeof sa);
  __builtin_memcpy(sums[1], &sb, sizeof sb);
  __builtin_memcpy(sums[2], &sc, sizeof sc);
  __builtin_memcpy(sums[3], &sd, sizeof sd);
  for (std::size_t r = 0; r < 4; ++r) {
    for (std::size_t k = 0; i + k < n; ++k) sums[r][k] += static_cast<double>(rows[r][i + k]) * static_cast<double>(rows[r][i + k]);
    norms[r] = detail::add_eight(sums[r]);
  }
}

/// The squared Euclidean distance of two rows of `n` floats, from differences taken in double: 0 for equal rows only, and without the
/// cancellation that |a|^2 + |b|^2 - 2 a.b suffers. Relative error below (n/4 + 16) 2^-53.
inline double reference_squared_distance(const float* a, const float* b, std::size_t n) noexcept {
  if constexpr (kernels_at_run_time) return kernels().reference_squared_distance(a, b, n);
  double s[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t k = 0; k < 8; ++k) s[k] = detail::add_squared_difference(s[k], a[i + k], b[i + k]);
  for (std::size_t k = 0; i + k < n; ++k) s[k] = detail::add_squared_difference(s[k], a[i + k], b[i + k]);
  return detail::add_eight(s);
}

/// The cosine of two rows from their dot product and squared norms: dot / sqrt(na nb), held in [-1, 1]. NaN where a norm is 0.
/// Equal rows have dot == na == nb, and IEEE 754's sqrt(na na) is na: their cosine is exactly 1.
inline double reference_cosine_of(double dot, double squared_norm_a, double squared_norm_b) noexcept {
  const double c = dot / __builtin_sqrt(squared_norm_a * squared_norm_b);
  return c > 1.0 ? 1.0 : c < -1.0 ? -1.0 : c;
}

/// The cosine of two rows of `n` floats, by the formulas above.
inline double reference_cosine(const float* a, const float* b, std::size_t n) noexcept {
  return reference_cosine_of(reference_dot(a, b, n), reference_squared_norm(a, n), reference_squared_norm(b, n));
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
