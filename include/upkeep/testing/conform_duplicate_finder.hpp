#pragma once
// Puts a duplicate_finder through every promise of its role, in one line and without a test framework.

#include "../base/record.hpp"
#include "../base/rng.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "../concepts/similarity_metric.hpp"
#include "conformance.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

/// Rows in clusters, so that there are near-duplicates at every distance; copies, rows that no metric can judge, and a padded stride.
struct finder_rows {
  std::size_t count, dimension, stride;
  std::vector<float> room;

  finder_rows(std::uint64_t seed, std::size_t rows, std::size_t width, std::size_t gap = 0, bool unsound = true)
      : count(rows), dimension(width), stride(width + gap), room(rows * stride + 1, std::numeric_limits<float>::quiet_NaN()) {
    rng random(seed);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t like = i < 4 ? i : static_cast<std::size_t>(random.below(i));
      const bool fresh = i < 4 || random.chance(0.3);
      const double spread = random.chance(0.2) ? 0.0 : std::exp(-1.0 - 6.0 * random.uniform());
      for (std::size_t d = 0; d < dimension; ++d) {
        const double centre = fresh ? random.normal() : double{row(like)[d]};
        row(i)[d] = static_cast<float>(fresh ? centre : centre + spread * random.normal());
      }
      if (!unsound) continue;
      if (random.chance(0.02)) std::fill_n(row(i), dimension, 0.0F);
      if (random.chance(0.02)) row(i)[random.below(dimension)] = std::numeric_limits<float>::quiet_NaN();
      if (random.chance(0.02)) row(i)[random.below(dimension)] = std::numeric_limits<float>::infinity();
    }
  }

  float* row(std::size_t i) { return room.data() + i * stride; }
  [[nodiscard]] std::span<const float> row(std::size_t i) const { return {room.data() + i * stride, dimension}; }
  [[nodiscard]] matrix_view<const float> view() const { return {room.data(), count, dimension, stride}; }
};

template <class Make, class Metric>
class duplicate_finder_suite {
 public:
  duplicate_finder_suite(Make& make, Metric metric) : make_(make), metric_(std::move(metric)), runner_("duplicate_finder") {}

  conformance_report run() {
    const auto rule = [&](std::string_view name, void (duplicate_finder_suite::*body)()) { runner_.rule(name, [&] { (this->*body)(); }); };
    if constexpr (is_exact()) rule("misses_no_pair", &duplicate_finder_suite::misses_no_pair);
    rule("adds_no_pair", &duplicate_finder_suite::adds_no_pair);
    rule("pairs_come_once_and_in_order", &duplicate_finder_suite::pairs_come_once_and_in_order);
    rule("scores_are_by_the_metric", &duplicate_finder_suite::scores_are_the_metrics);
    rule("counts_what_it_does", &duplicate_finder_suite::counts_what_it_does);
    rule("any_number_of_threads", &duplicate_finder_suite::any_number_of_threads);
    rule("takes_few_rows", &duplicate_finder_suite::takes_few_rows);
    rule("sink_may_throw", &duplicate_finder_suite::sink_may_throw);
    rule("stops_when_told", &duplicate_finder_suite::stops_when_told);
    rule("refuses_a_threshold_that_is_none", &duplicate_finder_suite::refuses_a_threshold_that_is_none);
    return runner_.finish();
  }

 private:
  using finder_type = std::remove_cvref_t<decltype(std::declval<Make&>()())>;
  using pair_list = std::vector<scored_pair>;
  static constexpr double tolerance = 1e-9;

  static constexpr bool is_exact() {
    if constexpr (requires {
                    { finder_type::exact } -> std::convertible_to<bool>;
                  })
      return finder_type::exact;
    else
      return false;
  }

  pair_list found(const finder_rows& rows, double threshold, unsigned threads = 2, find_report* report = nullptr) {
    auto&& finder = make_();
    pair_list pairs;
    progress silent;
    const find_report made = finder.find_pairs(
        rows.view(), {.threshold = threshold, .threads = threads}, [&](const scored_pair& p) { pairs.push_back(p); }, silent);
    if (report != nullptr) *report = made;
    return pairs;
  }

