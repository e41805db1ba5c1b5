#pragma once
// Finds the pairs of sketches within reach of each other: boxes first, then the integer kernel, then the other codes.

#include "../simd/code_distance.hpp"
#include "../simd/near_places.hpp"
#include "../simd/panel_filter.hpp"
#include "sketch_set.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// One worker's room for filtering.
struct filter_room {
  static constexpr std::size_t most_found = 16384, groups_at_once = 256;
  std::vector<std::uint32_t> groups;
  std::vector<std::uint64_t> signs;
  std::vector<std::uint32_t> hits;
  std::vector<near_places> found;
  std::vector<std::uint8_t> codes;  // of rows that were gathered
  std::vector<std::int32_t> reach;
  std::vector<std::uint32_t> in_order;  // 0, 1, 2, ...
};

namespace detail {

// Copies `count` rows next to each other, and fills the last group of `panel_group` up.
inline void gather_rows(const sketch_set& rows, const std::uint32_t* places, std::size_t count, std::size_t leading, filter_room& room) {
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t code = 0; code < leading; code += 16)
      std::memcpy(room.codes.data() + k * leading + code, rows.leading() + places[k] * leading + code, 16);
    room.reach[k] = rows.reach()[places[k]];
  }
  for (std::size_t k = count; k % panel_group != 0; ++k) {
    std::memset(room.codes.data() + k * leading, 128, leading);
    room.reach[k] = out_of_reach;
  }
}

// Turns the places of gathered rows into their own, and drops the pairs that a triangle does not want.
inline std::size_t scatter_rows(const std::uint32_t* places, bool triangle, near_places* found, std::size_t begin, std::size_t end) {
  std::size_t kept = begin;
  for (std::size_t i = begin; i < end; ++i) {
    const near_places p{places[found[i].row], found[i].column};
    found[kept] = p;
    kept += !triangle || p.row < p.column ? 1 : 0;
  }
  return kept;
}

template <std::size_t Leading, class Use>
void filter_panel_against(const sketch_set& rows, const sketch_set& columns, std::size_t panel, bool triangle, filter_room& room,
                          const Use& use) {
  const bool single = rows.group_rows() == 1;
  const std::size_t first = panel * panel_columns;
  const std::size_t groups_end = triangle ? (panel + 1) * (panel_columns / rows.group_rows()) : rows.groups();
  if (room.groups.size() < groups_end + box_block) room.groups.resize(groups_end + box_block);
  const std::size_t groups = rows.groups_within_reach<Leading>(columns.panel_box(panel), groups_end, room.groups.data());
  if (groups == 0) return;
  filter_panel<Leading> own;
  for (std::size_t c = 0; c < panel_columns; ++c) own.set(c, columns.leading() + (first + c) * Leading, columns.reach()[first + c]);

  constexpr std::size_t rows_at_once = filter_room::groups_at_once * panel_group;
  room.signs.resize(rows_at_once);
  room.hits.resize(rows_at_once);
  room.found.resize(filter_room::most_found);
  if (single) {
    room.codes.resize(rows_at_once * Leading);
    room.reach.resize(rows_at_once);
    if (room.in_order.empty()) {
      room.in_order.resize(filter_room::groups_at_once);
      std::iota(room.in_order.begin(), room.in_order.end(), 0u);
    }
  }
  std::size_t found = 0;
  const auto hand_over = [&] {
    if (rows.shape().width > Leading) found = keep_within_bounds(rows.codes(), columns.codes(), room.found.data(), found);
    use(std::span<const near_places>(room.found.data(), found));
    found = 0;
  };
  // Groups of one row are gathered into groups that the kernel can run through: cheaper than running it on rows that are out of reach.
  const std::size_t at_once = single ? rows_at_once : filter_room::groups_at_once;
  for (std::size_t begin = 0; begin < groups; begin += at_once) {
    const std::size_t taken = std::min(at_once, groups - begin), count = single ? (taken + panel_group - 1) / panel_group : taken;
    const std::uint32_t* const places = room.groups.data() + begin;
    if (single) gather_rows(rows, places, taken, Leading, room);
    const std::uint32_t* const numbers = single ? room.in_order.data() : places;
    panel_filter<Leading>(single ? room.codes.data() : rows.leading(), single ? room.reach.data() : rows.reach(), numbers, count, own,
                          room.signs.data());
    const std::size_t hits = nonzero_words(room.signs.data(), count * panel_group, room.hits.data());
    for (std::size_t done = 0; done < hits;) {
      const std::size_t before = found;
      done += write_near_places(room.signs.data(), room.hits.data() + done, hits - done, numbers, static_cast<std::uint32_t>(first),
                                triangle && !single, room.found.data(), &found, filter_room::most_found);
      if (single) found = scatter_rows(places, triangle, room.found.data(), before, found);
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
