#pragma once
// Counts what the runs of the same job before the present one had removed by then.

#include "../base/event.hpp"
#include "../base/key.hpp"
#include "../base/record_batch.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/history.hpp"
#include "../concepts/vector_store.hpp"
#include "ownership.hpp"
#include "report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// How many rows the runs that began at `since` or later have removed: those of their backups that are gone from the store. Most of them
/// were killed or cancelled; one that got to its end counts as well, for a kill or a full disk right behind it can lose its result.
/// A row counts once, however many of these runs had it in their backups. For `janitor_report::interrupted_removed`, before the run that
/// goes on where they were.
/// @param read  makes a receipt of its path: `upkeep::read_receipt`
/// @throws error what `read`, the backup and the store throw: a backup that cannot be read stops the count, since it would be wrong
template <browsable_history History, class Backup, class Store, class ReadReceipt>
[[nodiscard]] std::uint64_t removed_by_interrupted_runs(History& history, Backup& backup, Store& store, time_point since,
                                                        ReadReceipt&& read) {
  std::set<key> saved;
  history.visit_runs(std::numeric_limits<std::size_t>::max(), [&](const run_summary& run) {
    if (run.started >= since && !run.receipt.empty())
      backup.verify(read(run.receipt), [&](key_view k, std::uint64_t) { saved.emplace(k); });
  });
  const std::vector<key_view> keys(saved.begin(), saved.end());
  std::uint64_t removed = keys.size();
  if (!keys.empty()) store.fetch(keys, field::none, [&](const record_batch& rows) { removed -= rows.size(); });
  return removed;
}

/// What the runs of a job that were interrupted have removed.
struct interrupted_removals {
  std::uint64_t rows = 0;    ///< all of them
  std::uint64_t untold = 0;  ///< of these, rows of runs that died before observers were told how they ended
};

/// The same count, and how much of it nobody was told of. A run that was stopped told its own removals; one that was killed did not, also where
/// that was behind its last removal, while it gave space back.
/// @param read         makes a receipt of its path: `upkeep::read_receipt`
/// @param read_report  makes a report of its text: `upkeep::parse_report`
/// @throws error what removed_by_interrupted_runs and `read_report` throw
template <browsable_history History, class Backup, class Store, class ReadReceipt, class ReadReport>
[[nodiscard]] interrupted_removals removals_of_interrupted_runs(History& history, Backup& backup, Store& store, time_point since,
                                                                ReadReceipt&& read, ReadReport&& read_report) {
  interrupted_removals all;
  all.rows = removed_by_interrupted_runs(history, backup, store, since, std::forward<ReadReceipt>(read));
  std::uint64_t told = 0;
  history.visit_runs(std::numeric_limits<std::size_t>::max(), [&](const run_summary& run) {
    if (run.started < since || run.status == "started" || run.report.empty()) return;
    const janitor_report r = read_report(run.report, "the report of the run " + run.id);
    // Recorded as done before it gave space back, and again, with what became of that, before observers were told.
    if (compactable_store<Store> && r.status == outcome::done && !r.compaction) return;
    told += r.removed();
  });
  all.untold = all.rows - std::min(all.rows, told);
  return all;
}

/// Adds to the report of a run that went on where others were interrupted what these removed, and tells an observer what nobody was told of
/// yet, as `interrupted_removals`. One that was stopped in its turn leaves that to the run that comes to an end. What the observer throws stands
/// in the report.
template <class Observer>
void add_interrupted_removals(janitor_report& r, const interrupted_removals& before, Observer&& observer) {
  r.interrupted_removed = before.rows;
  if (r.status == outcome::cancelled || before.untold == 0) return;
  const event_field fields[] = {{"store", std::string_view(r.store)}, {"rows", before.untold}};
  try {
    observer.observe({event_level::info, "interrupted_removals", "rows that attempts removed which were killed", fields});
  } catch (...) {
    r.observer_error += (r.observer_error.empty() ? "" : "; ") + detail::what_was_thrown();
  }
}

}  // namespace upkeep::inline v0
