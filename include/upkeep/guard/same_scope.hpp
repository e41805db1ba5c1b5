#pragma once
// A guard that keeps tenants, collections and namespaces apart.

#include "../concepts/duplicate_guard.hpp"

namespace upkeep::inline v0 {

/// Guard: `covers` where both rows have the same scope (or neither has one), else `distinct`: what one tenant keeps is no copy of what
/// another keeps. An absent scope and an empty one are two scopes. Looks at nothing else: combine it with a guard that does (`all_guards`).
/// @par Thread safety
/// Stateless.
struct same_scope {
  static constexpr field reads = field::scope;

  [[nodiscard]] constexpr verdict judge(const pair_view& pair) const noexcept {
    return same_value(pair.removed.scope, pair.survivor.scope) ? verdict::covers : verdict::distinct;
  }
};

static_assert(duplicate_guard<same_scope>);

}  // namespace upkeep::inline v0
