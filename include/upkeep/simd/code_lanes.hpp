#pragma once
// Registers of 32-bit sums over products of byte codes, one type for each way a machine has of making them.

#include "../config.hpp"
#include "run_time_kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

// Each type adds, to `lanes` sums at once, the products of `step` unsigned codes of one row (the same for all lanes) with `step` signed codes
// of each lane's column. All of them give the same integers: no intermediate value saturates or wraps. A row's codes go through `expand`
// first, which gives what `multiply_add` reads its factor from: the codes themselves where the machine multiplies bytes.

/// Plain C++: what runs where nothing better is known, and what tests compare with.
struct portable_codes {
  static constexpr std::size_t lanes = 8, step = 4, registers = 4;  ///< registers: how many of them may hold a panel
  using column_code = std::int8_t;
  using row_code = std::uint8_t;
  struct sums {
    std::int32_t lane[lanes];
  };
  struct codes {
    std::int8_t code[lanes * step];
  };

  [[gnu::always_inline]] static inline sums load_sums(const std::int32_t* p) noexcept {
    sums s;
    for (std::size_t i = 0; i < lanes; ++i) s.lane[i] = p[i];
    return s;
  }
  [[gnu::always_inline]] static inline codes load_codes(const column_code* p) noexcept {
    codes c;
    for (std::size_t i = 0; i < lanes * step; ++i) c.code[i] = p[i];
    return c;
  }
  [[gnu::always_inline]] static inline sums subtract(sums s, std::int32_t x) noexcept {
    for (std::size_t i = 0; i < lanes; ++i) s.lane[i] -= x;
    return s;
  }
  template <std::size_t Width>
  [[gnu::always_inline]] static inline const row_code* expand(const std::uint8_t* row, row_code* /*room*/) noexcept {
    return row;
  }
  [[gnu::always_inline]] static inline sums multiply_add(sums s, const row_code* row, codes c) noexcept {
    for (std::size_t i = 0; i < lanes; ++i)
      for (std::size_t k = 0; k < step; ++k) s.lane[i] += std::int32_t{row[k]} * std::int32_t{c.code[i * step + k]};
    return s;
  }
  /// Bit i is set where sum i is negative.
  [[gnu::always_inline]] static inline std::uint32_t negative(sums s) noexcept {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < lanes; ++i) bits |= static_cast<std::uint32_t>(s.lane[i] < 0) << i;
    return bits;
  }
};

#if defined(__SSE2__)
namespace detail {

// The four bytes at `p` as an integer; a memcpy is what both compilers fold into the broadcast that follows.
[[gnu::always_inline]] inline std::int32_t four_bytes(const void* p) noexcept {
  std::int32_t word;
  __builtin_memcpy(&word, p, sizeof word);
  return word;
}

}  // namespace detail

/// SSE2: codes widened to 16 bits, two products a lane and instruction.
struct sse2_codes {
  static constexpr std::size_t lanes = 4, step = 2, registers = 8;
  using column_code = std::int16_t;
  using row_code = std::int16_t;
  using sums = __m128i;
  using codes = __m128i;

  [[gnu::always_inline]] static inline sums load_sums(const std::int32_t* p) noexcept {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(p));
  }
  [[gnu::always_inline]] static inline codes load_codes(const column_code* p) noexcept {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(p));
  }
  [[gnu::always_inline]] static inline sums subtract(sums s, std::int32_t x) noexcept { return _mm_sub_epi32(s, _mm_set1_epi32(x)); }
  template <std::size_t Width>
  [[gnu::always_inline]] static inline const row_code* expand(const std::uint8_t* row, row_code* room) noexcept {
    for (std::size_t k = 0; k < Width; k += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + k));
      _mm_store_si128(reinterpret_cast<__m128i*>(room + k), _mm_unpacklo_epi8(bytes, _mm_setzero_si128()));
      _mm_store_si128(reinterpret_cast<__m128i*>(room + k + 8), _mm_unpackhi_epi8(bytes, _mm_setzero_si128()));
    }
    return room;
  }
  [[gnu::always_inline]] static inline sums multiply_add(sums s, const row_code* row, codes c) noexcept {
    return _mm_add_epi32(s, _mm_madd_epi16(_mm_set1_epi32(detail::four_bytes(row)), c));
  }
  [[gnu::always_inline]] static inline std::uint32_t negative(sums s) noexcept {
    return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(s)));
  }
};
#endif

#if defined(__AVX2__)
/// AVX2: codes widened to 16 bits, two products a lane and instruction. The byte instruction (`vpmaddubsw`) would saturate.
struct avx2_codes {
  static constexpr std::size_t lanes = 8, step = 2, registers = 8;
  using column_code = std::int16_t;
  using row_code = std::int16_t;
  using sums = __m256i;
  using codes = __m256i;

