#pragma once
// Resolves pairs under a retention and a guard, fetching from the store, in batches, only the texts that the guard has to read.

#include "decided_pairs.hpp"
#include "kept_texts.hpp"
#include "parts.hpp"
#include "plan.hpp"
#include "resolve.hpp"
#include "row_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace upkeep::inline v0::detail {

/// Decisions, how many rows were found changed since the scan while texts were fetched, and how many pairs a person had rejected.
struct guarded_resolution {
  resolution decisions;
  std::uint64_t changed = 0;
  std::uint64_t rejected = 0;
};

/// Whether `x` is rather kept than `y`: pinned rows first, then by the retention, then by key: a total order, so that a run can be repeated.
template <class Retention>
bool is_rather_kept(const Retention& retention, const record_view& x, const record_view& y) {
  if (x.pinned != y.pinned) return x.pinned;
  if (retention.outranks(x, y)) return true;
  if (retention.outranks(y, x)) return false;
  return x.key < y.key;
}

/// All rows, those first that are rather kept. Rows of no pair come last, as they are: nobody asks which of them outranks which, and they are
/// most of a large store.
template <class Retention>
std::vector<row_index> retention_order(const Retention& retention, const row_table& rows, std::span<const scored_pair> pairs) {
  std::vector<bool> paired(rows.size());
  for (const scored_pair& p : pairs) paired[p.first] = paired[p.second] = true;
  std::vector<row_index> order(rows.size());
  std::iota(order.begin(), order.end(), row_index{0});
  const auto alone = std::stable_partition(order.begin(), order.end(), [&](row_index row) { return paired[row]; });
  std::sort(order.begin(), alone, [&](row_index a, row_index b) { return is_rather_kept(retention, rows[a], rows[b]); });
  return order;
}

/// The fields of some rows, fetched anew for each block of a resolution.
class fetched_fields {
 public:
  /// @param kept  texts that need no fetching: those of the scan, which are those of the digests that the scan saw
  fetched_fields(const row_table& rows, const kept_texts& kept, field wanted)
      : rows_(rows), kept_(kept), wanted_(wanted), slot_(rows.size(), none), buffer_(wanted, 0) {}

  /// Forgets what was fetched before. A row that is gone or whose digest is another than at the scan is remembered as changed.
  template <class Store>
  void fetch(Store& store, std::span<const row_index> wanted, progress& progress) {
    for (const row_index row : fetched_) slot_[row] = none;
    fetched_.clear();
    buffer_.clear();
    missing_.clear();
    for (const row_index row : wanted)
      if (!kept_.has(row)) missing_.push_back(row);
    std::vector<key_view> keys;
    for (std::size_t begin = 0; begin < missing_.size(); begin += keys.size()) {
      progress.check("the guard's reading");
      keys.clear();
      for (std::size_t i = begin; i < std::min(begin + 1000, missing_.size()); ++i) keys.push_back(rows_.key(missing_[i]));
      store.fetch(keys, wanted_ | field::digest, [&](const record_batch& batch) {
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const auto row = rows_.find(batch.keys[i]);
          if (!row || (!batch.digests.empty() && batch.digests[i] != rows_.digest(*row))) continue;
          slot_[*row] = static_cast<std::uint32_t>(buffer_.size());
          fetched_.push_back(*row);
          buffer_.push_back(batch[i]);
        }
      });
    }
    for (const row_index row : missing_)
      if (slot_[row] == none && changed_.insert_sorted(row)) ++changes_;
    batch_ = buffer_.batch();
  }

  [[nodiscard]] bool changed(row_index row) const noexcept { return !kept_.has(row) && slot_[row] == none; }
  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }
  [[nodiscard]] record_view operator[](row_index row) const {
    record_view r = rows_[row];
    r.text = kept_.has(row) ? kept_[row] : batch_[slot_[row]].text;
    return r;
  }

 private:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  struct row_set {
    bool insert_sorted(row_index row) {
      const auto at = std::lower_bound(rows.begin(), rows.end(), row);
      if (at != rows.end() && *at == row) return false;
      rows.insert(at, row);
      return true;
    }
    std::vector<row_index> rows;
  };

  const row_table& rows_;
  const kept_texts& kept_;
  field wanted_;
  std::vector<std::uint32_t> slot_;
  std::vector<row_index> missing_, fetched_;
  row_set changed_;
  std::uint64_t changes_ = 0;
  record_buffer buffer_;
  record_batch batch_;
};

