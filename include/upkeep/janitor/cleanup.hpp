#pragma once
// Carries out a plan: a proven backup first, then checked batches, then reconciliation.

#include "../base/file.hpp"
#include "analysis.hpp"
#include "receipt_file.hpp"
#include "run_files.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace upkeep::inline v0::detail {

/// One cleanup of one plan, writing what happens into a report. `run()` throws before the first row is gone and reports afterwards.
template <class Parts>
class cleaner {
 public:
  cleaner(Parts& parts, const janitor_options& options, const plan& plan, janitor_report& report, progress& progress, time_point now)
      : parts_(parts), options_(options), plan_(plan), report_(report), progress_(progress), now_(now), live_(plan.removals.size(), true) {}

  /// Writes and proves the backup. Nothing in the store has changed when it throws.
  void back_up() {
    const step_timer timer(report_.seconds.backup);
    const std::string directory = options_.backup_directory.empty() ? parts_.directory : options_.backup_directory;
    if (directory.empty())
      throw error(errc::invalid_argument, "janitor: no place for the backup: set backup_directory (this store has no folder of its own)");
    create_directories_durably(directory);
    remove_abandoned_temporaries(directory, is_of_a_run);
    read_dependants();
    std::vector<key_view> keys;
    for (const planned_removal& r : plan_.removals) keys.push_back(r.key);
    progress_.tell({event_level::detail, "backup_started", "writing the backup", {}});
    receipt written = use(parts_.backup).back_up(parts_.store, keys, directory + "/" + report_.run_id + std::string(backup_ending));
    written.id = report_.run_id;
    written.made = now_;
    report_.receipt_path = directory + "/" + report_.run_id + std::string(receipt_ending);
    write_receipt(written, report_.receipt_path);
    report_.receipt = written;
    prove(written);
    const event_field fields[] = {{"rows", written.rows}, {"bytes", written.bytes}, {"path", std::string_view(written.path)}};
    progress_.tell({event_level::info, "backup_proven", "the backup was read again and equals the live rows", fields});
  }

  /// Removes batch by batch. What goes wrong from here on is in the report.
  void remove() {
    const step_timer timer(report_.seconds.remove);
    try {
      for (std::size_t begin = 0; begin < plan_.removals.size(); begin += options_.batch) {
        progress_.check("the removal");
        remove_batch(begin, std::min(options_.batch, plan_.removals.size() - begin));
        progress_.report("remove", std::min(begin + options_.batch, plan_.removals.size()), plan_.removals.size(), "rows");
      }
    } catch (const error& failure) {
      report_.status = failure.code() == errc::cancelled && progress_.stop_requested() ? outcome::cancelled : outcome::failed;
      report_.error = failure.what();
    } catch (...) {
      report_.status = outcome::failed;
      report_.error = what_was_thrown();
    }
    if (report_.status == outcome::cancelled)
      report_.error = "cancelled after " + std::to_string(report_.removed()) + " of " + std::to_string(plan_.removals.size()) + " removals";
    report_.kb_reclaimed = static_cast<double>(report_.bytes_reclaimed) / 1024.0;
    try {
      reconcile();
      if constexpr (sized_store<typename Parts::store_type>) report_.file_bytes_after = parts_.store.bytes();
    } catch (...) {
      if (report_.status == outcome::done) report_.status = outcome::failed;
      report_.error += (report_.error.empty() ? "" : "; ") + std::string("the result could not be checked: ") + what_was_thrown();
    }
  }

 private:
  // Whether a file is named as a backup or a receipt is. What a run left half written when it was killed has a name of its own, which no
  // later run would come across.
  static bool is_of_a_run(std::string_view name) { return run_of_file(name, backup_ending) || run_of_file(name, receipt_ending); }

