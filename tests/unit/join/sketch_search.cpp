// The search over two collections: every pair once, whichever of them makes the panels, copies and rows apart included.

#include "upkeep/join/sketch_search.hpp"

#include "support/catch.hpp"
#include "support/join_rows.hpp"
#include "upkeep/join/sketch_choice.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <algorithm>
#include <vector>

namespace {

using matrix = upkeep::matrix_view<const float>;
using upkeep_test::pair_list;

pair_list sorted(pair_list pairs) {
  std::sort(pairs.begin(), pairs.end(), upkeep_test::comes_before);
  return pairs;
}

template <class Metric>
void check(matrix a, matrix b, double threshold) {
  const Metric metric;
  upkeep::progress silent;
  pair_list expected;
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = 0; j < b.rows(); ++j) {
      const double score = metric.score(a[i], b[j]);
      if (upkeep::is_within<Metric>(score, threshold))
        expected.push_back({static_cast<upkeep::row_index>(i), static_cast<upkeep::row_index>(j), score});
    }
  pair_list first;
  for (const unsigned threads : {1u, 2u, 7u}) {
    const upkeep::execution how{.threads = threads};
    const auto space =
        upkeep::UPKEEP_ARCH_NAMESPACE::detail::choose_sketch<Metric>(a, a.rows(), b.rows(), metric.radius(threshold), how, silent);
    const upkeep::sketched_rows<Metric> rows(a, space, how, silent), columns(b, space, how, silent);
    pair_list found, turned;
    const auto take = [&](const upkeep::scored_pair& p) { found.push_back(p); };
    CHECK(upkeep::sketch_search<Metric>(metric, space, threshold, rows, columns).run(how, take, silent) == expected.size());
    if (threads == 1) first = found;
    CHECK(found == first);
    CHECK(sorted(found) == expected);
    const auto turn = [&](const upkeep::scored_pair& p) { turned.push_back({p.second, p.first, p.score}); };
    upkeep::sketch_search<Metric>(metric, space, threshold, columns, rows).run(how, turn, silent);
    CHECK(sorted(turned) == expected);
  }
}

std::vector<float> related(std::size_t n, std::size_t d, std::uint64_t seed, const std::vector<float>& parents) {
  upkeep::rng random(seed);
  std::vector<float> values(n * d);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t parent = parents.empty() ? 0 : static_cast<std::size_t>(random.below(parents.size() / d));
    const double spread = random.chance(0.3) ? 0.0 : 0.05;
    for (std::size_t k = 0; k < d; ++k)
      values[i * d + k] =
          static_cast<float>(parents.empty() ? random.normal() : double{parents[parent * d + k]} + spread * random.normal());
  }
  return values;
}

}  // namespace

TEST_CASE("all pairs of two collections come, once, in one order for any number of threads", "[sketch_search]") {
  for (const std::size_t d : {std::size_t{3}, std::size_t{40}}) {
    const std::vector<float> a = related(300, d, 1, {}), b = related(170, d, 2, a);
    check<upkeep::cosine>({a.data(), 300, d}, {b.data(), 170, d}, 0.98);
    check<upkeep::euclidean>({a.data(), 300, d}, {b.data(), 170, d}, 0.4);
  }
}

TEST_CASE("a row that no float can hold once scaled is compared all the same", "[sketch_search]") {
  const std::size_t d = 12;
  std::vector<float> a = related(90, d, 3, {}), b = related(80, d, 4, a);
  for (std::size_t k = 0; k < d; ++k) {
    a[7 * d + k] *= 1e-39f;  // apart on one side, on both, on the other
    b[9 * d + k] = a[7 * d + k];
    b[11 * d + k] = a[20 * d + k] * 1e-39f;
  }
  check<upkeep::cosine>({a.data(), 90, d}, {b.data(), 80, d}, 0.98);
}

TEST_CASE("many equal rows on both sides mean as many pairs", "[sketch_search]") {
  const std::size_t d = 10;
  std::vector<float> a = related(200, d, 5, {}), b = a;
  for (std::size_t i = 0; i < 150; ++i) std::copy_n(a.begin(), d, a.begin() + static_cast<std::ptrdiff_t>(i * d));
  for (std::size_t i = 0; i < 100; ++i) std::copy_n(a.begin(), d, b.begin() + static_cast<std::ptrdiff_t>(i * d));
  check<upkeep::cosine>({a.data(), 200, d}, {b.data(), 200, d}, 0.99);
}
