#pragma once
// Decides which rows of a set of near-duplicate pairs go, and which row stands for each of them.

#include "../concepts/duplicate_finder.hpp"
#include "../concepts/duplicate_guard.hpp"
#include "../join/near_duplicates.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// A verdict with what is known about it.
struct opinion {
  upkeep::verdict said = upkeep::verdict::review;
  std::string_view doubt;  ///< why, where it is `review`; valid as long as what is made of it
  bool accepted = false;   ///< where it is `review`: a person has accepted that the row goes

  constexpr opinion(upkeep::verdict verdict,  // NOLINT(google-explicit-constructor): a bare verdict is an opinion, too
                    std::string_view why = {}, bool by_a_person = false) noexcept
      : said(verdict), doubt(why), accepted(by_a_person) {}
};

/// A row that goes, and the row that stays and stands for it: its witness.
struct resolved_removal {
  row_index removed = 0, witness = 0;
  double score = 0;
  bool accepted = false;  ///< a person overruled the guard's hesitation
  friend bool operator==(const resolved_removal&, const resolved_removal&) = default;
};

/// A row that stays although it is close to `survivor`, and that a person should look at.
struct resolved_review {
  row_index removed = 0, survivor = 0;
  double score = 0;
  std::string_view doubt{};  ///< why the guard hesitates
  friend bool operator==(const resolved_review&, const resolved_review&) = default;
};

/// What `resolve` decided, both lists in retention order of the row that would go.
struct resolution {
  std::vector<resolved_removal> removed;
  std::vector<resolved_review> review;
  std::uint64_t judged = 0;  ///< edges that the guard was asked about
};

namespace detail {

// The pairs as, for each row, its neighbours that outrank it: the only edges that can remove it.
class outranking_neighbours {
 public:
  outranking_neighbours(std::span<const scored_pair> pairs, std::span<const row_index> order) : begin_(order.size() + 1) {
    rank_.resize(order.size());
    for (std::size_t r = 0; r < order.size(); ++r) rank_[order[r]] = static_cast<row_index>(r);
    for (const scored_pair& p : pairs) ++begin_[loser(p) + std::size_t{1}];
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    edges_.resize(pairs.size());
    std::vector<std::size_t> next(begin_.begin(), begin_.end() - 1);
    for (const scored_pair& p : pairs) {
      const row_index l = loser(p);
      edges_[next[l]++] = {l == p.first ? p.second : p.first, p.score};
    }
    for (std::size_t row = 0; row < order.size(); ++row) {
      const auto by_score = [this](const edge& a, const edge& b) {
        return a.score != b.score ? a.score > b.score : rank_[a.row] < rank_[b.row];
      };
      std::sort(edges_.begin() + static_cast<std::ptrdiff_t>(begin_[row]), edges_.begin() + static_cast<std::ptrdiff_t>(begin_[row + 1]),
                by_score);
    }
  }

  struct edge {
    row_index row;
    double score;
  };

  /// The closest first; equally close ones in retention order.
  [[nodiscard]] std::span<const edge> of(row_index row) const {
    return std::span(edges_).subspan(begin_[row], begin_[row + 1] - begin_[row]);
  }

 private:
  [[nodiscard]] row_index loser(const scored_pair& p) const { return rank_[p.first] > rank_[p.second] ? p.first : p.second; }

  std::vector<row_index> rank_;
  std::vector<std::size_t> begin_;
  std::vector<edge> edges_;
};

}  // namespace detail

/// How `resolve` goes about it. All spans are borrowed for the call.
struct resolve_options {
  std::span<const row_index> order = {};     ///< a permutation of all rows, the one rather kept first; empty: rows in their own order
  std::span<const std::uint8_t> fixed = {};  ///< per row, not 0 where it must stay (it can still be a witness); empty: none
  std::size_t block = 1024;                  ///< rows whose edges are announced to `prepare` at a time
};

