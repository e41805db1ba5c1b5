#pragma once
// What a run saw and did, as one aggregate from which JSON, text and metrics derive.

#include "../base/record.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/compaction.hpp"
#include "../concepts/notifier.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// How a run ended.
enum class outcome {
  done,
  aborted,      ///< a limit was exceeded, or the disk has too little space: nothing was removed
  cancelled,    ///< stopped on request between two batches
  failed,       ///< an error after the first change; whole batches were removed, all of them in the backup
  inconsistent  ///< the store does not hold what it must: see error, and undo
};

constexpr std::string_view to_string(outcome o) noexcept {
  switch (o) {
    case outcome::done: return "done";
    case outcome::aborted: return "aborted";
    case outcome::cancelled: return "cancelled";
    case outcome::failed: return "failed";
    case outcome::inconsistent: return "inconsistent";
  }
  return "unknown";
}

/// Seconds of each step.
struct step_seconds {
  double scan = 0, oracle = 0, join = 0, guard = 0, backup = 0, remove = 0, compact = 0;
};

/// What became of the backups of earlier runs.
struct backup_report {
  std::uint64_t kept = 0, kept_bytes = 0;
  std::uint64_t held = 0;  ///< of those kept: needed by the ledger, or of a run that did not end well or that nobody knows
  std::uint64_t deleted = 0, deleted_bytes = 0;
  std::string error = {};  ///< why not all went that should have
};

/// What a run saw and did. Counts are rows unless the name says otherwise.
/// Every orphan found is one of: removed or planned, waiting for its grace period, pinned, in a refused container, or up for review as a last
/// copy.
struct janitor_report {
  std::string run_id, phase, store;
  bool dry_run = false;
  bool baseline = false;  ///< the first run on the store, which records and removes nothing; of phase `detect`: it would be
  outcome status = outcome::done;
  std::string aborted_reason;  ///< `safety_threshold`, `count_limit`, `scope_threshold`, `absence_spike`, `not_enough_space`
  std::string would_abort;     ///< of a run that only looks: the limit for which a cleanup would be aborted
  std::string error;           ///< one sentence where status is not `done`
  std::string refused;         ///< one sentence where containers were refused
  std::uint64_t rows = 0;
  std::array<std::uint64_t, 5> set_aside{};  ///< by upkeep::set_aside
  std::uint64_t pairs = 0;                   ///< near-duplicate pairs at or above the threshold within scope and model
  std::uint64_t duplicates_found = 0;        ///< rows that have a witness
  std::uint64_t duplicates_removed = 0;
  std::uint64_t orphans_found = 0;  ///< rows whose source is absent
  std::uint64_t orphans_removed = 0;
  std::uint64_t sources = 0, absent_sources = 0, unknown_sources = 0;  ///< distinct sources
  std::uint64_t without_source = 0;   ///< rows that name no source although an oracle was asked: neither orphans nor witnesses
  std::uint64_t review_pairs = 0;     ///< that wait for a person
  std::uint64_t review_left_out = 0;  ///< of these, beyond what a plan lists
  std::uint64_t accepted_pairs = 0;   ///< duplicates found over which the guard hesitated, and of which a person accepted that they go
  std::uint64_t rejected_pairs = 0;   ///< pairs over which the guard hesitated, and that a person rejected: both rows stay, nobody is asked
  std::uint64_t void_decisions = 0;   ///< pairs that a person decided about and that wait again: a row has changed since
  std::string accepted_by;            ///< who accepted the pairs above, the first of them by name
  std::uint64_t last_copy = 0;        ///< orphans kept because a removed row of a live source depends on them
  std::uint64_t witnesses_lost = 0;   ///< removed rows whose witness somebody else has removed since
  std::uint64_t waiting_grace = 0;    ///< orphans that are not known long enough
  std::uint64_t pinned = 0;
  std::uint64_t containers_refused = 0;    ///< of whose sources none is left, which is not believed (limits.container_sources)
  std::uint64_t in_refused_container = 0;  ///< orphans that lie in one
  std::uint64_t planned = 0;               ///< removals of the plan
  std::uint64_t trimmed = 0;               ///< removals left out to stay within a limit
  std::uint64_t changed = 0;  ///< rows that changed between scan and judgement, and planned ones that did, or whose witness or source
                              ///< did, before their removal: all left alone
  std::uint64_t interrupted_removed = 0;  ///< rows that interrupted attempts of the same job removed before; in none of the counts above
  std::uint64_t bytes_reclaimed = 0;      ///< logical bytes of the removed rows
  double kb_reclaimed = 0;                ///< the same in KB of 1,024 bytes
  std::uint64_t file_bytes_before = 0, file_bytes_after = 0;
  std::optional<compaction_report> compaction;  ///< what became of the removed rows' space, of a store that can tell
  std::optional<backup_report> backups;         ///< of a cleanup that ended well
  double total_seconds = 0;
  step_seconds seconds;
  std::optional<upkeep::receipt> receipt;                     ///< of the backup, once there is one
  std::string receipt_path;                                   ///< where it is written
  std::string notifier_error;                                 ///< why a message could not be delivered
  std::string observer_error;                                 ///< why the end of the run could not be told to an observer
  std::vector<std::pair<std::string, std::string>> policies;  ///< role and name; and switches that make a run less careful

  /// Rows that left the store, whatever the reason.
  [[nodiscard]] std::uint64_t removed() const noexcept { return duplicates_removed + orphans_removed; }
  /// Whether the oracle answered for no source. Sources of refused containers count as unknown although it did.
  [[nodiscard]] bool oracle_was_mute() const noexcept { return sources != 0 && unknown_sources == sources && refused.empty(); }

