#pragma once
// A guard that keeps at least one vector for every source.

#include "../concepts/duplicate_guard.hpp"

namespace upkeep::inline v0 {

/// Guard: `covers` where both rows were made from the same source, else `distinct`. For stores where every source is a thing of its own,
/// such as packages that share a description. A row without a source (absent or empty) is `distinct` from every row: nothing says that it
/// was made from the same thing. Looks at nothing else: combine it with a guard that does (`all_guards`).
/// @par Thread safety
/// Stateless.
struct same_source {
  static constexpr field reads = field::source;

  [[nodiscard]] constexpr verdict judge(const pair_view& pair) const noexcept {
    return !pair.removed.source.empty() && pair.removed.source == pair.survivor.source ? verdict::covers : verdict::distinct;
  }
};

static_assert(duplicate_guard<same_source>);

}  // namespace upkeep::inline v0
