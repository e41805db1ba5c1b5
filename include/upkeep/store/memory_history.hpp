#pragma once
// The history of a store that lives in one process: as durable as the store itself, shared by all who hold a copy.

#include "../base/string_column.hpp"
#include "../concepts/history.hpp"
#include "kept_history.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Copies are one history. Visits run on a copy, outside the lock, so that a visitor may call anything.
/// @par Thread safety
/// All members may be called by any thread at any time.
class memory_history {
 public:
  /// A new, empty history.
  memory_history() : state_(std::make_shared<state>()) {}

  void record_run(const run_summary& run) {
    run_summary copy = run;
    const std::lock_guard guard(state_->mutex);
    std::vector<run_summary>& runs = state_->runs;
    runs.push_back(std::move(copy));  // first, because it may throw; what follows cannot
    const auto older = std::find_if(runs.begin(), runs.end() - 1, [&](const run_summary& r) { return r.id == runs.back().id; });
    if (older != runs.end() - 1) runs.erase(older);
  }

  [[nodiscard]] std::optional<run_summary> last_run() {
    const std::lock_guard guard(state_->mutex);
    if (state_->runs.empty()) return std::nullopt;
    run_summary run = state_->runs.back();
    run.report.clear();
    return run;
  }

  /// All runs in the order in which they were recorded, reports included.
  [[nodiscard]] std::vector<run_summary> runs() const {
    const std::lock_guard guard(state_->mutex);
    return state_->runs;
  }

  void visit_runs(std::size_t most, function_ref<void(const run_summary&)> visit) {
    std::vector<run_summary> copy;
    {
      const std::lock_guard guard(state_->mutex);
      copy.assign(state_->runs.end() - static_cast<std::ptrdiff_t>(std::min(most, state_->runs.size())), state_->runs.end());
    }
    for (const run_summary& run : copy) visit(run);
  }

  void record_orphans(std::span<const orphan_sighting> seen) {
    std::map<key, detail::kept_sighting> now;
    for (const orphan_sighting& s : seen) now[key(s.key)].meet(s.source, s.first_seen);
    const std::lock_guard guard(state_->mutex);
    for (auto& [k, s] : now) {
      const auto before = state_->orphans.find(k);
      if (before != state_->orphans.end() && before->second.source == s.source)
        s.first_seen = std::min(s.first_seen, before->second.first_seen);
    }
    state_->orphans.swap(now);
  }

  void visit_orphans(function_ref<void(const orphan_sighting&)> visit) {
    std::map<key, detail::kept_sighting> copy;
    {
      const std::lock_guard guard(state_->mutex);
      copy = state_->orphans;
    }
    for (const auto& [k, s] : copy) visit({.key = k, .source = detail::view_of(s.source), .first_seen = s.first_seen});
  }

  void add_to_ledger(std::span<const ledger_entry> entries) {
    std::map<key, removal> added;
    for (const ledger_entry& e : entries)
      added.insert_or_assign(key(e.removed),
                             removal{detail::copy_of(e.source), key(e.witness), e.score, detail::copy_of(e.receipt), e.until});
    const std::lock_guard guard(state_->mutex);
    while (!added.empty()) {  // by nodes: moving one over cannot throw, so the entries come in whole
      auto node = added.extract(added.begin());
      state_->ledger.erase(node.key());
      state_->ledger.insert(std::move(node));
    }
  }

  void drop_from_ledger(std::span<const key_view> removed) {
    std::vector<key> keys;
    keys.reserve(removed.size());
    for (const key_view k : removed) keys.emplace_back(k);
    const std::lock_guard guard(state_->mutex);
    for (const key& k : keys) state_->ledger.erase(k);
  }

  void visit_ledger(function_ref<void(const ledger_entry&)> visit) {
    std::map<key, removal> copy;
    {
      const std::lock_guard guard(state_->mutex);
      copy = state_->ledger;
    }
    for (const auto& [k, r] : copy)
      visit({.removed = k,
             .source = detail::view_of(r.source),
             .witness = r.witness,
             .score = r.score,
             .receipt = detail::view_of(r.receipt),
             .until = r.until});
  }

  void record_decision(const review_decision& d) {
    detail::kept_decision made{key(d.removed), key(d.survivor), d.removed_hash, d.survivor_hash, d.accepted, std::string(d.who), d.when};
    std::pair<key, key> pair = pair_of(d.removed, d.survivor);
    const std::lock_guard guard(state_->mutex);
    state_->decisions.insert_or_assign(std::move(pair), std::move(made));
  }

  bool forget_decision(key_view a, key_view b) {
    const std::pair<key, key> pair = pair_of(a, b);
    const std::lock_guard guard(state_->mutex);
    return state_->decisions.erase(pair) != 0;
  }

  void visit_decisions(function_ref<void(const review_decision&)> visit) {
    std::map<std::pair<key, key>, detail::kept_decision> copy;
    {
      const std::lock_guard guard(state_->mutex);
      copy = state_->decisions;
    }
    for (const auto& [pair, d] : copy) visit(d.view());
  }

 private:
  struct removal {
    detail::optional_text source;
    key witness;
    double score = 0;
    detail::optional_text receipt;
    time_point until{};
  };
  // The same two rows in either order are one pair.
  static std::pair<key, key> pair_of(key_view a, key_view b) { return b < a ? std::pair(key(b), key(a)) : std::pair(key(a), key(b)); }

  struct state {
    std::mutex mutex;
    std::vector<run_summary> runs;
    std::map<key, detail::kept_sighting> orphans;
    std::map<key, removal> ledger;
    std::map<std::pair<key, key>, detail::kept_decision> decisions;
  };
  std::shared_ptr<state> state_;
};
static_assert(browsable_history<memory_history> && deciding_history<memory_history>);

}  // namespace upkeep::inline v0