/// Whether a guard reads what the table does not hold.
template <class Guard>
inline constexpr bool reads_text = has(fields_read<Guard>(), field::text);

/// @param kept     texts of the scan
/// @param held     per row, not 0 where it must stay
/// @param decided  what people said of pairs over which the guard hesitates; a decision overrules nothing else
template <class Parts>
guarded_resolution resolve_guarded(Parts& parts, const row_table& rows, const kept_texts& kept, std::span<const scored_pair> pairs,
                                   std::span<const std::uint8_t> held, progress& progress, const decided_pairs& decided = {}) {
  const auto& guard = use(parts.guard);
  const std::vector<row_index> order = retention_order(use(parts.retention), rows, pairs);
  const resolve_options options{.order = order, .fixed = held};
  guarded_resolution result;
  const auto ask = [&](row_index removed, row_index survivor, const pair_view& pair) -> opinion {
    const verdict said = guard.judge(pair);
    if (said != verdict::review) return said;
    const auto decision = decided.about(removed, survivor);
    if (decision == decided_pairs::state::rejected) {
      ++result.rejected;
      return verdict::distinct;
    }
    return {verdict::review, doubt_of(guard, pair), decision == decided_pairs::state::accepted};
  };
  if constexpr (reads_text<typename Parts::guard_type>) {
    if (has(parts.store.fields(), field::text)) {
      fetched_fields texts(rows, kept, field::text);
      result.decisions = resolve(
          pairs, rows.size(), options,
          [&](row_index removed, row_index survivor, double score) -> opinion {
            if (texts.changed(removed) || texts.changed(survivor)) return verdict::distinct;
            return ask(removed, survivor, pair_view{texts[removed], texts[survivor], score});
          },
          [&](std::span<const row_index> wanted) {
            texts.fetch(parts.store, wanted, progress);
            progress.report("guard", result.decisions.judged, pairs.size(), "pairs");
          });
      result.changed = texts.changes();
      return result;
    }
  }
  result.decisions = resolve(pairs, rows.size(), options, [&](row_index removed, row_index survivor, double score) {
    return ask(removed, survivor, pair_view{rows[removed], rows[survivor], score});
  });
  return result;
}

/// Lists pairs that wait for a person in a plan. Keys take far more memory than pairs of numbers: beyond `most` pairs in the plan, only the
/// closest are listed, and the others counted as `review_left_out`.
/// @return how many of all these pairs people had decided about before a row changed
inline std::uint64_t list_for_review(const std::vector<resolved_review>& waiting, const decided_pairs& decided, const row_table& rows,
                                     std::size_t most, plan& p) {
  const std::size_t room = most - std::min(most, p.review.size());
  double lowest = -std::numeric_limits<double>::infinity();
  std::size_t of_lowest = waiting.size();  // pairs of that score that are listed
  if (room < waiting.size()) {
    std::vector<double> scores;
    for (const resolved_review& w : waiting) scores.push_back(w.score);
    std::nth_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(room), scores.end(), std::greater<>());
    lowest = scores[room];
    const auto closer = [&](const resolved_review& w) { return w.score > lowest; };
    of_lowest = room - static_cast<std::size_t>(std::count_if(waiting.begin(), waiting.end(), closer));
  }
  std::uint64_t asked_again = 0;
  for (const resolved_review& w : waiting) {
    const bool again = decided.about(w.removed, w.survivor) == decided_pairs::state::outdated;
    asked_again += again ? 1 : 0;
    if (w.score < lowest || (w.score == lowest && of_lowest == 0)) {
      ++p.review_left_out;
      continue;
    }
    of_lowest -= w.score == lowest ? 1 : 0;
    p.review.push_back({key(rows.key(w.removed)), key(rows.key(w.survivor)), w.score, "guard", std::string(w.doubt), again});
  }
  return asked_again;
}

}  // namespace upkeep::inline v0::detail
