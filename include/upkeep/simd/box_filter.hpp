#pragma once
// Which boxes of byte codes lie within reach of a box: what lets the sketch join leave out whole groups of rows unseen.

#include "mask_bits.hpp"
#include "run_time_kernels.hpp"

#include <cstddef>
#include <cstdint>

#if defined(__AVX512VNNI__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Boxes that are tested together.
inline constexpr std::size_t box_block = 16;

/// Where code `code` of box `box` of a block is stored: the four codes that one instruction takes stand together.
[[nodiscard]] constexpr std::size_t box_code(std::size_t box, std::size_t code) noexcept { return code / 4 * 64 + box * 4 + code % 4; }

/// Bit b of the result says whether box b of a block of 16 may hold a row within reach of one in the box `low` to `high`: whether the sum
/// over the codes of the squared gap between the two boxes, each gap counted as 127 at most, is at most `reach` + `reaches[b]`. An empty box
/// (low 255, high 0) must have a reach below every sum.
/// @param low,high  `Width` codes, the box that all others are compared with
/// @param lows,highs  `Width` * 16 codes of the block, in the order of `box_code`, 64-byte aligned; so is `reaches`
template <std::size_t Width>
inline std::uint32_t box_filter(const std::uint8_t* low, const std::uint8_t* high, std::int32_t reach, const std::uint8_t* lows,
                                const std::uint8_t* highs, const std::int32_t* reaches) noexcept {
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
  __m512i sum = _mm512_setzero_si512();
  for (std::size_t k = 0; k < Width; k += 4) {
    std::int32_t l, h;
    __builtin_memcpy(&l, low + k, sizeof l);
    __builtin_memcpy(&h, high + k, sizeof h);
    const __m512i above = _mm512_subs_epu8(_mm512_load_si512(lows + k * box_block), _mm512_set1_epi32(h));
    const __m512i below = _mm512_subs_epu8(_mm512_set1_epi32(l), _mm512_load_si512(highs + k * box_block));
    const __m512i gap = _mm512_min_epu8(_mm512_or_si512(above, below), _mm512_set1_epi8(127));
    sum = _mm512_dpbusd_epi32(sum, gap, gap);
  }
  return mask_bits(_mm512_cmple_epi32_mask(sum, _mm512_add_epi32(_mm512_load_si512(reaches), _mm512_set1_epi32(reach))));
#elif defined(__AVX2__)
  std::uint32_t bits = 0;
  for (std::size_t half = 0; half < 2; ++half) {
    __m256i sum = _mm256_setzero_si256();
    for (std::size_t k = 0; k < Width; k += 4) {
      std::int32_t l, h;
      __builtin_memcpy(&l, low + k, sizeof l);
      __builtin_memcpy(&h, high + k, sizeof h);
      const std::size_t at = k * box_block + half * 32;
      const __m256i above = _mm256_subs_epu8(_mm256_load_si256(reinterpret_cast<const __m256i*>(lows + at)), _mm256_set1_epi32(h));
      const __m256i below = _mm256_subs_epu8(_mm256_set1_epi32(l), _mm256_load_si256(reinterpret_cast<const __m256i*>(highs + at)));
      const __m256i gap = _mm256_min_epu8(_mm256_or_si256(above, below), _mm256_set1_epi8(127));
      const __m256i pairs = _mm256_maddubs_epi16(gap, gap);  // two squares, at most 2 * 127^2
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
    const __m256i bound =
        _mm256_add_epi32(_mm256_load_si256(reinterpret_cast<const __m256i*>(reaches + half * 8)), _mm256_set1_epi32(reach));
    const auto beyond = static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(sum, bound))));
    bits |= (~beyond & 255u) << (half * 8);
  }
  return bits;
#else
  std::int32_t sum[box_block] = {};
  for (std::size_t k = 0; k < Width; ++k)
    for (std::size_t b = 0; b < box_block; ++b) {
      const int above = int{lows[box_code(b, k)]} - int{high[k]}, below = int{low[k]} - int{highs[box_code(b, k)]};
      const int gap = above > 0 ? above : below > 0 ? below : 0;
      const int held = gap > 127 ? 127 : gap;
      sum[b] += held * held;
    }
  std::uint32_t bits = 0;
  for (std::size_t b = 0; b < box_block; ++b) bits |= static_cast<std::uint32_t>(sum[b] <= reaches[b] + reach) << b;
  return bits;
#endif
}

/// Writes `base` + b for each bit b that is set, ascending, and returns how many; `out` has room for 16, whatever is set.
inline std::size_t write_set_bits(std::uint32_t bits, std::uint32_t base, std::uint32_t* out) noexcept {
#if defined(__AVX512F__)
  const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const auto mask = static_cast<__mmask16>(bits);
  _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(mask, _mm512_add_epi32(places, _mm512_set1_epi32(static_cast<int>(base)))));
  return static_cast<std::size_t>(__builtin_popcount(bits & 0xffffu));
#else
  std::size_t count = 0;
  for (; bits != 0; bits &= bits - 1) out[count++] = base + static_cast<std::uint32_t>(__builtin_ctz(bits));
  return count;
#endif
}

/// Writes the numbers, ascending, of the boxes below `end` that are within reach of the box `low` to `high` (see `box_filter`), and returns
/// how many.
/// @param outer  a box around each block of 16 of `boxes`, the blocks without reach left out unseen
/// @param found  room for `end` and 16 more
template <std::size_t Width>
std::size_t boxes_within_reach(const std::uint8_t* low, const std::uint8_t* high, std::int32_t reach, const box_blocks& outer,
                               const box_blocks& boxes, std::size_t end, std::uint32_t* found) noexcept {
  if constexpr (kernels_at_run_time)
    return kernels().template of_width<Width>().boxes_within_reach(low, high, reach, outer, boxes, end, found);
  const auto near_of = [&](const box_blocks& of, std::size_t block) __attribute__((always_inline)) {
    const std::size_t codes = block * Width * box_block;
    return box_filter<Width>(low, high, reach, of.lows + codes, of.highs + codes, of.reaches + block * box_block);
  };
  const std::size_t blocks = (end + box_block - 1) / box_block, outer_blocks = (blocks + box_block - 1) / box_block;
  std::size_t count = 0;
  for (std::size_t o = 0; o < outer_blocks; ++o)
    for (std::uint32_t near = near_of(outer, o); near != 0; near &= near - 1) {
      const std::size_t block = o * box_block + static_cast<std::size_t>(__builtin_ctz(near));
      if (block >= blocks) break;
      count += write_set_bits(near_of(boxes, block), static_cast<std::uint32_t>(block * box_block), found + count);
    }
  while (count != 0 && found[count - 1] >= end) --count;
  return count;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
