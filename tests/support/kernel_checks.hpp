#pragma once
// What the integer kernels promise, as checks of any function of their kind: those of the headers, and those of each table of upkeep::kernels.

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/join/aligned_buffer.hpp"
#include "upkeep/kernels/kernel_table.hpp"
#include "upkeep/simd/box_filter.hpp"
#include "upkeep/simd/panel_filter.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

// Tagged like the kernels, so that the linker keeps apart what is compiled for different machines.
namespace upkeep_test::inline UPKEEP_ARCH_NAMESPACE {

/// Boxes in blocks of 16, in two levels, and the aligned memory that the filter reads.
template <std::size_t Width>
struct box_scene {
  struct level {
    explicit level(std::size_t blocks) : room(blocks * bytes) {
      lows = room.data();
      highs = lows + blocks * codes;
      reaches = reinterpret_cast<std::int32_t*>(highs + blocks * codes);
      std::fill_n(lows, blocks * codes, std::uint8_t{255});
      std::fill_n(highs, blocks * codes, std::uint8_t{0});
      std::fill_n(reaches, blocks * upkeep::box_block, empty);
    }
    static constexpr std::size_t codes = Width * upkeep::box_block, bytes = 2 * codes + upkeep::box_block * sizeof(std::int32_t);
    static constexpr std::int32_t empty = -(1 << 28);
    upkeep::UPKEEP_ARCH_NAMESPACE::detail::aligned_buffer<std::uint8_t> room;
    std::uint8_t *lows, *highs;
    std::int32_t* reaches;

    [[nodiscard]] std::size_t at(std::size_t box, std::size_t code) const { return box / 16 * codes + upkeep::box_code(box % 16, code); }
    void widen(std::size_t box, const level& by, std::size_t of) {
      for (std::size_t k = 0; k < Width; ++k) {
        lows[at(box, k)] = std::min(lows[at(box, k)], by.lows[by.at(of, k)]);
        highs[at(box, k)] = std::max(highs[at(box, k)], by.highs[by.at(of, k)]);
      }
      reaches[box] = std::max(reaches[box], by.reaches[of]);
    }
    [[nodiscard]] upkeep::box_blocks view() const { return {lows, highs, reaches}; }
  };

  std::size_t boxes;
  level inner, outer;
  std::uint8_t low[Width], high[Width];

  box_scene(upkeep::rng& random, std::size_t count) : boxes(count), inner((count + 15) / 16), outer((count + 255) / 256) {
    const auto sides = [&](std::int64_t centre, std::uint8_t& l, std::uint8_t& h) {
      const std::int64_t a = std::clamp<std::int64_t>(centre + random.between(-30, 30), 1, 255),
                         b = std::clamp<std::int64_t>(a + random.between(0, 12), 1, 255);
      l = static_cast<std::uint8_t>(a);
      h = static_cast<std::uint8_t>(b);
    };
    for (std::size_t k = 0; k < Width; ++k) sides(128, low[k], high[k]);
    std::int64_t centre = 0;
    for (std::size_t box = 0; box < boxes; ++box) {
      if (box % 32 == 0) centre = random.between(1, 255);  // whole blocks are far away
      if (random.chance(0.1)) continue;                    // empty
      for (std::size_t k = 0; k < Width; ++k) sides(centre, inner.lows[inner.at(box, k)], inner.highs[inner.at(box, k)]);
      inner.reaches[box] = static_cast<std::int32_t>(random.between(0, 4000 * static_cast<std::int64_t>(Width)));
    }
    for (std::size_t box = 0; box < boxes; ++box) outer.widen(box / 16, inner, box);
  }

  [[nodiscard]] bool within(std::size_t box, std::int32_t reach) const {
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < Width; ++k) {
      const int l = inner.lows[inner.at(box, k)], h = inner.highs[inner.at(box, k)];
      const int gap = std::min(127, l > high[k] ? l - high[k] : low[k] > h ? low[k] - h : 0);
      sum += gap * gap;
    }
    return sum <= reach + inner.reaches[box];
  }
};

