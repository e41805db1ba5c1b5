#pragma once
// The integer kernel of the sketch join: which of 64 columns may lie within reach of each row, by the sign of one 32-bit sum.

#include "code_lanes.hpp"
#include "mask_bits.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Columns of a panel, and rows of a group where rows lie near each other.
inline constexpr std::size_t panel_columns = 64, panel_group = 8;

/// A reach beyond every other: a row with it comes within reach of none (see `panel_filter`).
inline constexpr std::int32_t out_of_reach = -(1 << 29);

/// 64 columns of `Width` codes each in the order in which the kernel reads them.
///
/// The kernel holds `vectors` registers of sums at a time, one column a lane, and all of the panel's codes for them: 4 x 4 registers at
/// width 16 with AVX-512, 2 x 8 at 32, 1 x 16 at 64. They stay where they are while the rows pass, one an iteration; a classic block of
/// rows and columns makes GCC 12 spill.
template <std::size_t Width, class Codes = default_codes>
struct filter_panel {
  static_assert(Width % 16 == 0);
  static constexpr std::size_t steps = Width / Codes::step;
  static constexpr std::size_t at_least = Codes::lanes < 8 ? 8 / Codes::lanes : 1;  // a block's signs fill whole bytes
  static constexpr std::size_t vectors = Codes::registers / steps > at_least ? Codes::registers / steps : at_least;
  static constexpr std::size_t block = vectors * Codes::lanes, blocks = panel_columns / block;

  alignas(64) typename Codes::column_code codes[panel_columns * Width];
  alignas(64) std::int32_t reach[panel_columns];

  /// Column `c`: its codes as they are stored (128 - q, see `panel_filter`) and its reach.
  void set(std::size_t c, const std::uint8_t* stored, std::int32_t column_reach) noexcept {
    const std::size_t in_block = c % block;
    const std::size_t vector = in_block / Codes::lanes, lane = in_block % Codes::lanes;
    const std::size_t v = c / block * vectors + vector;
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < Width; ++k) {
      const int q = 128 - int{stored[k]};
      sum += q;
      codes[(v * steps + k / Codes::step) * (Codes::lanes * Codes::step) + lane * Codes::step + k % Codes::step] =
          static_cast<typename Codes::column_code>(q);
    }
    reach[v * Codes::lanes + lane] = -column_reach - 128 * sum - 1;
  }
};

/// Room for the panel of whichever machine it will be: codes of 16 bits are the largest there are.
template <std::size_t Width>
struct filter_panel<Width, run_time_codes> {
  alignas(64) unsigned char bytes[panel_columns * (Width * sizeof(std::int16_t) + sizeof(std::int32_t))];

  /// As above.
  void set(std::size_t c, const std::uint8_t* stored, std::int32_t column_reach) noexcept {
    kernels().template of_width<Width>().set_panel_column(bytes, c, stored, column_reach);
  }
};

namespace detail {

template <std::size_t Width, std::size_t GroupRows, class Codes, std::size_t... Vector, std::size_t... Step>
[[gnu::always_inline]] inline void panel_block(const std::uint8_t* rows, const std::int32_t* reach, const std::uint32_t* groups,
                                               std::size_t count, const filter_panel<Width, Codes>& panel, std::size_t block,
                                               unsigned char* signs, std::index_sequence<Vector...>,
                                               std::index_sequence<Step...>) noexcept {
  using layout = filter_panel<Width, Codes>;
  constexpr std::size_t vectors = sizeof...(Vector), steps = sizeof...(Step), row_bytes = panel_columns / 8;
  constexpr std::size_t far = 6;  // groups ahead: they are scattered, the machine cannot guess them
  const typename Codes::column_code* const codes = panel.codes + block * vectors * steps * Codes::lanes * Codes::step;
  const std::int32_t* const start = panel.reach + block * vectors * Codes::lanes;
  typename Codes::codes y[vectors][steps];
  const auto load = [&](std::size_t v, typename Codes::codes(&to)[steps]) __attribute__((always_inline)) {
    ((to[Step] = Codes::load_codes(codes + (v * steps + Step) * Codes::lanes * Codes::step)), ...);
  };
  (load(Vector, y[Vector]), ...);
  const typename Codes::sums h[vectors] = {Codes::load_sums(start + Vector * Codes::lanes)...};
  alignas(64) typename Codes::row_code room[Width];
  for (std::size_t g = 0; g < count; ++g) {
    const std::size_t ahead = groups[g + far < count ? g + far : count - 1];
    const std::uint8_t* const next = rows + ahead * GroupRows * Width;
    for (std::size_t line = 0; line < GroupRows * Width; line += 64) __builtin_prefetch(next + line);
    __builtin_prefetch(reach + ahead * GroupRows);
    const std::uint8_t* row = rows + std::size_t{groups[g]} * GroupRows * Width;
    const std::int32_t* const row_reach = reach + std::size_t{groups[g]} * GroupRows;
    unsigned char* out = signs + g * GroupRows * row_bytes + block * (layout::block / 8);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#else
#pragma GCC unroll 1
#endif
    for (std::size_t r = 0; r < GroupRows; ++r, row += Width, out += row_bytes) {
      const typename Codes::row_code* const x = Codes::template expand<Width>(row, room);
      constexpr bool compares = requires { &Codes::write_below; };
      const std::int32_t own = row_reach[r];
      const auto begin = [&](typename Codes::sums sums) __attribute__((always_inline)) {
        if constexpr (compares)
          return sums;
        else
          return Codes::subtract(sums, own);
      };
      typename Codes::sums c[vectors] = {begin(h[Vector])...};
      const auto advance = [&](std::size_t s) __attribute__((always_inline)) {
        ((c[Vector] = Codes::multiply_add(c[Vector], x + s * Codes::step, y[Vector][s])), ...);
      };
      (advance(Step), ...);
      if constexpr (compares) {
        (Codes::write_below(c[Vector], own, out + Vector * Codes::lanes / 8), ...);
      } else {
        const std::uint64_t bits = ((std::uint64_t{Codes::negative(c[Vector])} << (Vector * Codes::lanes)) | ...);
        __builtin_memcpy(out, &bits, layout::block / 8);
      }
    }
  }
}

}  // namespace detail

