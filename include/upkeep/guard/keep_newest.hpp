#pragma once
// A retention by age: what came last is kept.

#include "../concepts/retention.hpp"

namespace upkeep::inline v0 {

/// Retention: the row created last is kept, a known time before an unknown one. Ties are ordered by key, which the janitor sees to.
/// @par Thread safety
/// Stateless.
struct keep_newest {
  [[nodiscard]] constexpr bool outranks(const record_view& a, const record_view& b) const noexcept {
    return a.created > b.created;  // no_time is lower than every time
  }
};

static_assert(retention<keep_newest>);

}  // namespace upkeep::inline v0
