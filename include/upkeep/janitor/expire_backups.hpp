#pragma once
// The end of a cleanup that ended well: backups that nobody needs any more go, in an order that a crash cannot turn into a false promise.

#include "../base/file.hpp"
#include "../base/progress.hpp"
#include "../concepts/history.hpp"
#include "backup_retention.hpp"
#include "options.hpp"
#include "ownership.hpp"
#include "report.hpp"
#include "run_files.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace upkeep::inline v0::detail {

/// The backups of one store in one folder, which may hold other files and the backups of other stores: those are nobody's business here.
///
/// A receipt says that its run can be undone. So it is renamed before its backup goes, and removed after it: a process that dies in between
/// leaves a file that says what was under way, and the next expiry goes on there.
template <browsable_history History>
class backup_expiry {
 public:
  backup_expiry(std::string directory, std::string store, History& history, const progress& progress, time_point now)
      : directory_(std::move(directory)), store_(std::move(store)), history_(history), progress_(progress), now_(now) {}

  /// Deletes what may go, and counts. Never throws: see `error` of the report.
  backup_report run(const backup_retention& retention, std::chrono::seconds undo_window) {
    try {
      for (const std::string& id : runs_with(expired_ending)) finish(id);
      std::vector<kept_backup> all = find();
      const std::vector<std::size_t> going = backups_to_delete(all, retention, undo_window, now_);
      std::vector<bool> goes(all.size());
      for (const std::size_t i : going) goes[i] = true;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (goes[i]) continue;
        ++report_.kept;
        report_.kept_bytes += size_of(all[i].id);
        report_.held += all[i].held ? 1 : 0;
      }
      for (const std::size_t i : going) expire(all[i]);
    } catch (...) {
      report_.error += (report_.error.empty() ? "" : "; ") + what_was_thrown();
    }
    return std::move(report_);
  }

 private:
  [[nodiscard]] std::string file(const std::string& id, std::string_view ending) const {
    return directory_ + '/' + id + std::string(ending);
  }

  // A link or a folder of such a name is not what a run wrote.
  static bool is_file(const std::string& path) {
    std::error_code none;
    return std::filesystem::symlink_status(path, none).type() == std::filesystem::file_type::regular;
  }
  [[nodiscard]] std::uint64_t size_of(const std::string& id) const { return file_size(file(id, backup_ending)).value_or(0); }

  // A receipt that cannot be read may be another store's, and somebody else's: it is left alone, and said.
  bool is_ours(const std::string& path, std::string_view id) {
    try {
      return is_receipt_of(read_file(path, 1U << 20U), id, store_);
    } catch (const error& failure) {
      report_.error += (report_.error.empty() ? "" : "; ") + std::string(failure.what());
      return false;
    }
  }

  [[nodiscard]] std::vector<std::string> runs_with(std::string_view ending) {
    std::vector<std::string> ids;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(directory_, failure), end; !failure && entry != end; entry.increment(failure)) {
      const std::string name = entry->path().filename().string();
      const std::optional<std::string_view> id = run_of_file(name, ending);
      if (id && is_file(entry->path().string()) && is_ours(entry->path().string(), *id)) ids.emplace_back(*id);
    }
    if (failure) throw error(errc::io, "cannot read the folder of the backups '" + directory_ + "': " + failure.message());
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  std::vector<kept_backup> find() {
    std::map<std::string, bool, std::less<>> ended_well;
    std::optional<time_point> oldest;
    history_.visit_runs(std::numeric_limits<std::size_t>::max(), [&](const run_summary& run) {
      ended_well[run.id] = run.status == to_string(outcome::done) || run.status == to_string(outcome::cancelled);
      oldest = std::min(oldest.value_or(run.started), run.started);
    });
    std::set<std::string, std::less<>> needed;
    history_.visit_ledger([&](const ledger_entry& e) {
      if (e.until > now_ && is_present(e.receipt)) needed.emplace(e.receipt);
    });
    std::vector<kept_backup> all;
    for (std::string& id : runs_with(receipt_ending)) {
      if (!is_file(file(id, backup_ending))) continue;
      const time_point made = *time_of_run(id);
      // A run is recorded before its first removal. So a run that the history does not know, although it goes back that far, was a rehearsal
      // or died before that, and removed nothing. Of one before the beginning of the history nobody knows anything.
      const auto known = ended_well.find(id);
      const bool harmless = known != ended_well.end() ? known->second : oldest && *oldest <= made;
      const bool held = !harmless || needed.contains(id);
      all.push_back({std::move(id), made, held});
    }
    return all;
  }

  void expire(const kept_backup& backup) {
    const std::string path = file(backup.id, backup_ending), made = to_iso8601(backup.made);
    const event_field fields[] = {{"receipt", std::string_view(backup.id)},
                                  {"path", std::string_view(path)},
                                  {"bytes", size_of(backup.id)},
                                  {"made", std::string_view(made)}};
    progress_.tell({event_level::info, "deleting_backup", "a backup that nothing needs any more is about to be deleted", fields});
    std::error_code failure;
    std::filesystem::rename(file(backup.id, receipt_ending), file(backup.id, expired_ending), failure);
    if (failure) throw error(errc::io, "cannot rename the receipt '" + file(backup.id, receipt_ending) + "': " + failure.message());
    sync_directory(directory_);
    finish(backup.id);
  }

  // Its receipt has been renamed already.
  void finish(const std::string& id) {
    const std::string path = file(id, backup_ending);
    if (is_file(path)) {
      const std::uint64_t bytes = size_of(id);
      remove_file_durably(path);
      ++report_.deleted;
      report_.deleted_bytes += bytes;
    }
    remove_file_durably(file(id, expired_ending));
  }

  std::string directory_, store_;
  History& history_;
  const progress& progress_;
  time_point now_;
  backup_report report_;
};

/// Deletes what `options.backups` lets go of the backups of this store, and writes into the report what became of them. Never throws.
template <class Parts>
void expire_backups(Parts& parts, const janitor_options& options, janitor_report& report, const progress& progress, time_point now) {
  using history_type = std::remove_reference_t<decltype(use(parts.history))>;
  if constexpr (browsable_history<history_type>) {
    const std::string directory = options.backup_directory.empty() ? parts.directory : options.backup_directory;
    std::error_code none;
    if (directory.empty() || !std::filesystem::is_directory(directory, none)) return;
    report.backups =
        backup_expiry<history_type>(directory, report.store, use(parts.history), progress, now).run(options.backups, options.undo_window);
  }
}

}  // namespace upkeep::inline v0::detail
