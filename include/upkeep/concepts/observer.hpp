#pragma once
// Role `observer` (verb `observe`): sees every structured event.

#include "../base/event.hpp"
#include "role.hpp"

#include <concepts>

namespace upkeep::inline v0 {

// An observer sees every event of a run, from the thread that runs it, and copies what it keeps. Progress, audit, metrics and logs are all
// observers.
//
//   void observe(const upkeep::event& event)

template <class T>
concept has_observe = requires(T& t, const event& e) {
  { t.observe(e) } -> std::same_as<void>;
};

/// Sees every structured event.
template <class T>
concept observer = has_observe<T>;

namespace check {

template <class T>
struct observer {
  static constexpr bool fits = has_observe<T>;
  static_assert(fits, "upkeep: observer: write `void observe(const upkeep::event& event)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
