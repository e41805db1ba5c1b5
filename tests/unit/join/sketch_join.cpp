// The sketch join as its users see it: what it reports, refuses and obeys, copies, rows that are apart, two sets. tests/property/sketch_join.cpp
// holds its pairs to those of the exhaustive join.

#include "upkeep/join/sketch_join.hpp"

#include "support/catch.hpp"
#include "support/join_rows.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using matrix = upkeep::matrix_view<const float>;
using upkeep_test::pair_list;

namespace {

template <class Metric = upkeep::cosine>
upkeep::sketch_join<Metric> finder() {
  upkeep::sketch_join<Metric> join;
  join.exhaustive_below = 0;
  return join;
}

std::vector<float> clustered(std::size_t n, std::size_t d, std::size_t clusters, double spread) {
  upkeep::rng random(141);
  std::vector<float> values(n * d);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k)
      values[i * d + k] =
          static_cast<float>(i < clusters ? random.normal() : double{values[i % clusters * d + k]} + spread * random.normal());
  return values;
}

// All pairs of a row of one set and a row of another by the metric's own formula; of one set with itself where they are the same.
template <class Metric>
pair_list plain_loop(matrix a, matrix b, double threshold) {
  pair_list found;
  for (std::size_t i = 0; i < a.rows(); ++i)
    for (std::size_t j = a.data() == b.data() ? i + 1 : 0; j < b.rows(); ++j) {
      const double score = Metric().score(a[i], b[j]);
      if (upkeep::is_within<Metric>(score, threshold))
        found.push_back({static_cast<upkeep::row_index>(i), static_cast<upkeep::row_index>(j), score});
    }
  return found;
}

// A metric of a user's own: a radius, nothing else that a filter could use.
struct distance_of_halves {
  static constexpr bool larger_is_closer = false;
  [[nodiscard]] double score(std::span<const float> a, std::span<const float> b) const { return upkeep::euclidean().score(a, b) / 2; }
  [[nodiscard]] double radius(double threshold) const { return 2 * threshold; }
};

}  // namespace

TEST_CASE("the sketch join finds the pairs of a plain loop, and reports them", "[join]") {
  const auto values = clustered(700, 30, 100, 0.2);
  const matrix rows(values, 30);
  upkeep::find_report report;
  const pair_list expected = plain_loop<upkeep::cosine>(rows, rows, 0.9);
  REQUIRE(expected.size() > 500);
  CHECK((upkeep_test::sorted_pairs_of(finder(), rows, 0.9, 2, &report) == expected));
  CHECK(report.pairs == expected.size());
  CHECK(report.set_aside == 0);
  CHECK(report.seconds > 0);
  CHECK((upkeep_test::sorted_pairs_of(finder<upkeep::euclidean>(), rows, 2.5) == plain_loop<upkeep::euclidean>(rows, rows, 2.5)));
  CHECK((upkeep_test::sorted_pairs_of(finder<distance_of_halves>(), rows, 1.2) == plain_loop<distance_of_halves>(rows, rows, 1.2)));
}

TEST_CASE("few rows are left to the exhaustive join, and the limit can be moved", "[join]") {
  const auto values = clustered(400, 30, 300, 0.05);
  const matrix rows(values, 30);
  const pair_list small = upkeep_test::pairs_of(upkeep::exhaustive_join<>{}, rows, 0.98),
                  sketched = upkeep_test::pairs_of(finder(), rows, 0.98);
  REQUIRE((small != sketched));  // the order tells them apart
  upkeep::sketch_join<> join;
  CHECK((upkeep_test::pairs_of(join, rows, 0.98) == small));
  join.exhaustive_below = 400;
  CHECK((upkeep_test::pairs_of(join, rows, 0.98) == sketched));
}

TEST_CASE("rows of which most are near each other are left to the exhaustive join as well", "[join]") {
  const auto values = clustered(400, 30, 2, 0.05);
  const matrix rows(values, 30);
  upkeep::sketch_join<> join;
  join.exhaustive_below = 400;
  CHECK((upkeep_test::pairs_of(join, rows, 0.9) == upkeep_test::pairs_of(upkeep::exhaustive_join<>{}, rows, 0.9)));
  CHECK((upkeep_test::pairs_of(finder(), rows, 0.9) != upkeep_test::pairs_of(join, rows, 0.9)));  // unless it is told not to
}

