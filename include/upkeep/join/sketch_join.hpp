#pragma once
// The exact duplicate finder for many rows: compares small sketches of all pairs, and the rows themselves of the few that are left.

#include "../base/parallel.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "../metric/cosine.hpp"
#include "../simd/dot_product.hpp"
#include "../simd/reference.hpp"
#include "../simd/scaled_distance.hpp"
#include "exhaustive_join.hpp"
#include "find_request.hpp"
#include "ordered_delivery.hpp"
#include "row_copies.hpp"
#include "sketch_choice.hpp"
#include "sketch_filter.hpp"
#include "sketch_set.hpp"
#include "sketch_space.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// What a row's norm decides, found once a row: rows that take part in nothing have a squared norm of NaN.
struct row_measures {
  std::vector<double> squared_norm;  ///< as reference_squared_norm gives it
  std::vector<float> tail;           ///< norm of the scaled row without its leading components
};

/// One search. See sketch_join.
template <class Metric>
class sketch_search {
 public:
  sketch_search(const Metric& metric, matrix_view<const float> rows, const find_options& options, const execution& how, progress& progress)
      : metric_(metric), rows_(rows), options_(options), how_(how), progress_(progress), head_(leading_components(rows.cols())) {}

  /// Sketches all rows; false where no sketch can be trusted and every pair has to be looked at.
  bool prepare(find_report& report) {
    space_ = choose_sketch<Metric>(rows_, metric_.radius(options_.threshold), how_, progress_);
    if (!space_.usable()) return false;
    sketch_table table = sketch_rows();
    std::vector<row_index> members;
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      const double squared = measures_.squared_norm[i];
      if (std::isnan(squared))
        ++report.set_aside;
      else
        (space_.scaled<Metric>(squared).apart ? apart_ : members).push_back(static_cast<row_index>(i));
    }
    copies_ = row_copies(rows_, table, measures_.squared_norm, members);
    set_ = sketch_set(std::move(table), std::move(members), how_);
    return true;
  }

  void run(pair_sink sink, find_report& report) {
    ordered_delivery delivery(sink);
    struct state {
      filter_room room;
      std::vector<scored_pair> wide;
    };
    const std::size_t panels = set_.panels();
    std::vector<state> states(std::min<std::size_t>(worker_count(how_), std::max<std::size_t>(panels + apart_.size(), 1)));
    deliver_in_order(panels + apart_.size(), how_, delivery, progress_, "panels",
                     [&](std::size_t unit, std::size_t worker, std::vector<scored_pair>& found) {
                       if (unit < panels)
                         search_panel(panels - 1 - unit, states[worker].room, found, states[worker].wide);
                       else
                         settle_apart(unit - panels, found);
                     });
    report.pairs = delivery.pairs_delivered();
    if (copies_.empty()) return;
    std::vector<scored_pair> wide;
    for (const state& s : states) wide.insert(wide.end(), s.wide.begin(), s.wide.end());
    std::sort(wide.begin(), wide.end(),
              [](const scored_pair& a, const scored_pair& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
    const auto hand_over = [&](const scored_pair& p) {
      if (report.pairs % 65536 == 0) progress_.check(during);
      sink(p);
      ++report.pairs;
    };
    for (const scored_pair& p : wide) copies_.each_pair(p, hand_over);
    copies_.each_pair_of_copies([&](row_index first) { return metric_.score(rows_[first], rows_[first]); },
                                [&](const scored_pair& p) {
                                  if (is_within<Metric>(p.score, options_.threshold)) hand_over(p);
                                });
  }

 private:
  static constexpr std::string_view during = "the search for near-duplicates";
  static constexpr std::size_t most_at_once = 4096;  // pairs that one pair of rows with copies may add to a unit

  // After these components a pair is looked at a second time: enough to drop most, and whole registers.
  static std::size_t leading_components(std::size_t n) noexcept { return std::min(n, (n / 4 + 63) / 64 * 64); }

  // One row on its way through the last comparison.
  struct side {
    const float* row = nullptr;
    scaled_row scaled;
    float tail = 0;
  };
  [[nodiscard]] side side_of(row_index i) const noexcept {
    return {rows_[i].data(), space_.scaled<Metric>(measures_.squared_norm[i]), measures_.tail[i]};
  }

  // The one pass over the rows: norms, projection, codes.
  sketch_table sketch_rows() {
    const std::size_t n = rows_.rows();
    measures_.squared_norm.resize(n);
    measures_.tail.resize(n);
    sketch_table table(space_.shape(), n);
    constexpr std::size_t block = row_sums_rows<>, part = 16 * block;
    parallel_for((n + part - 1) / part, how_, [&](std::size_t task, std::size_t) {
      progress_.check(during);
      aligned_buffer<float> sums(block * space_.shape().width);
      const std::size_t end = std::min(n, (task + 1) * part);
      for (std::size_t i = task * part; i < end; i += block) {
        const float* rows[block];
        const float* next[block];
        for (std::size_t r = 0; r < block; ++r) {
          rows[r] = rows_[std::min(i + r, n - 1)].data();
          next[r] = rows_[std::min(i + block + r, n - 1)].data();
        }
        project(rows, next, sums.data());
        for (std::size_t r = 0; r < block && i + r < end; ++r) sketch_row(i + r, sums.data() + r * space_.shape().width, table);
      }
    });
    return table;
  }

  void project(const float* const* rows, const float* const* next, float* sums) const noexcept {
    switch (space_.shape().width) {
      case 16: return row_sums<16>(rows, 1, rows_.cols(), space_.columns(), next, sums);
      case 32: return row_sums<32>(rows, 1, rows_.cols(), space_.columns(), next, sums);
      default: return row_sums<64>(rows, 1, rows_.cols(), space_.columns(), next, sums);
    }
  }

  void sketch_row(std::size_t i, const float* sums, sketch_table& table) noexcept {
    const float* const row = rows_[i].data();
    const double squared = reference_squared_norm(row, rows_.cols());
    const bool usable = std::isfinite(squared) && !(rejects_zero<Metric>() && squared == 0.0);
    measures_.squared_norm[i] = usable ? squared : std::numeric_limits<double>::quiet_NaN();
    if (!usable) return;
    const scaled_row scaled = space_.scaled<Metric>(squared);
    if (scaled.apart) return;
    measures_.tail[i] = scaled.factor * std::sqrt(squared_norm(row + head_, rows_.cols() - head_));
    const sketch_shape shape = table.shape;
    const auto made =
        space_.sketch(sums, scaled, table.leading.data() + i * shape.leading, table.rest.data() + i * (shape.width - shape.leading));
    table.reach[i] = made.reach;
    if (shape.width > shape.leading) table.bound[i] = made.bound;
  }

  void search_panel(std::size_t panel, filter_room& room, std::vector<scored_pair>& found, std::vector<scored_pair>& wide) const {
    side columns[panel_columns];
    const std::size_t first = panel * panel_columns, filled = std::min(panel_columns, set_.size() - first);
    for (std::size_t c = 0; c < filled; ++c) columns[c] = side_of(set_.row(first + c));
    filter_sketches(set_, set_, panel, true, room, [&](std::span<const near_places> near) {
      progress_.check(during);
      compare(near, first, columns, found, wide);
    });
  }

  void compare(std::span<const near_places> near, std::size_t first, const side* columns, std::vector<scored_pair>& found,
               std::vector<scored_pair>& wide) const {
    constexpr std::size_t ahead = 6;  // rows come from everywhere, the machine cannot guess them
    side row;
    std::uint32_t known = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t k = 0; k < near.size(); ++k) {
      if (k + ahead < near.size() && near[k + ahead].row != near[k + ahead - 1].row) {
        const float* const soon = rows_[set_.row(near[k + ahead].row)].data();
        for (std::size_t j = 0; j < head_; j += 16) __builtin_prefetch(soon + j);
      }
      if (near[k].row != known) row = side_of(set_.row(known = near[k].row));
      const side& column = columns[near[k].column - first];
      if (is_far(row, column)) continue;
      settle(set_.row(near[k].row), set_.row(near[k].column), found, wide);
    }
  }

  [[nodiscard]] bool is_far(const side& a, const side& b) const noexcept {
    const std::size_t n = rows_.cols();
    float distance = scaled_distance(a.row, a.scaled.factor, b.row, b.scaled.factor, head_);
    const float tails = a.tail - b.tail;
    if (double{distance + tails * tails} > space_.largest_leading(a.scaled, b.scaled)) return true;
    distance += scaled_distance(a.row + head_, a.scaled.factor, b.row + head_, b.scaled.factor, n - head_);
    return double{distance} > space_.largest_distance(a.scaled, b.scaled);
  }

  [[nodiscard]] double score(std::size_t a, std::size_t b) const noexcept {
    if constexpr (requires { Metric::score_of(0.0, 0.0, 0.0); })
      return Metric::score_of(reference_dot(rows_[a].data(), rows_[b].data(), rows_.cols()), measures_.squared_norm[a],
                              measures_.squared_norm[b]);
    else
      return metric_.score(rows_[a], rows_[b]);
  }

  void settle(row_index a, row_index b, std::vector<scored_pair>& found, std::vector<scored_pair>& wide) const {
    const row_index first = std::min(a, b), second = std::max(a, b);
    const double s = score(first, second);
    if (!is_within<Metric>(s, options_.threshold)) return;
    const scored_pair pair{first, second, s};
    if (copies_.empty())
      found.push_back(pair);
    else if (copies_.pairs_of(pair) > most_at_once)
      wide.push_back(pair);
    else
      copies_.each_pair(pair, [&](const scored_pair& p) { found.push_back(p); });
  }

  // A row that single precision cannot hold, against every other; of two that are both apart, the earlier one sees the pair.
  void settle_apart(std::size_t which, std::vector<scored_pair>& found) const {
    const row_index own = apart_[which];
    for (std::size_t j = 0; j < rows_.rows(); ++j) {
      if (j % 1024 == 0) progress_.check(during);
      const double squared = measures_.squared_norm[j];
      if (j == own || std::isnan(squared) || (j < own && space_.scaled<Metric>(squared).apart)) continue;
      const auto other = static_cast<row_index>(j);
      const row_index first = std::min(own, other), second = std::max(own, other);
      const double s = score(first, second);
      if (is_within<Metric>(s, options_.threshold)) found.push_back({first, second, s});
    }
  }

  const Metric& metric_;
  matrix_view<const float> rows_;
  const find_options& options_;
  const execution& how_;
  progress& progress_;
  std::size_t head_;
  sketch_space space_;
  row_measures measures_;
  std::vector<row_index> apart_;
  row_copies copies_;
  sketch_set set_;
};

}  // namespace detail

