#pragma once
// The sketches of many rows in an order that keeps near ones together, with the boxes around them: what the filter reads.

#include "../base/parallel.hpp"
#include "../base/record.hpp"
#include "../simd/box_filter.hpp"
#include "../simd/panel_filter.hpp"
#include "aligned_buffer.hpp"
#include "sketch_order.hpp"
#include "sketch_space.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Sketches by row number, as they are made: codes, reach and bound of each row (see sketch_space).
struct sketch_table {
  sketch_shape shape;
  std::size_t rows = 0;
  detail::aligned_buffer<std::uint8_t> leading, rest;  ///< `shape.leading` and the other codes a row
  detail::aligned_buffer<std::int32_t> reach;
  detail::aligned_buffer<float> bound;  ///< where there are other codes

  sketch_table() = default;
  /// Room for `n` rows, and for those that fill the last panel up.
  sketch_table(sketch_shape s, std::size_t n)
      : shape(s),
        rows(n),
        leading(filled(n) * s.leading),
        rest(filled(n) * (s.width - s.leading)),
        reach(filled(n)),
        bound(s.width > s.leading ? filled(n) : 0) {}

  [[nodiscard]] static constexpr std::size_t filled(std::size_t n) noexcept {
    return (n + panel_columns - 1) / panel_columns * panel_columns;
  }

  /// Makes row `row` one that is within reach of nothing.
  void take_out(std::size_t row) noexcept { reach[row] = out_of_reach; }

  /// Makes such rows of all behind the first `n`, to the end of the last panel.
  void fill_up(std::size_t n) noexcept {
    const std::size_t end = filled(rows), more = shape.width - shape.leading;
    if (n == end) return;
    std::memset(leading.data() + n * shape.leading, 128, (end - n) * shape.leading);
    if (more != 0) std::memset(rest.data() + n * more, 128, (end - n) * more);
    for (std::size_t row = n; row < end; ++row) take_out(row);
    if (more != 0) std::fill(bound.data() + n, bound.data() + end, 0.0f);
  }
};

/// Some rows' sketches in sketch order, in groups and in panels of `panel_columns`, the last ones filled up with rows that are within reach
/// of nothing; and boxes around each group and each block of 16 groups.
class sketch_set {
 public:
  sketch_set() = default;

  /// @param table  consumed
  /// @param rows  numbers of the rows that belong to the set; the others are left out
  /// @param group_rows  rows in a group: `panel_group`, or 1 for a set of so few rows that eight of them lie far apart
  sketch_set(sketch_table&& table, std::vector<row_index>&& rows, const execution& how, std::size_t group_rows = panel_group)
      : shape_(table.shape), group_rows_(group_rows), order_(std::move(rows)) {
    sketch_order(table.leading.data(), shape_.leading, panel_columns).sort(order_, how);
    take(std::move(table), how, [&](std::size_t place) { return std::size_t{order_[place]}; });
  }

  /// Says that the rows have been put in order before, and that only the panels are wanted.
  struct panels_in_given_order {};
  static constexpr panels_in_given_order only_panels{};

  /// Row k of `table`, of `size`, stands at place k; `table` is as `fill_up` leaves it. There are no boxes to ask `groups_within_reach` for.
  sketch_set(panels_in_given_order, sketch_table&& table, std::size_t size)
      : shape_(table.shape),
        order_(size),
        leading_(std::move(table.leading)),
        rest_(std::move(table.rest)),
        reach_(std::move(table.reach)),
        bound_(std::move(table.bound)) {
    std::iota(order_.begin(), order_.end(), row_index{0});
  }

  [[nodiscard]] sketch_shape shape() const noexcept { return shape_; }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  [[nodiscard]] std::size_t panels() const noexcept { return (order_.size() + panel_columns - 1) / panel_columns; }
  [[nodiscard]] std::size_t group_rows() const noexcept { return group_rows_; }
  [[nodiscard]] std::size_t groups() const noexcept { return panels() * (panel_columns / group_rows_); }

  /// The row that stands at a place of the order.
  [[nodiscard]] row_index row(std::size_t place) const noexcept { return order_[place]; }
  [[nodiscard]] const std::uint8_t* leading() const noexcept { return leading_.data(); }
  [[nodiscard]] const std::uint8_t* rest() const noexcept { return rest_.data(); }
  [[nodiscard]] const std::int32_t* reach() const noexcept { return reach_.data(); }
  [[nodiscard]] float bound(std::size_t place) const noexcept { return bound_[place]; }
  [[nodiscard]] split_codes codes() const noexcept { return {leading_.data(), rest_.data(), bound_.data()}; }

  /// The box around a panel, and the largest T (see sketch_space) in it.
  struct box {
    std::uint8_t low[64], high[64];
    std::int32_t reach;
  };
  [[nodiscard]] box panel_box(std::size_t panel) const noexcept {
    box b = empty_box();
    for (std::size_t place = panel * panel_columns; place < (panel + 1) * panel_columns; ++place) widen(b, place);
    return b;
  }

  /// Writes the numbers, ascending, of the groups below `end` whose box is within reach of `b`, and returns how many.
  /// @param groups  room for `end` and 16 more
  template <std::size_t Leading>
  std::size_t groups_within_reach(const box& b, std::size_t end, std::uint32_t* groups) const {
    return boxes_within_reach<Leading>(b.low, b.high, b.reach, {outer_low_.data(), outer_high_.data(), outer_reach_.data()},
                                       {low_.data(), high_.data(), box_reach_.data()}, end, groups);
  }