TEST_CASE("copies: each pair of them and of what they are near to comes once, however many", "[join]") {
  // Two rows that are near each other, 100 times each, among others: a pair of rows means 10,000.
  auto values = clustered(600, 20, 600, 0);
  for (std::size_t i = 0; i < 200; ++i)
    for (std::size_t k = 0; k < 20; ++k) values[i * 3 * 20 + k] = values[k] + (i % 2 == 1 && k == 3 ? 0.01f : 0.0f);
  const matrix rows(values, 20);
  const pair_list expected = plain_loop<upkeep::cosine>(rows, rows, 0.98);
  REQUIRE(expected.size() >= 200 * 199 / 2);
  const pair_list once = upkeep_test::pairs_of(finder(), rows, 0.98, 1);
  for (const unsigned threads : {2u, 7u}) CHECK((upkeep_test::pairs_of(finder(), rows, 0.98, threads) == once));
  pair_list sorted = once;
  std::sort(sorted.begin(), sorted.end(), upkeep_test::comes_before);
  CHECK((sorted == expected));
  CHECK((upkeep_test::sorted_pairs_of(finder(), rows, 1.0) == plain_loop<upkeep::cosine>(rows, rows, 1.0)));
  CHECK((upkeep_test::sorted_pairs_of(finder<upkeep::euclidean>(), rows, 0.0) == plain_loop<upkeep::euclidean>(rows, rows, 0.0)));
}

TEST_CASE("rows that single precision cannot hold are compared in double, with each other too", "[join]") {
  auto values = clustered(300, 70, 60, 0.05);
  for (std::size_t i = 0; i < 300; ++i)
    for (std::size_t k = 0; k < 70; ++k) {
      float& x = values[i * 70 + k];
      x = i % 10 == 3 ? std::ldexp(x, 122) : i % 10 == 4 ? std::ldexp(x, -140) : i % 10 == 5 ? std::ldexp(x, -80) : x;
    }
  const matrix rows(values, 70);
  const pair_list expected = plain_loop<upkeep::cosine>(rows, rows, 0.98);
  REQUIRE(expected.size() > 300);
  CHECK((upkeep_test::sorted_pairs_of(finder(), rows, 0.98) == expected));
  for (const double threshold : {0.0, 0.5, 1e36})
    CHECK((upkeep_test::sorted_pairs_of(finder<upkeep::euclidean>(), rows, threshold) ==
           plain_loop<upkeep::euclidean>(rows, rows, threshold)));
}

TEST_CASE("a row whose squares single precision cannot hold keeps its near-duplicates", "[join]") {
  for (const double size : {1e-30, 1e-22, 1e20, 1e30}) {
    auto values = clustered(200, 300, 50, 0.05);
    for (std::size_t i = 100; i < 200; ++i)
      for (std::size_t k = 0; k < 300; ++k) values[i * 300 + k] = static_cast<float>(size * double{values[i * 300 + k]});
    const matrix rows(values, 300);
    const pair_list expected = plain_loop<upkeep::cosine>(rows, rows, 0.99);
    REQUIRE(expected.size() > 200);
    CHECK((upkeep_test::sorted_pairs_of(finder(), rows, 0.99) == expected));
  }
}

TEST_CASE("by sketches: no rows, one row, no components, one component", "[join]") {
  CHECK(upkeep_test::pairs_of(finder(), matrix(), 0.98).empty());
  const std::vector<float> one = {1, 2, 3};
  CHECK(upkeep_test::pairs_of(finder(), matrix(one, 3), 0.98).empty());
  upkeep::find_report report;
  const float nothing = 0;
  CHECK(upkeep_test::pairs_of(finder(), matrix(&nothing, 3, 0), 0.98, 2, &report).empty());
  CHECK(report.set_aside == 3);
  CHECK((upkeep_test::sorted_pairs_of(finder(), matrix(one, 1), 1.0) == pair_list{{0, 1, 1.0}, {0, 2, 1.0}, {1, 2, 1.0}}));
  CHECK((upkeep_test::sorted_pairs_of(finder<upkeep::euclidean>(), matrix(one, 1), 1.0) == pair_list{{0, 1, 1.0}, {1, 2, 1.0}}));
}

TEST_CASE("by sketches: a pool of the caller's own is used", "[join]") {
  const auto values = clustered(900, 20, 100, 0.2);
  const matrix rows(values, 20);
  std::vector<std::thread> pool;
  upkeep::sketch_join<> join = finder();
  join.executor = [&](std::function<void()> job) { pool.emplace_back(std::move(job)); };
  const pair_list found = upkeep_test::pairs_of(join, rows, 0.9, 4);
  const std::size_t jobs = pool.size();
  for (std::thread& t : pool) t.join();
  CHECK(jobs > 0);
  CHECK((found == upkeep_test::pairs_of(finder(), rows, 0.9, 1)));
}

TEST_CASE("thresholds that are none are refused", "[join]") {
  const std::vector<float> values(20, 1.0f);
  const matrix rows(values, 2);
  CHECK_THROWS_AS(upkeep_test::pairs_of(finder(), rows, 98), upkeep::error);
  CHECK_THROWS_AS(upkeep_test::pairs_of(finder<upkeep::euclidean>(), rows, -1), upkeep::error);
  CHECK_THROWS_AS(upkeep_test::pairs_of(finder<distance_of_halves>(), rows, std::numeric_limits<double>::quiet_NaN()), upkeep::error);
}

