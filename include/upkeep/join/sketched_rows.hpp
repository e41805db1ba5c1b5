#pragma once
// Rows in memory with their sketches: made in one pass over the rows, then searched against themselves or against others.

#include "../base/matrix_view.hpp"
#include "../base/parallel.hpp"
#include "../base/progress.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "../simd/reference.hpp"
#include "../simd/row_sums.hpp"
#include "find_request.hpp"
#include "pair_comparison.hpp"
#include "row_copies.hpp"
#include "sketch_set.hpp"
#include "sketch_space.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// The norms that go with a row's sketch.
struct row_norms {
  double squared = 0;  ///< as reference_squared_norm gives it; NaN for a row that takes part in nothing
  float tail = 0;      ///< see tail_norm
};

/// Sketches some rows of one space into a table, `row_sums_rows` at a time.
/// @par Thread safety  `sketch` may be called concurrently for rows of different blocks.
template <class Metric>
class row_sketcher {
 public:
  static constexpr std::size_t block = row_sums_rows<>;

  row_sketcher(const sketch_space& space, sketch_table& table) : space_(space), table_(table) {}

  /// The rows `row_of(i)` for i from `first` to `end`, at most `block` of them, of `count` in all; `keep(i, norms)` gets the norms of each,
  /// whose sketch goes to row `place_of(i)` of the table.
  template <class RowOf, class PlaceOf, class Keep>
  void sketch(std::size_t first, std::size_t end, std::size_t count, const RowOf& row_of, const PlaceOf& place_of, const Keep& keep) {
    const std::size_t width = space_.shape().width, n = space_.components();
    const float* own[block];
    const float* next[block];
    alignas(64) float sums[block * 64];
    for (std::size_t r = 0; r < block; ++r) {
      own[r] = row_of(std::min(first + r, end - 1));
      next[r] = row_of(std::min(end + r, count - 1));
    }
    row_sums_of_width(width, own, n, space_.columns(), next, sums);
    double squared[block + 3];
    for (std::size_t r = 0; r < block; r += 4) {
      const float* four[4];
      for (std::size_t k = 0; k < 4; ++k) four[k] = own[std::min(r + k, block - 1)];
      reference_squared_norms(four, n, squared + r);
    }
    for (std::size_t i = first; i < end; ++i)
      keep(i, sketch_row(own[i - first], n, squared[i - first], sums + (i - first) * width, place_of(i)));
  }

 private:
  row_norms sketch_row(const float* row, std::size_t n, double squared, const float* sums, std::size_t to) {
    row_norms norms{squared, 0};
    const bool usable = std::isfinite(norms.squared) && !(rejects_zero<Metric>() && norms.squared == 0.0);
    if (!usable) return {std::numeric_limits<double>::quiet_NaN(), 0};
    const scaled_row scaled = space_.scaled<Metric>(norms.squared);
    if (scaled.apart) return norms;
    norms.tail = tail_norm(row, n, scaled);
    const sketch_shape shape = table_.shape;
    const auto made =
        space_.sketch(sums, scaled, table_.leading.data() + to * shape.leading, table_.rest.data() + to * (shape.width - shape.leading));
    table_.reach[to] = made.reach;
    if (shape.width > shape.leading) table_.bound[to] = made.bound;
    return norms;
  }

  const sketch_space& space_;
  sketch_table& table_;
};

}  // namespace detail

/// Rows, borrowed, with what a search needs beside them: norms, sketches in sketch order, copies, and the rows that cannot be sketched. They
/// are members 0, 1, ... of a search, whichever rows of the matrix they are: what is asked for one is asked for by member.
/// @par Thread safety  const members may be called concurrently.
template <class Metric>
class sketched_rows {
 public:
  sketched_rows() = default;

  /// All rows, each read once, on the threads of `how`. In a space that is not usable all rows are apart.
  /// @throws error cancelled when told to stop
  sketched_rows(matrix_view<const float> rows, const sketch_space& space, const execution& how, const progress& progress)
      : rows_(rows), size_(rows.rows()) {
    sketch(space, how, progress, panel_group);
  }

