// The exhaustive join against a plain double loop: shapes, magnitudes, rows to set aside, threads, stopping, and real data.

#include "upkeep/join/exhaustive_join.hpp"

#include "support/catch.hpp"
#include "support/data.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using pairs = std::vector<upkeep::scored_pair>;

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN(), infinite = std::numeric_limits<float>::infinity();

bool comes_before(const upkeep::scored_pair& a, const upkeep::scored_pair& b) {
  return a.first != b.first ? a.first < b.first : a.second < b.second;
}

template <class Metric>
pairs join(upkeep::matrix_view<const float> rows, double threshold, unsigned threads = 2, upkeep::find_report* told = nullptr) {
  pairs found;
  upkeep::progress progress;
  const auto report = upkeep::exhaustive_join<Metric>{}.find_pairs(
      rows, {.threshold = threshold, .threads = threads}, [&](const upkeep::scored_pair& p) { found.push_back(p); }, progress);
  CHECK(report.pairs == found.size());
  CHECK(report.seconds >= 0.0);
  if (told != nullptr) *told = report;
  return found;
}

template <class Metric>
pairs sorted_join(upkeep::matrix_view<const float> rows, double threshold, unsigned threads = 2, upkeep::find_report* told = nullptr) {
  pairs found = join<Metric>(rows, threshold, threads, told);
  std::sort(found.begin(), found.end(), comes_before);
  return found;
}

// All pairs whose double-precision score is within the threshold; NaN scores (zero and non-finite rows) never are.
template <class Metric>
pairs plain_loop(upkeep::matrix_view<const float> rows, double threshold) {
  pairs found;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    for (std::size_t j = i + 1; j < rows.rows(); ++j) {
      const double score = Metric{}.score(rows[i], rows[j]);
      if (Metric::larger_is_closer ? score >= threshold : score <= threshold)
        found.push_back({static_cast<upkeep::row_index>(i), static_cast<upkeep::row_index>(j), score});
    }
  return found;
}

// Clusters of rows around centres, so that every threshold has pairs near it.
std::vector<float> clustered(upkeep::rng& random, std::size_t rows, std::size_t components, double magnitude) {
  std::vector<float> values(rows * components);
  for (std::size_t i = 0; i < rows; ++i) {
    const double spread = std::pow(10.0, -static_cast<double>(random.below(8)));
    for (std::size_t k = 0; k < components; ++k) {
      const bool starts_cluster = i < 4;
      const double centre = starts_cluster ? 0.0 : double{values[(i % 4) * components + k]} / magnitude;
      values[i * components + k] = static_cast<float>(magnitude * (centre + (starts_cluster ? 1.0 : spread) * random.normal()));
    }
  }
  return values;
}

// Knows nothing of products: every pair has to be scored.
struct largest_difference {
  static constexpr bool larger_is_closer = false;
  [[nodiscard]] double score(std::span<const float> a, std::span<const float> b) const {
    double largest = 0;
    for (std::size_t k = 0; k < a.size(); ++k) largest = std::max(largest, std::fabs(double{a[k]} - double{b[k]}));
    return largest;
  }
};
static_assert(upkeep::similarity_metric<largest_difference> && !upkeep::product_metric<largest_difference>);

}  // namespace

TEMPLATE_TEST_CASE("the pairs are those of the double loop, with thresholds exactly at scores", "[join]", upkeep::cosine, upkeep::dot,
                   upkeep::euclidean, largest_difference) {
  upkeep::rng random(51);
  for (const std::size_t components : {1u, 2u, 3u, 7u, 16u, 17u, 33u, 70u, 130u})
    for (const std::size_t count : {2u, 5u, 31u, 33u, 97u, 230u}) {
      const auto values = clustered(random, count, components, 1.0);
      const upkeep::matrix_view<const float> rows(values, components);
      for (int round = 0; round < 3; ++round) {
        const std::size_t i = random.below(count), j = (i + 1 + random.below(count - 1)) % count;
        double threshold = TestType{}.score(rows[i], rows[j]);
        if (round == 1) threshold = std::nextafter(threshold, -1e300);
        if (round == 2) threshold = std::nextafter(threshold, 1e300);
        if constexpr (std::is_same_v<TestType, upkeep::cosine>) threshold = std::clamp(threshold, -1.0, 1.0);
        if (!TestType::larger_is_closer) threshold = std::max(threshold, 0.0);
        CAPTURE(components, count, i, j, threshold);
        REQUIRE(sorted_join<TestType>(rows, threshold) == plain_loop<TestType>(rows, threshold));
      }
    }
}

