#include "upkeep/janitor/resolve.hpp"

#include "upkeep/base/rng.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

using namespace upkeep;

namespace {

std::vector<row_index> removed_rows(const resolution& r) {
  std::vector<row_index> rows;
  for (const auto& x : r.removed) rows.push_back(x.removed);
  std::sort(rows.begin(), rows.end());
  return rows;
}

// Written from the text of the rule, without adjacency lists: looks at every pair of rows again and again.
resolution slow_resolve(const std::vector<scored_pair>& pairs, const std::vector<row_index>& order, const std::vector<std::uint8_t>& fixed,
                        const std::map<std::pair<row_index, row_index>, opinion>& judge) {
  resolution result;
  std::set<row_index> kept;
  for (std::size_t r = 0; r < order.size(); ++r) {
    const row_index row = order[r];
    kept.insert(row);
    if (fixed[row] != 0) continue;
    std::vector<std::pair<double, std::size_t>> near;  // falling score, then rank
    for (std::size_t s = 0; s < r; ++s)
      for (const scored_pair& p : pairs)
        if (std::minmax(p.first, p.second) == std::minmax(row, order[s]) && kept.contains(order[s])) near.emplace_back(-p.score, s);
    std::sort(near.begin(), near.end());
    std::vector<resolved_review> review;
    bool gone = false;
    for (const auto& [score, s] : near) {
      const opinion o = judge.at({row, order[s]});
      if (o.said == verdict::review) review.push_back({row, order[s], -score, o.doubt});
      if (o.said == verdict::covers) {
        result.removed.push_back({row, order[s], -score});
        kept.erase(row);
        gone = true;
        break;
      }
    }
    for (const auto& [score, s] : near)
      if (const opinion o = judge.at({row, order[s]}); !gone && o.said == verdict::review && o.accepted) {
        result.removed.push_back({row, order[s], -score, true});
        kept.erase(row);
        gone = true;
      }
    if (!gone) result.review.insert(result.review.end(), review.begin(), review.end());
  }
  return result;
}

}  // namespace

TEST_CASE("the far end of a chain is kept", "[resolve]") {
  // 0 ~ 1 ~ 2, and 0 is not close to 2: 1 goes because 0 stays, so nobody who stays stands for 2.
  const std::vector<scored_pair> chain = {{0, 1, .985}, {1, 2, .985}};
  const resolution r = resolve(chain, 3);
  REQUIRE(r.removed == std::vector<resolved_removal>{{1, 0, .985}});
}

TEST_CASE("the closest kept row is the witness, and among equals the one that outranks the others", "[resolve]") {
  const std::vector<scored_pair> pairs = {{0, 3, .98}, {1, 3, .99}, {2, 3, .99}};
  const resolution r = resolve(pairs, 4);
  REQUIRE(r.removed == std::vector<resolved_removal>{{3, 1, .99}});
}

TEST_CASE("order decides who stays", "[resolve]") {
  const std::vector<scored_pair> pairs = {{0, 1, 1.0}};
  const std::vector<row_index> order = {1, 0};
  REQUIRE(resolve(pairs, 2, {.order = order}).removed == std::vector<resolved_removal>{{0, 1, 1.0}});
}

TEST_CASE("a fixed row never goes, but can be a witness", "[resolve]") {
  const std::vector<scored_pair> pairs = {{0, 1, 1.0}, {1, 2, 1.0}};
  const std::vector<std::uint8_t> fixed = {0, 1, 0};
  REQUIRE(resolve(pairs, 3, {.fixed = fixed}).removed == std::vector<resolved_removal>{{2, 1, 1.0}});
}

TEST_CASE("review pairs are kept only for rows that stay", "[resolve]") {
  const std::vector<scored_pair> pairs = {{0, 2, .99}, {1, 2, .985}, {0, 3, .99}};
  const auto judge = [](row_index removed, row_index survivor, double) {
    if (removed == 2 && survivor == 0) return verdict::review;
    return removed == 2 ? verdict::covers : verdict::review;
  };
  const resolution r = resolve(pairs, 4, {}, judge);
  REQUIRE(r.removed == std::vector<resolved_removal>{{2, 1, .985}});
  REQUIRE(r.review == std::vector<resolved_review>{{3, 0, .99}});
}

