// The sketch join against the exhaustive join: the same pairs with the same scores, bit for bit, on generated, planted, degenerate and real
// rows; and the same order of them for every number of threads.

#include "upkeep/join/sketch_join.hpp"

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/join_rows.hpp"
#include "upkeep/join/exhaustive_join.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <rapidcheck.h>
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

using upkeep::cosine;
using upkeep::euclidean;
using upkeep_test::pair_list;
using matrix = upkeep::matrix_view<const float>;

namespace {

template <class Metric>
upkeep::sketch_join<Metric> finder() {
  upkeep::sketch_join<Metric> join;
  join.exhaustive_below = 0;
  return join;
}

// The whole promise on one set of rows. With the order for several numbers of threads, if asked for.
template <class Metric>
std::size_t check_same(matrix rows, double threshold, bool orders = false) {
  upkeep::find_report report, expected_report;
  const pair_list expected = upkeep_test::sorted_pairs_of(upkeep::exhaustive_join<Metric>{}, rows, threshold, 2, &expected_report);
  const pair_list once = upkeep_test::pairs_of(finder<Metric>(), rows, threshold, 2, &report);
  CAPTURE(rows.rows(), rows.cols(), threshold, expected.size());
  CHECK(report.pairs == once.size());
  CHECK(report.set_aside == expected_report.set_aside);
  pair_list found = once;
  std::sort(found.begin(), found.end(), upkeep_test::comes_before);
  const auto differs = std::mismatch(found.begin(), found.end(), expected.begin(), expected.end());
  if (differs.first != found.end()) INFO("found " << differs.first->first << ", " << differs.first->second << ": " << differs.first->score);
  CHECK((differs.first == found.end() && differs.second == expected.end()));
  if (orders)
    for (const unsigned threads : {1u, 7u}) CHECK((upkeep_test::pairs_of(finder<Metric>(), rows, threshold, threads) == once));
  return expected.size();
}

constexpr double cosines[] = {.5, .8, .9, .95, .98, .99, .999, 1.0};
constexpr double distances[] = {0, 1e-3, .1, 1, 10};

template <class Metric>
std::vector<double> thresholds() {
  if constexpr (std::is_same_v<Metric, cosine>)
    return {std::begin(cosines), std::end(cosines)};
  else
    return {std::begin(distances), std::end(distances)};
}

// Rows of which every other one has a partner that is nearer or farther than one of the thresholds by 1e-7, 1e-6, 1e-5 or nothing.
template <class Metric>
std::vector<float> planted(std::uint64_t seed, std::size_t n, std::size_t d) {
  upkeep::rng random(seed);
  std::vector<float> values(n * d);
  std::vector<double> x(d), w(d);
  const auto all = thresholds<Metric>();
  for (std::size_t i = 0; i < n; ++i) {
    const double length = std::is_same_v<Metric, cosine> ? std::exp(3 * random.normal()) : 1.0;
    if (i % 2 == 0 || d == 1) {
      for (std::size_t k = 0; k < d; ++k) values[i * d + k] = static_cast<float>(length * random.normal());
      continue;
    }
    double xx = 0, xw = 0, ww = 0;
    const std::size_t partner = random.chance(0.7) ? i - 1 : random.below(i);
    for (std::size_t k = 0; k < d; ++k) {
      x[k] = double{values[partner * d + k]};
      w[k] = random.normal();
      xx += x[k] * x[k];
      xw += x[k] * w[k];
    }
    for (std::size_t k = 0; k < d; ++k) {
      if (std::is_same_v<Metric, cosine>) w[k] -= xw / xx * x[k];
      ww += w[k] * w[k];
    }
    constexpr double offsets[] = {0, 1e-7, -1e-7, 1e-6, -1e-6, 1e-5, -1e-5};
    const double aim = all[random.below(all.size())] + offsets[random.below(7)];
    for (std::size_t k = 0; k < d; ++k) {
      const double across = w[k] / std::sqrt(ww);
      if constexpr (std::is_same_v<Metric, cosine>) {
        const double c = std::min(aim, 1.0);
        values[i * d + k] = static_cast<float>(length * (c * x[k] / std::sqrt(xx) + std::sqrt(1 - c * c) * across));
      } else {
        values[i * d + k] = static_cast<float>(x[k] + aim * across);
      }
    }
  }
  return values;
}

template <class Metric>
void check_generated() {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto rows = *rc::gen::element<std::size_t>(0, 1, 2, 3, 63, 64, 65, 128, 193, 260, 600);
  const auto components = *rc::gen::oneOf(rc::gen::inRange<std::size_t>(1, 71), rc::gen::element<std::size_t>(128, 130, 200));
  const auto gap = *rc::gen::inRange<std::size_t>(0, 5);
  const auto exponent = *rc::gen::element(0, 0, 0, -3, 5, -90, 60);
  const auto hostile = *rc::gen::arbitrary<bool>();
  const upkeep_test::generated g = upkeep_test::make_rows(seed, rows, components, gap, exponent, hostile);
  const auto view = g.view();

  // A threshold at a score that occurs, or one step of double beside it; else one that lies anywhere.
  double threshold = std::is_same_v<Metric, cosine> ? 0.98 : std::ldexp(1.0, exponent);
  if (rows >= 2) {
    const auto i = *rc::gen::inRange<std::size_t>(0, rows), j = *rc::gen::inRange<std::size_t>(0, rows);
    const double score = Metric().score(view[i], view[j]);
    const int step = *rc::gen::inRange(-1, 2);
    if (i != j && std::isfinite(score)) threshold = step == 0 ? score : std::nextafter(score, step * 1e300);
  }
  threshold = std::is_same_v<Metric, cosine> ? std::clamp(threshold, -1.0, 1.0) : std::max(threshold, 0.0);

  upkeep::find_report report, expected_report;
  const pair_list expected = upkeep_test::sorted_pairs_of(upkeep::exhaustive_join<Metric>{}, view, threshold, 2, &expected_report);
  const pair_list once = upkeep_test::pairs_of(finder<Metric>(), view, threshold, 2, &report);
  RC_ASSERT(report.pairs == once.size());
  RC_ASSERT(report.set_aside == expected_report.set_aside);
  if (seed % 4 == 0)
    for (const unsigned threads : {1u, 7u}) RC_ASSERT(upkeep_test::pairs_of(finder<Metric>(), view, threshold, threads) == once);
  pair_list found = once;
  std::sort(found.begin(), found.end(), upkeep_test::comes_before);
  RC_ASSERT(found == expected);
}

}  // namespace

