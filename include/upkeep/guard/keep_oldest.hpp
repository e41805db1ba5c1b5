#pragma once
// A retention by age: what was there first is kept.

#include "../concepts/retention.hpp"

namespace upkeep::inline v0 {

/// Retention: the row created first is kept, a known time before an unknown one. Ties are ordered by key, which the janitor sees to.
/// @par Thread safety
/// Stateless.
struct keep_oldest {
  [[nodiscard]] constexpr bool outranks(const record_view& a, const record_view& b) const noexcept {
    if (a.created == no_time || b.created == no_time) return a.created != no_time && b.created == no_time;
    return a.created < b.created;
  }
};

static_assert(retention<keep_oldest>);

}  // namespace upkeep::inline v0
