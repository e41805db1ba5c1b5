#pragma once
// Finds the pairs of sketches within reach of each other: boxes first, then the integer kernel, then the other codes.

#include "../simd/code_distance.hpp"
#include "../simd/panel_filter.hpp"
#include "sketch_set.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Two places, of a row in one set and of a column in another or the same.
struct near_places {
  std::uint32_t row, column;
};

/// One worker's room for filtering.
struct filter_room {
  static constexpr std::size_t most_found = 16384, groups_at_once = 256;
  std::vector<std::uint32_t> groups;
  std::vector<std::uint64_t> signs;
  std::vector<std::uint32_t> hits;
  std::vector<near_places> found;
};

namespace detail {

// Drops the pairs whose other 16 codes take them out of reach.
inline std::size_t within_all_codes(const sketch_set& rows, const sketch_set& columns, near_places* found, std::size_t count) {
  constexpr std::size_t ahead = 8;  // the rows are scattered
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_prefetch(rows.rest() + std::size_t{found[i + ahead < count ? i + ahead : i].row} * 16);
    const near_places p = found[i];
    const std::size_t r = p.row, c = p.column;
    const std::int32_t distance =
        code_distance(rows.leading() + r * 16, columns.leading() + c * 16, rows.rest() + r * 16, columns.rest() + c * 16);
    found[kept] = p;
    kept += static_cast<float>(distance) <= rows.bound(r) + columns.bound(c) ? 1 : 0;
  }
  return kept;
}

template <std::size_t Leading, class Use>
void filter_panel_against(const sketch_set& rows, const sketch_set& columns, std::size_t panel, bool triangle, filter_room& room,
                          const Use& use) {
  const std::size_t first = panel * panel_columns;
  const std::size_t groups_end = triangle ? (panel + 1) * (panel_columns / panel_group) : rows.groups();
  if (room.groups.size() < groups_end + box_block) room.groups.resize(groups_end + box_block);
  const std::size_t groups = rows.groups_within_reach<Leading>(columns.panel_box(panel), groups_end, room.groups.data());
  if (groups == 0) return;
  filter_panel<Leading> own;
  for (std::size_t c = 0; c < panel_columns; ++c) own.set(c, columns.leading() + (first + c) * Leading, columns.reach()[first + c]);

  room.signs.resize(filter_room::groups_at_once * panel_group);
  room.hits.resize(room.signs.size());
  room.found.resize(filter_room::most_found);
  std::size_t found = 0;
  const auto hand_over = [&] {
    if (rows.shape().width > Leading) found = within_all_codes(rows, columns, room.found.data(), found);
    use(std::span<const near_places>(room.found.data(), found));
    found = 0;
  };
  for (std::size_t begin = 0; begin < groups; begin += filter_room::groups_at_once) {
    const std::size_t count = std::min(filter_room::groups_at_once, groups - begin);
    panel_filter<Leading>(rows.leading(), rows.reach(), room.groups.data() + begin, count, own, room.signs.data());
    const std::size_t hits = nonzero_words(room.signs.data(), count * panel_group, room.hits.data());
    for (std::size_t h = 0; h < hits; ++h) {
      const std::size_t word = room.hits[h];
      const std::size_t place = std::size_t{room.groups[begin + word / panel_group]} * panel_group + word % panel_group;
      std::uint64_t bits = room.signs[word];
      if (triangle && place >= first) bits &= place - first >= 63 ? 0 : ~std::uint64_t{0} << (place - first + 1);
      if (found + panel_columns > filter_room::most_found) hand_over();
      // Two at once, counted afterwards: most words have one or two bits, and a branch on how many could not be guessed.
      near_places* const to = room.found.data() + found;
      const auto put = [&](std::size_t at, std::uint64_t left) {
        to[at] = {static_cast<std::uint32_t>(place),
                  static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(__builtin_ctzll(left | std::uint64_t{1} << 63))};
      };
      const auto there = static_cast<std::size_t>(__builtin_popcountll(bits));
      put(0, bits);
      bits &= bits - 1;
      put(1, bits);
      for (std::size_t k = 2; k < there; ++k) put(k, bits &= bits - 1);
      found += there;
    }
  }
  hand_over();
}

}  // namespace detail

/// Calls `use(found)` with all pairs of a row of `rows` and a column of panel `panel` of `columns` whose sketches are within reach, in
/// portions of some ten thousand. Both sets are of one shape; where they are the same one, `triangle` says so, and
/// only pairs with row < column come.
template <class Use>
void filter_sketches(const sketch_set& rows, const sketch_set& columns, std::size_t panel, bool triangle, filter_room& room,
                     const Use& use) {
  switch (rows.shape().leading) {
    case 16: return detail::filter_panel_against<16>(rows, columns, panel, triangle, room, use);
    case 32: return detail::filter_panel_against<32>(rows, columns, panel, triangle, room, use);
    default: return detail::filter_panel_against<64>(rows, columns, panel, triangle, room, use);
  }
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