  // Which orphans of the plan stand for removed rows: they may go only while the sources of those are gone as well.
  void read_dependants() {
    std::unordered_set<key_view> orphans;
    for (const planned_removal& r : plan_.removals)
      if (r.reason == removal_reason::orphan) orphans.insert(r.key);
    use(parts_.history).visit_ledger([&](const ledger_entry& e) {
      if (e.until <= now_ || !orphans.contains(e.witness)) return;
      dependant& d = dependants_[upkeep::key(e.witness)];
      if (is_present(e.source))
        d.sources.emplace_back(e.source);
      else
        d.without_source = true;
    });
  }

  // A row is left alone unless plan, backup and store agree on every column of it.
  void prove(const receipt& written) {
    std::unordered_map<key_view, std::uint64_t> planned;
    planned.reserve(plan_.removals.size());
    for (const planned_removal& r : plan_.removals) planned.emplace(r.key, r.digest);
    std::unordered_set<upkeep::key> proven;
    std::uint64_t visited = 0;
    use(parts_.backup).verify(written, [&](key_view k, std::uint64_t digest) {
      ++visited;
      const auto p = planned.find(k);
      if (p == planned.end())
        throw error(errc::inconsistent, "the backup holds the row " + to_string(k) + ", which was not asked for: nothing was removed");
      if (p->second == digest) proven.emplace(k);
    });
    if (visited != written.rows)
      throw error(errc::corrupt, "the backup " + written.path + " holds " + std::to_string(visited) + " rows instead of " +
                                     std::to_string(written.rows) + ": nothing was removed");
    std::unordered_set<upkeep::key> alive;
    each_thousand(plan_.removals.size(), [&](std::size_t begin, std::size_t count) {
      progress_.check("the proof of the backup");
      std::vector<key_view> keys;
      for (std::size_t i = begin; i < begin + count; ++i) keys.push_back(plan_.removals[i].key);
      parts_.store.fetch(keys, field::digest, [&](const record_batch& batch) {
        for (std::size_t i = 0; i < batch.size(); ++i)
          if (const auto p = planned.find(batch.keys[i]); p != planned.end() && p->second == batch.digests[i]) alive.emplace(batch.keys[i]);
      });
    });
    for (std::size_t i = 0; i < plan_.removals.size(); ++i) {
      const upkeep::key& k = plan_.removals[i].key;
      live_[i] = proven.contains(k) && alive.contains(k);
      report_.changed += live_[i] ? 0 : 1;
    }
  }

  void remove_batch(std::size_t begin, std::size_t count) {
    std::vector<const planned_removal*> batch;
    for (std::size_t i = begin; i < begin + count; ++i)
      if (live_[i]) batch.push_back(&plan_.removals[i]);
    keep_confirmed_by_oracle(batch);
    keep_confirmed_by_people(batch);
    if (batch.empty()) return;
    if (options_.dry_run) {
      const std::size_t before = batch.size();
      check_rows(batch);
      report_.changed += before - batch.size();
      return;
    }
    tell_intent(batch);
    // The ledger first: a kill between the two leaves an entry for a row that is there, which the next run drops; the other order would leave
    // a removed row whose witness nobody holds.
    std::vector<ledger_entry> entries;
    for (const planned_removal* r : batch)
      if (r->reason == removal_reason::duplicate)
        entries.push_back({r->key, r->has_source ? std::string_view(r->source) : std::string_view(), r->witness, r->score, report_.run_id,
                           now_ + std::chrono::duration_cast<time_point::duration>(options_.undo_window)});
    if (!entries.empty()) use(parts_.history).add_to_ledger(entries);
    std::vector<const planned_removal*> taken = batch;
    try {
      in_transaction([&] {
        taken = batch;
        check_rows(taken);
        std::vector<key_view> keys;
        for (const planned_removal* r : taken) keys.push_back(r->key);
        if (keys.empty()) return;
        const std::size_t left = use(parts_.removal).take_out(parts_.store, std::span<const key_view>(keys));
        if (left != keys.size())
          throw error(errc::inconsistent, "the store removed " + std::to_string(left) + " rows where " + std::to_string(keys.size()) +
                                              " were to go: the batch was rolled back");
      });
    } catch (...) {
      if constexpr (transactional_store<typename Parts::store_type>)
        taken.clear();
      else
        keep_missing(taken);  // nothing was rolled back: what is gone has a backup, a ledger entry and a place in the report
      forget(batch, taken);
      add_to_report(taken);
      try {
        tell_outcome(batch, taken);
      } catch (...) {  // what ended the removal is the failure to report
      }
      throw;
    }
    if (taken.size() != batch.size()) forget(batch, taken);
    report_.changed += batch.size() - taken.size();
    const std::vector<key_view> keys = add_to_report(taken);
    // Indexes elsewhere must hear of a batch that is gone, whatever an observer does.
    std::exception_ptr observer_failure;
    try {
      tell_outcome(batch, taken);
    } catch (...) {
      observer_failure = std::current_exception();
    }
    if (options_.on_removed && !keys.empty()) options_.on_removed(keys);
    if (observer_failure) std::rethrow_exception(observer_failure);
  }

