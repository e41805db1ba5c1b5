#pragma once
// The observer of those who want no events.

#include "../concepts/observer.hpp"

namespace upkeep::inline v0 {

/// Observer: looks away.
/// @par Thread safety
/// Stateless.
struct null_observer {
  void observe(const event& /*event*/) const noexcept {}
};

static_assert(observer<null_observer>);

}  // namespace upkeep::inline v0
