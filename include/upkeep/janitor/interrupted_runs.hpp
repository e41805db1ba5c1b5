#pragma once
// Counts what the runs of the same job before the present one had removed by then.

#include "../base/key.hpp"
#include "../base/record_batch.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/history.hpp"
#include "../concepts/vector_store.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
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

}  // namespace upkeep::inline v0
