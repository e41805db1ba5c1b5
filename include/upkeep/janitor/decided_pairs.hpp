#pragma once
// What people decided about pairs over which the guard hesitated, as far as it still holds for the rows of a run.

#include "../base/content_hash.hpp"
#include "../base/progress.hpp"
#include "parts.hpp"
#include "row_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace upkeep::inline v0::detail {

/// Reads the rows of some keys and calls `visit(batch, i, content_hash)` for each that is there, once.
/// @param more  what is to be read of them beside vector and text
template <class Store, class Visit>
void visit_content(Store& store, std::vector<key_view> keys, field more, progress& progress, Visit&& visit) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  const field wanted = (field::text & store.fields()) | field::vector | more;
  for (std::size_t begin = 0; begin < keys.size(); begin += 1000) {
    progress.check("the reading of decided pairs");
    store.fetch(std::span(keys).subspan(begin, std::min<std::size_t>(1000, keys.size() - begin)), wanted, [&](const record_batch& batch) {
      for (std::size_t i = 0; i < batch.size(); ++i)
        visit(batch, i, content_hash(batch.vectors[i], batch.texts.empty() ? std::string_view() : batch.texts[i]));
    });
  }
}

/// Takes acceptances back: rows that an undo brought back are to be asked about again, or the next run would remove them once more.
template <class History>
void forget_acceptances(History& history, std::span<const key_view> removed) {
  if constexpr (deciding_history<History>) {
    const std::unordered_set<key_view> back(removed.begin(), removed.end());
    history.visit_decisions([&](const review_decision& d) {
      if (d.accepted && back.contains(d.removed)) static_cast<void>(history.forget_decision(d.removed, d.survivor));
    });
  }
}

/// The decisions about pairs of a table's rows. One decision is for one direction: who accepted that A goes because B stays did not say that
/// B, which may hold more, can go because A stays.
/// @par Thread safety  Concurrent reads are safe; a writer needs exclusion.
class decided_pairs {
 public:
  enum class state {
    none,      ///< nobody decided
    accepted,  ///< the row may go although the guard hesitates
    rejected,  ///< both stay, and nobody is asked
    outdated   ///< somebody decided about other contents, or the other way round: to be asked again
  };

  /// Reads the decisions, and the rows that they are about: a decision holds only for the contents that the person saw.
  template <class Parts>
  void read(Parts& parts, const row_table& rows, progress& progress) {
    if constexpr (deciding_history<policy_of<decltype(parts.history)>>) {
      std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes;  // that each decision asks for
      use(parts.history).visit_decisions([&](const review_decision& d) {
        const auto removed = rows.find(d.removed), survivor = rows.find(d.survivor);
        if (!removed || !survivor || *removed == *survivor) return;
        number_.emplace(pair_number(*removed, *survivor), decisions_.size());
        decisions_.push_back({*removed, *survivor, d.accepted ? state::accepted : state::rejected, std::string(d.who)});
        hashes.emplace_back(d.removed_hash, d.survivor_hash);
      });
      const std::unordered_map<row_index, std::uint64_t> seen = hashes_now(parts.store, rows, progress);
      const auto is = [&](row_index row, std::uint64_t hash) {
        const auto found = seen.find(row);
        return found != seen.end() && found->second == hash;
      };
      for (std::size_t i = 0; i < decisions_.size(); ++i)
        if (decision& d = decisions_[i]; !is(d.removed, hashes[i].first) || !is(d.survivor, hashes[i].second)) d.made = state::outdated;
    }
  }

  [[nodiscard]] state about(row_index removed, row_index survivor) const {
    const decision* const d = find(removed, survivor);
    if (d == nullptr) return state::none;
    return d->made == state::accepted && d->removed != removed ? state::outdated : d->made;
  }

  /// Who decided about two rows; empty where nobody did. Valid as long as this object is.
  [[nodiscard]] std::string_view who(row_index a, row_index b) const {
    const decision* const d = find(a, b);
    return d == nullptr ? std::string_view() : std::string_view(d->who);
  }

 private:
  struct decision {
    row_index removed, survivor;
    state made;
    std::string who;
  };

  static std::uint64_t pair_number(row_index a, row_index b) noexcept {
    return std::uint64_t{std::min(a, b)} << 32U | std::uint64_t{std::max(a, b)};
  }

  [[nodiscard]] const decision* find(row_index a, row_index b) const {
    const auto found = number_.find(pair_number(a, b));
    return found == number_.end() ? nullptr : &decisions_[found->second];
  }

  // The content of every decided row. One that changed since the scan is left out: what the scan found of it holds no more.
  template <class Store>
  std::unordered_map<row_index, std::uint64_t> hashes_now(Store& store, const row_table& rows, progress& progress) const {
    std::vector<key_view> keys;
    for (const decision& d : decisions_) keys.insert(keys.end(), {rows.key(d.removed), rows.key(d.survivor)});
    std::unordered_map<row_index, std::uint64_t> hashes;
    visit_content(store, std::move(keys), field::digest, progress, [&](const record_batch& batch, std::size_t i, std::uint64_t hash) {
      if (const auto row = rows.find(batch.keys[i]); row && batch.digests[i] == rows.digest(*row)) hashes.emplace(*row, hash);
    });
    return hashes;
  }

  std::vector<decision> decisions_;
  std::unordered_map<std::uint64_t, std::size_t> number_;
};

}  // namespace upkeep::inline v0::detail
