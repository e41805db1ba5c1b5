#pragma once
// What a janitor is told: threshold, phase, limits, baseline and grace.

#include "../base/key.hpp"
#include "../concepts/compaction.hpp"
#include "backup_retention.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// How far a run goes.
enum class phase {
  detect,  ///< finds and reports; takes no lock and writes nothing
  log,     ///< detects, and remembers what it saw (history, audit, notification)
  cleanup  ///< all of it: plan, backup, removal, reconciliation
};

constexpr std::string_view to_string(phase p) noexcept {
  switch (p) {
    case phase::detect: return "detect";
    case phase::log: return "log";
    case phase::cleanup: return "cleanup";
  }
  return "unknown";
}

/// What happens when a plan exceeds a limit.
enum class on_excess {
  abort,  ///< nothing is removed
  trim    ///< the safest removals are kept up to the limit: duplicates by falling score, then orphans
};

/// Limits on a whole plan. Each has its own option; raising one lifts no other.
struct removal_limits {
  double fraction = 0.05;                                           ///< of all rows, 0 to 1
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();  ///< rows
  double scope_fraction = 1.0;                                      ///< of the rows of any one scope, 0 to 1
  double absence_spike = 0.10;                                      ///< how far the share of absent sources may rise above the last run's
  /// A container of which so many sources are newly absent, and none is present, keeps its rows. 0: none does.
  std::uint64_t container_sources = 10;
  on_excess excess = on_excess::abort;  ///< a spike always aborts; a container that is gone never does
};

/// What a janitor is told. An aggregate for designated initialisers.
struct janitor_options {
  double threshold = 0.98;  ///< in the finder's metric
  upkeep::phase phase = upkeep::phase::detect;
  bool dry_run = false;                                 ///< every step of a cleanup but the removals
  bool baseline = true;                                 ///< the first `log` or `cleanup` run on a store records and removes nothing
  std::chrono::seconds grace = std::chrono::hours(20);  ///< how long an orphan must have been known before it may go; 0: none
  std::chrono::seconds undo_window = std::chrono::hours(24 * 30);  ///< how long a removed duplicate's witness is held
  std::chrono::seconds plan_age = std::chrono::hours(24);          ///< older plans are not applied
  removal_limits limits = {};
  /// What a source, or a container, lies in: a mount, a folder, a collection; empty: in nothing. It must be shorter than what it is asked for.
  /// Not given: container_before, the part before the last '/' or ':'.
  std::function<std::string(std::string_view)> container_of = {};
  std::vector<std::string> gone_containers = {};  ///< known to be gone for good: limits.container_sources does not keep their rows
  bool across_scopes = false;                     ///< let rows of different scopes be duplicates of each other
  std::size_t batch = 200;                        ///< rows removed in one transaction, 1 to 200
  std::uint64_t max_pairs = 100'000'000;          ///< pairs held in memory, 16 bytes each
  /// Pairs that a plan lists for a person, the closest ones where the guard hesitates over more; the others are counted (`review_left_out`).
  std::size_t max_review = 100'000;
  /// Bytes of vectors held in memory, 4 a component; where there are more, a `paged_finder` reads them in the store: two more scans, and
  /// 64 bytes a row.
  std::uint64_t vector_memory = std::uint64_t{4} << 30;
  /// Bytes of texts kept from the scan for the guard; it reads the others of near-duplicates a second time. 0: the scan reads no texts.
  std::uint64_t text_memory = std::uint64_t{256} << 20;
  /// How the space of removed rows is given back at the end of a cleanup, by a store that can.
  compaction_options compaction = {};
  unsigned threads = 0;               ///< 0: all cores
  std::string backup_directory = {};  ///< empty: the store's own
  /// Which backups of earlier runs are deleted at the end of a cleanup that ended well: none within `undo_window`, none that the ledger
  /// needs, none of a run that did not end as `done` or `cancelled`. Needs a `browsable_history`; without one all stay.
  backup_retention backups = {};
  /// How many bytes can still be written to the file system of a folder: a cleanup that may need more is aborted before it writes any.
  /// Empty: what the system says.
  std::function<std::uint64_t(const std::string& folder)> free_space = {};
  std::string owner = {};  ///< who runs it, for the lock; empty: host and process id
  /// Called after each batch was removed and committed, with the keys that left, so that indexes elsewhere can follow. What it throws ends
  /// the run as `failed`.
  std::function<void(std::span<const key_view>)> on_removed = {};
};

/// @throws error invalid_argument naming the first option that cannot be used.
inline void check_options(const janitor_options& o) {
  const auto refuse = [](const std::string& what) { throw error(errc::invalid_argument, what); };
  const auto share = [&](const char* name, double value) {
    if (!(value >= 0 && value <= 1))
      refuse(std::string("janitor_options: ") + name + " is " + std::to_string(value) + ": it is a share from 0 to 1");
  };
  share("limits.fraction", o.limits.fraction);
  share("limits.scope_fraction", o.limits.scope_fraction);
  share("limits.absence_spike", o.limits.absence_spike);
  if (o.batch < 1 || o.batch > 200)
    refuse("janitor_options: batch is " + std::to_string(o.batch) + ": 1 to 200 rows are removed at a time");
  share("compaction.least_free_share", o.compaction.least_free_share);
  if (o.compaction.slice_pages < 1 || o.compaction.slice_pages > 65'536)
    refuse("janitor_options: compaction.slice_pages is " + std::to_string(o.compaction.slice_pages) + ": it is a number from 1 to 65,536");
  // Beyond this, sums of times overflow: a window of "for ever" would have ended long ago.
  const auto span = [&](const char* name, std::chrono::seconds value) {
    if (value < std::chrono::seconds(0) || value > std::chrono::hours(24 * 36'500))
      refuse(std::string("janitor_options: ") + name + " is " + std::to_string(value.count()) + " s: it is a time from 0 to 36,500 days");
  };
  span("grace", o.grace);
  span("undo_window", o.undo_window);
  span("plan_age", o.plan_age);
  span("backups.age", o.backups.age);
  if (o.plan_age == std::chrono::seconds(0)) refuse("janitor_options: plan_age is 0: no plan could ever be applied");
}

}  // namespace upkeep::inline v0