  /// Only the rows of `chosen`, ascending, few of many: each is a group of its own in the set.
  sketched_rows(matrix_view<const float> rows, std::vector<row_index>&& chosen, const sketch_space& space, const execution& how,
                const progress& progress)
      : rows_(rows), size_(chosen.size()), numbers_(std::move(chosen)) {
    sketch(space, how, progress, 1);
  }

  /// Rows whose sketches and norms are known: member k is row `chosen[k]`, `not_searched` for one that was taken out of `table`, which is
  /// filled up. They keep this order, copies are not looked for, and they make the panels of a search only: there are no boxes around groups.
  sketched_rows(matrix_view<const float> rows, std::vector<row_index>&& chosen, sketch_table&& table, std::vector<double>&& squared_norms,
                std::vector<float>&& tails)
      : rows_(rows),
        size_(chosen.size()),
        numbers_(std::move(chosen)),
        squared_norms_(std::move(squared_norms)),
        tails_(std::move(tails)),
        set_(sketch_set::only_panels, std::move(table), size_) {
    for (std::size_t k = 0; k < size_; ++k)
      if (numbers_[k] == not_searched) squared_norms_[k] = nothing;
  }

  /// How many members there are.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Which row of the matrix a member is.
  [[nodiscard]] row_index number(std::size_t member) const noexcept {
    return numbers_.empty() ? static_cast<row_index>(member) : numbers_[member];
  }
  [[nodiscard]] std::span<const float> vector(std::size_t member) const noexcept { return rows_[number(member)]; }

  [[nodiscard]] const sketch_set& set() const noexcept { return set_; }  ///< without copies, members apart and members set aside
  [[nodiscard]] const detail::row_copies& copies() const noexcept { return copies_; }
  [[nodiscard]] const std::vector<row_index>& apart() const noexcept { return apart_; }
  [[nodiscard]] std::uint64_t set_aside() const noexcept { return set_aside_; }

  /// NaN for a member that takes part in nothing.
  [[nodiscard]] double squared_norm(std::size_t member) const noexcept { return squared_norms_[member]; }
  [[nodiscard]] float tail(std::size_t member) const noexcept { return tails_[member]; }

 private:
  static constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

  void sketch(const sketch_space& space, const execution& how, const progress& progress, std::size_t group_rows) {
    squared_norms_.resize(size_);
    tails_.resize(size_);
    sketch_table table(space.shape(), size_);
    detail::row_sketcher<Metric> sketcher(space, table);
    constexpr std::size_t block = detail::row_sketcher<Metric>::block, part = 16 * block;
    parallel_for((size_ + part - 1) / part, how, [&](std::size_t task, std::size_t) {
      progress.check("the search for near-duplicates");
      const std::size_t end = std::min(size_, (task + 1) * part);
      for (std::size_t k = task * part; k < end; k += block)
        sketcher.sketch(
            k, std::min(end, k + block), size_, [&](std::size_t i) { return vector(i).data(); }, [](std::size_t i) { return i; },
            [&](std::size_t i, const detail::row_norms& norms) {
              squared_norms_[i] = norms.squared;
              tails_[i] = norms.tail;
            });
    });
    std::vector<row_index> members;
    members.reserve(size_);
    for (std::size_t i = 0; i < size_; ++i) {
      if (std::isnan(squared_norms_[i]))
        ++set_aside_;
      else if (!space.usable() || space.scaled<Metric>(squared_norms_[i]).apart)
        apart_.push_back(static_cast<row_index>(i));
      else
        members.push_back(static_cast<row_index>(i));
    }
    const std::size_t bytes = rows_.cols() * sizeof(float);
    copies_ = detail::row_copies(table, squared_norms_, members,
                                 [&](row_index a, row_index b) { return std::memcmp(vector(a).data(), vector(b).data(), bytes) == 0; });
    set_ = sketch_set(std::move(table), std::move(members), how, group_rows);
  }

  matrix_view<const float> rows_;
  std::size_t size_ = 0;
  std::vector<row_index> numbers_;  // empty: all rows
  std::vector<double> squared_norms_;
  std::vector<float> tails_;
  std::vector<row_index> apart_;
  std::uint64_t set_aside_ = 0;
  detail::row_copies copies_;
  sketch_set set_;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
