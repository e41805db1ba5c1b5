#pragma once
// The exact duplicate finder for many rows: compares small sketches of all pairs, and the rows themselves of the few that are left.

#include "../base/parallel.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "../metric/cosine.hpp"
#include "exhaustive_join.hpp"
#include "find_request.hpp"
#include "incremental_search.hpp"
#include "paged_search.hpp"
#include "sketch_choice.hpp"
#include "sketch_search.hpp"
#include "sketched_rows.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
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

  /// Fewer rows than this are left to `exhaustive_join`, which has no fixed cost, and so are rows of which so many are within the threshold
  /// that sketches would save nothing; 0: neither.
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

  /// Calls `sink` for each pair of a row of `rows` (`first`) and a row of `others` (`second`) within `options.threshold`, with its score:
  /// new rows against those that are there. Neither is searched against itself. Set aside is counted over both.
  /// @throws error invalid_argument for a threshold that is none or rows of two widths; else as find_pairs
  find_report find_pairs_between(matrix_view<const float> rows, matrix_view<const float> others, const find_options& options,
                                 pair_sink sink, progress& progress) const requires radius_metric<Metric> {
    const auto started = std::chrono::steady_clock::now();
    detail::check_request<Metric>("sketch_join", rows.rows(), options);
    detail::check_request<Metric>("sketch_join", others.rows(), options);
    if (rows.cols() != others.cols() && rows.rows() != 0 && others.rows() != 0)
      throw error(errc::invalid_argument, "sketch_join: rows of " + std::to_string(rows.cols()) +
                                              " components cannot be compared with rows of " + std::to_string(others.cols()) +
                                              ": vectors of different models live in different spaces");
    find_report report;
    if (rows.rows() == 0 || others.rows() == 0 || rows.cols() == 0) return report;
    const execution how{options.threads, executor};
    const sketch_space space =
        detail::choose_sketch<Metric>(others, others.rows(), rows.rows(), metric.radius(options.threshold), how, progress);
    const sketched_rows<Metric> first(rows, space, how, progress), second(others, space, how, progress);
    report.set_aside = first.set_aside() + second.set_aside();
    report.pairs = sketch_search<Metric>(metric, space, options.threshold, first, second).run(how, sink, progress);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return report;
  }

  /// `find_pairs` for rows that do not fit into memory: reads them twice from beginning to end, and then those whose sketches are within
  /// reach of another's, in portions and in ascending order. Memory: at most 64 bytes a row (136 where 32 codes tell too little), 12 MiB
  /// for a sample and 8 MiB a thread (more where a row has over 1,024 components). The pairs are those of `find_pairs`, in another order,
  /// the same for every number of threads.
  /// `source` is read by one thread at a time.
  find_report find_pairs_in(const row_source& source, const find_options& options, pair_sink sink,
                            progress& progress) const requires radius_metric<Metric> {
    const auto started = std::chrono::steady_clock::now();
    detail::check_request<Metric>("sketch_join", source.rows, options);
    find_report report;
    const execution how{options.threads, executor};
    if (source.rows != 0 && source.components != 0)
      detail::paged_search<Metric>(metric, source, options.threshold, how, progress).run(sink, report);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return report;
  }

  /// `find_pairs` for rows of which most are those of an earlier search: their sketches and pairs are read from `earlier.path`, and only new
  /// and changed rows are compared with all. The pairs are those of `find_pairs`, always, in another order. Everything is searched anew where
  /// there is no such file, where it is damaged, was made for another metric, threshold or dimension, where more than a tenth of the rows
  /// came, changed or went since it was last made anew, or where the rows have drifted: their mean by more than .1 (of rows scaled to
  /// about 1), or a tenth of the spread that the sketches keep.
  /// @throws error io where the file cannot be read or written; else as find_pairs
  find_report find_pairs_since(matrix_view<const float> rows, const earlier_search& earlier, const find_options& options, pair_sink sink,
                               progress& progress) const requires radius_metric<Metric> {
    if constexpr (!detail::has_name<Metric>) {
      return find_pairs(rows, options, sink, progress);  // a file could not say what it was made with
    } else {
      const auto started = std::chrono::steady_clock::now();
      detail::check_request<Metric>("sketch_join", rows.rows(), options);
      if (rows.rows() == 0 || rows.rows() < exhaustive_below || rows.cols() == 0) return find_pairs(rows, options, sink, progress);
      find_report report;
      const execution how{options.threads, executor};
      detail::incremental_search<Metric>(metric, Metric::name(), rows, earlier, options.threshold, exhaustive_below != 0, how, progress)
          .run(sink, report);
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
      return report;
    }
  }

 private:
  find_report search(matrix_view<const float> rows, const find_options& options, pair_sink sink, progress& progress) const {
    const auto started = std::chrono::steady_clock::now();
    detail::check_request<Metric>("sketch_join", rows.rows(), options);
    if (rows.rows() == 0 || rows.rows() < exhaustive_below || rows.cols() == 0)
      return exhaustive_join<Metric>{metric, executor}.find_pairs(rows, options, sink, progress);
    const execution how{options.threads, executor};
    double share = 0;
    const sketch_space space =
        detail::choose_sketch<Metric>(rows, rows.rows(), rows.rows(), metric.radius(options.threshold), how, progress, &share);
    if (detail::are_sketches_useless<Metric>(space, exhaustive_below != 0 ? share : 0))
      return exhaustive_join<Metric>{metric, executor}.find_pairs(rows, options, sink, progress);
    const sketched_rows<Metric> sketched(rows, space, how, progress);
    find_report report;
    report.set_aside = sketched.set_aside();
    report.pairs = sketch_search<Metric>(metric, space, options.threshold, sketched, sketched).run(how, sink, progress);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return report;
  }
};

static_assert(paged_finder<sketch_join<>> && incremental_finder<sketch_join<>>);

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
