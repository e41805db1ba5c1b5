// The suite for finders passes the shipped ones, and catches a finder that breaks any one of its rules.

#include "upkeep/testing/conform_duplicate_finder.hpp"

#include <cmath>
#include <stdexcept>

#include "support/catch.hpp"
#include "upkeep/join/exhaustive_join.hpp"
#include "upkeep/join/sketch_join.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"

using upkeep::cosine;
using upkeep::exhaustive_join;
using upkeep::scored_pair;
using upkeep::testing::conform_duplicate_finder;

namespace {

void check(const upkeep::testing::conformance_report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

using matrix = upkeep::matrix_view<const float>;

// The exhaustive join with one bug.
template <class Bug>
struct broken_finder {
  static constexpr bool exact = true;
  Bug bug;
  upkeep::find_report find_pairs(matrix rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress) {
    return bug(exhaustive_join<cosine>(), rows, options, sink, progress);
  }
};

template <class Bug>
void caught(Bug bug, const char* rule) {
  const auto report = conform_duplicate_finder([&] { return broken_finder<Bug>{bug}; }, cosine());
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
  CHECK(report.failures.size() < report.rules.size());
}

}  // namespace

TEST_CASE("the shipped finders conform", "[conformance][duplicate_finder]") {
  check(conform_duplicate_finder([] { return exhaustive_join<cosine>(); }, cosine()));
  check(conform_duplicate_finder([] { return exhaustive_join<upkeep::dot>(); }, upkeep::dot()));
  check(conform_duplicate_finder([] { return exhaustive_join<upkeep::euclidean>(); }, upkeep::euclidean()));
}

TEST_CASE("the sketch join conforms, for any number of rows", "[conformance][duplicate_finder]") {
  for (const std::size_t exhaustive_below : {0u, 260u})
    check(conform_duplicate_finder([&] { return upkeep::sketch_join<cosine>{{}, {}, exhaustive_below}; }, cosine()));
  check(conform_duplicate_finder([] { return upkeep::sketch_join<upkeep::euclidean>{{}, {}, 0}; }, upkeep::euclidean()));
}

TEST_CASE("the suite catches a finder that breaks one rule", "[conformance][duplicate_finder]") {
  const auto filtered = [](auto keep) {
    return [keep](auto join, matrix rows, upkeep::find_options options, upkeep::pair_sink sink, upkeep::progress& progress) {
      return keep(join, rows, options, sink, progress);
    };
  };
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           options.threshold = std::nextafter(options.threshold, 2.0);  // above, not at or above
           return join.find_pairs(rows, options, sink, p);
         }),
         "misses_no_pair");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           options.threshold = std::max(-1.0, options.threshold - 1e-6);
           return join.find_pairs(rows, options, sink, p);
         }),
         "adds_no_pair");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           return join.find_pairs(
               rows, options,
               [&](const scored_pair& pair) {
                 sink({pair.second, pair.first, pair.score});
               },
               p);
         }),
         "pairs_come_once_and_in_order");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           return join.find_pairs(
               rows, options,
               [&](const scored_pair& pair) {
                 sink({pair.first, pair.second, static_cast<double>(static_cast<float>(pair.score))});
               },
               p);
         }),
         "scores_are_by_the_metric");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           upkeep::find_report report = join.find_pairs(rows, options, sink, p);
           report.set_aside = 0;
           return report;
         }),
         "counts_what_it_does");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           std::vector<scored_pair> all;
           const auto report = join.find_pairs(
               rows, options, [&](const scored_pair& pair) { all.push_back(pair); }, p);
           if (options.threads == 3) std::reverse(all.begin(), all.end());
           for (const scored_pair& pair : all) sink(pair);
           return report;
         }),
         "any_number_of_threads");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           if (rows.rows() == 0) throw std::runtime_error("no rows");
           return join.find_pairs(rows, options, sink, p);
         }),
         "takes_few_rows");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           return join.find_pairs(
               rows, options,
               [&](const scored_pair& pair) {
                 try {
                   sink(pair);
                 } catch (...) {
                 }
               },
               p);
         }),
         "sink_may_throw");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto&) {
           upkeep::progress deaf;
           return join.find_pairs(rows, options, sink, deaf);
         }),
         "stops_when_told");
  caught(filtered([](auto& join, matrix rows, auto options, auto sink, auto& p) {
           if (std::isnan(options.threshold)) options.threshold = 1.0;
           return join.find_pairs(rows, options, sink, p);
         }),
         "refuses_a_threshold_that_is_none");
}