/// `boxes_within_reach` of one width.
template <std::size_t Width, class Function>
void check_boxes_within_reach(const Function& boxes_within_reach) {
  upkeep::rng random(301 + Width);
  std::size_t found_in_all = 0, left_out = 0;
  for (int round = 0; round < 60; ++round) {
    const std::size_t count = 1 + random.below(700);
    const box_scene<Width> scene(random, count);
    const auto reach = static_cast<std::int32_t>(random.between(0, 200 * static_cast<std::int64_t>(Width)));
    const std::size_t end = random.chance(0.5) ? count : random.below(count + 1);
    std::vector<std::uint32_t> expected, found(end + 16);
    for (std::size_t box = 0; box < end; ++box)
      if (scene.within(box, reach)) expected.push_back(static_cast<std::uint32_t>(box));
    found.resize(boxes_within_reach(scene.low, scene.high, reach, scene.outer.view(), scene.inner.view(), end, found.data()));
    CAPTURE(Width, round, count, end);
    REQUIRE(found == expected);
    found_in_all += found.size();
    left_out += end - found.size();
  }
  CHECK(found_in_all > 100u);
  CHECK(left_out > 100u);
}

/// `write_near_places`: every bit that is set, in order, in as many portions as the room makes.
template <class Function>
void check_near_places(const Function& write_near_places) {
  upkeep::rng random(302);
  for (int round = 0; round < 200; ++round) {
    const std::size_t count = 1 + random.below(20), group = random.chance(0.5) ? upkeep::panel_group : std::size_t{1};
    const auto first = static_cast<std::uint32_t>(random.below(8) * upkeep::panel_columns);
    const bool triangle = random.chance(0.5);
    std::vector<std::uint32_t> groups, words;
    for (std::size_t g = 0; g < count; ++g) groups.push_back(static_cast<std::uint32_t>(g * 2 + random.below(2)));
    std::vector<std::uint64_t> signs(count * group);
    for (std::uint64_t& s : signs) {
      s = random.chance(0.3)   ? 0
          : random.chance(0.1) ? ~std::uint64_t{0}
                               : std::uint64_t{1} << random.below(64) | std::uint64_t{1} << random.below(64);
      if (s != 0) words.push_back(static_cast<std::uint32_t>(&s - signs.data()));
    }
    if (words.empty()) continue;
    struct pair {
      std::uint32_t row, column;
      bool operator==(const pair&) const = default;
    };
    std::vector<pair> expected, found;
    for (const std::uint32_t word : words)
      for (std::uint32_t c = 0; c < 64; ++c) {
        const auto row = static_cast<std::uint32_t>(groups[word / group] * group + word % group);
        if ((signs[word] >> c & 1u) != 0 && (!triangle || row < first + c)) expected.push_back({row, first + c});
      }
    const std::size_t room = 64 + random.below(200);
    std::vector<upkeep::near_places> portion(room);
    std::size_t written = random.below(room - 63);  // what was there before stays
    for (std::size_t k = 0; k < written; ++k) portion[k] = {7, 7};
    for (std::size_t k = 0; k < written; ++k) found.push_back({7, 7});
    expected.insert(expected.begin(), found.begin(), found.end());
    found.clear();
    for (std::size_t done = 0; done < words.size();) {
      const std::size_t more = write_near_places(signs.data(), words.data() + done, words.size() - done, groups.data(), group, first,
                                                 triangle, portion.data(), &written, room);
      REQUIRE(written <= room);
      REQUIRE((more != 0 || written > room - 64));
      done += more;
      for (std::size_t k = 0; k < written; ++k) found.push_back({portion[k].row, portion[k].column});
      written = 0;
    }
    CAPTURE(round, triangle, first, group);
    REQUIRE(found == expected);
  }
}

