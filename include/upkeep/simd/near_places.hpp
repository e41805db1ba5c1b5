#pragma once
// The pairs that the bits of `panel_filter` stand for.

#include "panel_filter.hpp"

#include <cstddef>
#include <cstdint>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Appends the pairs of a panel that words of signs say are within reach, as far as the room lasts.
/// @param signs  as `panel_filter` wrote them for `groups` of `group_rows` rows, a power of two
/// @param words  places of the `count` words to look at, none of them 0
/// @param first  place of the panel's first column
/// @param triangle  leaves out pairs whose row is not below the column
/// @param found  `*written` pairs of `room`, to be followed by more
/// @return  how many of the words are done: all, or those before one that might not have fitted
inline std::size_t write_near_places(const std::uint64_t* signs, const std::uint32_t* words, std::size_t count, const std::uint32_t* groups,
                                     std::size_t group_rows, std::uint32_t first, bool triangle, near_places* found, std::size_t* written,
                                     std::size_t room) noexcept {
  if constexpr (kernels_at_run_time)
    return kernels().write_near_places(signs, words, count, groups, group_rows, first, triangle, found, written, room);
  const int shift = __builtin_ctzll(group_rows);
  std::size_t at = *written, done = 0;
  for (; done < count && at + panel_columns <= room; ++done) {
    const std::size_t word = words[done];
    const std::size_t place = (std::size_t{groups[word >> shift]} << shift) + (word & (group_rows - 1));
    std::uint64_t bits = signs[word];
    if (triangle && place >= first) bits &= place - first >= 63 ? 0 : ~std::uint64_t{0} << (place - first + 1);
    // Two at once, counted afterwards: most words have one or two bits, and a branch on how many could not be guessed.
    near_places* const to = found + at;
    const auto put = [&](std::size_t k, std::uint64_t left) __attribute__((always_inline)) {
      to[k] = {static_cast<std::uint32_t>(place), first + static_cast<std::uint32_t>(__builtin_ctzll(left | std::uint64_t{1} << 63))};
    };
    const auto there = static_cast<std::size_t>(__builtin_popcountll(bits));
    put(0, bits);
    bits &= bits - 1;
    put(1, bits);
    for (std::size_t k = 2; k < there; ++k) put(k, bits &= bits - 1);
    at += there;
  }
  *written = at;
  return done;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
