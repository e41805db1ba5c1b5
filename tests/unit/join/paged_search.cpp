// The search over rows that stay where they are finds the pairs of the search in memory, and asks for few of them twice.

#include "upkeep/join/paged_search.hpp"

#include "support/catch.hpp"
#include "support/join_rows.hpp"
#include "upkeep/join/sketch_join.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <set>
#include <vector>

namespace {

using upkeep_test::pair_list;

pair_list sorted(pair_list pairs) {
  std::sort(pairs.begin(), pairs.end(), upkeep_test::comes_before);
  return pairs;
}

// Rows in pages of odd sizes, among rows that do not belong to the search; some vanish after the first scan.
struct shelf {
  std::size_t d;
  std::vector<float> values;
  std::vector<upkeep::row_index> numbers;  // of each row on the shelf
  std::size_t searched = 0, scans = 0, fetches = 0;
  std::set<upkeep::row_index> gone{};
  std::atomic<int> reading{0};
  bool overlapped = false, disordered = false;

  shelf(std::uint64_t seed, std::size_t n, std::size_t width) : d(width) {
    upkeep::rng random(seed);
    for (std::size_t i = 0; i < n; ++i) {
      const bool near = i > 0 && random.chance(0.6);
      const std::size_t like = near ? static_cast<std::size_t>(random.below(i)) : 0;
      const double spread = random.chance(0.3) ? 0.0 : 0.05;
      for (std::size_t k = 0; k < d; ++k)
        values.push_back(static_cast<float>(near ? double{values[like * d + k]} + spread * random.normal() : random.normal()));
      const double odd = random.uniform();
      float* const row = values.data() + i * d;
      if (odd < 0.01) std::fill_n(row, d, 0.0f);
      if (odd > 0.99) row[0] = std::numeric_limits<float>::quiet_NaN();
      if (odd > 0.5 && odd < 0.503)
        for (std::size_t k = 0; k < d; ++k) row[k] *= 1e-39f;  // apart, for the cosine
      numbers.push_back(random.chance(0.1) ? upkeep::not_searched : static_cast<upkeep::row_index>(searched++));
    }
  }

  void scan(upkeep::page_visitor visit) {
    ++scans;
    std::vector<upkeep::row_index> page;
    for (std::size_t begin = 0, size = 1; begin < numbers.size(); begin += size, size = size * 2 % 301 + 1) {
      const std::size_t count = std::min(size, numbers.size() - begin);
      page.clear();
      for (std::size_t i = begin; i < begin + count; ++i) page.push_back(gone.count(numbers[i]) != 0 ? upkeep::not_searched : numbers[i]);
      visit(page, upkeep::matrix_view<const float>(values.data() + begin * d, count, d));
    }
  }
  void fetch(std::span<const upkeep::row_index> wanted, upkeep::page_visitor visit) {
    ++fetches;
    if (++reading != 1) overlapped = true;
    disordered =
        disordered || !std::is_sorted(wanted.begin(), wanted.end()) || std::adjacent_find(wanted.begin(), wanted.end()) != wanted.end();
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (numbers[i] != upkeep::not_searched && gone.count(numbers[i]) == 0 && std::binary_search(wanted.begin(), wanted.end(), numbers[i]))
        visit(std::span<const upkeep::row_index>(&numbers[i], 1), upkeep::matrix_view<const float>(values.data() + i * d, 1, d));
    --reading;
  }

