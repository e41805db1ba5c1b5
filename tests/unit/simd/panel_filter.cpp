// The integer kernel gives the bits of a plain loop with every type of registers and every width; words that are not 0 are all found.

#include "upkeep/simd/panel_filter.hpp"

#include "support/catch.hpp"
#include "support/code_types.hpp"
#include "upkeep/base/rng.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace {

constexpr std::size_t groups = 9, rows = groups * upkeep::panel_group, columns = upkeep::panel_columns;

template <std::size_t Width>
struct scene {
  std::vector<std::uint8_t> row_codes = std::vector<std::uint8_t>(rows * Width), column_codes = std::vector<std::uint8_t>(columns * Width);
  std::vector<std::int32_t> row_reach = std::vector<std::int32_t>(rows), column_reach = std::vector<std::int32_t>(columns);

  // What kind 0 and 1 hold are the largest products there are, of either sign.
  scene(upkeep::rng& random, int kind) {
    const auto code = [&] {
      const auto any = static_cast<std::uint8_t>(random.between(1, 255));
      return kind == 2 && random.chance(0.5) ? (random.chance(0.5) ? std::uint8_t{1} : std::uint8_t{255}) : any;
    };
    for (std::uint8_t& c : row_codes) c = kind == 0 ? std::uint8_t{1} : kind == 1 ? std::uint8_t{255} : code();
    for (std::uint8_t& c : column_codes) c = kind <= 1 ? std::uint8_t{255} : code();
    for (std::int32_t& r : row_reach) r = static_cast<std::int32_t>(random.between(-500000, 500000));
    row_reach[5] = 1 << 22;
    row_reach[6] = upkeep::out_of_reach;
    // Each column's reach makes its sum with some row 0, 1 less or 1 more: a bit that is one off shows.
    for (std::size_t c = 0; c < columns; ++c) {
      const std::size_t r = 8 + c % (rows - 8);
      column_reach[c] = static_cast<std::int32_t>(-row_reach[r] - product(r, c) + static_cast<std::int64_t>(c % 3) - 1);
    }
    column_reach[10] = 1 << 22;
    column_reach[11] = upkeep::out_of_reach;
  }

  [[nodiscard]] std::int64_t product(std::size_t r, std::size_t c) const {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < Width; ++k)
      sum += (128 - std::int64_t{row_codes[r * Width + k]}) * (128 - std::int64_t{column_codes[c * Width + k]});
    return sum;
  }
  [[nodiscard]] bool within(std::size_t r, std::size_t c) const {
    return std::int64_t{row_reach[r]} + std::int64_t{column_reach[c]} + product(r, c) >= 0;
  }
};

template <class Codes, std::size_t Width>
void check_width() {
  upkeep::rng random(72 + Width);
  for (int kind = 0; kind < 8; ++kind) {
    const scene<Width> s(random, kind);
    const auto panel = std::make_unique<upkeep::filter_panel<Width, Codes>>();
    for (std::size_t c = 0; c < columns; ++c) panel->set(c, s.column_codes.data() + c * Width, s.column_reach[c]);
    struct chosen {
      std::size_t group_rows;
      std::vector<std::uint32_t> groups;
    };
    for (const auto& [group_rows, list] : {chosen{8, {0, 1, 2, 3, 4, 5, 6, 7, 8}},
                                           {8, {8}},
                                           {8, {}},
                                           {8, {7, 2, 2, 0, 8, 8, 5, 1, 0, 3, 4}},
                                           {1, {71, 5, 6, 6, 0, 33, 34}}}) {
      const std::unique_ptr<std::uint64_t[]> signs(new std::uint64_t[list.size() * group_rows]);
      upkeep::panel_filter<Width, Codes>(s.row_codes.data(), s.row_reach.data(), list.data(), group_rows, list.size(), *panel, signs.get());
      std::size_t set = 0;
      for (std::size_t g = 0; g < list.size(); ++g)
        for (std::size_t r = 0; r < group_rows; ++r) {
          const std::size_t row = list[g] * group_rows + r;
          std::uint64_t expected = 0;
          for (std::size_t c = 0; c < columns; ++c) expected |= std::uint64_t{s.within(row, c)} << c;
          CAPTURE(Width, kind, row);
          REQUIRE(signs[g * group_rows + r] == expected);
          if (row == 6) REQUIRE(expected == 0);
          REQUIRE((expected >> 11 & 1u) == 0);
          set += static_cast<std::size_t>(__builtin_popcountll(expected));
        }
      if (list.size() > 1) CHECK((set > 0 && set < list.size() * group_rows * columns));
    }
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("the panel filter's bits are those of a plain loop", "[simd]", upkeep_test::code_types) {
  check_width<TestType, 16>();
  check_width<TestType, 32>();
  check_width<TestType, 64>();
}

TEST_CASE("the words that are not 0 are all found, in order", "[simd]") {
  upkeep::rng random(73);
  for (const std::size_t count : {0u, 8u, 16u, 64u, 2048u})
    for (const double share : {0.0, 0.02, 0.5, 1.0}) {
      const std::unique_ptr<std::uint64_t[]> words(new std::uint64_t[count]);
      const std::unique_ptr<std::uint32_t[]> places(new std::uint32_t[count]);
      std::vector<std::uint32_t> expected;
      for (std::size_t i = 0; i < count; ++i) {
        words[i] = random.chance(share) ? std::uint64_t{1} << random.below(64) : 0;
        if (words[i] != 0) expected.push_back(static_cast<std::uint32_t>(i));
      }
      CAPTURE(count, share);
      REQUIRE(upkeep::nonzero_words(words.get(), count, places.get()) == expected.size());
      CHECK(std::vector<std::uint32_t>(places.get(), places.get() + expected.size()) == expected);
    }
}
