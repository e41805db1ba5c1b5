#pragma once
// One query row against many rows: the fast kernels four rows at a time, so that each part of the query is loaded once for four.

#include "dot_product.hpp"
#include "squared_l2.hpp"

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// `out[r]` = dot product of `query` with row r of `count` rows of `n` floats that start `stride` floats apart.
/// Single precision; the bound of `dot_product`. Reads exactly `n` floats of the query and of each row.
template <class Floats = default_floats>
inline void dot_product_one_to_many(const float* query, const float* rows, std::size_t stride, std::size_t count, std::size_t n,
                                    float* out) noexcept {
  constexpr std::size_t width = Floats::size;
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *p0 = rows + r * stride, *p1 = p0 + stride, *p2 = p1 + stride, *p3 = p2 + stride;
    Floats s0 = Floats::zero(), s1 = s0, s2 = s0, s3 = s0;
    std::size_t i = 0;
    for (; i + width <= n; i += width) {
      const Floats q = Floats::load(query + i);
      s0 = multiply_add(q, Floats::load(p0 + i), s0);
      s1 = multiply_add(q, Floats::load(p1 + i), s1);
      s2 = multiply_add(q, Floats::load(p2 + i), s2);
      s3 = multiply_add(q, Floats::load(p3 + i), s3);
    }
    if (i < n) {
      const Floats q = Floats::load_first(query + i, n - i);
      s0 = multiply_add(q, Floats::load_first(p0 + i, n - i), s0);
      s1 = multiply_add(q, Floats::load_first(p1 + i, n - i), s1);
      s2 = multiply_add(q, Floats::load_first(p2 + i, n - i), s2);
      s3 = multiply_add(q, Floats::load_first(p3 + i, n - i), s3);
    }
    out[r] = sum(s0);
    out[r + 1] = sum(s1);
    out[r + 2] = sum(s2);
    out[r + 3] = sum(s3);
  }
  for (; r < count; ++r) out[r] = dot_product<Floats>(query, rows + r * stride, n);
}

/// `out[r]` = squared Euclidean distance of `query` from row r of `count` rows of `n` floats that start `stride` floats apart.
/// Single precision; the bound of `squared_l2`. Reads exactly `n` floats of the query and of each row.
template <class Floats = default_floats>
inline void squared_l2_one_to_many(const float* query, const float* rows, std::size_t stride, std::size_t count, std::size_t n,
                                   float* out) noexcept {
  constexpr std::size_t width = Floats::size;
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *p0 = rows + r * stride, *p1 = p0 + stride, *p2 = p1 + stride, *p3 = p2 + stride;
    Floats s0 = Floats::zero(), s1 = s0, s2 = s0, s3 = s0;
    for (std::size_t i = 0; i < n; i += width) {
      const bool whole = i + width <= n;
      const std::size_t left = n - i;
      const Floats q = whole ? Floats::load(query + i) : Floats::load_first(query + i, left);
      const Floats d0 = q - (whole ? Floats::load(p0 + i) : Floats::load_first(p0 + i, left));
      const Floats d1 = q - (whole ? Floats::load(p1 + i) : Floats::load_first(p1 + i, left));
      const Floats d2 = q - (whole ? Floats::load(p2 + i) : Floats::load_first(p2 + i, left));
      const Floats d3 = q - (whole ? Floats::load(p3 + i) : Floats::load_first(p3 + i, left));
      s0 = multiply_add(d0, d0, s0);
      s1 = multiply_add(d1, d1, s1);
      s2 = multiply_add(d2, d2, s2);
      s3 = multiply_add(d3, d3, s3);
    }
    out[r] = sum(s0);
    out[r + 1] = sum(s1);
    out[r + 2] = sum(s2);
    out[r + 3] = sum(s3);
  }
  for (; r < count; ++r) out[r] = squared_l2<Floats>(query, rows + r * stride, n);
}

/// The compiled library's, chosen at run time.
template <>
inline void dot_product_one_to_many<run_time_floats>(const float* query, const float* rows, std::size_t stride, std::size_t count,
                                                     std::size_t n, float* out) noexcept {
  return kernels().dot_product_one_to_many(query, rows, stride, count, n, out);
}

template <>
inline void squared_l2_one_to_many<run_time_floats>(const float* query, const float* rows, std::size_t stride, std::size_t count,
                                                    std::size_t n, float* out) noexcept {
  return kernels().squared_l2_one_to_many(query, rows, stride, count, n, out);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
