#pragma once
// Looks at one pair over which the guard hesitates, as its rows are now, and remembers what a person decides about it.

#include "decided_pairs.hpp"
#include "guarded_resolution.hpp"
#include "options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Two rows over which the guard hesitates, as a person sees them.
struct pair_seen {
  key removed;                                        ///< the row that would go
  key survivor;                                       ///< the row that would stay
  std::string removed_text, survivor_text;            ///< empty where there is none
  double score = 0;                                   ///< now
  std::string doubt;                                  ///< why the guard hesitates, where it tells
  std::uint64_t removed_hash = 0, survivor_hash = 0;  ///< content_hash of each
};

/// A decision, and whether it still holds.
struct pair_decision {
  enum class standing {
    holds,
    changed,  ///< a row is not what the person saw: the pair is asked about again
    gone      ///< a row is not there
  };
  key removed, survivor;
  bool accepted = false;
  std::string who;
  time_point when{};
  standing now = standing::holds;
};

constexpr std::string_view to_string(pair_decision::standing s) noexcept {
  switch (s) {
    case pair_decision::standing::holds: return "holds";
    case pair_decision::standing::changed: return "changed";
    case pair_decision::standing::gone: return "gone";
  }
  return "unknown";
}

/// The decisions of people about the pairs of one janitor. Made by janitor::review(), which it must not outlive. Takes no lock: a run that is
/// under way asks again before each batch whether what it was allowed still is.
/// @par Thread safety  That of the janitor's store and history.
template <class Parts>
class pair_review {
 public:
  pair_review(Parts& parts, const janitor_options& options) : parts_(parts), options_(options) {
    static_assert(
        deciding_history<detail::policy_of<decltype(parts.history)>>,
        "upkeep: this history remembers no decisions: write record_decision, forget_decision and visit_decisions (deciding_history)");
  }

  /// The two rows as they are now.
  /// @throws error not_found where one is not there, invalid_argument where there is nothing to decide: the rows are not close (any more), are
  /// of different scopes or models, are both pinned, or the guard does not hesitate over them.
  pair_seen look_at(key_view a, key_view b) {
    const auto refuse = [&](const std::string& why) {
      throw error(errc::invalid_argument, "nothing to decide about " + to_string(a) + " and " + to_string(b) + ": " + why);
    };
    if (a == b) refuse("they are one row");
    auto& store = parts_.store;
    const field wanted =
        (field::source | field::scope | field::text | field::model | field::created | field::pinned | field::text_size) & store.fields();
    record_buffer rows(wanted | field::vector, store.dimension());
    const key_view keys[] = {a, b};
    store.fetch(keys, wanted | field::vector, [&](const record_batch& batch) {
      for (std::size_t i = 0; i < batch.size(); ++i) rows.push_back(batch[i], 0, 0, batch.health[i]);
    });
    const record_batch found = rows.batch();
    for (const key_view k : keys)
      if (std::find(found.keys.begin(), found.keys.end(), k) == found.keys.end())
        throw error(errc::not_found, "the row " + to_string(k) + " is not there: it was removed, or is spelled another way");
    if (found.health[0] != set_aside::no || found.health[1] != set_aside::no) refuse("one of them has no usable vector");
    record_view seen[] = {found[0], found[1]};
    if (!has(store.fields(), field::text_size))
      seen[0].text_size = seen[1].text_size = 0;  // as a run has it: both must choose the same row
    const std::size_t goes = detail::is_rather_kept(detail::use(parts_.retention), seen[0], seen[1]) ? 1 : 0;
    const record_view &removed = seen[goes], &survivor = seen[1 - goes];
    if (removed.pinned) refuse("both are pinned");
    const time_point now = detail::use(parts_.clock).now();
    detail::use(parts_.history).visit_ledger([&](const ledger_entry& e) {
      if (e.until > now && e.witness == removed.key)
        refuse("the first stands for the removed row " + to_string(e.removed) + " until " + to_iso8601(e.until));
    });
    if (!same_value(removed.model, survivor.model)) refuse("their vectors are of different models");
    if (!options_.across_scopes && !same_value(removed.scope, survivor.scope)) refuse("they are of different scopes");
    double score = 0;
    bool close = false;
    progress silent;
    detail::use(parts_.finder)
        .find_pairs(
            found.vectors, {.threshold = options_.threshold, .threads = 1},
            [&](const scored_pair& p) {
              close = true;
              score = p.score;
            },
            silent);
    if (!close) refuse("they are not close");
    const pair_view pair{removed, survivor, score};
    const auto& guard = detail::use(parts_.guard);
    const verdict said = guard.judge(pair);
    if (said == verdict::covers)
      refuse("the guard lets " + to_string(removed.key) + " go without asking; a row that must stay is to be pinned");
    if (said != verdict::review) refuse("to the guard they are two different things, and a decision overrules no refusal");
    return {key(removed.key),
            key(survivor.key),
            std::string(removed.text),
            std::string(survivor.text),
            score,
            std::string(doubt_of(guard, pair)),
            content_hash(found.vectors[goes], removed.text),
            content_hash(found.vectors[1 - goes], survivor.text)};
  }

  /// Remembers what a person decided about a pair that they looked at. Where a row has changed since they looked, the decision never holds.
  /// @param who  stands in plans, reports and audit logs
  /// @throws error invalid_argument where nobody decided, and what the history throws.
  void decide(const pair_seen& pair, bool accepted, std::string_view who) {
    if (who.empty()) throw error(errc::invalid_argument, "a decision needs somebody who made it: `who` is empty");
    detail::use(parts_.history)
        .record_decision(
            {pair.removed, pair.survivor, pair.removed_hash, pair.survivor_hash, accepted, who, detail::use(parts_.clock).now()});
  }

  /// Takes a decision about two rows back: the pair is asked about again. Whether there was one.
  bool forget(key_view a, key_view b) { return detail::use(parts_.history).forget_decision(a, b); }

  /// All decisions in the order of their keys.
  std::vector<pair_decision> decisions() {
    std::vector<pair_decision> all;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes;
    detail::use(parts_.history).visit_decisions([&](const review_decision& d) {
      all.push_back({key(d.removed), key(d.survivor), d.accepted, std::string(d.who), d.when});
      hashes.emplace_back(d.removed_hash, d.survivor_hash);
    });
    std::vector<key_view> keys;
    for (const pair_decision& d : all) keys.insert(keys.end(), {d.removed, d.survivor});
    std::unordered_map<key, std::uint64_t> seen;
    progress silent;
    detail::visit_content(parts_.store, keys, field::none, silent,
                          [&](const record_batch& batch, std::size_t i, std::uint64_t hash) { seen.emplace(batch.keys[i], hash); });
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto removed = seen.find(all[i].removed), survivor = seen.find(all[i].survivor);
      if (removed == seen.end() || survivor == seen.end())
        all[i].now = pair_decision::standing::gone;
      else if (removed->second != hashes[i].first || survivor->second != hashes[i].second)
        all[i].now = pair_decision::standing::changed;
    }
    return all;
  }

 private:
  Parts& parts_;
  const janitor_options& options_;
};

}  // namespace upkeep::inline v0
