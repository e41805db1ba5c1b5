#pragma once
// Role `removal` (verb `take_out`): how a row leaves a store.

#include "../base/key.hpp"
#include "role.hpp"

#include <concepts>
#include <cstddef>
#include <span>

namespace upkeep::inline v0 {

// A removal takes rows out of the store it is given, inside the janitor's transaction where the store has one: all of them or, by throwing,
// none.
//
//   template <class Store> std::size_t take_out(Store& store, std::span<const upkeep::key_view> keys)
//     returns how many rows left.
//
// Optional: `template <class Store> void attach(Store& store)`, called once when a janitor is made: `mark` tells the store there which rows
// count as gone.

template <class T, class Store>
concept has_take_out = requires(T& t, Store& store, std::span<const key_view> keys) {
  { t.take_out(store, keys) } -> std::convertible_to<std::size_t>;
};

/// Takes rows out of a `Store`.
template <class T, class Store>
concept removal = has_take_out<T, Store>;

namespace check {

template <class T, class Store>
struct removal {
  static constexpr bool fits = has_take_out<T, Store>;
  static_assert(
      fits,
      "upkeep: removal: write `template <class Store> std::size_t take_out(Store& store, std::span<const upkeep::key_view> keys)`; if you "
      "did, this store lacks what it calls");
};

}  // namespace check
}  // namespace upkeep::inline v0
