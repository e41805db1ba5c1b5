#pragma once
// How close the rows of a store are to each other: the nearest-neighbour scores of each group, from which a person chooses a threshold.

#include "../base/error.hpp"
#include "../base/matrix_view.hpp"
#include "../base/progress.hpp"
#include "../base/record.hpp"
#include "../base/rng.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "../metric/cosine.hpp"
#include "exhaustive_join.hpp"
#include "sketch_join.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// The thresholds that a profile tells the effect of, as far as they lie above its lowest score.
inline constexpr std::array<double, 10> profiled_thresholds = {.80, .85, .90, .95, .97, .98, .99, .995, .999, 1.0};

/// What `similarity_profile` is asked for.
struct similarity_profile_options {
  /// The lowest cosine that is looked for, -1 to below 1. Without one each group gets .80, or more where the group is large or where so
  /// many pairs lie above .80 that finding them would take minutes; where even .98 has too many, a sample of its rows is compared.
  std::optional<double> lowest{};
  std::size_t bins = 20;   ///< of equal width between the lowest score and 1; 1 to 1,000
  std::size_t sample = 0;  ///< compare only so many rows of a group, chosen at random but always the same ones; 0: all
  unsigned threads = 0;    ///< 0: all cores
};

/// What a threshold would find.
struct threshold_effect {
  double threshold = 0;
  std::uint64_t pairs = 0;  ///< with at least this score
  std::uint64_t rows = 0;   ///< that are in such a pair

  friend bool operator==(const threshold_effect&, const threshold_effect&) = default;
};

/// How close the rows of one group are.
struct group_profile {
  std::uint32_t group = 0;
  std::uint64_t rows = 0;
  std::uint64_t set_aside = 0;      ///< of them: zero or not finite, compared with nothing
  std::uint64_t compared = 0;       ///< of the others: each with all of these; fewer than the others where a sample was taken
  double lowest = 0;                ///< the lowest score that was looked for
  std::uint64_t below = 0;          ///< compared rows whose nearest other row scores less than `lowest`, or that have no other row
  std::vector<std::uint64_t> bins;  ///< compared rows by the score of the nearest other row: edge(i) to below edge(i + 1), the last with 1
  std::vector<threshold_effect> sweep;  ///< for `lowest` and each of `profiled_thresholds` above it, ascending

  /// Whether rows were left out. Neighbours are then only looked for in the sample, so every count is a lower bound.
  [[nodiscard]] bool sampled() const noexcept { return compared + set_aside < rows; }

  /// Where bin `i` begins, i <= bins.size().
  [[nodiscard]] double edge(std::size_t i) const noexcept {
    const auto all = static_cast<double>(bins.size()), at = static_cast<double>(i);
    return i == 0 ? lowest : (lowest * (all - at) + at) / all;
  }

  friend bool operator==(const group_profile&, const group_profile&) = default;
};

/// The groups of a store by their numbers.
struct similarity_profile_report {
  std::vector<group_profile> groups;
  double seconds = 0;
};

namespace detail {

/// One profile. See similarity_profile.
class profile_search {
 public:
  profile_search(matrix_view<const float> rows, const similarity_profile_options& options, progress& progress)
      : rows_(rows), options_(options), progress_(progress) {}

  /// The profile of some rows, ascending.
  group_profile of(std::uint32_t group, std::span<const row_index> members) {
    progress_.check(during);
    group_profile p;
    p.group = group;
    p.rows = members.size();
    std::vector<row_index> chosen;
    chosen.reserve(members.size());
    for (const row_index row : members)
      if (judge_vector(rows_[row]) == set_aside::no) chosen.push_back(row);
    p.set_aside = p.rows - chosen.size();
    if (options_.sample != 0) chosen = sample_of(chosen, options_.sample);
    bool crowded = false;
    p.lowest = options_.lowest ? *options_.lowest : affordable(chosen, crowded);
    p.compared = chosen.size();
    count(p, chosen, crowded);
    return p;
  }

 private:
  static constexpr std::string_view during = "the similarity profile";
  static constexpr std::size_t pilot_rows = 2048;
  static constexpr double most_at_last = 1e7;    // pairs: about two seconds
  static constexpr double most_products = 4e11;  // that looking at every pair may cost: as long