 private:
  // The reach of an empty box: below every sum of gaps whatever is added to it.
  static constexpr std::int32_t nothing = -(1 << 28);

  // One array after the other, each freed before the next: the peak stays at one copy of the codes.
  template <class SourceOf>
  void take(sketch_table&& table, const execution& how, const SourceOf& source_of) {
    const std::size_t filled = panels() * panel_columns, more = shape_.width - shape_.leading;
    leading_ = in_order(std::move(table.leading), shape_.leading, filled, std::uint8_t{128}, how, source_of);
    if (more != 0) rest_ = in_order(std::move(table.rest), more, filled, std::uint8_t{128}, how, source_of);
    reach_ = in_order(std::move(table.reach), 1, filled, out_of_reach, how, source_of);
    if (more != 0) bound_ = in_order(std::move(table.bound), 1, filled, 0.0f, how, source_of);
    make_boxes(how);
  }

  template <class T, class SourceOf>
  detail::aligned_buffer<T> in_order(detail::aligned_buffer<T>&& from, std::size_t each, std::size_t filled, T filler, const execution& how,
                                     const SourceOf& source_of) {
    const detail::aligned_buffer<T> source = std::move(from);
    detail::aligned_buffer<T> to(filled * each);
    constexpr std::size_t part = 8192;
    parallel_for((filled + part - 1) / part, how, [&](std::size_t task, std::size_t) {
      const std::size_t end = std::min(filled, (task + 1) * part);
      for (std::size_t place = task * part; place < end; ++place) {
        if (place < order_.size())
          std::memcpy(to.data() + place * each, source.data() + source_of(place) * each, each * sizeof(T));
        else
          std::fill_n(to.data() + place * each, each, filler);
      }
    });
    return to;
  }

  // Sixteen codes at a time: a constant count is what both compilers vectorise.
  void widen(box& b, std::size_t place) const noexcept {
    if (place >= order_.size()) return;
    const std::uint8_t* const codes = leading_.data() + place * shape_.leading;
    std::int32_t squared = 0;
    for (std::size_t block = 0; block < shape_.leading; block += 16)
      for (std::size_t k = block; k < block + 16; ++k) {
        b.low[k] = b.low[k] < codes[k] ? b.low[k] : codes[k];
        b.high[k] = b.high[k] > codes[k] ? b.high[k] : codes[k];
        const std::int32_t q = 128 - std::int32_t{codes[k]};
        squared += q * q;
      }
    b.reach = std::max(b.reach, 2 * reach_[place] + squared);  // T rounded up, from reach = (T - |q|^2) / 2 rounded up
  }

  static void widen(box& b, const box& by) noexcept {
    for (std::size_t k = 0; k < sizeof b.low; ++k) {
      b.low[k] = std::min(b.low[k], by.low[k]);
      b.high[k] = std::max(b.high[k], by.high[k]);
    }
    b.reach = std::max(b.reach, by.reach);
  }

  static box empty_box() noexcept {
    box b;
    std::memset(b.low, 255, sizeof b.low);
    std::memset(b.high, 0, sizeof b.high);
    b.reach = nothing;
    return b;
  }

  void put(const box& b, std::size_t number, std::uint8_t* low, std::uint8_t* high, std::int32_t* reach) const noexcept {
    const std::size_t base = number / box_block * shape_.leading * box_block;
    for (std::size_t k = 0; k < shape_.leading; ++k) {
      low[base + box_code(number % box_block, k)] = b.low[k];
      high[base + box_code(number % box_block, k)] = b.high[k];
    }
    reach[number] = b.reach;
  }

  void make_boxes(const execution& how) {
    const std::size_t blocks = (groups() + box_block - 1) / box_block, outer = (blocks + box_block - 1) / box_block;
    const std::size_t each = shape_.leading * box_block;
    low_ = detail::aligned_buffer<std::uint8_t>(blocks * each);
    high_ = detail::aligned_buffer<std::uint8_t>(blocks * each);
    box_reach_ = detail::aligned_buffer<std::int32_t>(blocks * box_block);
    outer_low_ = detail::aligned_buffer<std::uint8_t>(outer * each);
    outer_high_ = detail::aligned_buffer<std::uint8_t>(outer * each);
    outer_reach_ = detail::aligned_buffer<std::int32_t>(outer * box_block);
    parallel_for(outer, how, [&](std::size_t o, std::size_t) {
      for (std::size_t block = o * box_block; block < (o + 1) * box_block; ++block) {
        box around = empty_box();
        for (std::size_t group = block * box_block; block < blocks && group < (block + 1) * box_block; ++group) {
          box b = empty_box();
          for (std::size_t place = group * group_rows_; place < (group + 1) * group_rows_; ++place) widen(b, place);
          put(b, group, low_.data(), high_.data(), box_reach_.data());
          widen(around, b);
        }
        put(around, block, outer_low_.data(), outer_high_.data(), outer_reach_.data());
      }
    });
  }

  sketch_shape shape_;
  std::size_t group_rows_ = panel_group;
  std::vector<row_index> order_;
  detail::aligned_buffer<std::uint8_t> leading_, rest_, low_, high_, outer_low_, outer_high_;
  detail::aligned_buffer<std::int32_t> reach_, box_reach_, outer_reach_;
  detail::aligned_buffer<float> bound_;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