TEST_CASE("a distinct pair neither goes nor bothers anybody", "[resolve]") {
  const std::vector<scored_pair> pairs = {{0, 1, .99}};
  const resolution r = resolve(pairs, 2, {}, [](row_index, row_index, double) { return verdict::distinct; });
  REQUIRE(r.removed.empty());
  REQUIRE(r.review.empty());
}

TEST_CASE("what a person accepted goes only where no row that stays says everything it says", "[resolve]") {
  const std::vector<scored_pair> pairs = {{0, 2, .99}, {1, 2, .985}, {0, 3, .99}, {1, 3, .98}};
  const auto judge = [](row_index removed, row_index survivor, double) -> opinion {
    if (removed == 2 && survivor == 1) return verdict::covers;
    return {verdict::review, "why", survivor == 0};
  };
  const resolution r = resolve(pairs, 4, {}, judge);
  REQUIRE(r.removed == std::vector<resolved_removal>{{2, 1, .985, false}, {3, 0, .99, true}});
  REQUIRE(r.review.empty());
}

TEST_CASE("wrong input is refused", "[resolve]") {
  const std::vector<scored_pair> beyond = {{0, 5, 1.0}}, self = {{1, 1, 1.0}}, good = {{0, 1, 1.0}};
  const std::vector<row_index> twice = {0, 0, 1}, brief = {0, 1};
  const std::vector<std::uint8_t> few = {1};
  REQUIRE_THROWS_AS(resolve(beyond, 3), error);
  REQUIRE_THROWS_AS(resolve(self, 3), error);
  REQUIRE_THROWS_AS(resolve(good, 3, {.order = twice}), error);
  REQUIRE_THROWS_AS(resolve(good, 3, {.order = brief}), error);
  REQUIRE_THROWS_AS(resolve(good, 3, {.fixed = few}), error);
  REQUIRE(resolve(std::vector<scored_pair>{}, 0).removed.empty());
}

TEST_CASE("generated cases agree with the rule read slowly, whatever the order of the pairs and the size of a block", "[resolve]") {
  rng random(20260101);
  for (int round = 0; round < 400; ++round) {
    const auto rows = static_cast<row_index>(1 + random.below(14));
    std::vector<scored_pair> pairs;
    std::map<std::pair<row_index, row_index>, opinion> judge;
    const auto opinion_at_random = [&] {
      // What a person accepted counts for nothing where the guard does not hesitate.
      return opinion(static_cast<verdict>(random.below(3)), random.below(2) == 0 ? "one" : "two", random.below(3) == 0);
    };
    for (row_index a = 0; a < rows; ++a)
      for (row_index b = a + 1; b < rows; ++b) {
        judge.emplace(std::pair(a, b), opinion_at_random());
        judge.emplace(std::pair(b, a), opinion_at_random());
        if (random.below(3) == 0) pairs.push_back({a, b, .98 + .005 * static_cast<double>(random.below(4))});
      }
    std::vector<row_index> order(rows);
    for (row_index i = 0; i < rows; ++i) order[i] = i;
    random.shuffle(std::span(order));
    std::vector<std::uint8_t> fixed(rows);
    for (auto& f : fixed) f = random.below(5) == 0 ? 1 : 0;
    const resolution expected = slow_resolve(pairs, order, fixed, judge);
    random.shuffle(std::span(pairs));
    std::set<row_index> announced;
    const resolution got = resolve(
        pairs, rows, {.order = order, .fixed = fixed, .block = 1 + static_cast<std::size_t>(random.below(4))},
        [&](row_index removed, row_index survivor, double) {
          REQUIRE(announced.contains(removed));
          REQUIRE(announced.contains(survivor));
          return judge.at({removed, survivor});
        },
        [&](std::span<const row_index> wanted) { announced = std::set<row_index>(wanted.begin(), wanted.end()); });
    REQUIRE(got.removed == expected.removed);
    REQUIRE(got.review == expected.review);
    const std::vector<row_index> gone = removed_rows(got);
    for (const auto& x : got.removed) REQUIRE_FALSE(std::binary_search(gone.begin(), gone.end(), x.witness));
  }
}