TEMPLATE_TEST_CASE("magnitudes at the ends of float's range lose and add nothing", "[join]", upkeep::cosine, upkeep::dot,
                   upkeep::euclidean) {
  upkeep::rng random(52);
  for (const double magnitude : {1e-44, 1e-30, 1e-19, 1e19, 1e30, 1e37}) {
    const auto values = clustered(random, 60, 20, magnitude);
    const upkeep::matrix_view<const float> rows(values, 20);
    const double threshold = TestType{}.score(rows[8], rows[12]);
    if (std::isnan(threshold)) continue;
    CAPTURE(magnitude, threshold);
    CHECK(sorted_join<TestType>(rows, threshold) == plain_loop<TestType>(rows, threshold));
  }
}

TEMPLATE_TEST_CASE("rows of very different magnitudes lose and add nothing", "[join]", upkeep::cosine, upkeep::dot, upkeep::euclidean) {
  upkeep::rng random(53);
  auto values = clustered(random, 200, 10, 1.0);
  for (std::size_t i = 0; i < 200; ++i) {
    const int exponent = i % 10 == 3 ? 100 : i % 10 == 7 ? -100 : i % 10 == 9 ? static_cast<int>(random.between(-60, 60)) : 0;
    for (std::size_t k = 0; k < 10; ++k) values[i * 10 + k] = std::ldexp(values[i * 10 + k], exponent);
  }
  const upkeep::matrix_view<const float> rows(values, 10);
  for (const std::size_t partner : {0u, 13u, 23u, 27u, 39u, 49u}) {
    const double threshold = TestType{}.score(rows[3], rows[partner]);
    CAPTURE(partner, threshold);
    CHECK(sorted_join<TestType>(rows, threshold) == plain_loop<TestType>(rows, threshold));
  }
}

TEST_CASE("no rows, one row, no components, one component", "[join]") {
  CHECK(join<upkeep::cosine>({}, 0.98).empty());
  const std::vector<float> one = {1, 2, 3};
  CHECK(join<upkeep::cosine>(upkeep::matrix_view<const float>(one, 3), 0.98).empty());
  upkeep::find_report report;
  const float nothing = 0;
  const upkeep::matrix_view<const float> empty_rows(&nothing, 3, 0);
  CHECK(join<upkeep::cosine>(empty_rows, 0.98, 2, &report).empty());
  CHECK(report.set_aside == 3);
  CHECK(join<upkeep::euclidean>(empty_rows, 0.0, 2, &report) == pairs{{0, 1, 0.0}, {0, 2, 0.0}, {1, 2, 0.0}});
  CHECK(report.set_aside == 0);
  CHECK(join<upkeep::dot>(empty_rows, 0.1).empty());
  const upkeep::matrix_view<const float> column(one, 1);
  CHECK(join<upkeep::cosine>(column, 1.0) == pairs{{0, 1, 1.0}, {0, 2, 1.0}, {1, 2, 1.0}});
  CHECK(join<upkeep::euclidean>(column, 1.0) == pairs{{0, 1, 1.0}, {1, 2, 1.0}});
  CHECK(join<upkeep::dot>(column, 3.0) == pairs{{0, 2, 3.0}, {1, 2, 6.0}});
}

TEST_CASE("strided rows give the same pairs, and what lies between them is not read", "[join]") {
  upkeep::rng random(54);
  const auto dense = clustered(random, 150, 19, 1.0);
  std::vector<float> padded(149 * 24 + 19, nan_value);
  for (std::size_t i = 0; i < 150; ++i)
    std::copy_n(dense.begin() + static_cast<std::ptrdiff_t>(i * 19), 19, padded.begin() + static_cast<std::ptrdiff_t>(i * 24));
  const auto expected = join<upkeep::cosine>(upkeep::matrix_view<const float>(dense, 19), 0.9);
  CHECK_FALSE(expected.empty());
  CHECK(join<upkeep::cosine>(upkeep::matrix_view<const float>(padded.data(), 150, 19, 24), 0.9) == expected);
}

