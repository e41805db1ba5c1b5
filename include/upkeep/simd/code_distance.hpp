#pragma once
// The squared distance of two sketches of byte codes.

#include "run_time_kernels.hpp"

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// The sum of the squared differences of two rows of 16 codes each, stored apart; at most 32 * 255^2.
inline std::int32_t code_distance(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* more_a,
                                  const std::uint8_t* more_b) noexcept {
#if defined(__AVX2__)
  const auto wide = [](const std::uint8_t* p) __attribute__((always_inline)) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  };
  const __m256i first = _mm256_sub_epi16(wide(a), wide(b)), second = _mm256_sub_epi16(wide(more_a), wide(more_b));
  const __m256i squares = _mm256_add_epi32(_mm256_madd_epi16(first, first), _mm256_madd_epi16(second, second));
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(squares), _mm256_extracti128_si256(squares, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
  return _mm_cvtsi128_si32(sum);
#else
  std::int32_t sum = 0;
  for (std::size_t k = 0; k < 16; ++k) {
    const int first = int{a[k]} - int{b[k]}, second = int{more_a[k]} - int{more_b[k]};
    sum += first * first + second * second;
  }
  return sum;
#endif
}

/// Drops the pairs whose 32 codes are further apart than the bounds of both rows together, and returns how many are left.
inline std::size_t keep_within_bounds(const split_codes& rows, const split_codes& columns, near_places* found, std::size_t count) noexcept {
  if constexpr (kernels_at_run_time) return kernels().keep_within_bounds(rows, columns, found, count);
  constexpr std::size_t ahead = 8;  // the rows are scattered
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_prefetch(rows.rest + std::size_t{found[i + ahead < count ? i + ahead : i].row} * 16);
    const near_places p = found[i];
    const std::size_t r = p.row, c = p.column;
    const std::int32_t distance = code_distance(rows.leading + r * 16, columns.leading + c * 16, rows.rest + r * 16, columns.rest + c * 16);
    found[kept] = p;
    kept += static_cast<float>(distance) <= rows.bound[r] + columns.bound[c] ? 1 : 0;
  }
  return kept;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
