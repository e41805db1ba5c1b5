#pragma once
// Finds the pairs of sketches within reach of each other: boxes first, then the integer kernel, then the other codes.

#include "../simd/code_distance.hpp"
#include "../simd/near_places.hpp"
#include "../simd/panel_filter.hpp"
#include "sketch_set.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// One worker's room for filtering.
struct filter_room {
  static constexpr std::size_t most_found = 16384, rows_at_once = 2048;
  std::vector<std::uint32_t> groups;
  std::vector<std::uint64_t> signs;
  std::vector<std::uint32_t> hits;
  std::vector<near_places> found;
};

namespace detail {

template <std::size_t Leading, class Use>
void filter_panel_against(const sketch_set& rows, const sketch_set& columns, std::size_t panel, bool triangle, filter_room& room,
                          const Use& use) {
  const std::size_t group_rows = rows.group_rows(), first = panel * panel_columns;
  const std::size_t groups_end = triangle ? (panel + 1) * (panel_columns / group_rows) : rows.groups();
  if (room.groups.size() < groups_end + box_block) room.groups.resize(groups_end + box_block);
  const std::size_t groups = rows.groups_within_reach<Leading>(columns.panel_box(panel), groups_end, room.groups.data());
  if (groups == 0) return;
  filter_panel<Leading> own;
  for (std::size_t c = 0; c < panel_columns; ++c) own.set(c, columns.leading() + (first + c) * Leading, columns.reach()[first + c]);

  room.signs.resize(filter_room::rows_at_once);
  room.hits.resize(filter_room::rows_at_once);
  room.found.resize(filter_room::most_found);
  std::size_t found = 0;
  const auto hand_over = [&] {
    if (rows.shape().width > Leading) found = keep_within_bounds(rows.codes(), columns.codes(), room.found.data(), found);
    use(std::span<const near_places>(room.found.data(), found));
    found = 0;
  };
  const std::size_t at_once = filter_room::rows_at_once / group_rows;
  for (std::size_t begin = 0; begin < groups; begin += at_once) {
    const std::size_t count = std::min(at_once, groups - begin);
    const std::uint32_t* const numbers = room.groups.data() + begin;
    panel_filter<Leading>(rows.leading(), rows.reach(), numbers, group_rows, count, own, room.signs.data());
    std::size_t words = count * group_rows;
    for (; words % 8 != 0; ++words) room.signs[words] = 0;
    const std::size_t hits = nonzero_words(room.signs.data(), words, room.hits.data());
    for (std::size_t done = 0; done < hits;) {
      done += write_near_places(room.signs.data(), room.hits.data() + done, hits - done, numbers, group_rows,
                                static_cast<std::uint32_t>(first), triangle, room.found.data(), &found, filter_room::most_found);
      if (done < hits) hand_over();
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
