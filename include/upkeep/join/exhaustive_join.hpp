#pragma once
// The exact duplicate finder that looks at every pair: the reference, and the fast path for few rows.

#include "../base/parallel.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "../concepts/similarity_metric.hpp"
#include "../metric/cosine.hpp"
#include "../simd/reference.hpp"
#include "../simd/tile_dot.hpp"
#include "find_request.hpp"
#include "ordered_delivery.hpp"
#include "packed_tile.hpp"
#include "product_filter.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// Cuts the upper triangle of all pairs of `rows` rows into units: a tile of rows against a tile of columns. The cut depends on the shape
/// of the data alone, so that the order of the pairs is the same for every number of threads and on every machine.
class triangle_cut {
 public:
  // A tile of columns stays in the second-level cache while the rows of a tile pass it a block at a time; packing it again for every tile
  // of rows costs less the more rows that tile has. Both sizes are multiples of every kernel's block.
  triangle_cut(std::size_t rows, std::size_t components) : rows_(rows) {
    const std::size_t width = components < 1 ? 1 : components;
    columns_per_tile_ = multiple(column_tile_bytes / sizeof(float) / width, 32, 1024);
    rows_per_tile_ = multiple(row_tile_bytes / sizeof(float) / width, 96, 6144);
    const std::size_t eighth = multiple(rows / 8, 96, rows_per_tile_);  // few rows still make enough units for every core
    if (eighth < rows_per_tile_) rows_per_tile_ = eighth;
    for (std::size_t first = 0; first < rows; first += rows_per_tile_) {
      begins_.push_back(units_);
      units_ += (rows - first + columns_per_tile_ - 1) / columns_per_tile_;
    }
  }

  struct unit {
    std::size_t first_row, rows, first_column, columns;
  };

  [[nodiscard]] std::size_t units() const noexcept { return units_; }

  [[nodiscard]] unit operator[](std::size_t u) const noexcept {
    std::size_t low = 0, high = begins_.size();
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (begins_[middle] <= u ? low : high) = middle;
    }
    const std::size_t row = low * rows_per_tile_, column = row + (u - begins_[low]) * columns_per_tile_;
    return {row, std::min(rows_per_tile_, rows_ - row), column, std::min(columns_per_tile_, rows_ - column)};
  }

 private:
  static constexpr std::size_t column_tile_bytes = std::size_t{512} << 10, row_tile_bytes = std::size_t{4} << 20;

  static std::size_t multiple(std::size_t wanted, std::size_t of, std::size_t most) noexcept {
    const std::size_t bounded = std::min(wanted, most);
    return bounded < of ? of : bounded / of * of;
  }

  std::size_t rows_, columns_per_tile_ = 0, rows_per_tile_ = 0, units_ = 0;
  std::vector<std::size_t> begins_;  // number of the first unit of each tile of rows
};

}  // namespace detail

/// Finds all pairs of rows within the threshold by looking at every pair; models `duplicate_finder`, exact.
///
/// The pair set is the one of the metric's double-precision `score`, on every machine and for every number of threads. Where the metric is
/// a `product_metric` (the shipped ones are), a single-precision tile kernel first drops the pairs that are certain to miss (see
/// `product_filter` for the proof), and only the others are scored; for any other `similarity_metric` every pair is scored: slower.
///
/// Memory beyond the rows: 8 bytes a row; for each thread two tiles of rows (4.5 MiB; more where a row has over 4,096 components) and the
/// pairs of a tile (16 bytes each; where nearly all rows are near each other at most 96 MiB up to 128 components, 13 MiB at 384); and about a
/// million pairs that wait for their turn (16 MiB). A vector's room may be twice what it holds. Pairs come tile by tile, within a tile by
/// (first, second).
/// @par Thread safety  `find_pairs` is const and may be called from several threads.
template <class Metric = cosine>
struct exhaustive_join {
  static_assert(sizeof(check::similarity_metric<Metric>) != 0);  // where the metric does not fit, one sentence inside says why

  static constexpr bool exact = true;

  Metric metric{};

  /// Runs jobs on the caller's own pool instead of threads of this call; see `execution`.
  std::function<void(std::function<void()>)> executor{};