  std::vector<key_view> add_to_report(const std::vector<const planned_removal*>& taken) {
    std::vector<key_view> keys;
    for (const planned_removal* r : taken) {
      keys.push_back(r->key);
      removed_.push_back(r);
      (r->reason == removal_reason::duplicate ? report_.duplicates_removed : report_.orphans_removed) += 1;
      report_.bytes_reclaimed += r->bytes;
    }
    return keys;
  }

  // Leaves those rows that the store does not have any more.
  void keep_missing(std::vector<const planned_removal*>& batch) {
    std::vector<key_view> keys;
    for (const planned_removal* r : batch) keys.push_back(r->key);
    std::unordered_set<upkeep::key> there;
    parts_.store.fetch(keys, field::digest, [&](const record_batch& rows) {
      for (const key_view k : rows.keys) there.emplace(k);
    });
    std::erase_if(batch, [&](const planned_removal* r) { return there.contains(r->key); });
  }

  // Asked again, outside any transaction: an orphan whose source came back stays, and so does one that stands for a removed row whose source
  // came back, and a duplicate whose witness lost its source.
  void keep_confirmed_by_oracle(std::vector<const planned_removal*>& batch) {
    if constexpr (Parts::asks_oracle) {
      std::vector<std::string_view> ids;
      std::unordered_map<std::string_view, ownership> owner;
      for (const planned_removal* r : batch) {
        const bool orphan = r->reason == removal_reason::orphan;
        if (orphan ? r->has_source : r->has_witness_source) {
          const std::string_view id = orphan ? r->source : r->witness_source;
          if (owner.emplace(id, ownership::unknown).second) ids.push_back(id);
        }
        if (const auto d = dependants_.find(r->key); orphan && d != dependants_.end())
          for (const std::string& id : d->second.sources)
            if (owner.emplace(id, ownership::unknown).second) ids.push_back(id);
      }
      const std::vector<ownership> answers = ask_owners(use(parts_.oracle), ids, progress_);
      for (std::size_t i = 0; i < ids.size(); ++i) owner[ids[i]] = answers[i];
      const std::size_t before = batch.size();
      const auto is_last_copy = [&](const planned_removal* r) {
        const auto d = dependants_.find(r->key);
        return d != dependants_.end() &&
               (d->second.without_source || std::any_of(d->second.sources.begin(), d->second.sources.end(),
                                                        [&](const std::string& id) { return owner[id] != ownership::absent; }));
      };
      std::erase_if(batch, [&](const planned_removal* r) {
        if (r->reason == removal_reason::orphan) return !r->has_source || owner[r->source] != ownership::absent || is_last_copy(r);
        return !r->has_witness_source || owner[r->witness_source] != ownership::present;
      });
      report_.changed += before - batch.size();
    }
  }

