#pragma once
// The run lock of a store that lives in one process: shared by all who hold a copy.

#include "../base/clock.hpp"
#include "../concepts/run_lock.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace upkeep::inline v0 {

/// Copies contend for one lock: a copy of a lock that is held does not hold it. The destructor unlocks; moving hands over what is held.
/// @par Thread safety
/// Different copies may be used by different threads; one copy by one thread at a time.
class memory_lock {
 public:
  /// A new lock, which nobody holds and only its copies contend for.
  memory_lock() : state_(std::make_shared<state>()) {}
  memory_lock(const memory_lock& other) noexcept : state_(other.state_) {}
  memory_lock(memory_lock&& other) noexcept : state_(other.state_), held_(std::exchange(other.held_, false)) {}
  memory_lock& operator=(memory_lock other) noexcept {
    std::swap(state_, other.state_);
    std::swap(held_, other.held_);
    return *this;
  }
  ~memory_lock() { unlock(); }

  /// Takes the lock if nobody has it, this object included; else says who has.
  lock_answer try_lock(const std::string& owner) {
    lock_answer answer{.acquired = true, .owner = owner, .since = to_iso8601(system_clock{}.now())};
    const std::lock_guard guard(state_->mutex);
    if (state_->held) return {.acquired = false, .owner = state_->owner, .since = state_->since};
    state_->owner = answer.owner;
    state_->since = answer.since;
    state_->held = held_ = true;
    return answer;
  }

  /// Frees the lock if this object holds it.
  void unlock() noexcept {
    if (!std::exchange(held_, false)) return;
    const std::lock_guard guard(state_->mutex);
    state_->held = false;
  }

 private:
  struct state {
    std::mutex mutex;
    bool held = false;
    std::string owner, since;
  };
  std::shared_ptr<state> state_;
  bool held_ = false;
};
static_assert(run_lock<memory_lock>);

}  // namespace upkeep::inline v0