  /// Calls `sink` for each pair first < second within `options.threshold`, with its double-precision score.
  /// Rows that are not finite or, where the metric declares `rejects_zero`, zero take part in no pair and are counted as set aside.
  /// @throws error invalid_argument for a threshold that is none, limit_exceeded above 2^32 - 1 rows, cancelled when told to stop; and what
  /// the sink throws
  find_report find_pairs(matrix_view<const float> rows, const find_options& options, pair_sink sink, progress& progress) const {
    // A metric that does not fit is left out, so that the sentence about it stays the only error.
    if constexpr (check::similarity_metric<Metric>::fits)
      return search(rows, options, sink, progress);
    else
      return {};
  }

 private:
  find_report search(matrix_view<const float> rows, const find_options& options, pair_sink sink, progress& progress) const {
    const auto started = std::chrono::steady_clock::now();
    detail::check_request<Metric>("exhaustive_join", rows.rows(), options);
    const execution how{options.threads, executor};

    find_report report;
    const std::vector<double> squared_norms = survey(rows, how, progress, report);
    const detail::triangle_cut cut(rows.rows(), rows.cols());
    ordered_delivery delivery(sink);
    if constexpr (product_metric<Metric>)
      filtered(rows, options.threshold, squared_norms, cut, how, delivery, progress);
    else
      scored(rows, options.threshold, squared_norms, cut, how, delivery, progress);
    report.pairs = delivery.pairs_delivered();
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return report;
  }

  static constexpr std::string_view during = "the search for near-duplicates";

  using shape = tile_shape<default_floats>;

  struct candidate {
    row_index first, second;
  };

  struct worker_state {
    packed_tile<shape::rows> rows;
    packed_tile<shape::columns> columns;
    std::size_t packed_row = std::numeric_limits<std::size_t>::max();
    std::vector<candidate> candidates;
  };

  // The squared norm of each row, NaN for the rows that take part in nothing. The sum of squares of finite floats is finite in double.
  static std::vector<double> survey(matrix_view<const float> rows, const execution& how, const progress& progress, find_report& report) {
    constexpr std::size_t block = 512;
    std::vector<double> squared_norms(rows.rows());
    parallel_for((rows.rows() + block - 1) / block, how, [&](std::size_t task, std::size_t) {
      progress.check(during);
      const std::size_t end = std::min(rows.rows(), (task + 1) * block);
      for (std::size_t i = task * block; i < end; ++i) {
        const double squared = reference_squared_norm(rows[i].data(), rows.cols());
        const bool usable = std::isfinite(squared) && !(detail::rejects_zero<Metric>() && squared == 0.0);
        squared_norms[i] = usable ? squared : std::numeric_limits<double>::quiet_NaN();
      }
    });
    for (const double squared : squared_norms) report.set_aside += std::isnan(squared) ? 1 : 0;
    return squared_norms;
  }

  // Runs `work(unit, state, found)` for every unit and delivers what it found.
  template <class Work>
  static void each_unit(std::size_t units, const execution& how, ordered_delivery& delivery, progress& progress, const Work& work) {
    std::vector<worker_state> states(std::min<std::size_t>(worker_count(how), units));
    deliver_in_order(units, how, delivery, progress, "tiles",
                     [&](std::size_t unit, std::size_t worker, std::vector<scored_pair>& found) { work(unit, states[worker], found); });
  }

  void settle(matrix_view<const float> rows, double threshold, std::size_t a, std::size_t b, std::vector<scored_pair>& found) const {
    const std::size_t first = std::min(a, b), second = std::max(a, b);
    const double score = metric.score(rows[first], rows[second]);
    if (is_within<Metric>(score, threshold)) found.push_back({static_cast<row_index>(first), static_cast<row_index>(second), score});
  }