/// Finds all pairs of rows within the threshold, exactly, for metrics that are distances of scaled rows (`radius_metric`: cosine, euclidean);
/// models `duplicate_finder`.
///
/// Each row is projected on the leading principal directions of a sample and stored as 16 to 64 byte codes, its sketch. Whatever is within
/// the threshold has sketches within reach of each other (sketch_space.hpp has the proof), so pairs are dropped by boxes around
/// neighbouring sketches, then by an integer kernel that looks at 64 columns at a time, then by all codes, then in single precision, and the
/// few that are left are scored by the metric's double-precision formula, which alone decides. The pair set is that of `exhaustive_join`, on
/// every machine and for every number of threads. Where rows are so spread that nothing can be dropped, it still beats comparing them all.
///
/// Memory beyond the rows: the sketch and 24 bytes a row, less than 200 KiB a thread, and at most about a million pairs that wait for their
/// turn. Rows that are bitwise equal are searched once. Pairs come panel by panel, within a panel by (first, second); those of many equal
/// rows come last.
/// @par Thread safety  `find_pairs` is const and may be called from several threads.
template <class Metric = cosine>
struct sketch_join {
  static_assert(sizeof(check::similarity_metric<Metric>) != 0);  // where the metric does not fit, one sentence inside says why
  static_assert(!check::similarity_metric<Metric>::fits || radius_metric<Metric>,
                "upkeep: sketch_join: this metric has no `double radius(double threshold) const`, so its threshold is no distance that "
                "sketches could keep: use exhaustive_join");