  static bool by_rows(const scored_pair& a, const scored_pair& b) { return std::pair(a.first, a.second) < std::pair(b.first, b.second); }
  static std::string name(const scored_pair& p) {
    return "(" + std::to_string(p.first) + ", " + std::to_string(p.second) + ") with score " + std::to_string(p.score);
  }
  static bool is_finite(std::span<const float> row) { return judge_vector(row) != set_aside::not_finite; }

  // The reference: every pair by the metric's own double-precision formula.
  pair_list expected(const finder_rows& rows, double threshold) const {
    pair_list pairs;
    for (std::size_t i = 0; i < rows.count; ++i)
      for (std::size_t j = i + 1; j < rows.count; ++j) {
        if (!is_finite(rows.row(i)) || !is_finite(rows.row(j))) continue;
        const double score = metric_.score(rows.row(i), rows.row(j));
        if (is_within<Metric>(score, threshold)) pairs.push_back({static_cast<row_index>(i), static_cast<row_index>(j), score});
      }
    return pairs;
  }

  // Thresholds that stand exactly on the score of some pair, where a bound that is a little wrong shows, and between.
  template <class Check>
  void each_case(Check&& check) {
    constexpr std::size_t shapes[][3] = {{40, 1, 0}, {150, 3, 0}, {300, 17, 5}, {260, 64, 0}, {200, 100, 3}};
    for (std::size_t c = 0; c < std::size(shapes); ++c) {
      const finder_rows rows(c + 1, shapes[c][0], shapes[c][1], shapes[c][2]);
      std::vector<double> scores;
      rng random(c);
      while (scores.size() < 400) {
        const auto i = static_cast<std::size_t>(random.below(rows.count)), j = static_cast<std::size_t>(random.below(rows.count));
        if (i == j || !is_finite(rows.row(i)) || !is_finite(rows.row(j))) continue;
        const double score = metric_.score(rows.row(std::min(i, j)), rows.row(std::max(i, j)));
        if (std::isfinite(score))
          scores.push_back(score);
        else if (random.chance(0.01))
          break;
      }
      if (scores.empty()) continue;
      std::sort(scores.begin(), scores.end());
      if (Metric::larger_is_closer) std::reverse(scores.begin(), scores.end());
      for (const std::size_t place : {std::size_t{3}, scores.size() / 20, scores.size() / 4})
        check(rows, scores[std::min(place, scores.size() - 1)]);
    }
  }

  void misses_no_pair() {
    each_case([&](const finder_rows& rows, double threshold) {
      pair_list seen = found(rows, threshold);
      std::sort(seen.begin(), seen.end(), by_rows);
      for (const scored_pair& p : expected(rows, threshold))
        require(std::binary_search(seen.begin(), seen.end(), p, by_rows),
                "the pair " + name(p) + " is missing at " + std::to_string(threshold));
    });
  }

  void adds_no_pair() {
    each_case([&](const finder_rows& rows, double threshold) {
      const pair_list right = expected(rows, threshold);
      for (const scored_pair& p : found(rows, threshold)) {
        const scored_pair turned{std::min(p.first, p.second), std::max(p.first, p.second), p.score};
        require(std::binary_search(right.begin(), right.end(), turned, by_rows),
                "the pair " + name(p) + " is not within " + std::to_string(threshold));
      }
    });
  }

  void pairs_come_once_and_in_order() {
    each_case([&](const finder_rows& rows, double threshold) {
      pair_list seen = found(rows, threshold);
      for (const scored_pair& p : seen)
        require(p.first < p.second && p.second < rows.count, "the pair " + name(p) + " is not first < second < rows");
      std::sort(seen.begin(), seen.end(), by_rows);
      for (std::size_t i = 1; i < seen.size(); ++i) require(by_rows(seen[i - 1], seen[i]), "the pair " + name(seen[i]) + " comes twice");
    });
  }

  void scores_are_the_metrics() {
    each_case([&](const finder_rows& rows, double threshold) {
      for (const scored_pair& p : found(rows, threshold)) {
        const double score = metric_.score(rows.row(p.first), rows.row(p.second));
        require(std::fabs(score - p.score) <= tolerance * std::max(1.0, std::fabs(score)),
                "the pair " + name(p) + " scores " + std::to_string(score));
      }
    });
  }