  [[gnu::always_inline]] static inline sums load_sums(const std::int32_t* p) noexcept {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  [[gnu::always_inline]] static inline codes load_codes(const column_code* p) noexcept {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  [[gnu::always_inline]] static inline sums subtract(sums s, std::int32_t x) noexcept { return _mm256_sub_epi32(s, _mm256_set1_epi32(x)); }
  template <std::size_t Width>
  [[gnu::always_inline]] static inline const row_code* expand(const std::uint8_t* row, row_code* room) noexcept {
    for (std::size_t k = 0; k < Width; k += 16)
      _mm256_store_si256(reinterpret_cast<__m256i*>(room + k),
                         _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row + k))));
    return room;
  }
  [[gnu::always_inline]] static inline sums multiply_add(sums s, const row_code* row, codes c) noexcept {
    return _mm256_add_epi32(s, _mm256_madd_epi16(_mm256_set1_epi32(detail::four_bytes(row)), c));
  }
  [[gnu::always_inline]] static inline std::uint32_t negative(sums s) noexcept {
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(s)));
  }
};
#endif

#if defined(__AVXVNNI__) || (defined(__AVX512VNNI__) && defined(__AVX512VL__))
/// AVX-VNNI: four products of bytes a lane and instruction.
struct avxvnni_codes {
  static constexpr std::size_t lanes = 8, step = 4, registers = 8;
  using column_code = std::int8_t;
  using row_code = std::uint8_t;
  using sums = __m256i;
  using codes = __m256i;

  [[gnu::always_inline]] static inline sums load_sums(const std::int32_t* p) noexcept {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  [[gnu::always_inline]] static inline codes load_codes(const column_code* p) noexcept {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  [[gnu::always_inline]] static inline sums subtract(sums s, std::int32_t x) noexcept { return _mm256_sub_epi32(s, _mm256_set1_epi32(x)); }
  template <std::size_t Width>
  [[gnu::always_inline]] static inline const row_code* expand(const std::uint8_t* row, row_code* /*room*/) noexcept {
    return row;
  }
  [[gnu::always_inline]] static inline sums multiply_add(sums s, const row_code* row, codes c) noexcept {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return _mm256_dpbusd_epi32(s, _mm256_set1_epi32(detail::four_bytes(row)), c);
#else
    return _mm256_dpbusd_avx_epi32(s, _mm256_set1_epi32(detail::four_bytes(row)), c);
#endif
  }
  [[gnu::always_inline]] static inline std::uint32_t negative(sums s) noexcept {
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(s)));
  }
};
#endif

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
/// AVX-512 VNNI: 64 products of bytes an instruction.
struct avx512vnni_codes {
  static constexpr std::size_t lanes = 16, step = 4, registers = 16;
  using column_code = std::int8_t;
  using row_code = std::uint8_t;
  using sums = __m512i;
  using codes = __m512i;

  [[gnu::always_inline]] static inline sums load_sums(const std::int32_t* p) noexcept { return _mm512_load_si512(p); }
  [[gnu::always_inline]] static inline codes load_codes(const column_code* p) noexcept { return _mm512_load_si512(p); }
  template <std::size_t Width>
  [[gnu::always_inline]] static inline const row_code* expand(const std::uint8_t* row, row_code* /*room*/) noexcept {
    return row;
  }
  [[gnu::always_inline]] static inline sums multiply_add(sums s, const row_code* row, codes c) noexcept {
    return _mm512_dpbusd_epi32(s, _mm512_set1_epi32(detail::four_bytes(row)), c);
  }
  /// Writes 16 bits: bit i is set where sum i is below `x`. In place of `subtract` and `negative`: a comparison and a store leave the ports to the
  /// products that a subtraction and the collecting of signs would keep busy.
  [[gnu::always_inline]] static inline void write_below(sums s, std::int32_t x, unsigned char* out) noexcept {
    const __mmask16 below = _mm512_cmplt_epi32_mask(s, _mm512_set1_epi32(x));
    // In assembly, because GCC 12 merges four such stores into one, by way of a general register for each.
    __asm__("kmovw %1, %0" : "=m"(*reinterpret_cast<unsigned char(*)[2]>(out)) : "k"(below));
  }
};
#endif

/// The fastest of them that this translation unit is compiled for.
#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
using native_codes = avx512vnni_codes;
#elif defined(__AVXVNNI__)
using native_codes = avxvnni_codes;
#elif defined(__AVX2__)
using native_codes = avx2_codes;
#elif defined(__SSE2__)
using native_codes = sse2_codes;
#else
using native_codes = portable_codes;
#endif

/// What the kernels work with where nothing else is asked for.
using default_codes = std::conditional_t<kernels_at_run_time, run_time_codes, native_codes>;

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
