#pragma once
// Rows for the generated cases of the joins, and what a join says about them.

#include "upkeep/base/matrix_view.hpp"
#include "upkeep/base/progress.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/concepts/duplicate_finder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace upkeep_test {

using pair_list = std::vector<upkeep::scored_pair>;

inline bool comes_before(const upkeep::scored_pair& a, const upkeep::scored_pair& b) {
  return a.first != b.first ? a.first < b.first : a.second < b.second;
}

/// What a finder hands over, in its order.
template <class Finder>
pair_list pairs_of(const Finder& finder, upkeep::matrix_view<const float> rows, double threshold, unsigned threads = 2,
                   upkeep::find_report* told = nullptr) {
  pair_list found;
  upkeep::progress silent;
  const auto report = finder.find_pairs(
      rows, {.threshold = threshold, .threads = threads}, [&](const upkeep::scored_pair& p) { found.push_back(p); }, silent);
  if (told != nullptr) *told = report;
  return found;
}

/// The same by (first, second).
template <class Finder>
pair_list sorted_pairs_of(const Finder& finder, upkeep::matrix_view<const float> rows, double threshold, unsigned threads = 2,
                          upkeep::find_report* told = nullptr) {
  pair_list found = pairs_of(finder, rows, threshold, threads, told);
  std::sort(found.begin(), found.end(), comes_before);
  return found;
}

struct generated {
  std::vector<float> values;
  std::size_t rows = 0, components = 0, stride = 0;
  [[nodiscard]] upkeep::matrix_view<const float> view() const { return {values.data(), rows, components, stride}; }
};

/// Rows in small families: later rows are earlier ones, scaled and moved by 1e-7, 1e-6, 1e-5, 1e-3 or not at all. Some rows are zero, NaN or
/// infinite; the gap between rows holds NaN.
inline generated make_rows(std::uint64_t seed, std::size_t rows, std::size_t components, std::size_t gap, int exponent, bool hostile) {
  upkeep::rng random(seed);
  generated g{{}, rows, components, components + gap};
  g.values.assign(rows * g.stride, std::numeric_limits<float>::quiet_NaN());
  constexpr double moves[] = {0.0, 1e-7, 1e-6, 1e-5, 1e-3};
  for (std::size_t i = 0; i < rows; ++i) {
    float* const row = g.values.data() + i * g.stride;
    const bool copied = i > 0 && random.chance(0.7);
    const float* const parent = g.values.data() + (copied ? random.below(i) : 0) * g.stride;
    const double move = moves[random.below(5)], scale = random.chance(0.3) ? 0.5 + random.uniform() : 1.0;
    for (std::size_t k = 0; k < components; ++k) {
      const double fresh = std::ldexp(random.normal(), exponent);
      row[k] = static_cast<float>(copied ? scale * double{parent[k]} + move * fresh : fresh);
    }
    if (!hostile || !random.chance(0.1)) continue;
    const auto kind = random.below(3);
    if (kind == 0)
      std::fill_n(row, components, 0.0f);
    else
      row[random.below(components)] = kind == 1 ? std::numeric_limits<float>::quiet_NaN() : -std::numeric_limits<float>::infinity();
  }
  return g;
}

}  // namespace upkeep_test