  // Every pair in double: for metrics that no filter is known for.
  void scored(matrix_view<const float> rows, double threshold, const std::vector<double>& squared_norms, const detail::triangle_cut& cut,
              const execution& how, ordered_delivery& delivery, progress& progress) const {
    each_unit(cut.units(), how, delivery, progress, [&](std::size_t u, worker_state&, std::vector<scored_pair>& found) {
      const auto unit = cut[u];
      for (std::size_t i = unit.first_row; i < unit.first_row + unit.rows; ++i) {
        progress.check(during);
        if (std::isnan(squared_norms[i])) continue;
        for (std::size_t j = std::max(unit.first_column, i + 1); j < unit.first_column + unit.columns; ++j)
          if (!std::isnan(squared_norms[j])) settle(rows, threshold, i, j, found);
      }
    });
  }

  // The tile kernel over the upper triangle, then the rows that are too large for it, each against all others in double.
  void filtered(matrix_view<const float> rows, double threshold, const std::vector<double>& squared_norms, const detail::triangle_cut& cut,
                const execution& how, ordered_delivery& delivery, progress& progress) const requires product_metric<Metric> {
    const product_filter<Metric> filter(squared_norms, rows.cols(), threshold);
    const auto row_of = [&](std::size_t i) { return std::isnan(squared_norms[i]) ? filter_row{} : filter.row(squared_norms[i]); };
    std::vector<row_index> apart;
    for (std::size_t i = 0; i < rows.rows(); ++i)
      if (row_of(i).apart) apart.push_back(static_cast<row_index>(i));

    each_unit(cut.units() + apart.size(), how, delivery, progress,
              [&](std::size_t u, worker_state& state, std::vector<scored_pair>& found) {
                if (u >= cut.units()) {
                  settle_apart(rows, threshold, squared_norms, apart, u - cut.units(), row_of, found, progress);
                  return;
                }
                const auto unit = cut[u];
                if (state.packed_row != unit.first_row) {
                  state.rows.pack(rows, unit.first_row, unit.rows, row_of);
                  state.packed_row = unit.first_row;
                }
                state.columns.pack(rows, unit.first_column, unit.columns, row_of);
                const auto decide_all = [&] {
                  for (const candidate& c : state.candidates) settle(rows, threshold, c.first, c.second, found);
                  state.candidates.clear();
                };
                for (std::size_t r = 0; r < state.rows.groups(); ++r) {
                  compare(rows.cols(), r, state);
                  if (state.candidates.size() < most_candidates) continue;
                  progress.check(during);
                  decide_all();
                }
                decide_all();
              });
  }

  static constexpr std::size_t most_candidates = 4096;

  // One block of rows, which stays in the first-level cache, past all columns of the tile.
  static void compare(std::size_t components, std::size_t group, worker_state& state) {
    const std::size_t row = state.rows.first_of(group);
    for (std::size_t c = 0; c < state.columns.groups(); ++c) {
      const std::size_t column = state.columns.first_of(c);
      if (column + shape::columns <= row + 1) continue;  // below the diagonal
      std::uint32_t hits[shape::rows];
      if (tile_dot(state.rows.values(group), state.columns.values(c), components, state.rows.bounds(group), state.columns.bounds(c),
                   hits) == 0)
        continue;
      for (std::size_t r = 0; r < shape::rows; ++r)
        for (std::uint32_t left = hits[r]; left != 0; left &= left - 1) {
          const std::size_t first = row + r, second = column + static_cast<std::size_t>(__builtin_ctz(left));
          if (first < second) state.candidates.push_back({static_cast<row_index>(first), static_cast<row_index>(second)});
        }
    }
  }

  // Row `apart[which]` against every other row; of two rows that are both apart, the earlier one sees the pair.
  template <class RowOf>
  void settle_apart(matrix_view<const float> rows, double threshold, const std::vector<double>& squared_norms,
                    const std::vector<row_index>& apart, std::size_t which, const RowOf& row_of, std::vector<scored_pair>& found,
                    const progress& progress) const {
    const std::size_t i = apart[which];
    for (std::size_t j = 0; j < rows.rows(); ++j) {
      if (j % 1024 == 0) progress.check(during);
      if (j == i || std::isnan(squared_norms[j]) || (j < i && row_of(j).apart)) continue;
      settle(rows, threshold, i, j, found);
    }
  }
};

static_assert(duplicate_finder<exhaustive_join<>>);

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
