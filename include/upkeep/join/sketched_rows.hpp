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
#include <limits>
#include <numeric>
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

/// Rows, borrowed, with what a search needs beside them: norms, sketches in sketch order, copies, and the rows that cannot be sketched.
/// @par Thread safety  const members may be called concurrently.
template <class Metric>
class sketched_rows {
 public:
  sketched_rows() = default;

  /// Reads every row once, on the threads of `how`. In a space that is not usable all rows are apart.
  /// @throws error cancelled when told to stop
  sketched_rows(matrix_view<const float> rows, const sketch_space& space, const execution& how, const progress& progress)
      : rows_(rows), squared_norms_(rows.rows()), tails_(rows.rows()) {
    std::vector<row_index> all(rows.rows());
    std::iota(all.begin(), all.end(), row_index{0});
    sketch(std::move(all), space, how, progress, panel_group);
  }

  /// Only the rows of `chosen`, ascending, few of many: each is a group of its own in the set. The others take part in nothing.
  sketched_rows(matrix_view<const float> rows, std::vector<row_index>&& chosen, const sketch_space& space, const execution& how,
                const progress& progress)
      : rows_(rows), squared_norms_(rows.rows(), nothing), tails_(rows.rows()) {
    sketch(std::move(chosen), space, how, progress, 1);
  }

  /// Rows whose sketches are known: row k of `table`, filled up, is that of `chosen[k]`, whose norms `norms_of(k)` tells; `not_searched` where
  /// it was taken out. They keep this order, and copies are not looked for.
  template <class NormsOf>
  sketched_rows(matrix_view<const float> rows, std::vector<row_index>&& chosen, sketch_table&& table, const NormsOf& norms_of,
                const execution& how)
      : rows_(rows), squared_norms_(rows.rows(), nothing), tails_(rows.rows()) {
    constexpr std::size_t part = 8192;
    parallel_for((chosen.size() + part - 1) / part, how, [&](std::size_t task, std::size_t) {
      for (std::size_t k = task * part; k < std::min(chosen.size(), (task + 1) * part); ++k) {
        row_index& row = chosen[k];
        if (row == not_searched) {
          row = 0;  // any: nobody comes within its reach, but whoever looks at its neighbours looks at it as well
          continue;
        }
        const detail::row_norms norms = norms_of(k);
        squared_norms_[row] = norms.squared;
        tails_[row] = norms.tail;
      }
    });
    set_ = sketch_set(sketch_set::in_given_order, std::move(table), std::move(chosen), how);
  }

  [[nodiscard]] matrix_view<const float> rows() const noexcept { return rows_; }
  [[nodiscard]] const sketch_set& set() const noexcept { return set_; }  ///< without copies, rows apart and rows set aside
  [[nodiscard]] const detail::row_copies& copies() const noexcept { return copies_; }
  [[nodiscard]] const std::vector<row_index>& apart() const noexcept { return apart_; }
  [[nodiscard]] std::uint64_t set_aside() const noexcept { return set_aside_; }

  /// NaN for a row that takes part in nothing.
  [[nodiscard]] double squared_norm(std::size_t row) const noexcept { return squared_norms_[row]; }
  [[nodiscard]] float tail(std::size_t row) const noexcept { return tails_[row]; }

 private:
  static constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

  void sketch(std::vector<row_index>&& chosen, const sketch_space& space, const execution& how, const progress& progress,
              std::size_t group_rows) {
    sketch_table table(space.shape(), rows_.rows());  // what is not written takes no memory
    detail::row_sketcher<Metric> sketcher(space, table);
    constexpr std::size_t block = detail::row_sketcher<Metric>::block, part = 16 * block;
    parallel_for((chosen.size() + part - 1) / part, how, [&](std::size_t task, std::size_t) {
      progress.check("the search for near-duplicates");
      const std::size_t end = std::min(chosen.size(), (task + 1) * part);
      for (std::size_t k = task * part; k < end; k += block)
        sketcher.sketch(
            k, std::min(end, k + block), chosen.size(), [&](std::size_t i) { return rows_[chosen[i]].data(); },
            [&](std::size_t i) { return std::size_t{chosen[i]}; },
            [&](std::size_t i, const detail::row_norms& norms) {
              squared_norms_[chosen[i]] = norms.squared;
              tails_[chosen[i]] = norms.tail;
            });
    });
    std::size_t kept = 0;
    for (const row_index i : chosen) {
      if (std::isnan(squared_norms_[i]))
        ++set_aside_;
      else if (!space.usable() || space.scaled<Metric>(squared_norms_[i]).apart)
        apart_.push_back(i);
      else
        chosen[kept++] = i;
    }
    chosen.resize(kept);
    copies_ = detail::row_copies(rows_, table, squared_norms_, chosen);
    set_ = sketch_set(std::move(table), std::move(chosen), how, group_rows);
  }

  matrix_view<const float> rows_;
  std::vector<double> squared_norms_;
  std::vector<float> tails_;
  std::vector<row_index> apart_;
  std::uint64_t set_aside_ = 0;
  detail::row_copies copies_;
  sketch_set set_;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