TEMPLATE_TEST_CASE("rows that cannot be judged are set aside and spoil nothing", "[join]", upkeep::cosine, upkeep::dot, upkeep::euclidean,
                   largest_difference) {
  upkeep::rng random(55);
  auto values = clustered(random, 120, 9, 1.0);
  const auto spoil = [&](std::size_t row, std::size_t component, float with) { values[row * 9 + component] = with; };
  spoil(5, 0, nan_value);
  spoil(40, 8, infinite);
  spoil(41, 3, -infinite);
  spoil(119, 8, nan_value);
  std::fill_n(values.begin() + 70 * 9, 9, 0.0f);
  std::fill_n(values.begin() + 71 * 9, 9, -0.0f);
  const upkeep::matrix_view<const float> rows(values, 9);
  const double threshold = TestType{}.score(rows[8], rows[24]);
  upkeep::find_report report;
  const auto found = sorted_join<TestType>(rows, threshold, 2, &report);
  pairs expected = plain_loop<TestType>(rows, threshold);
  std::erase_if(expected, [](const upkeep::scored_pair& p) {
    const auto aside = [](upkeep::row_index i) { return i == 5 || i == 40 || i == 41 || i == 119; };
    return aside(p.first) || aside(p.second);
  });
  CHECK(found == expected);
  CHECK(report.set_aside == (std::is_same_v<TestType, upkeep::cosine> ? 6u : 4u));
}

TEST_CASE("a store of rows that cannot be judged has no pairs, and says so", "[join]") {
  const std::vector<float> values(40, nan_value), zeros(40, 0.0f);
  upkeep::find_report report;
  CHECK(join<upkeep::cosine>(upkeep::matrix_view<const float>(values, 4), -1.0, 2, &report).empty());
  CHECK(report.set_aside == 10);
  CHECK(join<upkeep::cosine>(upkeep::matrix_view<const float>(zeros, 4), -1.0, 2, &report).empty());
  CHECK(report.set_aside == 10);
}

TEST_CASE("the order of the pairs does not depend on the number of threads", "[join]") {
  upkeep::rng random(56);
  const auto values = clustered(random, 900, 12, 1.0);
  const upkeep::matrix_view<const float> rows(values, 12);
  const auto once = join<upkeep::cosine>(rows, 0.9, 1);
  REQUIRE(once.size() > 1000);
  for (const unsigned threads : {2u, 3u, 7u, 16u}) CHECK(join<upkeep::cosine>(rows, 0.9, threads) == once);
  CHECK(std::adjacent_find(once.begin(), once.end(), [](const auto& a, const auto& b) { return a == b; }) == once.end());
}

TEST_CASE("a pool of the caller's own is used", "[join]") {
  upkeep::rng random(57);
  const auto values = clustered(random, 400, 8, 1.0);
  const upkeep::matrix_view<const float> rows(values, 8);
  std::vector<std::thread> pool;
  std::size_t jobs = 0;
  upkeep::exhaustive_join<> finder;
  finder.executor = [&](std::function<void()> job) {
    ++jobs;
    pool.emplace_back(std::move(job));
  };
  pairs found;
  upkeep::progress progress;
  finder.find_pairs(
      rows, {.threshold = 0.9, .threads = 4}, [&](const upkeep::scored_pair& p) { found.push_back(p); }, progress);
  for (std::thread& t : pool) t.join();
  CHECK(jobs > 0);
  CHECK(found == join<upkeep::cosine>(rows, 0.9, 1));
}

TEST_CASE("a threshold that is none is refused before anything is read", "[join]") {
  const std::vector<float> values(20, 1.0f);
  const upkeep::matrix_view<const float> rows(values, 2);
  CHECK_THROWS_AS(join<upkeep::cosine>(rows, 98), upkeep::error);
  CHECK_THROWS_AS(join<upkeep::euclidean>(rows, -1), upkeep::error);
  CHECK_THROWS_AS(join<largest_difference>(rows, std::numeric_limits<double>::quiet_NaN()), upkeep::error);
}

TEST_CASE("a stop is obeyed within the work, and the sink hears nothing more", "[join]") {
  const std::vector<float> values(3000 * 8, 1.0f);
  const upkeep::matrix_view<const float> rows(values, 8);
  for (const std::size_t stop_after : {0u, 1u, 5000u}) {
    std::stop_source source;
    upkeep::progress progress(source.get_token());
    std::size_t seen = 0;
    if (stop_after == 0) source.request_stop();
    try {
      upkeep::exhaustive_join<>{}.find_pairs(
          rows, {.threshold = 0.98, .threads = 2},
          [&](const upkeep::scored_pair&) {
            if (++seen == stop_after) source.request_stop();
          },
          progress);
      FAIL("was not stopped");
    } catch (const upkeep::error& e) {
      CHECK(e.code() == upkeep::errc::cancelled);
    }
    CHECK(seen < 3000u * 2999u / 2u);
    if (stop_after == 0) CHECK(seen == 0);
  }
}