  /// Visits every field as (name, value) in a stable order; a dot in a name opens a group. Values are strings, bools, integers and doubles.
  template <class Visitor>
  void fields(Visitor&& visit) const {
    visit("status", to_string(status));
    if (!aborted_reason.empty()) visit("aborted.reason", std::string_view(aborted_reason));
    if (!would_abort.empty()) visit("would_abort", std::string_view(would_abort));
    if (!error.empty()) visit("error", std::string_view(error));
    if (!refused.empty()) visit("refused", std::string_view(refused));
    visit("run_id", std::string_view(run_id));
    visit("phase", std::string_view(phase));
    visit("store", std::string_view(store));
    visit("dry_run", dry_run);
    visit("baseline", baseline);
    visit("rows", rows);
    for (std::size_t i = 1; i < set_aside.size(); ++i)
      visit("set_aside." + std::string(to_string(static_cast<upkeep::set_aside>(i))), set_aside[i]);
    visit("pairs", pairs);
    visit("duplicates_found", duplicates_found);
    visit("duplicates_removed", duplicates_removed);
    visit("orphans_found", orphans_found);
    visit("orphans_removed", orphans_removed);
    visit("sources", sources);
    visit("absent_sources", absent_sources);
    visit("unknown_sources", unknown_sources);
    visit("without_source", without_source);
    visit("review_pairs", review_pairs);
    visit("review_left_out", review_left_out);
    visit("accepted_pairs", accepted_pairs);
    visit("rejected_pairs", rejected_pairs);
    visit("void_decisions", void_decisions);
    if (!accepted_by.empty()) visit("accepted_by", std::string_view(accepted_by));
    visit("last_copy", last_copy);
    visit("witnesses_lost", witnesses_lost);
    visit("waiting_grace", waiting_grace);
    visit("pinned", pinned);
    if (containers_refused != 0) visit("containers_refused", containers_refused);
    if (containers_refused != 0) visit("in_refused_container", in_refused_container);
    visit("planned", planned);
    visit("trimmed", trimmed);
    visit("changed", changed);
    if (interrupted_removed != 0) visit("interrupted_removed", interrupted_removed);
    visit("bytes_reclaimed", bytes_reclaimed);
    visit("kb_reclaimed", kb_reclaimed);
    visit("file_bytes_before", file_bytes_before);
    visit("file_bytes_after", file_bytes_after);
    if (compaction) {
      visit("compaction.method", compaction->method);
      visit("compaction.page_bytes", compaction->page_bytes);
      visit("compaction.free_pages_before", compaction->free_pages_before);
      visit("compaction.free_pages_after", compaction->free_pages_after);
      visit("compaction.file_bytes_before", compaction->file_bytes_before);
      visit("compaction.file_bytes_after", compaction->file_bytes_after);
      visit("compaction.slices", compaction->slices);
      if (!compaction->left.empty()) visit("compaction.left", std::string_view(compaction->left));
    }
    if (backups) {
      visit("backups.kept", backups->kept);
      visit("backups.kept_bytes", backups->kept_bytes);
      visit("backups.held", backups->held);
      visit("backups.deleted", backups->deleted);
      visit("backups.deleted_bytes", backups->deleted_bytes);
      if (!backups->error.empty()) visit("backups.error", std::string_view(backups->error));
    }
    visit("total_seconds", total_seconds);
    visit("seconds.scan", seconds.scan);
    visit("seconds.oracle", seconds.oracle);
    visit("seconds.join", seconds.join);
    visit("seconds.guard", seconds.guard);
    visit("seconds.backup", seconds.backup);
    visit("seconds.remove", seconds.remove);
    visit("seconds.compact", seconds.compact);
    if (receipt) {
      visit("receipt.id", std::string_view(receipt->id));
      visit("receipt.backup", std::string_view(receipt->path));
      visit("receipt.rows", receipt->rows);
      visit("receipt.bytes", receipt->bytes);
      visit("receipt.path", std::string_view(receipt_path));
    }
    if (!notifier_error.empty()) visit("notifier_error", std::string_view(notifier_error));
    if (!observer_error.empty()) visit("observer_error", std::string_view(observer_error));
    for (const auto& [role, name] : policies) visit("policies." + role, std::string_view(name));
  }
};

namespace detail {

/// What people are told of a run.
inline message message_about(const janitor_report& r) {
  message m;
  m.level = r.status == outcome::done && r.refused.empty() && !r.oracle_was_mute() ? message::urgency::notice : message::urgency::alert;
  m.title = "upkeep: " + r.phase + " " + std::string(to_string(r.status)) + " on " + r.store;
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f", r.total_seconds);
  m.text = "duplicates: " + std::to_string(r.duplicates_found) + " found, " + std::to_string(r.duplicates_removed) +
           " removed\norphans: " + std::to_string(r.orphans_found) + " found, " + std::to_string(r.orphans_removed) +
           " removed\nreview: " + std::to_string(r.review_pairs) + " pairs\nreclaimed: " + std::to_string(r.bytes_reclaimed / 1024) +
           " KB\ntime: " + seconds + " s\n";
  if (r.interrupted_removed != 0)
    m.text += "before that, attempts that were interrupted: " + std::to_string(r.interrupted_removed) + " rows removed\n";
  if (!r.refused.empty()) m.text += r.refused + "\n";
  if (r.oracle_was_mute())
    m.text += "the orphan oracle answered for none of " + std::to_string(r.sources) + " sources: nothing was removed; is it down?\n";
  if (!r.error.empty()) m.text += r.error + "\n";
  if (r.receipt) m.text += "receipt: " + r.receipt_path + "\n";
  return m;
}

}  // namespace detail
}  // namespace upkeep::inline v0