/// Streams groups of rows past a panel. With q the signed codes and `reach` as derived in sketch_space.hpp, bit c of `signs[g * group_rows + r]` says
/// whether reach(row) + reach(column) + q_row . q_column >= 0, for row r of group `groups[g]` and column c of the panel: a set bit is a pair
/// that must be looked at, a clear one is out of reach. The same bits on every machine.
/// Codes are stored as 128 - q, 1 to 255, so that one operand of the byte product is unsigned; with the -128 sum(q_column) that the panel
/// adds, the sum that is made is -reach(row) - reach(column) - q_row . q_column - 1, negative for what is to be looked at.
/// @param rows  codes of all rows, `Width` bytes each, in groups of `group_rows`: `panel_group`, or 1 for rows that lie anywhere
/// @param reach  of all rows
/// @param groups  numbers of the `count` groups to look at
/// @param signs  `count` * `group_rows` words, written
template <std::size_t Width, class Codes = default_codes>
[[gnu::noinline]] void panel_filter(const std::uint8_t* rows, const std::int32_t* reach, const std::uint32_t* groups,
                                    std::size_t group_rows, std::size_t count, const filter_panel<Width, Codes>& panel,
                                    std::uint64_t* signs) noexcept {
  if constexpr (std::is_same_v<Codes, run_time_codes>) {
    kernels().template of_width<Width>().panel_filter(rows, reach, groups, group_rows, count, panel.bytes, signs);
  } else {
    using layout = filter_panel<Width, Codes>;
    constexpr std::make_index_sequence<layout::vectors> vectors;
    constexpr std::make_index_sequence<layout::steps> steps;
    auto* const bytes = reinterpret_cast<unsigned char*>(signs);
    // A loop of as many rows as the caller says would have to keep the panel twice, and spills it.
    for (std::size_t block = 0; block < layout::blocks; ++block)
      if (group_rows == 1)
        detail::panel_block<Width, 1, Codes>(rows, reach, groups, count, panel, block, bytes, vectors, steps);
      else
        detail::panel_block<Width, panel_group, Codes>(rows, reach, groups, count, panel, block, bytes, vectors, steps);
  }
}

/// The places of the words that are not 0, ascending; without a branch for each, which no machine could guess.
/// @param count  a multiple of 8
/// @param places  room for `count`
/// @return  how many there are
inline std::size_t nonzero_words(const std::uint64_t* words, std::size_t count, std::uint32_t* places) noexcept {
  if constexpr (kernels_at_run_time) return kernels().nonzero_words(words, count, places);
  std::size_t found = 0;
#if defined(__AVX512F__) && defined(__AVX512VL__)
  __m256i eight = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (std::size_t i = 0; i < count; i += 8) {
    const __m512i own = _mm512_loadu_si512(words + i);
    const __mmask8 set = _mm512_test_epi64_mask(own, own);
    _mm256_mask_compressstoreu_epi32(places + found, set, eight);
    found += static_cast<std::size_t>(__builtin_popcount(mask_bits(set) & 255u));
    eight = _mm256_add_epi32(eight, _mm256_set1_epi32(8));
  }
#else
  for (std::size_t i = 0; i < count; ++i) {
    places[found] = static_cast<std::uint32_t>(i);
    found += words[i] != 0 ? 1 : 0;
  }
#endif
  return found;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
