// Copies are rows that are bitwise equal, no others; and the pairs that they mean are all of them, once each.

#include "upkeep/join/row_copies.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/simd/reference.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

using upkeep::row_index;
using upkeep::scored_pair;
using upkeep::UPKEEP_ARCH_NAMESPACE::detail::row_copies;

namespace {

// Rows of which many are equal. Sketches and norms say little: equal rows have equal ones, and many others have them too.
struct scene {
  std::size_t n;
  std::vector<float> values;
  upkeep::sketch_table table;
  std::vector<double> squared_norms;
  std::vector<row_index> members;

  scene(std::size_t rows, std::uint64_t kinds, upkeep::sketch_shape shape, bool same_norms) : n(rows), table(shape, rows) {
    upkeep::rng random(99);
    const std::size_t more = shape.width - shape.leading;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint64_t kind = random.below(kinds), value = kind / 5, negative = kind % 5 == 4 ? 1 : 0, own = 2 * value + negative;
      const float zero = negative != 0 ? -0.0f : 0.0f;  // compare equal, and are not
      for (const float x : {static_cast<float>(value), zero, 1.0f}) values.push_back(x);
      squared_norms.push_back(same_norms ? 1.0 : static_cast<double>(own / 3));
      std::fill_n(table.leading.data() + i * shape.leading, shape.leading, static_cast<std::uint8_t>(1 + own % 2));
      std::fill_n(table.rest.data() + i * more, more, static_cast<std::uint8_t>(1 + own % 3));
      if (i % 11 != 3) members.push_back(static_cast<row_index>(i));
    }
  }

  [[nodiscard]] bool equal(row_index a, row_index b) const {
    return std::memcmp(values.data() + a * 3, values.data() + b * 3, 3 * sizeof(float)) == 0;
  }
};

using pair_counts = std::map<std::pair<row_index, row_index>, int>;

}  // namespace

TEST_CASE("the first row of each kind stands for the others, and every pair that they mean comes once", "[join]") {
  for (const auto shape : {upkeep::sketch_shape{16, 16}, upkeep::sketch_shape{32, 16}})
    for (const bool same_norms : {false, true})
      for (const auto& [n, kinds] : {std::pair<std::size_t, std::uint64_t>{0, 1}, {1, 1}, {40, 1}, {60, 12}, {300, 1000}}) {
        const scene s(n, kinds, shape, same_norms);
        CAPTURE(shape.width, same_norms, n, kinds);
        std::vector<row_index> members = s.members;
        const row_copies copies(s.table, s.squared_norms, members, [&](row_index a, row_index b) { return s.equal(a, b); });
        CHECK(std::is_sorted(members.begin(), members.end()));

        // By a plain loop: who stands for whom.
        std::map<row_index, std::vector<row_index>> kind_of;
        for (const row_index i : s.members) {
          const auto own = std::find_if(kind_of.begin(), kind_of.end(), [&](const auto& k) { return s.equal(k.first, i); });
          kind_of[own == kind_of.end() ? i : own->first].push_back(i);
        }
        std::vector<row_index> expected;
        for (const auto& [first, all] : kind_of) expected.push_back(first);
        REQUIRE(members == expected);
        CHECK(copies.empty() == (members.size() == s.members.size()));

        pair_counts seen;
        const auto count = [&](row_index a, row_index b) { ++seen[{std::min(a, b), std::max(a, b)}]; };
        for (const auto& [first, all] : kind_of) {
          REQUIRE(copies.count(first) == all.size());
          std::vector<row_index> each;
          copies.each(first, [&](row_index row) { each.push_back(row); });
          std::sort(each.begin(), each.end());
          REQUIRE(each == all);
          const row_index own = first;
          for (const auto& other : kind_of)
            if (own < other.first) copies.each(own, [&](row_index x) { copies.each(other.first, [&](row_index y) { count(x, y); }); });
        }
        copies.each_pair_of_copies([](row_index row) { return static_cast<double>(row); },
                                   [&](const scored_pair& p) {
                                     REQUIRE(p.first < p.second);
                                     REQUIRE(s.equal(p.first, p.second));
                                     REQUIRE(std::binary_search(members.begin(), members.end(), static_cast<row_index>(p.score)));
                                     REQUIRE(s.equal(p.first, static_cast<row_index>(p.score)));
                                     count(p.first, p.second);
                                   });
        CHECK(seen.size() == s.members.size() * (s.members.size() - std::min<std::size_t>(1, s.members.size())) / 2);
        CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& pair) { return pair.second == 1; }));
      }
}

TEST_CASE("copies taken by their sketch alone are confirmed, and those that are none come back in order", "[join]") {
  const scene s(200, 30, {32, 16}, true);
  std::vector<row_index> members = s.members;
  row_copies copies(s.table, s.squared_norms, members);
  CHECK(members.size() == 6);  // two kinds of leading codes, three of others
  std::vector<bool> is_copy;
  for (const auto& [own, copy] : copies.list()) is_copy.push_back(s.equal(own, copy));
  copies.confirm(is_copy, members);
  CHECK(std::is_sorted(members.begin(), members.end()));
  std::vector<row_index> all = members;
  for (const auto& [own, copy] : copies.list()) {
    CHECK(s.equal(own, copy));
    all.push_back(copy);
  }
  std::sort(all.begin(), all.end());
  CHECK(all == s.members);
  CHECK_FALSE(copies.empty());
}
