#pragma once
// The sketch search over rows that stay where they are: two passes make the sketches, then only rows in doubt are fetched.

#include "../base/parallel.hpp"
#include "../base/progress.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "ordered_delivery.hpp"
#include "pair_comparison.hpp"
#include "sketch_choice.hpp"
#include "sketch_filter.hpp"
#include "sketched_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// Rows that were fetched, by number.
class fetched_rows {
 public:
  fetched_rows(const row_source& source, std::mutex& reading) : source_(source), reading_(reading) {}

  /// How many rows are held at once: 4 MiB of them, and at least two panels.
  [[nodiscard]] static std::size_t most(std::size_t components) noexcept {
    return std::max<std::size_t>(2 * panel_columns, (std::size_t{4} << 20) / (components * sizeof(float)));
  }

  /// Replaces what is held. `wanted` is put into ascending order.
  void fetch(std::vector<row_index>& wanted) {
    std::sort(wanted.begin(), wanted.end());
    places_.clear();
    values_.reserve(wanted.size() * source_.components);
    const std::lock_guard<std::mutex> guard(reading_);
    source_.fetch(wanted, [&](std::span<const row_index> numbers, matrix_view<const float> rows) {
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] == not_searched || places_.size() == wanted.size()) continue;
        const auto [at, fresh] = places_.emplace(numbers[i], places_.size());
        if (fresh) std::copy_n(rows[i].data(), source_.components, values_.data() + at->second * source_.components);
      }
    });
  }

  /// nullptr for a row that is there no more.
  [[nodiscard]] const float* row(row_index number) const {
    const auto at = places_.find(number);
    return at == places_.end() ? nullptr : values_.data() + at->second * source_.components;
  }

 private:
  const row_source& source_;
  std::mutex& reading_;
  std::unordered_map<row_index, std::size_t> places_;
  aligned_buffer<float> values_;
};

/// One search. See sketch_join::find_pairs_in.
template <class Metric>
class paged_search {
 public:
  paged_search(const Metric& metric, const row_source& source, double threshold, const execution& how, progress& progress)
      : metric_(metric), source_(source), threshold_(threshold), how_(how), progress_(progress) {}

  void run(pair_sink sink, find_report& report) {
    sample();
    sketch(report);
    ordered_delivery delivery(sink);
    const std::size_t units = (set_.panels() + panels_per_unit - 1) / panels_per_unit;
    struct state {
      filter_room room;
      std::vector<near_places> near;
    };
    std::vector<state> states(std::min<std::size_t>(worker_count(how_), std::max<std::size_t>(units, 1)));
    std::vector<std::vector<scored_pair>> copied(states.size());
    deliver_in_order(units, how_, delivery, progress_, "panels",
                     [&](std::size_t unit, std::size_t worker, std::vector<scored_pair>& found) {
                       search(units - 1 - unit, states[worker].room, states[worker].near, found, copied[worker]);
                     });
    report.pairs = delivery.pairs_delivered();
    const auto hand_over = [&](const scored_pair& p) {
      if (report.pairs % 65536 == 0) progress_.check(during);
      sink(p);
      ++report.pairs;
    };
    settle_apart(hand_over);
    hand_over_copies(copied, hand_over);
  }

 private:
  static constexpr std::string_view during = "the search for near-duplicates";
  // Neighbouring panels want the same rows: the more of them are searched together, the fewer rows are fetched twice.
  static constexpr std::size_t panels_per_unit = 16;

  // Also where the stop is heard.
  void tell_read(std::string_view pass, std::span<const row_index> numbers, std::size_t& read) {
    progress_.check(during);
    read += static_cast<std::size_t>(std::count_if(numbers.begin(), numbers.end(), [](row_index n) { return n != not_searched; }));
    progress_.report(pass, read, source_.rows, "rows");
  }

