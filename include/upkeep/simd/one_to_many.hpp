#pragma once
// One query row against many rows: the fast kernels four rows at a time, so that each part of the query is loaded once for four.

#include "cosine_similarity.hpp"
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

/// `out[r]` = squared norm of row r of `count` rows of `n` floats that start `stride` floats apart: what the cosine of stored rows needs once.
/// Single precision; the bound of `dot_product`. Reads exactly `n` floats of each row.
template <class Floats = default_floats>
inline void squared_norms(const float* rows, std::size_t stride, std::size_t count, std::size_t n, float* out) noexcept {
  for (std::size_t r = 0; r < count; ++r) out[r] = dot_product<Floats>(rows + r * stride, rows + r * stride, n);
}

/// `out[r]` = cosine of `query` with row r of `count` rows of `n` floats that start `stride` floats apart; 0 where one of them is zero.
/// Single precision; the bound of `cosine_similarity`. Reads exactly `n` floats of the query and of each row.
template <class Floats = default_floats>
inline void cosine_similarity_one_to_many(const float* query, const float* rows, std::size_t stride, std::size_t count, std::size_t n,
                                          float* out) noexcept {
  constexpr std::size_t width = Floats::size;
  const float query_norm = __builtin_sqrtf(dot_product<Floats>(query, query, n));
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *p0 = rows + r * stride, *p1 = p0 + stride, *p2 = p1 + stride, *p3 = p2 + stride;
    Floats ab0 = Floats::zero(), ab1 = ab0, ab2 = ab0, ab3 = ab0, bb0 = ab0, bb1 = ab0, bb2 = ab0, bb3 = ab0;
    for (std::size_t i = 0; i < n; i += width) {
      const bool whole = i + width <= n;
      const std::size_t left = n - i;
      const Floats q = whole ? Floats::load(query + i) : Floats::load_first(query + i, left);
      const Floats y0 = whole ? Floats::load(p0 + i) : Floats::load_first(p0 + i, left);
      const Floats y1 = whole ? Floats::load(p1 + i) : Floats::load_first(p1 + i, left);
      const Floats y2 = whole ? Floats::load(p2 + i) : Floats::load_first(p2 + i, left);
      const Floats y3 = whole ? Floats::load(p3 + i) : Floats::load_first(p3 + i, left);
      ab0 = multiply_add(q, y0, ab0);
      ab1 = multiply_add(q, y1, ab1);
      ab2 = multiply_add(q, y2, ab2);
      ab3 = multiply_add(q, y3, ab3);
      bb0 = multiply_add(y0, y0, bb0);
      bb1 = multiply_add(y1, y1, bb1);
      bb2 = multiply_add(y2, y2, bb2);
      bb3 = multiply_add(y3, y3, bb3);
    }
    const float dots[] = {sum(ab0), sum(ab1), sum(ab2), sum(ab3)}, squares[] = {sum(bb0), sum(bb1), sum(bb2), sum(bb3)};
    for (std::size_t k = 0; k < 4; ++k) out[r + k] = cosine_of_sums(dots[k], query_norm * __builtin_sqrtf(squares[k]));
  }
  for (; r < count; ++r) out[r] = cosine_similarity<Floats>(query, rows + r * stride, n);
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

template <>
inline void cosine_similarity_one_to_many<run_time_floats>(const float* query, const float* rows, std::size_t stride, std::size_t count,
                                                           std::size_t n, float* out) noexcept {
  for (std::size_t r = 0; r < count; ++r) out[r] = kernels().cosine_similarity(query, rows + r * stride, n);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