  void counts_what_it_does() {
    each_case([&](const finder_rows& rows, double threshold) {
      find_report report;
      const pair_list seen = found(rows, threshold, 2, &report);
      require_equal(report.pairs, seen.size(), "pairs of the report");
      std::uint64_t not_finite = 0, zero = 0;
      for (std::size_t i = 0; i < rows.count; ++i) {
        not_finite += is_finite(rows.row(i)) ? 0 : 1;
        zero += judge_vector(rows.row(i)) == set_aside::zero ? 1 : 0;
      }
      require(report.set_aside == not_finite || report.set_aside == not_finite + zero,
              "set_aside is " + std::to_string(report.set_aside) + " of " + std::to_string(not_finite) + " rows that are not finite and " +
                  std::to_string(zero) + " that are zero");
      require(report.seconds >= 0, "seconds is negative");
    });
  }

  void any_number_of_threads() {
    const finder_rows rows(9, 700, 24);
    const double threshold = metric_.score(rows.row(0), rows.row(0)) * 0.5;  // of any size: many pairs, or none
    for (const double t : {threshold, Metric::larger_is_closer ? 0.9 : 1.0}) {
      const pair_list one = found(rows, t, 1);
      for (const unsigned threads : {2U, 3U, 8U, 0U})
        require(found(rows, t, threads) == one, "the pairs or their order depend on the number of threads");
    }
  }

  void takes_few_rows() {
    for (const std::size_t count : {0U, 1U, 2U}) {
      const finder_rows rows(3, count, 5, 0, false);
      const pair_list seen = found(rows, Metric::larger_is_closer ? 0.5 : 100.0);
      require_equal(seen.size(), expected(rows, Metric::larger_is_closer ? 0.5 : 100.0).size(),
                    "the number of pairs among " + std::to_string(count) + " rows");
    }
  }

  double generous() const { return Metric::larger_is_closer ? 0.1 : 100.0; }

  void sink_may_throw() {
    const finder_rows rows(4, 300, 8, 0, false);
    require(!expected(rows, generous()).empty(), "this metric finds no pairs among the rows of the suite");
    struct stopped {};
    auto&& finder = make_();
    progress silent;
    for (const unsigned threads : {1U, 3U}) {
      int calls = 0;
      bool came_out = false;
      try {
        finder.find_pairs(
            rows.view(), {.threshold = generous(), .threads = threads},
            [&](const scored_pair&) {
              ++calls;
              throw stopped{};
            },
            silent);
      } catch (const stopped&) {
        came_out = true;
      }
      require(came_out, "what the sink threw did not come out");
      require_equal(static_cast<std::uint64_t>(calls), 1, "the number of times that a sink which throws is called");
    }
  }

  void stops_when_told() {
    const finder_rows rows(5, 500, 8, 0, false);
    // GCC 12 takes the constructor's own `this` for a value that is not there yet, where it is inlined into much.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
    std::stop_source source;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
    source.request_stop();
    progress stopped(source.get_token());
    auto&& finder = make_();
    const errc code = thrown_code(
        [&] {
          finder.find_pairs(
              rows.view(), {.threshold = generous(), .threads = 2}, [](const scored_pair&) {}, stopped);
        },
        "a search that was told to stop");
    require(code == errc::cancelled, "a search that was told to stop throws " + std::string(to_string(code)));
  }

  void refuses_a_threshold_that_is_none() {
    const finder_rows rows(6, 20, 4, 0, false);
    const errc code = thrown_code([&] { found(rows, std::numeric_limits<double>::quiet_NaN()); }, "a threshold that is NaN");
    require(code == errc::invalid_argument, "a threshold that is NaN throws " + std::string(to_string(code)));
  }

  Make& make_;
  Metric metric_;
  rule_runner runner_;
};

}  // namespace detail

/// Checks what the prose of concepts/duplicate_finder.hpp promises, against every pair scored one by one. A finder without
/// `static constexpr bool exact = true` may miss pairs.
/// @param make    gives the finder: `[] { return my_finder(…); }`
/// @param metric  by which it finds
template <class Make, class Metric>
conformance_report conform_duplicate_finder(Make make, Metric metric) {
  return detail::duplicate_finder_suite<Make, Metric>(make, std::move(metric)).run();
}

}  // namespace upkeep::inline v0::testing
