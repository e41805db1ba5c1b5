#pragma once
// Role `clock` (verb `now`): what time it is.

#include "../base/clock.hpp"
#include "role.hpp"

#include <concepts>

namespace upkeep::inline v0 {

// A clock tells the time; a test's clock tells the time the test wants.
//
//   upkeep::time_point now()

template <class T>
concept has_now = requires(T& t) {
  { t.now() } -> std::same_as<time_point>;
};

/// Tells the time.
template <class T>
concept clock = has_now<T>;

static_assert(clock<system_clock>);

namespace check {

template <class T>
struct clock {
  static constexpr bool fits = has_now<T>;
  static_assert(fits, "upkeep: clock: write `upkeep::time_point now()`");
};

}  // namespace check
}  // namespace upkeep::inline v0