  // First pass: an even selection of rows.
  void sample() {
    constexpr std::size_t wanted = 3072;
    const std::size_t n = source_.rows, count = std::min(n, wanted), d = source_.components;
    aligned_buffer<float> values(count * d);
    std::size_t taken = 0, read = 0;
    source_.scan([&](std::span<const row_index> numbers, matrix_view<const float> rows) {
      tell_read("sample", numbers, read);
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        if (numbers[i] == not_searched || taken == count) continue;
        // Row r is wanted where r count / n passes an integer.
        const std::uint64_t r = numbers[i];
        if (r * count / n == (r + 1) * count / n) continue;
        std::copy_n(rows[i].data(), d, values.data() + taken++ * d);
      }
    });
    space_ = choose_sketch<Metric>(matrix_view<const float>(values.data(), taken, d), n, n, metric_.radius(threshold_), how_, progress_,
                                   nullptr, true);
  }

  // Second pass: the sketches.
  void sketch(find_report& report) {
    sketch_table table(space_.shape(), source_.rows);
    std::vector<double> squared_norms(source_.rows, std::numeric_limits<double>::quiet_NaN());
    std::vector<bool> seen(source_.rows);
    row_sketcher<Metric> sketcher(space_, table);
    constexpr std::size_t block = row_sketcher<Metric>::block;
    std::size_t read = 0;
    source_.scan([&](std::span<const row_index> numbers, matrix_view<const float> rows) {
      tell_read("sketch", numbers, read);
      parallel_for((rows.rows() + block - 1) / block, how_, [&](std::size_t task, std::size_t) {
        const std::size_t first = task * block, end = std::min(rows.rows(), first + block);
        const auto row_of = [&](std::size_t i) { return rows[i].data(); };
        const auto place_of = [&](std::size_t i) { return std::size_t{numbers[i]}; };
        const auto keep = [&](std::size_t i, const row_norms& norms) { squared_norms[numbers[i]] = norms.squared; };
        for (std::size_t i = first; i < end;) {  // as many as stand together
          std::size_t stop = i;
          while (stop < end && numbers[stop] != not_searched) ++stop;
          if (i < stop) sketcher.sketch(i, stop, rows.rows(), row_of, place_of, keep);
          i = stop + 1;
        }
      });
      for (const row_index number : numbers)
        if (number != not_searched) seen[number] = true;
    });
    std::vector<row_index> members;
    members.reserve(source_.rows);
    for (std::size_t i = 0; i < source_.rows; ++i) {
      if (std::isnan(squared_norms[i]))
        report.set_aside += seen[i] ? 1 : 0;
      else
        (!space_.usable() || space_.scaled<Metric>(squared_norms[i]).apart ? apart_ : members).push_back(static_cast<row_index>(i));
    }
    copies_ = row_copies(table, squared_norms, members);
    squared_norms = {};
    confirm_copies(members);
    set_ = sketch_set(std::move(table), std::move(members), how_);
  }

  // Runs `use(k, a, b, rows)` for all pairs in order, in portions whose rows can be held at once.
  template <class Pair, class Use>
  void with_rows(std::span<const Pair> pairs, fetched_rows& rows, const Use& use) {
    const std::size_t most = fetched_rows::most(source_.components);
    std::unordered_map<row_index, bool> wanted;
    std::vector<row_index> list;
    for (std::size_t begin = 0; begin < pairs.size();) {
      progress_.check(during);
      wanted.clear();
      std::size_t end = begin;
      for (; end < pairs.size() && wanted.size() + 2 <= most; ++end) {
        wanted.emplace(pairs[end].first, true);
        wanted.emplace(pairs[end].second, true);
      }
      list.clear();
      for (const auto& [row, is] : wanted) list.push_back(row);
      rows.fetch(list);
      for (std::size_t k = begin; k < end; ++k) use(k, rows.row(pairs[k].first), rows.row(pairs[k].second));
      begin = end;
    }
  }

  void confirm_copies(std::vector<row_index>& members) {
    if (copies_.empty()) return;
    std::vector<bool> is_copy(copies_.list().size());
    fetched_rows rows(source_, reading_);
    with_rows(copies_.list(), rows, [&](std::size_t k, const float* a, const float* b) {
      is_copy[k] = a != nullptr && b != nullptr && std::memcmp(a, b, source_.components * sizeof(float)) == 0;
    });
    copies_.confirm(is_copy, members);
  }

  [[nodiscard]] compared_row compared(const float* row) const {
    const double squared = reference_squared_norm(row, source_.components);
    const scaled_row scaled = space_.scaled<Metric>(squared);
    return {row, scaled, tail_norm(row, source_.components, scaled)};
  }

  void search(std::size_t unit, filter_room& room, std::vector<near_places>& near, std::vector<scored_pair>& found,
              std::vector<scored_pair>& copied) {
    constexpr std::size_t most_near = std::size_t{1} << 17;
    near.clear();
    for (std::size_t panel = unit * panels_per_unit; panel < std::min(set_.panels(), (unit + 1) * panels_per_unit); ++panel)
      filter_sketches(set_, set_, panel, true, room, [&](std::span<const near_places> more) {
        progress_.check(during);
        near.insert(near.end(), more.begin(), more.end());
        if (near.size() >= most_near) settle(near, found, copied);
      });
    settle(near, found, copied);
  }

  // Fetches the rows of pairs whose sketches are within reach, and decides.
  void settle(std::vector<near_places>& near, std::vector<scored_pair>& found, std::vector<scored_pair>& copied) {
    struct places {
      row_index first, second;
    };
    std::vector<places> pairs;
    pairs.reserve(near.size());
    // Pairs of one row stand together, and rows that are near in the sketch order come one after the other: few rows are wanted at a time.
    std::sort(near.begin(), near.end(),
              [](const near_places& a, const near_places& b) { return a.row != b.row ? a.row < b.row : a.column < b.column; });
    for (const near_places& p : near) pairs.push_back({set_.row(p.row), set_.row(p.column)});
    near.clear();
    fetched_rows rows(source_, reading_);
    with_rows(std::span<const places>(pairs), rows, [&](std::size_t k, const float* a, const float* b) {
      if (a == nullptr || b == nullptr || is_far(space_, compared(a), compared(b))) return;
      const bool turn = pairs[k].first > pairs[k].second;
      scored_pair pair{turn ? pairs[k].second : pairs[k].first, turn ? pairs[k].first : pairs[k].second, 0};
      pair.score =
          metric_.score(std::span<const float>(turn ? b : a, source_.components), std::span<const float>(turn ? a : b, source_.components));
      if (!is_within<Metric>(pair.score, threshold_)) return;
      found.push_back(pair);
      if (!copies_.empty() && copies_.count(pair.first) * copies_.count(pair.second) > 1) copied.push_back(pair);
    });
  }

  // What the pairs that were found mean for the copies of their rows, and the pairs of copies.
  template <class HandOver>
  void hand_over_copies(std::vector<std::vector<scored_pair>>& copied, const HandOver& hand_over) {
    if (copies_.empty()) return;
    std::vector<scored_pair> all;
    for (const auto& some : copied) all.insert(all.end(), some.begin(), some.end());
    std::sort(all.begin(), all.end(),
              [](const scored_pair& a, const scored_pair& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
    for (const scored_pair& p : all)
      copies_.each(p.first, [&](row_index a) {
        copies_.each(p.second, [&](row_index b) {
          if (a != p.first || b != p.second) hand_over(scored_pair{std::min(a, b), std::max(a, b), p.score});
        });
      });
    fetched_rows rows(source_, reading_);
    copies_.each_pair_of_copies(
        [&](row_index own) {
          std::vector<row_index> one{own};
          rows.fetch(one);
          const float* const row = rows.row(own);
          if (row == nullptr) return std::numeric_limits<double>::quiet_NaN();
          return metric_.score(std::span<const float>(row, source_.components), std::span<const float>(row, source_.components));
        },
        [&](const scored_pair& p) {
          if (is_within<Metric>(p.score, threshold_)) hand_over(p);
        });
  }

  // Rows that single precision cannot hold, against all others: as many as can be held, a pass over the rows each time.
  template <class HandOver>
  void settle_apart(const HandOver& hand_over) {
    const std::size_t most = fetched_rows::most(source_.components), d = source_.components;
    for (std::size_t begin = 0; begin < apart_.size(); begin += most) {
      std::vector<row_index> some(apart_.begin() + static_cast<std::ptrdiff_t>(begin),
                                  apart_.begin() + static_cast<std::ptrdiff_t>(std::min(apart_.size(), begin + most)));
      fetched_rows rows(source_, reading_);
      rows.fetch(some);
      source_.scan([&](std::span<const row_index> numbers, matrix_view<const float> page) {
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          progress_.check(during);
          const row_index other = numbers[i];
          if (other == not_searched || !(std::isfinite(reference_squared_norm(page[i].data(), d)))) continue;
          const bool both = std::binary_search(apart_.begin(), apart_.end(), other);
          for (const row_index own : some) {
            const float* const row = rows.row(own);
            if (row == nullptr || own == other || (both && other < own)) continue;  // the earlier of two that are apart sees the pair
            const std::span<const float> a(row, d);
            const double score = own < other ? metric_.score(a, page[i]) : metric_.score(page[i], a);
            if (is_within<Metric>(score, threshold_)) hand_over(scored_pair{std::min(own, other), std::max(own, other), score});
          }
        }
      });
    }
  }

  const Metric& metric_;
  const row_source& source_;
  double threshold_;
  const execution& how_;
  progress& progress_;
  std::mutex reading_;
  sketch_space space_;
  std::vector<row_index> apart_;
  row_copies copies_;
  sketch_set set_;
};

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
