#pragma once
// Which backups may be deleted: by number, by age, and never while something may still need them.

#include "../base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace upkeep::inline v0 {

/// How many backups stay. Both must allow it before one is deleted: a clock that runs wild for a night must not empty the folder, nor must a
/// program that cleans every minute.
struct backup_retention {
  std::size_t newest = 7;                                  ///< so many of the newest stay, however old they are
  std::chrono::seconds age = std::chrono::hours(24 * 30);  ///< younger ones stay, however many they are
};

/// One backup, as far as that matters for deleting it.
struct kept_backup {
  std::string id;     ///< of its run
  time_point made{};  ///< when its run began
  bool held = false;  ///< something may still need it, whatever its age
};

/// The backups that may go, the oldest first, as places in `all`. One that is held never goes, nor one within the undo window; one that was
/// made in the future (a clock was set back) is young.
[[nodiscard]] inline std::vector<std::size_t> backups_to_delete(std::span<const kept_backup> all, const backup_retention& retention,
                                                                std::chrono::seconds undo_window, time_point now) {
  std::vector<std::size_t> by_age(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) by_age[i] = i;
  std::sort(by_age.begin(), by_age.end(),
            [&](std::size_t a, std::size_t b) { return all[a].made != all[b].made ? all[a].made < all[b].made : all[a].id < all[b].id; });
  by_age.resize(all.size() - std::min(all.size(), retention.newest));
  const std::chrono::seconds youngest = std::max(retention.age, undo_window);
  std::erase_if(by_age, [&](std::size_t i) { return all[i].held || now - all[i].made < youngest; });
  return by_age;
}

}  // namespace upkeep::inline v0
