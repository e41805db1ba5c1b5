// The filter hands over exactly the pairs that a plain loop over the sketches finds, once each, however many there are.

#include "upkeep/join/sketch_filter.hpp"

#include "support/catch.hpp"
#include "support/sketch_tables.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

using upkeep::row_index;
using upkeep::sketch_set;
using places = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

namespace {

constexpr upkeep::sketch_shape shapes[] = {{16, 16}, {32, 16}, {32, 32}, {64, 64}};

sketch_set make_set(upkeep::sketch_shape shape, std::size_t n, std::uint64_t seed, std::size_t group_rows = upkeep::panel_group) {
  std::vector<row_index> rows(n);
  std::iota(rows.begin(), rows.end(), row_index{0});
  return sketch_set(upkeep_test::random_table(shape, n, seed), std::move(rows), {.threads = 2}, group_rows);
}

places filtered(const sketch_set& rows, const sketch_set& columns, bool triangle, std::size_t* portions = nullptr) {
  places found;
  upkeep::filter_room room;
  for (std::size_t panel = 0; panel < columns.panels(); ++panel)
    upkeep::filter_sketches(rows, columns, panel, triangle, room, [&](std::span<const upkeep::near_places> near) {
      REQUIRE(near.size() <= upkeep::filter_room::most_found);
      for (const upkeep::near_places& p : near) {
        REQUIRE(p.column / upkeep::panel_columns == panel);
        found.emplace_back(p.row, p.column);
      }
      if (portions != nullptr) ++*portions;
    });
  std::sort(found.begin(), found.end());
  return found;
}

// Boxes may leave out nothing that the reaches take in, so the leading codes decide, then all of them.
places plain(const sketch_set& rows, const sketch_set& columns, bool triangle) {
  places found;
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t c = triangle ? r + 1 : 0; c < columns.size(); ++c)
      if (upkeep_test::within_reach(rows, r, columns, c) && upkeep_test::within_bound(rows, r, columns, c))
        found.emplace_back(static_cast<std::uint32_t>(r), static_cast<std::uint32_t>(c));
  return found;
}

}  // namespace

TEST_CASE("a set against itself: each pair within reach once, row before column", "[join]") {
  for (const auto shape : shapes)
    for (const std::size_t n : {0u, 1u, 2u, 63u, 64u, 65u, 128u, 500u}) {
      const sketch_set set = make_set(shape, n, 95);
      CAPTURE(shape.width, shape.leading, n);
      const places expected = plain(set, set, true);
      CHECK((filtered(set, set, true) == expected));
      CHECK((filtered(make_set(shape, n, 95, 1), set, true) == expected));
      if (n >= 500) CHECK((expected.size() > 100 && expected.size() < n * (n - 1) / 4));
    }
}

TEST_CASE("a set against another: every pair within reach once", "[join]") {
  for (const auto shape : shapes)
    for (const std::size_t n : {0u, 1u, 70u, 300u}) {
      const sketch_set rows = make_set(shape, n, 96), columns = make_set(shape, 200, 97);
      CAPTURE(shape.width, shape.leading, n);
      CHECK((filtered(rows, columns, false) == plain(rows, columns, false)));
      CHECK((filtered(columns, rows, false) == plain(columns, rows, false)));
      CHECK((filtered(make_set(shape, n, 96, 1), columns, false) == plain(rows, columns, false)));
    }
}

TEST_CASE("more groups than are looked at at once, and more pairs than there is room for", "[join]") {
  for (const auto shape : {shapes[0], shapes[1]}) {
    const sketch_set set = make_set(shape, 3000, 98);
    const places expected = plain(set, set, true);
    CHECK((filtered(set, set, true) == expected));
    const sketch_set single = make_set(shape, 3000, 98, 1);
    CHECK((filtered(single, single, true) == expected));
  }
  // Equal sketches: all pairs are within reach.
  for (const std::size_t group_rows : {upkeep::panel_group, std::size_t{1}}) {
    constexpr std::size_t n = 2100;
    upkeep::sketch_table table({16, 16}, n);
    std::fill_n(table.leading.data(), n * 16, std::uint8_t{77});
    std::fill_n(table.reach.data(), n, -16 * 51 * 51 / 2);
    std::vector<row_index> rows(n);
    std::iota(rows.begin(), rows.end(), row_index{0});
    const sketch_set set(std::move(table), std::move(rows), {.threads = 1}, group_rows);
    std::size_t portions = 0;
    CHECK(filtered(set, set, true, &portions).size() == n * (n - 1) / 2);
    CHECK(portions > n * (n - 1) / 2 / upkeep::filter_room::most_found);
  }
}