TEST_CASE("generated rows by sketches: cosine", "[join]") { CHECK(rc::check("cosine", check_generated<cosine>)); }
TEST_CASE("generated rows by sketches: euclidean", "[join]") { CHECK(rc::check("euclidean", check_generated<euclidean>)); }

TEMPLATE_TEST_CASE("few rows of every dimension, pairs planted around every threshold", "[join]", cosine, euclidean) {
  for (const std::size_t d : {1u, 2u, 3u, 15u, 16u, 17u, 100u})
    for (const std::size_t n : {0u, 1u, 2u, 255u, 256u, 257u}) {
      const auto values = planted<TestType>(n * 31 + d, n, d);
      for (const double threshold : thresholds<TestType>()) check_same<TestType>(matrix(values.data(), n, d), threshold, n == 257);
    }
}

TEMPLATE_TEST_CASE("rows of many components, pairs planted around the thresholds", "[join]", cosine, euclidean) {
  for (const std::size_t d : {384u, 768u, 1536u, 4096u}) {
    const auto values = planted<TestType>(d, 257, d);
    for (const double threshold : {.98, 1.0}) check_same<TestType>(matrix(values.data(), 257, d), threshold);
  }
}

TEMPLATE_TEST_CASE("rows of many components at every threshold", "[join][long]", cosine, euclidean) {
  for (const std::size_t d : {384u, 768u, 1536u, 4096u})
    for (const std::size_t n : {2u, 255u, 256u, 1500u}) {
      const auto values = planted<TestType>(d, n, d);
      for (const double threshold : thresholds<TestType>()) check_same<TestType>(matrix(values.data(), n, d), threshold, n == 255);
    }
}

