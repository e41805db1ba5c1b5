#pragma once
// Searches sketched rows against themselves or against others: filters by sketch, compares what is left, scores what is near.

#include "../concepts/duplicate_finder.hpp"
#include "ordered_delivery.hpp"
#include "pair_comparison.hpp"
#include "sketch_filter.hpp"
#include "sketched_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// One search in a sketch space. Pairs are (row of `first`, row of `second`), by their numbers in the matrix; where both are the same rows,
/// each pair comes once, first < second.
template <class Metric>
class sketch_search {
 public:
  /// All borrowed.
  sketch_search(const Metric& metric, const sketch_space& space, double threshold, const sketched_rows<Metric>& first,
                const sketched_rows<Metric>& second)
      : metric_(metric), space_(space), threshold_(threshold), first_(first), second_(second), self_(&first == &second) {}

  /// Hands all pairs within the threshold to `sink`, the same ones in the same order for every number of threads.
  /// @return  how many
  std::uint64_t run(const execution& how, pair_sink sink, progress& progress) const {
    struct state {
      filter_room room;
      std::vector<scored_pair> wide;
    };
    ordered_delivery delivery(sink);
    const std::size_t panels = second_.set().panels(), apart = first_.apart().size(),
                      units = panels + apart + (self_ ? 0 : second_.apart().size());
    std::vector<state> states(std::min<std::size_t>(worker_count(how), std::max<std::size_t>(units, 1)));
    deliver_in_order(units, how, delivery, progress, "panels", [&](std::size_t unit, std::size_t worker, std::vector<scored_pair>& found) {
      if (unit < panels)  // of a triangle the last panel is the longest, and the longest come first
        search_panel(panels - 1 - unit, states[worker].room, found, states[worker].wide, progress);
      else if (unit < panels + apart)
        settle_apart(first_.apart()[unit - panels], found, progress);
      else
        settle_apart_of_second(second_.apart()[unit - panels - apart], found, progress);
    });
    std::uint64_t pairs = delivery.pairs_delivered();
    if (first_.copies().empty() && second_.copies().empty()) return pairs;

    std::vector<scored_pair> wide;
    for (const state& s : states) wide.insert(wide.end(), s.wide.begin(), s.wide.end());
    std::sort(wide.begin(), wide.end(),
              [](const scored_pair& a, const scored_pair& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
    const auto hand_over = [&](const scored_pair& p) {
      if (pairs % 65536 == 0) progress.check(during);
      sink(p);
      ++pairs;
    };
    for (const scored_pair& p : wide) each_copy(p, hand_over);
    if (self_)
      first_.copies().each_pair_of_copies([&](row_index own) { return metric_.score(first_.vector(own), first_.vector(own)); },
                                          [&](const scored_pair& p) {
                                            if (is_within<Metric>(p.score, threshold_)) hand_over(numbered(p));
                                          });
    return pairs;
  }

 private:
  static constexpr std::string_view during = "the search for near-duplicates";
  static constexpr std::size_t most_at_once = 4096;  // pairs that one pair of rows with copies may add to a unit

  using side = detail::compared_row;
  [[nodiscard]] side side_of(const sketched_rows<Metric>& of, row_index i) const noexcept {
    return {of.vector(i).data(), space_.scaled<Metric>(of.squared_norm(i)), of.tail(i)};
  }

  // The columns of the panel are rows of `second_`, what is streamed past them rows of `first_`.
  void search_panel(std::size_t panel, filter_room& room, std::vector<scored_pair>& found, std::vector<scored_pair>& wide,
                    const progress& progress) const {
    const sketch_set& set = second_.set();
    side columns[panel_columns];
    const std::size_t begin = panel * panel_columns;
    std::uint64_t known = 0;
    filter_sketches(first_.set(), set, panel, self_, room, [&](std::span<const near_places> near) {
      progress.check(during);
      // Their norms lie anywhere: those that are needed, and all before the first is used, so that memory fetches them together.
      std::uint64_t wanted = 0;
      for (const near_places& n : near) wanted |= std::uint64_t{1} << (n.column - begin);
      for (wanted &= ~known, known |= wanted; wanted != 0; wanted &= wanted - 1) {
        const auto c = static_cast<std::size_t>(__builtin_ctzll(wanted));
        columns[c] = side_of(second_, set.row(begin + c));
      }
      compare(near, begin, columns, found, wide);
    });
  }

  void compare(std::span<const near_places> near, std::size_t begin, const side* columns, std::vector<scored_pair>& found,
               std::vector<scored_pair>& wide) const {
    constexpr std::size_t ahead = 6;  // rows come from everywhere, the machine cannot guess them
    const std::size_t head = detail::leading_components(space_.components());
    side row;
    std::uint32_t known = std::numeric_limits<std::uint32_t>::max();
    for (std::size_t k = 0; k < near.size(); ++k) {
      if (k + ahead < near.size() && near[k + ahead].row != near[k + ahead - 1].row) {
        const float* const soon = first_.vector(first_.set().row(near[k + ahead].row)).data();
        for (std::size_t j = 0; j < head; j += 16) __builtin_prefetch(soon + j);
      }
      if (near[k].row != known) row = side_of(first_, first_.set().row(known = near[k].row));
      if (detail::is_far(space_, row, columns[near[k].column - begin])) continue;
      settle(first_.set().row(near[k].row), second_.set().row(near[k].column), found, wide);
    }
  }

  // Inside a search a pair is one of members.
  [[nodiscard]] scored_pair numbered(const scored_pair& p) const noexcept {
    return {first_.number(p.first), second_.number(p.second), p.score};
  }

  [[nodiscard]] double score(std::size_t a, std::size_t b) const noexcept {
    if constexpr (requires { Metric::score_of(0.0, 0.0, 0.0); })
      return Metric::score_of(reference_dot(first_.vector(a).data(), second_.vector(b).data(), space_.components()), first_.squared_norm(a),
                              second_.squared_norm(b));
    else
      return metric_.score(first_.vector(a), second_.vector(b));
  }

  void settle(row_index a, row_index b, std::vector<scored_pair>& found, std::vector<scored_pair>& wide) const {
    const bool turn = self_ && a > b;
    const scored_pair pair{turn ? b : a, turn ? a : b, turn ? score(b, a) : score(a, b)};
    if (!is_within<Metric>(pair.score, threshold_)) return;
    if (first_.copies().empty() && second_.copies().empty())
      found.push_back(numbered(pair));
    else if (first_.copies().count(pair.first) * second_.copies().count(pair.second) > most_at_once)
      wide.push_back(pair);
    else
      each_copy(pair, [&](const scored_pair& p) { found.push_back(p); });
  }

  // All pairs that a pair of rows that may stand for others means.
  template <class Use>
  void each_copy(const scored_pair& pair, const Use& use) const {
    first_.copies().each(pair.first, [&](row_index a) {
      second_.copies().each(pair.second, [&](row_index b) {
        const bool turn = self_ && a > b;
        use(numbered({turn ? b : a, turn ? a : b, pair.score}));
      });
    });
  }

  // A row that single precision cannot hold, against every other; of two that are both apart, the earlier one sees the pair.
  void settle_apart(row_index own, std::vector<scored_pair>& found, const progress& progress) const {
    for (std::size_t j = 0; j < second_.size(); ++j) {
      if (j % 1024 == 0) progress.check(during);
      const double squared = second_.squared_norm(j);
      if (std::isnan(squared) || (self_ && (j == own || (j < own && is_apart(squared))))) continue;
      const auto other = static_cast<row_index>(j);
      const bool turn = self_ && own > other;
      keep(turn ? other : own, turn ? own : other, found);
    }
  }

  // The same for one of the second rows; first rows that are apart have seen it.
  void settle_apart_of_second(row_index own, std::vector<scored_pair>& found, const progress& progress) const {
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if (i % 1024 == 0) progress.check(during);
      const double squared = first_.squared_norm(i);
      if (!std::isnan(squared) && !is_apart(squared)) keep(static_cast<row_index>(i), own, found);
    }
  }

  [[nodiscard]] bool is_apart(double squared_norm) const noexcept { return !space_.usable() || space_.scaled<Metric>(squared_norm).apart; }

  void keep(row_index a, row_index b, std::vector<scored_pair>& found) const {
    const double s = score(a, b);
    if (is_within<Metric>(s, threshold_)) found.push_back(numbered({a, b, s}));
  }

  const Metric& metric_;
  const sketch_space& space_;
  double threshold_;
  const sketched_rows<Metric>& first_;
  const sketched_rows<Metric>& second_;
  bool self_;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
