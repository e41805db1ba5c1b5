// Generated cases: the exhaustive join against a plain double loop, near-threshold pairs planted, every metric, stride and thread count.

#include "upkeep/join/exhaustive_join.hpp"

#include "support/catch.hpp"
#include "support/join_rows.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using pairs = upkeep_test::pair_list;

// Written out once more, in long double and in plain order: not the formula of the library, but close enough to find a wrong score.
template <class Metric>
long double slow_score(std::span<const float> a, std::span<const float> b) {
  long double ab = 0, aa = 0, bb = 0, dd = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const long double x = a[k], y = b[k];
    ab += x * y;
    aa += x * x;
    bb += y * y;
    dd += (x - y) * (x - y);
  }
  if constexpr (std::is_same_v<Metric, upkeep::cosine>)
    return ab / std::sqrt(aa * bb);
  else if constexpr (std::is_same_v<Metric, upkeep::dot>)
    return ab;
  else
    return std::sqrt(dd);
}

template <class Metric>
void check_join() {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto rows = *rc::gen::element<std::size_t>(0, 1, 2, 3, 11, 12, 13, 31, 32, 33, 64, 95, 96, 97, 128, 193, 260);
  const auto components = *rc::gen::inRange<std::size_t>(1, 71);
  const auto gap = *rc::gen::inRange<std::size_t>(0, 5);
  const auto exponent = *rc::gen::element(0, 0, 0, -3, 5, -90, 60);
  const auto hostile = *rc::gen::arbitrary<bool>();
  const upkeep_test::generated g = upkeep_test::make_rows(seed, rows, components, gap, exponent, hostile);
  const auto view = g.view();
  const Metric metric;

  // A threshold at a score that occurs, or one step of double beside it; else one that lies anywhere.
  double threshold = std::is_same_v<Metric, upkeep::cosine> ? 0.98 : std::ldexp(1.0, exponent);
  if (rows >= 2) {
    const auto i = *rc::gen::inRange<std::size_t>(0, rows), j = *rc::gen::inRange<std::size_t>(0, rows);
    const double score = metric.score(view[i], view[j]);
    const int step = *rc::gen::inRange(-1, 2);
    if (i != j && std::isfinite(score)) threshold = step == 0 ? score : std::nextafter(score, step * 1e300);
  }
  if (std::is_same_v<Metric, upkeep::cosine>) threshold = std::clamp(threshold, -1.0, 1.0);
  if (std::is_same_v<Metric, upkeep::euclidean>) threshold = std::max(threshold, 0.0);

  pairs expected;
  std::size_t set_aside = 0;
  std::vector<bool> usable(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    bool finite = true, zero = true;
    for (const float x : view[i]) {
      finite = finite && std::isfinite(x);
      zero = zero && x == 0.0f;
    }
    usable[i] = finite && !(zero && std::is_same_v<Metric, upkeep::cosine>);
    set_aside += usable[i] ? 0 : 1;
  }
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = i + 1; j < rows; ++j) {
      if (!usable[i] || !usable[j]) continue;
      const double score = metric.score(view[i], view[j]);
      if (Metric::larger_is_closer ? score >= threshold : score <= threshold)
        expected.push_back({static_cast<upkeep::row_index>(i), static_cast<upkeep::row_index>(j), score});
    }

  pairs first_order;
  for (const unsigned threads : {1u, 2u, 7u}) {
    upkeep::find_report report;
    pairs found = upkeep_test::pairs_of(upkeep::exhaustive_join<Metric>{}, view, threshold, threads, &report);
    RC_ASSERT(report.pairs == found.size());
    RC_ASSERT(report.set_aside == set_aside);
    if (threads == 1u) first_order = found;
    RC_ASSERT(found == first_order);
    std::sort(found.begin(), found.end(), upkeep_test::comes_before);
    RC_ASSERT(found == expected);
  }
  for (const upkeep::scored_pair& p : expected) {
    const long double slow = slow_score<Metric>(view[p.first], view[p.second]);
    long double magnitude = 1;
    if (!std::is_same_v<Metric, upkeep::cosine>)
      magnitude =
          std::sqrt(slow_score<upkeep::dot>(view[p.first], view[p.first]) * slow_score<upkeep::dot>(view[p.second], view[p.second]));
    if (std::is_same_v<Metric, upkeep::euclidean>) magnitude = slow;
    RC_ASSERT(std::fabs(static_cast<long double>(p.score) - slow) <= 1e-13L * magnitude);
  }
}

}  // namespace

TEST_CASE("generated rows: cosine", "[join]") { CHECK(rc::check("cosine", check_join<upkeep::cosine>)); }
TEST_CASE("generated rows: dot", "[join]") { CHECK(rc::check("dot", check_join<upkeep::dot>)); }
TEST_CASE("generated rows: euclidean", "[join]") { CHECK(rc::check("euclidean", check_join<upkeep::euclidean>)); }