  // Read again: what a person accepted may have been taken back since, and a plan may be a day old.
  void keep_confirmed_by_people(std::vector<const planned_removal*>& batch) {
    const auto hangs_on_people = [](const planned_removal* r) { return !r->accepted_by.empty(); };
    if (std::none_of(batch.begin(), batch.end(), hangs_on_people)) return;
    std::unordered_set<upkeep::key> accepted;
    if constexpr (deciding_history<policy_of<decltype(parts_.history)>>) {
      std::unordered_map<key_view, key_view> wanted;
      for (const planned_removal* r : batch)
        if (hangs_on_people(r)) wanted.emplace(r->key, r->witness);
      use(parts_.history).visit_decisions([&](const review_decision& d) {
        const auto w = wanted.find(d.removed);
        if (d.accepted && w != wanted.end() && w->second == d.survivor) accepted.emplace(d.removed);
      });
    }
    const std::size_t before = batch.size();
    std::erase_if(batch, [&](const planned_removal* r) { return hangs_on_people(r) && !accepted.contains(r->key); });
    report_.changed += before - batch.size();
  }

  // Leaves those rows that are what the plan says, with a witness that is what the plan says.
  void check_rows(std::vector<const planned_removal*>& batch) {
    std::vector<key_view> keys;
    for (const planned_removal* r : batch) {
      keys.push_back(r->key);
      if (r->reason == removal_reason::duplicate) keys.push_back(r->witness);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::unordered_map<upkeep::key, std::uint64_t> now;
    parts_.store.fetch(keys, field::digest, [&](const record_batch& rows) {
      for (std::size_t i = 0; i < rows.size(); ++i) now.emplace(rows.keys[i], rows.digests[i]);
    });
    const auto is = [&](const upkeep::key& k, std::uint64_t digest) {
      const auto found = now.find(k);
      return found != now.end() && found->second == digest;
    };
    std::erase_if(batch, [&](const planned_removal* r) {
      return !is(r->key, r->digest) || (r->reason == removal_reason::duplicate && !is(r->witness, r->witness_digest));
    });
  }

  template <class Action>
  void in_transaction(Action&& action) {
    if constexpr (transactional_store<typename Parts::store_type>)
      parts_.store.transact(action);
    else
      action();
  }

  // Takes back the ledger entries of rows that did not go. A failure is harmless: the next run drops entries of rows that are there.
  void forget(const std::vector<const planned_removal*>& batch, const std::vector<const planned_removal*>& taken) noexcept try {
    const std::unordered_set<const planned_removal*> gone(taken.begin(), taken.end());
    std::vector<key_view> keys;
    for (const planned_removal* r : batch)
      if (!gone.contains(r) && r->reason == removal_reason::duplicate) keys.push_back(r->key);
    if (!keys.empty()) use(parts_.history).drop_from_ledger(keys);
  } catch (...) {  // see above
  }

  // Each row of a batch, and then the batch, before anything happens to it: an observer that keeps a record and cannot write it stops the
  // run here by throwing. `removing_rows` is where such an observer makes sure of what it was told.
  void tell_intent(const std::vector<const planned_removal*>& batch) {
    for (const planned_removal* r : batch) {
      const std::string_view reason = to_string(r->reason), receipt = report_.run_id;
      if (r->reason == removal_reason::orphan) {
        const event_field fields[] = {whole_key("key", r->key), {"reason", reason}, {"receipt", receipt}};
        progress_.tell({event_level::detail, "removing_row", {}, fields});
      } else {
        const event_field fields[] = {whole_key("key", r->key), {"reason", reason},   whole_key("witness", r->witness),
                                      {"score", r->score},      {"receipt", receipt}, {"accepted_by", std::string_view(r->accepted_by)}};
        progress_.tell({event_level::detail, "removing_row", {}, std::span(fields).first(r->accepted_by.empty() ? 5 : 6)});
      }
    }
    tell_batch("removing_rows", "a batch is about to be removed", batch.size());
  }

  // What became of a batch: how many rows left, which of those that were to go stayed, and (for people) which left.
  void tell_outcome(const std::vector<const planned_removal*>& batch, const std::vector<const planned_removal*>& taken) {
    if (!taken.empty()) tell_batch("rows_removed", "a batch was removed", taken.size());
    if (taken.size() != batch.size()) {
      const std::unordered_set<const planned_removal*> gone(taken.begin(), taken.end());
      for (const planned_removal* r : batch) {
        const event_field fields[] = {whole_key("key", r->key), {"receipt", std::string_view(report_.run_id)}};
        if (!gone.contains(r)) progress_.tell({event_level::detail, "row_kept", "a row that was to be removed stayed", fields});
      }
    }
    for (const planned_removal* r : taken) tell_removal(*r);
  }

  void tell_batch(std::string_view name, std::string_view text, std::size_t rows) {
    const event_field fields[] = {{"rows", static_cast<std::uint64_t>(rows)}, {"receipt", std::string_view(report_.run_id)}};
    progress_.tell({event_level::detail, name, text, fields});
  }

  // Not the words of to_string, which cut a long key: who looks for the row must find it.
  static event_field whole_key(std::string_view name, key_view k) {
    return k.is_integer() ? event_field(name, k.integer()) : event_field(name, k.bytes());
  }

  void tell_removal(const planned_removal& r) {
    const std::string removed = to_string(r.key), witness = to_string(r.witness);
    if (r.reason == removal_reason::orphan) {
      const event_field fields[] = {{"key", removed}, {"reason", "orphan"}, {"receipt", report_.run_id}};
      progress_.tell({event_level::detail, "row_removed", {}, fields});
    } else {
      const event_field fields[] = {{"key", removed},   {"reason", "duplicate"},     {"witness", witness},
                                    {"score", r.score}, {"receipt", report_.run_id}, {"accepted_by", std::string_view(r.accepted_by)}};
      progress_.tell({event_level::detail, "row_removed", {}, std::span(fields).first(r.accepted_by.empty() ? 5 : 6)});
    }
  }

  // A removed key must be gone (or hold something else: the application may write it again at once), every witness must be there.
  void reconcile() {
    std::uint64_t still_there = 0, without_witness = 0;
    each_thousand(removed_.size(), [&](std::size_t begin, std::size_t count) {
      std::vector<key_view> keys, witnesses;
      for (std::size_t i = begin; i < begin + count; ++i) {
        keys.push_back(removed_[i]->key);
        if (removed_[i]->reason == removal_reason::duplicate) witnesses.push_back(removed_[i]->witness);
      }
      std::unordered_map<key_view, std::uint64_t> digests;
      for (std::size_t i = begin; i < begin + count; ++i) digests.emplace(removed_[i]->key, removed_[i]->digest);
      parts_.store.fetch(keys, field::digest, [&](const record_batch& rows) {
        for (std::size_t i = 0; i < rows.size(); ++i) still_there += digests[rows.keys[i]] == rows.digests[i] ? 1 : 0;
      });
      std::unordered_set<upkeep::key> alive;
      parts_.store.fetch(witnesses, field::digest, [&](const record_batch& rows) {
        for (const key_view k : rows.keys) alive.emplace(k);
      });
      for (const key_view w : witnesses) without_witness += alive.contains(upkeep::key(w)) ? 0 : 1;
    });
    if (still_there == 0 && without_witness == 0) return;
    report_.status = outcome::inconsistent;
    report_.witnesses_lost += without_witness;
    if (!report_.error.empty()) report_.error += "; ";
    report_.error += std::to_string(still_there) + " removed rows are still there and " + std::to_string(without_witness) +
                     " removed rows have no witness any more: undo with the receipt " + report_.receipt_path;
  }

  template <class F>
  static void each_thousand(std::size_t count, F&& f) {
    for (std::size_t begin = 0; begin < count; begin += 1000) f(begin, std::min<std::size_t>(1000, count - begin));
  }

  // The sources of removed rows for which one row stands.
  struct dependant {
    std::vector<std::string> sources;
    bool without_source = false;
  };

  Parts& parts_;
  const janitor_options& options_;
  const plan& plan_;
  janitor_report& report_;
  progress& progress_;
  time_point now_;
  std::vector<bool> live_;                       // per removal of the plan: unchanged and proven
  std::vector<const planned_removal*> removed_;  // what went
  std::unordered_map<upkeep::key, dependant> dependants_;
};

}  // namespace upkeep::inline v0::detail
