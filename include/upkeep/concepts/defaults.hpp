#pragma once
// Which backup, lock and history fit a store: specialised in the store's own header.

#include "../config.hpp"

#include <concepts>
#include <string>

namespace upkeep::inline v0 {

/// What a store brings along. A specialisation has
///   `static auto make_backup(Store&)`, `static auto make_lock(Store&)`, `static auto make_history(Store&)`: the policies, and
///   `static std::string directory(const Store&)`: the folder beside the store for backups; empty where the user must name one.
/// A store without a specialisation needs all three policies passed by hand.
template <class Store>
struct defaults {};

/// A store for which nothing but the store itself must be passed.
template <class Store>
concept has_defaults = requires(Store& store, const Store& read) {
  defaults<Store>::make_backup(store);
  defaults<Store>::make_lock(store);
  defaults<Store>::make_history(store);
  { defaults<Store>::directory(read) } -> std::convertible_to<std::string>;
};

}  // namespace upkeep::inline v0