TEST_CASE("what the sink throws ends the search and comes out unchanged", "[join]") {
  const std::vector<float> values(1000 * 8, 1.0f);
  const upkeep::matrix_view<const float> rows(values, 8);
  upkeep::progress progress;
  std::size_t calls = 0;
  const auto refuse = [&](const upkeep::scored_pair&) {
    if (++calls == 100) throw std::domain_error("enough");
  };
  CHECK_THROWS_AS(upkeep::exhaustive_join<>{}.find_pairs(rows, {.threads = 3}, refuse, progress), std::domain_error);
  CHECK(calls == 100);
}

TEST_CASE("progress reaches its total and never goes back", "[join]") {
  upkeep::rng random(58);
  const auto values = clustered(random, 1200, 16, 1.0);
  std::vector<std::uint64_t> done;
  std::uint64_t total = 0;
  const auto listen = [&](const upkeep::event& e) {
    if (e.name != "progress") return;
    done.push_back(std::get<std::uint64_t>(e.find("done")->value));
    total = std::get<std::uint64_t>(e.find("total")->value);
  };
  upkeep::progress progress({}, listen);
  upkeep::exhaustive_join<>{}.find_pairs(
      upkeep::matrix_view<const float>(values, 16), {.threads = 2}, [](const upkeep::scored_pair&) {}, progress);
  REQUIRE_FALSE(done.empty());
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(done.back() == total);
}

namespace {

struct data_set {
  const char* file;
  std::size_t pairs, rows, set_aside;
};

constexpr data_set data_sets[] = {{"treasury_text-embedding-3-large_1536.fvecs", 1352, 580, 0},
                                  {"packages_all-MiniLM-L6-v2_384.fvecs", 1309, 730, 0},
                                  {"terms_all-MiniLM-L6-v2_384.fvecs", 60, 89, 13},
                                  {"terms_glove_100.fvecs", 132, 161, 24},
                                  {"notes_bge-micro-v2_384.fvecs", 15794, 21862, 0}};

void check_data_set(const data_set& set, bool against_reference) {
  const auto path = upkeep_test::data_file(set.file);
  if (!path) return;
  const auto vectors = upkeep_test::read_fvecs(*path);
  const upkeep::matrix_view<const float> rows(vectors.values.data(), vectors.rows, vectors.dimension);
  upkeep::find_report report;
  const pairs found = sorted_join<upkeep::cosine>(rows, 0.98, 2, &report);
  std::vector<char> in_a_pair(vectors.rows, 0);
  for (const auto& p : found) in_a_pair[p.first] = in_a_pair[p.second] = 1;
  CAPTURE(set.file);
  CHECK(found.size() == set.pairs);
  CHECK(static_cast<std::size_t>(std::count(in_a_pair.begin(), in_a_pair.end(), 1)) == set.rows);
  CHECK(report.set_aside == set.set_aside);
  if (!against_reference) return;

  // The reference: every pair by the double-precision formula, rows split over two threads.
  std::vector<double> squared_norms(vectors.rows);
  for (std::size_t i = 0; i < vectors.rows; ++i) squared_norms[i] = upkeep::reference_squared_norm(vectors.row(i), vectors.dimension);
  pairs expected;
  std::mutex mutex;
  upkeep::parallel_for(vectors.rows, {.threads = 2}, [&](std::size_t i, std::size_t) {
    pairs of_row;
    for (std::size_t j = i + 1; j < vectors.rows; ++j) {
      const double ab = upkeep::reference_dot(vectors.row(i), vectors.row(j), vectors.dimension);
      const double score = upkeep::reference_cosine_of(ab, squared_norms[i], squared_norms[j]);
      if (score >= 0.98) of_row.push_back({static_cast<upkeep::row_index>(i), static_cast<upkeep::row_index>(j), score});
    }
    const std::lock_guard<std::mutex> guard(mutex);
    expected.insert(expected.end(), of_row.begin(), of_row.end());
  });
  std::sort(expected.begin(), expected.end(), comes_before);
  CHECK(found == expected);
}

}  // namespace

TEST_CASE("real data: as many pairs, rows and set-aside rows as are known", "[join]") {
  for (const data_set& set : data_sets)
    if (!upkeep_test::slow_build || set.set_aside != 0) check_data_set(set, false);
}

TEST_CASE("real data: the pairs of the GloVe terms are those of the double reference", "[join]") { check_data_set(data_sets[3], true); }

TEST_CASE("real data: the pairs of every set are those of the double reference", "[join][long]") {
  for (const data_set& set : data_sets) check_data_set(set, true);
}