/// `keep_within_bounds`: those whose squared distance over 32 codes is at most the sum of both bounds.
template <class Function>
void check_kept_within_bounds(const Function& keep_within_bounds) {
  upkeep::rng random(303);
  constexpr std::size_t n = 50;
  std::size_t kept = 0, dropped = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<std::uint8_t> leading(n * 16), rest(n * 16);
    std::vector<float> bound(n);
    for (auto* codes : {&leading, &rest})
      for (std::uint8_t& c : *codes)
        c = random.chance(0.2)   ? std::uint8_t{1}
            : random.chance(0.2) ? std::uint8_t{255}
                                 : static_cast<std::uint8_t>(random.between(1, 255));
    const auto distance = [&](std::size_t a, std::size_t b) {
      std::int32_t sum = 0;
      for (const auto* codes : {&leading, &rest})
        for (std::size_t k = 0; k < 16; ++k)
          sum += (int{(*codes)[a * 16 + k]} - int{(*codes)[b * 16 + k]}) * (int{(*codes)[a * 16 + k]} - int{(*codes)[b * 16 + k]});
      return sum;
    };
    // Half the distance to some other row: the sum of two bounds then often is a distance to the unit.
    for (std::size_t i = 0; i < n; ++i) bound[i] = static_cast<float>(distance(i, (i + 1) % n)) / 2;
    std::vector<upkeep::near_places> pairs;
    std::vector<std::uint64_t> expected;
    for (std::uint32_t i = 0; i < 200; ++i) {
      const upkeep::near_places p{static_cast<std::uint32_t>(random.below(n)), static_cast<std::uint32_t>(random.below(n))};
      pairs.push_back(p);
      if (static_cast<float>(distance(p.row, p.column)) <= bound[p.row] + bound[p.column])
        expected.push_back(std::uint64_t{p.row} << 32 | p.column);
    }
    const upkeep::split_codes codes{leading.data(), rest.data(), bound.data()};
    pairs.resize(keep_within_bounds(codes, codes, pairs.data(), pairs.size()));
    std::vector<std::uint64_t> found;
    for (const upkeep::near_places p : pairs) found.push_back(std::uint64_t{p.row} << 32 | p.column);
    REQUIRE(found == expected);
    kept += found.size();
    dropped += 200 - found.size();
  }
  CHECK(kept > 100u);
  CHECK(dropped > 100u);
}

/// `count_near` on small integers, whose squared distances no order of additions can change.
/// @param lanes  the other rows come in whole registers of as many
template <class Function>
void check_near_counts(const Function& count_near, std::size_t lanes) {
  upkeep::rng random(304);
  for (int round = 0; round < 20; ++round) {
    const std::size_t stride = 10 + 4 * lanes + random.below(3), begin = random.below(5), end = begin + random.below(6),
                      other_end = 10 + 4 * lanes;
    const auto values = std::make_unique<float[]>(32 * stride);
    for (std::size_t i = 0; i < 32 * stride; ++i) values[i] = static_cast<float>(random.between(-3, 3));
    const float bound_16 = static_cast<float>(random.between(60, 160)), bound_32 = static_cast<float>(random.between(120, 280));
    std::uint64_t of_16 = 0, of_32 = 0;
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t j = 10; j < other_end; ++j) {
        float sum = 0, sum_16 = 0;
        for (std::size_t c = 0; c < 32; ++c) {
          const float gap = values[c * stride + i] - values[c * stride + j];
          sum += gap * gap;
          if (c == 15) sum_16 = sum;
        }
        if (sum_16 <= bound_16) ++of_16;
        if (sum_16 <= bound_16 && sum <= bound_32) ++of_32;
      }
    const upkeep::near_counts counts = count_near(values.get(), stride, begin, end, std::size_t{10}, other_end, bound_16, bound_32);
    CAPTURE(round, stride, begin, end);
    CHECK(counts.of_16 == of_16);
    CHECK(counts.of_32 == of_32);
  }
}

}  // namespace upkeep_test::inline UPKEEP_ARCH_NAMESPACE
