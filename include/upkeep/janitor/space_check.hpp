#pragma once
// Before a cleanup writes its first byte: is there space for the backup, and for the database while its rows go?

#include "../base/file.hpp"
#include "../concepts/vector_store.hpp"
#include "options.hpp"
#include "plan.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// Bytes that a cleanup may write, at the most.
struct space_needed {
  std::uint64_t backup = 0;  ///< in the folder of the backups
  std::uint64_t store = 0;   ///< beside the store: journal or write-ahead log, and the ledger
};

/// Estimates what a plan needs from the measured sizes of its rows. Where no row has one, each counts as the mean of the store.
///
/// A page of a database may be half empty (a row of a little more than half a page has one to itself), hence twice the size of the rows; and
/// 128 bytes a row for its header and its id. Beside the store a batch is in the journal, or up to 1,000 pages are in the log, before SQLite
/// writes them into the file; and 256 bytes a row are for the ledger.
[[nodiscard]] inline space_needed estimate_space(const plan& plan, std::size_t batch, std::uint64_t store_rows, std::uint64_t store_bytes) {
  const std::uint64_t rows = plan.removals.size();
  if (rows == 0) return {};
  std::uint64_t bytes = 0;
  for (const planned_removal& r : plan.removals) bytes += r.bytes;
  if (bytes == 0) bytes = store_bytes / std::max<std::uint64_t>(store_rows, 1) * rows;
  constexpr std::uint64_t least = 64 * 1024, usual_log = 4096 * 1024;
  const std::uint64_t of_batch = bytes / rows * std::min<std::uint64_t>(batch, rows);
  return {.backup = 2 * bytes + 128 * rows + least, .store = 2 * of_batch + std::min(usual_log, store_bytes) + 256 * rows};
}

namespace detail {

/// What such a run is aborted for.
inline constexpr std::string_view not_enough_space = "not_enough_space";

/// One sentence where there is too little space, empty where there is enough. Both folders must exist; `store_folder` may be empty.
inline std::string too_little_space(const space_needed& needed, const std::string& backup_folder, const std::string& store_folder,
                                    const std::function<std::uint64_t(const std::string&)>& free_space) {
  const auto check = [&](const std::string& folder, std::uint64_t bytes, const char* what) -> std::string {
    const std::uint64_t free = free_space ? free_space(folder) : available_space(folder);
    if (free >= bytes) return {};
    return std::string("not enough space for ") + what + ": '" + folder + "' needs " + std::to_string(bytes / 1024 + 1) + " KiB, and " +
           std::to_string(free / 1024) + " KiB are free: free some there, or choose another backup_directory";
  };
  if (store_folder.empty()) return check(backup_folder, needed.backup, "the backup");
  if (same_file_system(backup_folder, store_folder))
    return check(backup_folder, needed.backup + needed.store, "the backup and the database's journal");
  const std::string missing = check(backup_folder, needed.backup, "the backup");
  return missing.empty() ? check(store_folder, needed.store, "the database's journal") : missing;
}

/// The same for a janitor, whose folder for backups is made where there is none.
template <class Parts>
std::string too_little_space(Parts& parts, const janitor_options& options, const plan& plan) {
  const std::string folder = options.backup_directory.empty() ? parts.directory : options.backup_directory;
  if (folder.empty() || plan.removals.empty()) return {};  // without a folder the backup says what is missing
  create_directories_durably(folder);
  std::uint64_t bytes = 0;
  std::string beside;
  if constexpr (sized_store<typename Parts::store_type>) bytes = parts.store.bytes();
  if constexpr (file_store<typename Parts::store_type>) beside = directory_of(parts.store.file());
  return too_little_space(estimate_space(plan, options.batch, parts.store.size(), bytes), folder, beside, options.free_space);
}

}  // namespace detail
}  // namespace upkeep::inline v0
