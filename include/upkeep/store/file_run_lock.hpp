#pragma once
// The run lock of a store on this machine: a lock file that the kernel frees when its owner dies.

#include "../base/file_lock.hpp"
#include "../concepts/run_lock.hpp"

#include <optional>
#include <string>
#include <utility>

namespace upkeep::inline v0 {

/// One maintenance run among all processes that use the same lock file; see file_lock for what the kernel promises. The file stays.
/// @par Thread safety
/// None; one thread at a time. Distinct objects exclude each other, within one process as well.
class file_run_lock {
 public:
  /// @param path  of the lock file, made when first locked; its directory must exist
  explicit file_run_lock(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Takes the lock if nobody has it, this object included; else says who has.
  /// @throws error not_found or io where the lock file cannot be opened.
  lock_answer try_lock(const std::string& owner) {
    if (lock_) return {.acquired = false, .owner = holder_.owner, .since = holder_.since};
    lock_attempt attempt = file_lock::try_acquire(path_, owner);
    if (attempt.lock) {
      lock_ = std::move(attempt.lock);
      holder_ = attempt.holder;
    }
    return {.acquired = lock_.has_value(), .owner = std::move(attempt.holder.owner), .since = std::move(attempt.holder.since)};
  }

  /// Frees the lock if this object holds it.
  void unlock() noexcept { lock_.reset(); }

 private:
  std::string path_;
  std::optional<file_lock> lock_;
  lock_holder holder_;
};
static_assert(run_lock<file_run_lock>);

}  // namespace upkeep::inline v0
