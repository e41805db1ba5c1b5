#pragma once
// The notifier of those who want no messages.

#include "../concepts/notifier.hpp"

namespace upkeep::inline v0 {

/// Notifier: tells nobody.
/// @par Thread safety
/// Stateless.
struct null_notifier {
  void deliver(const message& /*message*/) const noexcept {}
};

static_assert(notifier<null_notifier>);

}  // namespace upkeep::inline v0
