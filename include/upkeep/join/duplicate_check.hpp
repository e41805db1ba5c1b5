#pragma once
// The check before an insert: is there a row at least this near already?

#include "sketch_choice.hpp"
#include "sketch_search.hpp"
#include "sketched_rows.hpp"

#include "../metric/cosine.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// The nearest row of those within a threshold.
struct nearest_row {
  std::size_t row = 0;  ///< below `rows`: one that was given at the start; from there on, in the order of `insert`
  double score = 0;     ///< by the metric's double-precision formula
};

/// Rows prepared for one question at a time, so that an application can refuse a duplicate as it arrives: sketches of the rows that were
/// there at the start, and the rows that were inserted since, which are compared one by one; prepare anew when these have become many.
/// @par Thread safety  `nearest_at_least` is const and may be called concurrently; `insert` needs exclusive access.
template <class Metric = cosine>
  requires radius_metric<Metric>
class duplicate_check {
 public:
  /// @param rows  borrowed: must outlive this
  /// @param least  the farthest threshold that will be asked for
  /// @throws error invalid_argument for a threshold that is none, cancelled when told to stop
  duplicate_check(matrix_view<const float> rows, double least, Metric metric = {}, const execution& how = {}, const progress& watched = {})
      : metric_(metric), least_(least), rows_(rows) {
    detail::check_request<Metric>("duplicate_check", rows.rows(), {.threshold = least});
    space_ = detail::choose_sketch<Metric>(rows, rows.rows(), rows.rows(), metric_.radius(least), how, watched);
    sketched_ = sketched_rows<Metric>(rows, space_, how, watched);
  }

  /// The nearest row within `threshold` of `vector`, of rows at the same distance the first; none where there is none, or where `vector` is
  /// not finite or, where the metric cannot judge it, zero.
  /// @throws error invalid_argument for a vector of another width, or a threshold farther than `least`
  [[nodiscard]] std::optional<nearest_row> nearest_at_least(std::span<const float> vector, double threshold) const {
    check_width(vector);
    detail::check_request<Metric>("duplicate_check", rows_.rows(), {.threshold = threshold});
    if (!is_within<Metric>(threshold, least_))
      throw error(errc::invalid_argument, "duplicate_check: it was prepared for thresholds up to " + detail::threshold_text(least_) +
                                              ", not for " + detail::threshold_text(threshold) + ": prepare it with that one");
    std::optional<nearest_row> best;
    const auto consider = [&](std::size_t row, double score) {
      if (!best || (Metric::larger_is_closer ? score > best->score : score < best->score) || (score == best->score && row < best->row))
        best = nearest_row{row, score};
    };
    const execution alone{.threads = 1};
    progress silent;
    const sketched_rows<Metric> one(matrix_view<const float>(vector.data(), 1, vector.size()), space_, alone, silent);
    if (one.set_aside() != 0) return best;
    sketch_search<Metric>(metric_, space_, threshold, sketched_, one)
        .run(
            alone, [&](const scored_pair& p) { consider(p.first, p.score); }, silent);
    for (std::size_t i = 0; i * vector.size() < inserted_.size(); ++i) {
      const double score = metric_.score(std::span<const float>(inserted_.data() + i * vector.size(), vector.size()), vector);
      if (is_within<Metric>(score, threshold)) consider(rows_.rows() + i, score);
    }
    return best;
  }

  /// Takes a row that was inserted into account from now on; it is copied.
  /// @return  its number
  /// @throws error invalid_argument for a vector of another width
  std::size_t insert(std::span<const float> vector) {
    check_width(vector);
    inserted_.insert(inserted_.end(), vector.begin(), vector.end());
    return rows_.rows() + inserted_.size() / vector.size() - 1;
  }

 private:
  void check_width(std::span<const float> vector) const {
    if (vector.size() != rows_.cols() || vector.empty())
      throw error(errc::invalid_argument, "duplicate_check: a vector of " + std::to_string(vector.size()) +
                                              " components, where the rows have " + std::to_string(rows_.cols()));
  }

  Metric metric_;
  double least_;
  matrix_view<const float> rows_;
  sketch_space space_;
  sketched_rows<Metric> sketched_;
  std::vector<float> inserted_;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
