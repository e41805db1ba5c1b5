#pragma once
// Rows that are bitwise equal: searched once, and every pair that they take part in made of the one that stands for them.

#include "../base/record.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "sketch_set.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// Which rows stand for which others. Without this, 50,000 copies of one row would be 1.25e9 pairs to filter and to compare; they are still
/// as many pairs to hand over.
class row_copies {
 public:
  row_copies() = default;

  /// Takes the copies out of `members` and leaves the first row of each kind, which stands for them. Equal rows have equal sketches and
  /// norms, so only rows that agree in both are compared.
  /// @param same  whether two rows, told by their place in the table, are equal; asked of rows of equal norm only, which spares the look at
  ///              rows that are nowhere near the cache
  template <class Same>
  row_copies(const sketch_table& table, const std::vector<double>& squared_norms, std::vector<row_index>& members, const Same& same) {
    find(table, squared_norms, members, same);
  }

  /// The same where the rows are not at hand: takes out of `members` whatever has the sketch and the norm of an earlier one. Each is then to
  /// be confirmed.
  row_copies(const sketch_table& table, const std::vector<double>& squared_norms, std::vector<row_index>& members) {
    const std::size_t more = table.shape.width - table.shape.leading;
    const auto codes = [](const detail::aligned_buffer<std::uint8_t>& of, std::size_t each, row_index row) {
      return of.data() + std::size_t{row} * each;
    };
    find(table, squared_norms, members, [&](row_index a, row_index b) {
      return std::memcmp(codes(table.leading, table.shape.leading, a), codes(table.leading, table.shape.leading, b), table.shape.leading) ==
                 0 &&
             (more == 0 || std::memcmp(codes(table.rest, more, a), codes(table.rest, more, b), more) == 0);
    });
  }

  /// The rows that are taken for copies, each with the one that stands for it, ascending.
  [[nodiscard]] std::span<const std::pair<row_index, row_index>> list() const noexcept { return copies_; }

  /// Gives those back to `members`, which stay ascending, that are no copies after all.
  /// @param is_copy  one answer for each of `list`
  void confirm(const std::vector<bool>& is_copy, std::vector<row_index>& members) {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < copies_.size(); ++k) {
      if (is_copy[k])
        copies_[kept++] = copies_[k];
      else
        members.push_back(copies_[k].second);
    }
    if (kept == copies_.size()) return;
    copies_.resize(kept);
    std::sort(members.begin(), members.end());
  }

  [[nodiscard]] bool empty() const noexcept { return copies_.empty(); }

  /// How many rows a row stands for, itself included.
  [[nodiscard]] std::size_t count(row_index row) const noexcept {
    const auto copies = of(row);
    return static_cast<std::size_t>(copies.second - copies.first) + 1;
  }

  /// Each of them.
  template <class Use>
  void each(row_index row, const Use& use) const {
    use(row);
    const auto copies = of(row);
    for (auto copy = copies.first; copy != copies.second; ++copy) use(copy->second);
  }

  /// The pairs of equal rows; `score_of(row)` is the score of a row with itself.
  template <class ScoreOf, class Use>
  void each_pair_of_copies(const ScoreOf& score_of, const Use& use) const {
    for (auto begin = copies_.begin(); begin != copies_.end();) {
      const row_index own = begin->first;
      const double score = score_of(own);
      const auto end = of(own).second;
      for (auto y = begin; y != end; ++y) use(scored_pair{own, y->second, score});
      for (auto x = begin; x != end; ++x)
        for (auto y = x + 1; y != end; ++y) use(scored_pair{x->second, y->second, score});
      begin = end;
    }
  }

 private:
  using pair_list = std::vector<std::pair<row_index, row_index>>;  // the row that stands for another, and that other

  template <class Same>
  void find(const sketch_table& table, const std::vector<double>& squared_norms, std::vector<row_index>& members, const Same& same) {
    std::size_t slots = 16;
    while (slots < members.size() + members.size() / 2) slots *= 2;
    constexpr row_index none = 0xffffffffu;
    std::vector<row_index> first(slots, none);
    std::size_t kept = 0;
    for (const row_index i : members) {
      std::size_t slot = hash(table, squared_norms, i) & (slots - 1);
      while (first[slot] != none && !(squared_norms[first[slot]] == squared_norms[i] && same(first[slot], i)))
        slot = (slot + 1) & (slots - 1);
      if (first[slot] == none) {
        first[slot] = i;
        members[kept++] = i;
      } else {
        copies_.emplace_back(first[slot], i);
      }
    }
    members.resize(kept);
    std::sort(copies_.begin(), copies_.end());
  }

  [[nodiscard]] std::pair<pair_list::const_iterator, pair_list::const_iterator> of(row_index row) const noexcept {
    return std::equal_range(copies_.begin(), copies_.end(), std::pair(row, row_index{0}),
                            [](const auto& a, const auto& b) { return a.first < b.first; });
  }

  static std::uint64_t hash(const sketch_table& table, const std::vector<double>& squared_norms, row_index row) noexcept {
    std::uint64_t h = __builtin_bit_cast(std::uint64_t, squared_norms[row]) * 0x9e3779b97f4a7c15ull;
    h ^= h >> 32;
    const auto mix = [&](const std::uint8_t* codes, std::size_t count) {
      for (std::size_t k = 0; k + 8 <= count; k += 8) {
        std::uint64_t word;
        std::memcpy(&word, codes + k, sizeof word);
        h = (h ^ word) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
      }
    };
    const std::size_t more = table.shape.width - table.shape.leading;
    mix(table.leading.data() + std::size_t{row} * table.shape.leading, table.shape.leading);
    mix(table.rest.data() + std::size_t{row} * more, more);
    return h;
  }

  pair_list copies_;
};

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