TEMPLATE_TEST_CASE("thousands of rows, pairs planted around every threshold", "[join]", cosine, euclidean) {
  const auto values = planted<TestType>(5, 4000, 33);
  for (const double threshold : thresholds<TestType>()) {
    if (std::is_same_v<TestType, euclidean> && threshold == 10) continue;  // all eight million pairs
    CHECK(check_same<TestType>(matrix(values.data(), 4000, 33), threshold, threshold == .98 || threshold == .1) > 0);
  }
}

TEMPLATE_TEST_CASE("rows that are all equal, on a line, or of rank 1", "[join]", cosine, euclidean) {
  upkeep::rng random(121);
  constexpr std::size_t n = 300, d = 40;
  std::vector<float> direction(d), equal, line, multiples, few;
  for (float& x : direction) x = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < n; ++i) {
    const double step = static_cast<double>(i) / 64,
                 factor = i % 50 == 0 ? 0.0 : std::exp(4 * random.normal()) * (random.chance(0.5) ? 1 : -1);
    const auto kind = random.below(3);
    for (std::size_t k = 0; k < d; ++k) {
      equal.push_back(direction[k]);
      line.push_back(static_cast<float>(k == 7 ? step : k == 8 ? 1.0 : 0.0));
      multiples.push_back(static_cast<float>(factor * double{direction[k]}));
      few.push_back(kind == 0 ? direction[k] : kind == 1 ? std::nextafter(direction[k], 9.0f) : -direction[k]);
    }
  }
  const matrix same(equal, d);
  CHECK(check_same<TestType>(same, std::is_same_v<TestType, cosine> ? 1.0 : 0.0, true) == n * (n - 1) / 2);
  for (const auto* values : {&line, &multiples, &few}) {
    std::size_t pairs = 0;
    for (const double threshold : thresholds<TestType>())
      pairs += check_same<TestType>(matrix(*values, d), threshold, threshold == .98 || threshold == .1);
    CHECK(pairs > n);
  }
  for (const double threshold : {1.0 / 64, 2.0 / 64, std::nextafter(2.0 / 64, 0.0)}) check_same<euclidean>(matrix(line, d), threshold);
}

namespace {

// A cluster in which the threshold cuts through the pairs, and copies of some of its rows.
std::vector<float> cluster(std::size_t n, std::size_t d, double noise) {
  upkeep::rng random(122);
  std::vector<float> centre(d), values(n * d);
  for (float& x : centre) x = static_cast<float>(random.normal());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k) values[i * d + k] = static_cast<float>(double{centre[k]} + noise * random.normal());
  for (std::size_t i = 10; i < n; i += 10) std::copy_n(values.data() + i % 7 * d, d, values.data() + i * d);
  return values;
}

// What is the same for the same pairs in any order: two hundred million of them cannot be kept.
struct digest {
  std::uint64_t count = 0, sum = 0;
  void operator()(const upkeep::scored_pair& p) {
    std::uint64_t state = (std::uint64_t{p.first} << 32 | p.second) ^ (std::bit_cast<std::uint64_t>(p.score) * 31);
    sum += upkeep::splitmix64(state);
    ++count;
  }
  friend bool operator==(const digest&, const digest&) = default;
};

template <class Finder>
digest digest_of(const Finder& join, matrix rows, double threshold) {
  digest d;
  upkeep::progress silent;
  join.find_pairs(
      rows, {.threshold = threshold, .threads = 2}, [&](const upkeep::scored_pair& p) { d(p); }, silent);
  return d;
}

}  // namespace

TEST_CASE("one noisy cluster of all rows, with copies", "[join]") {
  const auto values = cluster(2000, 64, 0.14);
  const matrix rows(values, 64);
  const std::size_t all = 2000 * 1999 / 2, near = check_same<cosine>(rows, 0.98, true);
  CHECK((near > all / 20 && near < all * 19 / 20));
  check_same<euclidean>(rows, 1.5, true);
}

