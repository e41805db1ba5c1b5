// A set holds each member's sketch where its order says, fills up with what is within reach of nothing, and its boxes leave out no row.

#include "upkeep/join/sketch_set.hpp"

#include "support/catch.hpp"
#include "support/sketch_tables.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

using upkeep::row_index;
using upkeep::sketch_set;
using upkeep_test::random_table;

namespace {

constexpr upkeep::sketch_shape shapes[] = {{16, 16}, {32, 16}, {32, 32}, {64, 64}};

std::vector<row_index> every_third(std::size_t n) {
  std::vector<row_index> rows;
  for (std::size_t i = 0; i < n; ++i)
    if (i % 3 != 1) rows.push_back(static_cast<row_index>(i));
  return rows;
}

template <std::size_t Leading>
std::vector<std::uint32_t> groups_within_reach(const sketch_set& rows, const sketch_set::box& box, std::size_t end) {
  std::vector<std::uint32_t> groups(end + 16);
  groups.resize(rows.groups_within_reach<Leading>(box, end, groups.data()));
  return groups;
}

template <std::size_t Leading>
void check_boxes(const sketch_set& columns, const sketch_set& rows) {
  for (std::size_t panel = 0; panel < columns.panels(); ++panel) {
    const sketch_set::box box = columns.panel_box(panel);
    for (const std::size_t end : {rows.groups(), rows.groups() / 2, std::size_t{1}}) {
      const auto groups = groups_within_reach<Leading>(rows, box, std::min(end, rows.groups()));
      CHECK(std::is_sorted(groups.begin(), groups.end()));
      CHECK(std::adjacent_find(groups.begin(), groups.end()) == groups.end());
      CHECK((groups.empty() || groups.back() < end));
      for (std::size_t group = 0; group < std::min(end, rows.groups()); ++group) {
        bool needed = false;
        for (std::size_t place = group * 8; place < std::min(rows.size(), (group + 1) * 8) && !needed; ++place)
          for (std::size_t c = panel * 64; c < std::min(columns.size(), (panel + 1) * 64) && !needed; ++c)
            needed = upkeep_test::within_reach(rows, place, columns, c);
        if (needed) REQUIRE(std::binary_search(groups.begin(), groups.end(), static_cast<std::uint32_t>(group)));
      }
    }
  }
}

}  // namespace

TEST_CASE("each member's sketch stands at its place, and nothing else does", "[join]") {
  for (const auto shape : shapes)
    for (const std::size_t n : {0u, 1u, 64u, 65u, 1000u}) {
      const auto table = random_table(shape, n, 91);
      const auto members = every_third(n);
      const sketch_set set(random_table(shape, n, 91), std::vector<row_index>(members), {.threads = 2});
      CAPTURE(shape.width, shape.leading, n);
      CHECK(set.shape().width == shape.width);
      REQUIRE(set.size() == members.size());
      REQUIRE(set.panels() == (members.size() + 63) / 64);
      REQUIRE(set.groups() == set.panels() * 8);
      std::vector<row_index> order;
      for (std::size_t place = 0; place < set.panels() * 64; ++place) {
        if (place >= set.size()) {
          REQUIRE(set.reach()[place] == upkeep::out_of_reach);
          continue;
        }
        const row_index row = set.row(place);
        order.push_back(row);
        const std::size_t rest = shape.width - shape.leading;
        REQUIRE(std::memcmp(set.leading() + place * shape.leading, table.leading.data() + row * shape.leading, shape.leading) == 0);
        REQUIRE(set.reach()[place] == table.reach[row]);
        if (rest == 0) continue;
        REQUIRE(std::memcmp(set.rest() + place * rest, table.rest.data() + row * rest, rest) == 0);
        REQUIRE(set.bound(place) == table.bound[row]);
      }
      std::sort(order.begin(), order.end());
      CHECK(order == members);
    }
}

TEST_CASE("a panel's box is the smallest around its rows, with the largest bound of them", "[join]") {
  const sketch_set set(random_table({16, 16}, 150, 92), every_third(150), {.threads = 1});
  REQUIRE(set.panels() == 2);
  for (std::size_t panel = 0; panel < 2; ++panel) {
    const sketch_set::box box = set.panel_box(panel);
    std::int32_t reach = -(1 << 28);
    std::uint8_t low[16], high[16];
    std::fill_n(low, 16, std::uint8_t{255});
    std::fill_n(high, 16, std::uint8_t{0});
    for (std::size_t place = panel * 64; place < std::min(set.size(), (panel + 1) * 64); ++place) {
      std::int32_t squared = 0;
      for (std::size_t k = 0; k < 16; ++k) {
        const std::uint8_t code = set.leading()[place * 16 + k];
        low[k] = std::min(low[k], code);
        high[k] = std::max(high[k], code);
        squared += (128 - int{code}) * (128 - int{code});
      }
      reach = std::max(reach, 2 * set.reach()[place] + squared);
    }
    CHECK(std::memcmp(box.low, low, 16) == 0);
    CHECK(std::memcmp(box.high, high, 16) == 0);
    CHECK(box.reach == reach);
  }
}

TEST_CASE("no group with a row within reach is left out, and far ones are", "[join]") {
  // 5,000 rows are more groups than one block of outer boxes holds.
  for (const auto shape : shapes) {
    const std::size_t n = shape.leading == 16 && shape.width == 16 ? 5000 : 700;
    const sketch_set rows(random_table(shape, n, 93), every_third(n), {.threads = 2});
    const sketch_set columns(random_table(shape, 130, 94), every_third(130), {.threads = 2});
    if (shape.leading == 16) check_boxes<16>(columns, rows);
    if (shape.leading == 32) check_boxes<32>(columns, rows);
    if (shape.leading == 64) check_boxes<64>(columns, rows);
    if (shape.leading != 16) continue;
    CHECK(groups_within_reach<16>(rows, columns.panel_box(0), rows.groups()).size() < rows.groups());
  }
}