  // Pairs at the lowest score that are no burden. Where there are more than eight a row, they tell nothing of duplicates anyway.
  static double most_pairs(std::size_t rows) noexcept { return std::max(250'000.0, 8.0 * static_cast<double>(rows)); }

  // The cost of a search grows with the square of the rows and steeply with the distance.
  static double lowest_for(std::size_t rows) noexcept { return rows <= 50'000 ? .80 : rows <= 200'000 ? .90 : .95; }

  // Selection sampling: Knuth, The Art of Computer Programming, volume 2, 3.4.2, algorithm S.
  static std::vector<row_index> sample_of(const std::vector<row_index>& from, std::size_t wanted) {
    if (wanted >= from.size()) return from;
    std::vector<row_index> sample;
    sample.reserve(wanted);
    rng random(from.size());
    for (std::size_t i = 0; sample.size() < wanted; ++i)
      if (random.below(from.size() - i) < wanted - sample.size()) sample.push_back(from[i]);
    return sample;
  }

  // The rows as one matrix: in place where they stand side by side, else copied to `buffer`.
  matrix_view<const float> gather(const std::vector<row_index>& chosen, std::vector<float>& buffer) const {
    if (chosen.empty()) return {};
    if (chosen.back() - chosen.front() + std::size_t{1} == chosen.size()) return rows_.rows_from(chosen.front(), chosen.size());
    buffer.reserve(chosen.size() * rows_.cols());
    for (const row_index row : chosen) buffer.insert(buffer.end(), rows_[row].begin(), rows_[row].end());
    return {buffer.data(), chosen.size(), rows_.cols()};
  }

  // The lowest of the profiled thresholds up to .98 that can be paid for, by the pairs of a sample; leaves a sample in `chosen` where none
  // can. A pair of the sample stands for (n/k)^2 pairs. `crowded`: one pair in fifty is at .80, so that
  // sketches hardly tell the rows apart.
  double affordable(std::vector<row_index>& chosen, bool& crowded) const {
    const std::size_t n = chosen.size();
    if (n <= pilot_rows) return profiled_thresholds.front();
    constexpr std::size_t last = 5;
    static_assert(profiled_thresholds[last] == .98);
    std::array<double, last + 1> expected{};
    std::vector<float> buffer;
    progress quiet(progress_.stop());
    exhaustive_join<>{}.find_pairs(
        gather(sample_of(chosen, pilot_rows), buffer), {.threshold = profiled_thresholds.front(), .threads = options_.threads},
        [&](const scored_pair& pair) {
          for (std::size_t i = 0; i <= last && pair.score >= profiled_thresholds[i]; ++i) ++expected[i];
        },
        quiet);
    const double each = static_cast<double>(n) / pilot_rows * (static_cast<double>(n) / pilot_rows);
    crowded = expected[0] > pilot_rows / 2.0 * pilot_rows / 50;
    for (std::size_t i = 0; i <= last; ++i)
      if (profiled_thresholds[i] >= lowest_for(n) && expected[i] * each <= most_pairs(n)) return profiled_thresholds[i];
    const double pairs = expected[last] * each;
    if (pairs > most_at_last)
      chosen = sample_of(chosen, static_cast<std::size_t>(static_cast<double>(n) * std::sqrt(most_at_last / pairs)));
    return profiled_thresholds[last];
  }

  void count(group_profile& p, const std::vector<row_index>& chosen, bool crowded) {
    p.bins.assign(options_.bins, 0);
    p.sweep.push_back({p.lowest});
    for (const double t : profiled_thresholds)
      if (t > p.lowest) p.sweep.push_back({t});
    const auto reached = [&](double score) {  // how many thresholds of the sweep
      return static_cast<std::size_t>(std::count_if(p.sweep.begin(), p.sweep.end(), [&](const auto& t) { return score >= t.threshold; }));
    };
    constexpr double none = -2;
    std::vector<double> best(chosen.size(), none);
    std::vector<float> buffer;
    const auto take = [&](const scored_pair& pair) {
      for (const row_index row : {pair.first, pair.second}) best[row] = std::max(best[row], pair.score);
      ++p.sweep[reached(pair.score) - 1].pairs;
    };
    const matrix_view<const float> matrix = gather(chosen, buffer);
    const find_options find{.threshold = p.lowest, .threads = options_.threads};
    const double products = std::pow(static_cast<double>(matrix.rows()), 2) * static_cast<double>(matrix.cols());
    if (crowded && p.lowest < .95 && products < most_products)
      exhaustive_join<>{}.find_pairs(matrix, find, take, progress_);
    else
      sketch_join<>{}.find_pairs(matrix, find, take, progress_);
    std::vector<double> edges;
    for (std::size_t i = 0; i < p.bins.size(); ++i) edges.push_back(p.edge(i));
    for (const double score : best) {
      if (score == none) {
        ++p.below;
        continue;
      }
      ++p.bins[static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), score) - edges.begin()) - 1];
      ++p.sweep[reached(score) - 1].rows;
    }
    for (std::size_t i = p.sweep.size() - 1; i > 0; --i) {  // what reaches a threshold reaches all below
      p.sweep[i - 1].pairs += p.sweep[i].pairs;
      p.sweep[i - 1].rows += p.sweep[i].rows;
    }
  }

