#pragma once
// Role `run_lock` (verb `try_lock`): one maintenance run per store.

#include "role.hpp"

#include <concepts>
#include <string>

namespace upkeep::inline v0 {

/// The answer to an attempt to lock.
struct lock_answer {
  bool acquired = false;
  std::string owner;  ///< where it was not acquired: who holds it
  std::string since;  ///< and since when, ISO 8601 UTC
};

// A run lock excludes all other maintenance runs of one store, in every process, and is freed by the system when its process dies. It has no
// expiry and is never taken from an owner that is alive.
//
//   upkeep::lock_answer try_lock(const std::string& owner)    does not wait
//   void unlock()

template <class T>
concept has_try_lock = requires(T& t, const std::string& owner) {
  { t.try_lock(owner) } -> std::same_as<lock_answer>;
};
template <class T>
concept has_unlock = requires(T& t) {
  { t.unlock() } -> std::same_as<void>;
};

/// Excludes all other maintenance runs of one store.
template <class T>
concept run_lock = has_try_lock<T> && has_unlock<T>;

namespace check {

template <class T>
struct run_lock {
  static constexpr bool a = has_try_lock<T>, fits = a && has_unlock<T>;
  static_assert(a, "upkeep: run_lock: write `upkeep::lock_answer try_lock(const std::string& owner)`");
  static_assert(!a || fits, "upkeep: run_lock: write `void unlock()`");
};

}  // namespace check
}  // namespace upkeep::inline v0