/// Walks the rows in retention order; a row goes if and only if it has a *kept* neighbour that outranks it and of which `judge` says
/// `covers`; the closest such neighbour is its witness. Where there is none, it also goes if there is one of which `judge` says that a person
/// accepted it. In a chain A~B~C with A and C apart, C is never lost on A's account. Deterministic: the result does not depend on the order of
/// `pairs`.
/// @param pairs    each unordered pair once, rows < `rows`
/// @param rows     how many rows there are
/// @param judge    `verdict(row_index removed, row_index survivor, double score)`, or the same with an `opinion`
/// @param prepare  `void(std::span<const row_index> rows)`, called before any of these rows is judged: the place to fetch texts in batches;
///                 what an earlier call announced may be forgotten
/// @throws error invalid_argument where a pair names a row that does not exist or twice the same, or the spans have the wrong length.
template <class Judge, class Prepare>
resolution resolve(std::span<const scored_pair> pairs, std::size_t rows, const resolve_options& options, Judge&& judge, Prepare&& prepare) {
  std::vector<row_index> natural;
  std::span<const row_index> order = options.order;
  if (order.empty()) {
    natural.resize(rows);
    std::iota(natural.begin(), natural.end(), row_index{0});
    order = natural;
  }
  if (order.size() != rows || (!options.fixed.empty() && options.fixed.size() != rows))
    throw error(errc::invalid_argument,
                "resolve: `order` and `fixed` must have one entry for each of the " + std::to_string(rows) + " rows");
  std::vector<bool> named(rows);
  for (const row_index row : order) {
    if (row >= rows || named[row]) throw error(errc::invalid_argument, "resolve: `order` must name each row exactly once");
    named[row] = true;
  }
  for (const scored_pair& p : pairs)
    if (p.first >= rows || p.second >= rows || p.first == p.second)
      throw error(errc::invalid_argument, "resolve: the pair (" + std::to_string(p.first) + ", " + std::to_string(p.second) +
                                              ") does not name two of the " + std::to_string(rows) + " rows");

  const detail::outranking_neighbours neighbours(pairs, order);
  std::vector<bool> gone(rows);
  resolution result;
  std::vector<row_index> wanted;
  const auto is_fixed = [&](row_index row) { return !options.fixed.empty() && options.fixed[row] != 0; };
  for (std::size_t start = 0; start < rows; start += options.block) {
    const auto block = order.subspan(start, std::min(options.block, rows - start));
    wanted.clear();
    for (const row_index row : block) {
      if (is_fixed(row) || neighbours.of(row).empty()) continue;
      wanted.push_back(row);
      for (const auto& n : neighbours.of(row))
        if (!gone[n.row]) wanted.push_back(n.row);
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    if (!wanted.empty()) prepare(std::span<const row_index>(wanted));
    for (const row_index row : block) {
      if (is_fixed(row)) continue;
      const std::size_t first_review = result.review.size();
      const auto goes = [&](const detail::outranking_neighbours::edge& n, bool accepted) {
        gone[row] = true;
        result.review.resize(first_review);  // a row that goes needs no second opinion
        result.removed.push_back({row, n.row, n.score, accepted});
      };
      const detail::outranking_neighbours::edge* by_a_person = nullptr;
      for (const auto& n : neighbours.of(row)) {
        if (gone[n.row]) continue;
        ++result.judged;
        const opinion o = judge(row, n.row, n.score);
        if (o.said == verdict::review) result.review.push_back({row, n.row, n.score, o.doubt});
        if (o.said == verdict::review && o.accepted && by_a_person == nullptr) by_a_person = &n;
        if (o.said != verdict::covers) continue;
        goes(n, false);
        break;
      }
      if (!gone[row] && by_a_person != nullptr) goes(*by_a_person, true);
    }
  }
  return result;
}

/// The same without texts to prepare.
template <class Judge>
resolution resolve(std::span<const scored_pair> pairs, std::size_t rows, const resolve_options& options, Judge&& judge) {
  return resolve(pairs, rows, options, judge, [](std::span<const row_index>) {});
}

/// For plain arrays: every pair counts as a duplicate and the row that comes first stays.
inline resolution resolve(std::span<const scored_pair> pairs, std::size_t rows, const resolve_options& options = {}) {
  return resolve(pairs, rows, options, [](row_index, row_index, double) { return verdict::covers; });
}

}  // namespace upkeep::inline v0