TEST_CASE("one noisy cluster of twenty thousand rows, with copies", "[join][long]") {
  const auto values = cluster(20'000, 32, 0.14);
  const matrix rows(values, 32);
  const digest found = digest_of(finder<cosine>(), rows, 0.98);
  CHECK((found.count > 10'000'000 && found.count < 190'000'000));
  CHECK((found == digest_of(upkeep::exhaustive_join<cosine>{}, rows, 0.98)));
}

TEST_CASE("near-duplicates whose norms lie between 1e-18 and 1e18, or further apart", "[join]") {
  upkeep::rng random(123);
  for (const double widest : {18.0, 30.0, 37.0})
    for (const std::size_t d : {8u, 100u, 384u}) {
      constexpr std::size_t n = 200;
      std::vector<float> values(n * d);
      for (std::size_t i = 0; i < n; ++i) {
        const double size = std::pow(10.0, widest * (2 * random.uniform() - 1));
        const std::size_t family = i % 20;
        upkeep::rng like(family + 1000);
        for (std::size_t k = 0; k < d; ++k)
          values[i * d + k] = static_cast<float>(size / std::sqrt(static_cast<double>(d)) * (like.normal() + 0.1 * random.normal()));
      }
      const matrix rows(values, d);
      for (const double threshold : {.5, .98, 1.0}) check_same<cosine>(rows, threshold, threshold == .98);
      CHECK(check_same<cosine>(rows, .97) > n);
      for (const double threshold : {0.0, 1e-17, 1.0, 1e17}) check_same<euclidean>(rows, threshold);
    }
}

TEMPLATE_TEST_CASE("rows of zeros and rows that are not finite are in no pair that they do not belong to", "[join]", cosine, euclidean) {
  auto g = upkeep_test::make_rows(124, 500, 30, 3, 0, true);
  for (std::size_t i = 0; i < 500; i += 9) std::fill_n(g.values.data() + i * g.stride, 30, i % 2 == 0 ? 0.0f : -0.0f);
  for (const double threshold : thresholds<TestType>()) check_same<TestType>(g.view(), threshold, true);
  const std::vector<float> zeros(300 * 5, 0.0f), nothing(300 * 5, std::numeric_limits<float>::quiet_NaN());
  for (const double threshold : thresholds<TestType>()) {
    check_same<TestType>(matrix(zeros, 5), threshold);
    CHECK(check_same<TestType>(matrix(nothing, 5), threshold) == 0);
  }
  check_same<cosine>(g.view(), -1.0);
  check_same<cosine>(g.view(), 0.0);
  check_same<euclidean>(g.view(), 1e300);
}

// A sanitizer makes the exhaustive join a hundred times slower: it sees the small sets.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool slow_build = true;
#else
constexpr bool slow_build = false;
#endif

namespace {

constexpr const char* data_sets[] = {"terms_glove_100.fvecs", "terms_all-MiniLM-L6-v2_384.fvecs", "packages_all-MiniLM-L6-v2_384.fvecs",
                                     "treasury_text-embedding-3-large_1536.fvecs", "notes_bge-micro-v2_384.fvecs"};

void check_data(const std::string& name, std::initializer_list<double> at, std::size_t most_rows = 1u << 30) {
  const auto path = upkeep_test::data_file(name);
  if (!path) return;
  const auto vectors = upkeep_test::read_fvecs(*path);
  const matrix rows(vectors.values.data(), std::min(vectors.rows, most_rows), vectors.dimension);
  for (const double threshold : at) {
    CAPTURE(name);
    check_same<cosine>(rows, threshold, threshold == .98);
  }
}

}  // namespace

TEST_CASE("real data: the terms", "[join]") {
  check_data(data_sets[0], {.8, .9, .98, 1.0});
  if (!slow_build) check_data(data_sets[1], {.98});
}

TEST_CASE("real data: all sets at the high thresholds, a part of the notes at the low ones", "[join][long]") {
  for (const char* const name : data_sets) check_data(name, {.9, .95, .98, .99, .999, 1.0});
  check_data(data_sets[4], {.5, .8}, 2000);
  for (std::size_t set : {0u, 1u}) check_data(data_sets[set], {.5, .8});
}

TEST_CASE("real data: the notes by distance", "[join][long]") {
  const auto path = upkeep_test::data_file(data_sets[4]);
  if (!path) return;
  const auto vectors = upkeep_test::read_fvecs(*path);
  const matrix rows(vectors.values.data(), vectors.rows, vectors.dimension);
  const auto norm = std::sqrt(upkeep::reference_squared_norm(rows[0].data(), rows.cols()));
  for (const double threshold : {0.0, 1e-3, .1, .2}) check_same<euclidean>(rows, threshold * norm);
}