TEST_CASE("by sketches: a stop is obeyed within the work, and the sink hears nothing more", "[join]") {
  const auto near = clustered(3000, 8, 1, 0.001);
  const std::vector<float> equal(3000 * 8, 1.0f);
  for (const auto* const values : {&near, &equal})
    for (const std::size_t stop_after : {0u, 1u, 5000u}) {
      std::stop_source source;
      upkeep::progress progress(source.get_token());
      std::size_t seen = 0, late = 0;
      if (stop_after == 0) source.request_stop();
      try {
        finder().find_pairs(
            matrix(*values, 8), {.threshold = 0.98, .threads = 2},
            [&](const upkeep::scored_pair&) {
              if (source.stop_requested()) ++late;
              if (++seen == stop_after) source.request_stop();
            },
            progress);
        FAIL("was not stopped");
      } catch (const upkeep::error& e) {
        CHECK(e.code() == upkeep::errc::cancelled);
      }
      CHECK(seen < 3000u * 2999u / 2u);
      if (stop_after == 0) CHECK(seen == 0);
      CHECK(late < 1'000'000);  // at most what was found already
    }
}

TEST_CASE("by sketches: what the sink throws ends the search and comes out unchanged", "[join]") {
  const auto values = clustered(1500, 8, 1, 0.001);
  upkeep::progress progress;
  std::size_t calls = 0;
  const auto refuse = [&](const upkeep::scored_pair&) {
    if (++calls == 100) throw std::domain_error("enough");
  };
  CHECK_THROWS_AS(finder().find_pairs(matrix(values, 8), {.threads = 3}, refuse, progress), std::domain_error);
  CHECK(calls == 100);
}

TEST_CASE("by sketches: progress reaches its total and never goes back", "[join]") {
  const auto values = clustered(2500, 16, 100, 0.2);
  std::vector<std::uint64_t> done;
  std::uint64_t total = 0;
  const auto listen = [&](const upkeep::event& e) {
    if (e.name != "progress") return;
    done.push_back(std::get<std::uint64_t>(e.find("done")->value));
    total = std::get<std::uint64_t>(e.find("total")->value);
  };
  upkeep::progress progress({}, listen);
  finder().find_pairs(
      matrix(values, 16), {.threads = 2}, [](const upkeep::scored_pair&) {}, progress);
  REQUIRE_FALSE(done.empty());
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(done.back() == total);
}

TEST_CASE("two sets: every pair of a row of one and a row of the other, none within one", "[join]") {
  auto all = clustered(1200, 25, 100, 0.15);
  std::copy_n(all.begin(), 25 * 5, all.begin() + 25 * 900);  // copies across the sets
  for (std::size_t i = 1000; i < 1040; ++i) std::copy_n(all.begin() + 25 * 7, 25, all.begin() + static_cast<std::ptrdiff_t>(25 * i));
  std::fill_n(all.begin() + 25 * 20, 25, 0.0f);
  all[25 * 950] = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t k = 0; k < 25; ++k) {
    all[25 * 30 + k] = std::ldexp(all[25 * 31 + k], 125);  // apart, on both sides
    all[25 * 960 + k] = std::ldexp(all[25 * 31 + k], -142);
  }
  for (const std::size_t cut : {0u, 1u, 300u, 1199u, 1200u}) {
    const matrix rows(all.data(), cut, 25), others(all.data() + cut * 25, 1200 - cut, 25);
    for (const double threshold : {0.9, 0.98, 1.0}) {
      pair_list once;
      for (const unsigned threads : {1u, 2u, 7u}) {
        pair_list found;
        upkeep::progress silent;
        const auto report = finder().find_pairs_between(
            rows, others, {.threshold = threshold, .threads = threads}, [&](const upkeep::scored_pair& p) { found.push_back(p); }, silent);
        CHECK(report.pairs == found.size());
        if (cut == 300) CHECK(report.set_aside == 2);
        if (threads == 1) once = found;
        CHECK((found == once));
        std::sort(found.begin(), found.end(), upkeep_test::comes_before);
        CAPTURE(cut, threshold, threads);
        CHECK((found == plain_loop<upkeep::cosine>(rows, others, threshold)));
      }
      if (cut == 300) CHECK(once.size() > 40);
    }
  }
  upkeep::progress silent;
  try {
    finder().find_pairs_between(
        matrix(all, 25), matrix(all, 24), {}, [](const upkeep::scored_pair&) {}, silent);
    FAIL("was not refused");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::invalid_argument);
    CHECK(std::string(e.what()).find("rows of 25 components cannot be compared with rows of 24") != std::string::npos);
  }
}
