#pragma once
// What observers are told of a run that has ended: its report as one event.

#include "../base/event.hpp"
#include "../base/record.hpp"
#include "report.hpp"

#include <cstddef>
#include <cstdint>

namespace upkeep::inline v0::detail {

/// Returns what `tell` returns for the event `run_finished` of this report.
template <class Tell>
auto with_end_of_run(const janitor_report& r, Tell&& tell) {
  const auto set_aside = [&](upkeep::set_aside reason) { return r.set_aside[static_cast<std::size_t>(reason)]; };
  const event_field fields[] = {{"status", to_string(r.status)},
                                {"phase", r.phase},
                                {"store", r.store},
                                {"dry_run", r.dry_run},
                                {"baseline", r.baseline},
                                {"aborted_reason", r.aborted_reason},
                                {"would_abort", r.would_abort},
                                {"rows", r.rows},
                                {"set_aside_zero", set_aside(upkeep::set_aside::zero)},
                                {"set_aside_not_finite", set_aside(upkeep::set_aside::not_finite)},
                                {"set_aside_wrong_width", set_aside(upkeep::set_aside::wrong_width)},
                                {"set_aside_unreadable", set_aside(upkeep::set_aside::unreadable)},
                                {"duplicates_found", r.duplicates_found},
                                {"duplicates_removed", r.duplicates_removed},
                                {"orphans_found", r.orphans_found},
                                {"orphans_removed", r.orphans_removed},
                                {"sources", r.sources},
                                {"unknown_sources", r.unknown_sources},
                                {"review_pairs", r.review_pairs},
                                {"bytes_reclaimed", r.bytes_reclaimed},
                                {"file_bytes", r.file_bytes_after},
                                {"page_bytes", r.compaction ? r.compaction->page_bytes : std::uint64_t{0}},
                                {"free_bytes", r.compaction ? r.compaction->free_bytes_after() : std::uint64_t{0}},
                                {"scan_seconds", r.seconds.scan},
                                {"oracle_seconds", r.seconds.oracle},
                                {"join_seconds", r.seconds.join},
                                {"guard_seconds", r.seconds.guard},
                                {"backup_seconds", r.seconds.backup},
                                {"remove_seconds", r.seconds.remove},
                                {"compact_seconds", r.seconds.compact},
                                {"total_seconds", r.total_seconds},
                                {"error", r.error},
                                {"notifier_error", r.notifier_error}};
  return tell(event{r.status != outcome::done ? event_level::alert : event_level::info, "run_finished", {}, fields});
}

}  // namespace upkeep::inline v0::detail
