#pragma once
// The five-minute door: all near-duplicate pairs of an array, in one call.

#include "exhaustive_join.hpp"
#include "sketch_join.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// What `near_duplicates` is asked for.
struct near_duplicates_options {
  double threshold = 0.98;                ///< in the metric's own unit: a cosine, a distance
  unsigned threads = 0;                   ///< 0: all cores
  std::uint64_t max_pairs = 100'000'000;  ///< held in memory, 16 bytes each; more are refused
  std::stop_token stop{};                 ///< to give up early
};

/// The exact finder that suits a metric: `sketch_join` where its threshold is a distance, else `exhaustive_join`.
template <class Metric>
using exact_join = std::conditional_t<radius_metric<Metric>, sketch_join<Metric>, exhaustive_join<Metric>>;

/// Streams all pairs of rows within the threshold to `sink`, in the order of `exact_join`; `max_pairs` does not apply.
/// @throws error invalid_argument for a threshold that is none, cancelled when told to stop; and what the sink throws
template <class Metric = cosine>
find_report near_duplicates(matrix_view<const float> rows, const near_duplicates_options& options, pair_sink sink) {
  progress watched(options.stop);
  return exact_join<Metric>{}.find_pairs(rows, {.threshold = options.threshold, .threads = options.threads}, sink, watched);
}

/// All pairs of rows within the threshold, by (first, second). Exact: the pairs are those of the metric's double-precision score. Rows of
/// zeros (for cosine) and rows that are not finite are in no pair.
///
///     for (const upkeep::scored_pair& p : upkeep::near_duplicates(rows, {.threshold = 0.98}))
///       std::cout << p.first << ' ' << p.second << ' ' << p.score << '\n';
///
/// @tparam Metric  `cosine`, `dot`, `euclidean` or a `similarity_metric` of your own
/// @throws error invalid_argument for a threshold that is none, limit_exceeded where there are more than `max_pairs`, cancelled when told
/// to stop
template <class Metric = cosine>
std::vector<scored_pair> near_duplicates(matrix_view<const float> rows, const near_duplicates_options& options = {}) {
  std::vector<scored_pair> pairs;
  near_duplicates<Metric>(rows, options, [&](const scored_pair& pair) {
    if (pairs.size() >= options.max_pairs)
      throw error(errc::limit_exceeded, "near_duplicates: more than " + std::to_string(options.max_pairs) +
                                            " pairs are within the threshold: make the threshold stricter, raise max_pairs, or pass a sink "
                                            "that takes the pairs as they are found");
    pairs.push_back(pair);
  });
  std::sort(pairs.begin(), pairs.end(),
            [](const scored_pair& a, const scored_pair& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
  return pairs;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
