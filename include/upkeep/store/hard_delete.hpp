#pragma once
// The default removal: rows are deleted.

#include "../concepts/removal.hpp"
#include "../concepts/vector_store.hpp"

#include <cstddef>
#include <span>

namespace upkeep::inline v0 {

/// Removal: deletes the rows through the store's `erase`.
/// @par Thread safety
/// Stateless.
struct hard_delete {
  /// Returns how many of the rows there were.
  template <class Store>
    requires has_erase<Store> std::size_t take_out(Store& store, std::span<const key_view> keys)
  const { return static_cast<std::size_t>(store.erase(keys)); }
};

namespace detail {

struct erasing_archetype {
  std::size_t erase(std::span<const key_view> keys);
};

}  // namespace detail

static_assert(removal<hard_delete, detail::erasing_archetype>);

}  // namespace upkeep::inline v0
