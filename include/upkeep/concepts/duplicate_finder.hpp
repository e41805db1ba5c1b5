#pragma once
// Role `duplicate_finder` (verb `find_pairs`): all pairs of rows at or above a threshold.

#include "../base/function_ref.hpp"
#include "../base/matrix_view.hpp"
#include "../base/progress.hpp"
#include "../base/record.hpp"
#include "role.hpp"

#include <concepts>
#include <cstdint>

namespace upkeep::inline v0 {

/// Two rows and how alike they are: first < second, `score` by the metric's double-precision formula.
struct scored_pair {
  row_index first = 0, second = 0;
  double score = 0;

  friend bool operator==(const scored_pair&, const scored_pair&) = default;
};

/// Takes each pair once; called by one thread at a time, in an order that does not depend on the number of threads. May throw.
using pair_sink = function_ref<void(const scored_pair&)>;

/// What a finder is asked for.
struct find_options {
  double threshold = 0.98;  ///< in the metric's own unit: a cosine, a distance
  unsigned threads = 0;     ///< 0: all cores
};

/// What a finder did.
struct find_report {
  std::uint64_t pairs = 0;      ///< handed to the sink
  std::uint64_t set_aside = 0;  ///< rows that take part in no pair: not finite or, where the metric cannot judge them, zero
  double seconds = 0;
};

// A finder works on rows in memory and streams what it finds; it keeps no n x n matrix.
//
//   upkeep::find_report find_pairs(upkeep::matrix_view<const float> rows, const upkeep::find_options& options,
//                                  upkeep::pair_sink sink, upkeep::progress& progress)
//     calls `sink` for pairs first < second. An exact finder (static constexpr bool exact = true) misses none and adds none.
//     Throws upkeep::error invalid_argument for a threshold outside the metric's range, cancelled when told to stop.

template <class T>
concept has_find_pairs = requires(T& t, matrix_view<const float> rows, const find_options& options, pair_sink sink, progress& p) {
  { t.find_pairs(rows, options, sink, p) } -> std::same_as<find_report>;
};

/// Finds all pairs of rows at or above a threshold.
template <class T>
concept duplicate_finder = has_find_pairs<T>;

namespace check {

template <class T>
struct duplicate_finder {
  static constexpr bool fits = has_find_pairs<T>;
  static_assert(
      fits,
      "upkeep: duplicate_finder: write `upkeep::find_report find_pairs(upkeep::matrix_view<const float> rows, const upkeep::find_options& "
      "options, upkeep::pair_sink sink, upkeep::progress& progress)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
