#pragma once
// Role `duplicate_finder` (verb `find_pairs`): all pairs of rows at or above a threshold.

#include "../base/function_ref.hpp"
#include "../base/key.hpp"
#include "../base/matrix_view.hpp"
#include "../base/progress.hpp"
#include "../base/record.hpp"
#include "role.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

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
  std::uint64_t fresh = 0;      ///< rows that were compared with all others; the rest was known from an earlier search
  double seconds = 0;
};

// A finder works on rows in memory and streams what it finds; it keeps no n x n matrix.
//
//   upkeep::find_report find_pairs(upkeep::matrix_view<const float> rows, const upkeep::find_options& options,
//                                  upkeep::pair_sink sink, upkeep::progress& progress)
//     calls `sink` for pairs first < second. An exact finder (static constexpr bool exact = true) misses none and adds none.
//     Throws upkeep::error invalid_argument for a threshold outside the metric's range, cancelled when told to stop.

// Refinement paged_finder (verb `find_pairs_in`): the same pairs of rows that stay where they are, in memory that does not grow with them.
//
//   upkeep::find_report find_pairs_in(const upkeep::row_source& source, const upkeep::find_options& options, upkeep::pair_sink sink,
//                                     upkeep::progress& progress)

/// A row of a page that does not belong to the search.
inline constexpr row_index not_searched = std::numeric_limits<row_index>::max();

/// Takes some rows and their numbers (`not_searched`: leave it out); valid until it returns. May throw.
using page_visitor = function_ref<void(std::span<const row_index> numbers, matrix_view<const float> rows)>;

/// `rows` rows of `components` floats, numbered from 0. A row that is there no more may be left out of both; one that changes between two
/// readings is compared as it is then found.
struct row_source {
  std::size_t rows = 0, components = 0;
  /// Hands over all rows, page by page, each once, in an order that is the same every time.
  function_ref<void(page_visitor)> scan;
  /// Hands over the wanted rows, whose numbers ascend.
  function_ref<void(std::span<const row_index> wanted, page_visitor)> fetch;
};

// Refinement incremental_finder (verb `find_pairs_since`): the same pairs, of rows that are mostly those of an earlier search.
//
//   upkeep::find_report find_pairs_since(upkeep::matrix_view<const float> rows, const upkeep::earlier_search& earlier,
//                                        const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress)

/// Where a finder remembers a search, and by what it knows its rows again.
struct earlier_search {
  std::string path;                                ///< a file of its own, in a directory that exists; may be missing
  bool keep = false;                               ///< whether this search may replace the file: only under the store's lock
  function_ref<key_view(std::size_t row)> key_of;  ///< of each row; no two rows have the same. Asked by one thread at a time, of any
};

template <class T>
concept has_find_pairs = requires(T& t, matrix_view<const float> rows, const find_options& options, pair_sink sink, progress& p) {
  { t.find_pairs(rows, options, sink, p) } -> std::same_as<find_report>;
};

template <class T>
concept has_find_pairs_in = requires(T& t, const row_source& source, const find_options& options, pair_sink sink, progress& p) {
  { t.find_pairs_in(source, options, sink, p) } -> std::same_as<find_report>;
};

template <class T>
concept has_find_pairs_since = requires(T& t, matrix_view<const float> rows, const earlier_search& earlier, const find_options& options,
                                        pair_sink sink, progress& p) {
  { t.find_pairs_since(rows, earlier, options, sink, p) } -> std::same_as<find_report>;
};

/// Finds all pairs of rows at or above a threshold.
template <class T>
concept duplicate_finder = has_find_pairs<T>;

/// One that also finds them where the rows are.
template <class T>
concept paged_finder = duplicate_finder<T> && has_find_pairs_in<T>;

/// One that compares only new and changed rows where it remembers the others.
template <class T>
concept incremental_finder = duplicate_finder<T> && has_find_pairs_since<T>;

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