  static constexpr bool exact = true;

  Metric metric{};

  /// Runs jobs on the caller's own pool instead of threads of this call; see `execution`.
  std::function<void(std::function<void()>)> executor{};

  /// Fewer rows than this are left to `exhaustive_join`, which has no fixed cost.
  std::size_t exhaustive_below = 1024;

  /// Calls `sink` for each pair first < second within `options.threshold`, with its double-precision score.
  /// Rows that are not finite or, where the metric declares `rejects_zero`, zero take part in no pair and are counted as set aside.
  /// @throws error invalid_argument for a threshold that is none, limit_exceeded above 2^32 - 1 rows, cancelled when told to stop; and what
  /// the sink throws
  find_report find_pairs(matrix_view<const float> rows, const find_options& options, pair_sink sink, progress& progress) const {
    if constexpr (radius_metric<Metric> && check::similarity_metric<Metric>::fits)
      return search(rows, options, sink, progress);
    else
      return {};
  }

 private:
  find_report search(matrix_view<const float> rows, const find_options& options, pair_sink sink, progress& progress) const {
    const auto started = std::chrono::steady_clock::now();
    detail::check_request<Metric>("sketch_join", rows, options);
    if (rows.rows() >= exhaustive_below && rows.cols() != 0) {
      const execution how{options.threads, executor};
      detail::sketch_search<Metric> search(metric, rows, options, how, progress);
      find_report report;
      if (search.prepare(report)) {
        search.run(sink, report);
        report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
        return report;
      }
    }
    return exhaustive_join<Metric>{metric, executor}.find_pairs(rows, options, sink, progress);
  }
};

static_assert(duplicate_finder<sketch_join<>>);

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