  [[nodiscard]] std::vector<float> searched_rows() const {
    std::vector<float> rows;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (numbers[i] != upkeep::not_searched)
        rows.insert(rows.end(), values.begin() + static_cast<std::ptrdiff_t>(i * d),
                    values.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
    return rows;
  }
};

template <class Metric>
pair_list in_pages(shelf& s, double threshold, unsigned threads, upkeep::find_report& report) {
  const auto scan = [&](upkeep::page_visitor visit) { s.scan(visit); };
  const auto fetch = [&](std::span<const upkeep::row_index> wanted, upkeep::page_visitor visit) { s.fetch(wanted, visit); };
  pair_list found;
  upkeep::progress silent;
  const auto take = [&](const upkeep::scored_pair& p) { found.push_back(p); };
  report = upkeep::sketch_join<Metric>{}.find_pairs_in({s.searched, s.d, scan, fetch}, {.threshold = threshold, .threads = threads}, take,
                                                       silent);
  return found;
}

template <class Metric>
void compare(std::uint64_t seed, std::size_t n, std::size_t d, double threshold) {
  shelf s(seed, n, d);
  const std::vector<float> rows = s.searched_rows();
  pair_list expected, first;
  upkeep::progress silent;
  const auto take = [&](const upkeep::scored_pair& p) { expected.push_back(p); };
  const auto wanted =
      upkeep::exhaustive_join<Metric>{}.find_pairs({rows.data(), s.searched, d}, {.threshold = threshold, .threads = 2}, take, silent);
  for (const unsigned threads : {1u, 2u, 7u}) {
    upkeep::find_report report;
    const pair_list found = in_pages<Metric>(s, threshold, threads, report);
    if (threads == 1) first = found;
    CAPTURE(seed, n, d, threads);
    CHECK(found == first);
    CHECK(sorted(found) == sorted(expected));
    CHECK(report.pairs == found.size());
    CHECK(report.set_aside == wanted.set_aside);
  }
  CHECK_FALSE(s.overlapped);
  CHECK_FALSE(s.disordered);
}

}  // namespace

TEST_CASE("rows in pages have the pairs of rows in memory", "[paged_search]") {
  compare<upkeep::cosine>(1, 700, 20, 0.98);
  compare<upkeep::cosine>(2, 200, 3, 0.999);
  compare<upkeep::euclidean>(3, 700, 20, 0.5);
  compare<upkeep::cosine>(4, 1, 5, 0.98);
  compare<upkeep::cosine>(5, 0, 5, 0.98);
  compare<upkeep::cosine>(6, 300, 3000, 0.98);  // few rows can be held at once
  compare<upkeep::cosine>(7, 6000, 12, 0.98);   // more than one thread takes at a time
}

TEST_CASE("rows that vanish between two readings are left out, and the rest is found", "[paged_search]") {
  shelf s(7, 400, 12);
  const auto fetch = [&](std::span<const upkeep::row_index> wanted, upkeep::page_visitor visit) { s.fetch(wanted, visit); };
  const auto scan = [&](upkeep::page_visitor visit) {
    s.scan(visit);
    if (s.scans == 2)
      for (upkeep::row_index i = 0; i < s.searched; i += 3) s.gone.insert(i);
  };
  pair_list found, expected;
  upkeep::progress silent;
  const auto take = [&](const upkeep::scored_pair& p) { found.push_back(p); };
  upkeep::sketch_join<>{}.find_pairs_in({s.searched, s.d, scan, fetch}, {.threads = 2}, take, silent);
  const std::vector<float> rows = s.searched_rows();
  const auto keep = [&](const upkeep::scored_pair& p) {
    if (p.first % 3 != 0 && p.second % 3 != 0) expected.push_back(p);
  };
  upkeep::exhaustive_join<>{}.find_pairs({rows.data(), s.searched, s.d}, {.threads = 2}, keep, silent);
  pair_list left;
  for (const auto& p : sorted(found))
    if (p.first % 3 != 0 && p.second % 3 != 0) left.push_back(p);
  CHECK_FALSE(expected.empty());
  CHECK(left == sorted(expected));
}

TEST_CASE("what reading throws ends the search, and so does a stop", "[paged_search]") {
  shelf s(8, 300, 8);
  const auto scan = [&](upkeep::page_visitor visit) { s.scan(visit); };
  const auto fails = [&](std::span<const upkeep::row_index>, upkeep::page_visitor) {
    throw upkeep::error(upkeep::errc::io, "the shelf fell");
  };
  upkeep::progress silent;
  const auto ignore = [](const upkeep::scored_pair&) {};
  CHECK_THROWS_AS(upkeep::sketch_join<>{}.find_pairs_in({s.searched, s.d, scan, fails}, {.threads = 2}, ignore, silent), upkeep::error);
  std::stop_source stop;
  stop.request_stop();
  upkeep::progress stopped(stop.get_token());
  const auto fetch = [&](std::span<const upkeep::row_index> wanted, upkeep::page_visitor visit) { s.fetch(wanted, visit); };
  CHECK_THROWS_AS(upkeep::sketch_join<>{}.find_pairs_in({s.searched, s.d, scan, fetch}, {.threads = 2}, ignore, stopped), upkeep::error);
}