  matrix_view<const float> rows_;
  const similarity_profile_options& options_;
  progress& progress_;
};

}  // namespace detail

/// For each group of rows (a scope and model, say): how many rows have their nearest other row of the group at which cosine, and how many
/// pairs and rows each of several thresholds would find. Models differ in what a cosine means, so that one threshold does not fit all: a
/// sound one lies in a gap of the histogram, between copies and rows that merely have the same subject.
///
/// Exact: scores are those of `cosine`, found by `sketch_join`, at or above the group's `lowest`; nothing is said about what lies below.
/// One search answers all thresholds; only the best score of each row is kept.
///
/// Memory beyond the rows: 4 bytes a row, and for one group at a time 12 bytes a row, what `sketch_join` needs, and a copy of its rows where
/// they do not stand side by side.
/// @param rows  rows that are zero or not finite are counted and set aside
/// @param group_of_row  any number for each row; empty: all rows are group 0
/// @throws error invalid_argument for options that cannot be meant or a wrong number of groups, limit_exceeded above 2^32 - 1 rows,
/// cancelled when told to stop
inline similarity_profile_report similarity_profile(matrix_view<const float> rows, std::span<const std::uint32_t> group_of_row,
                                                    const similarity_profile_options& options, progress& progress) {
  const auto started = std::chrono::steady_clock::now();
  const double lowest = options.lowest.value_or(profiled_thresholds.front());
  detail::check_request<cosine>("similarity_profile", rows.rows(), {.threshold = lowest});
  if (lowest == 1.0) throw error(errc::invalid_argument, "similarity_profile: the lowest score is 1: there is nothing between it and 1");
  if (options.bins < 1 || options.bins > 1000)
    throw error(errc::invalid_argument, "similarity_profile: " + std::to_string(options.bins) + " bins were asked for: give 1 to 1000");
  if (!group_of_row.empty() && group_of_row.size() != rows.rows())
    throw error(errc::invalid_argument, "similarity_profile: " + std::to_string(group_of_row.size()) + " groups were named for " +
                                            std::to_string(rows.rows()) + " rows: name one for each row, or none");
  std::vector<row_index> order(rows.rows());
  std::iota(order.begin(), order.end(), row_index{0});
  const auto group = [&](row_index row) { return group_of_row.empty() ? 0 : group_of_row[row]; };
  std::stable_sort(order.begin(), order.end(), [&](row_index a, row_index b) { return group(a) < group(b); });
  similarity_profile_report report;
  detail::profile_search search(rows, options, progress);
  for (auto begin = order.begin(); begin != order.end();) {
    const std::uint32_t own = group(*begin);
    const auto end = std::find_if(begin, order.end(), [&](row_index row) { return group(row) != own; });
    report.groups.push_back(search.of(own, {begin, end}));
    begin = end;
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return report;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
