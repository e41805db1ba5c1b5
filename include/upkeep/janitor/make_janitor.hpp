#pragma once
// Composes a janitor from a store and policies in any order; what is not given gets its default.

#include "../concepts/compose.hpp"
#include "../concepts/defaults.hpp"
#include "../guard/contained.hpp"
#include "../guard/keep_fullest.hpp"
#include "../join/sketch_join.hpp"
#include "../metric/cosine.hpp"
#include "../notify/null_notifier.hpp"
#include "../observe/null_observer.hpp"
#include "../store/hard_delete.hpp"
#include "janitor.hpp"

#include <type_traits>
#include <utility>

// The default finder depends on the instruction set, and a deduced result is no part of a function's name: without the tag, the linker could
// take one translation unit's make_janitor for another's.
namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

using namespace upkeep::v0::detail;

using janitor_roles = role_list<janitor_options, duplicate_finder_role, duplicate_guard_role, retention_role, orphan_oracle_role,
                                removal_role, backup_role, run_lock_role, history_role, notifier_role, observer_role, clock_role>;

template <class Store, class Roles, class... Ps>
struct once_each;
template <class Store, class Options, class... Roles, class... Ps>
struct once_each<Store, role_list<Options, Roles...>, Ps...>
    : Roles::template once<attempts<Roles, Store, role_list<Options, Roles...>, Ps...>>... {};

template <class Store, class... Ps>
struct janitor_defaults {
  template <class Role>
  static constexpr bool given = attempts<Role, Store, janitor_roles, Ps...> != 0;
  static constexpr bool complete =
      has_defaults<Store> || std::is_same_v<Store, stand_in> || (given<backup_role> && given<run_lock_role> && given<history_role>);
  static_assert(
      complete,
      "upkeep: this store has no defaults: pass a backup, a run_lock and a history to make_janitor, or specialise upkeep::defaults<Store>");

  static auto backup(Store& store) {
    if constexpr (has_defaults<Store>)
      return defaults<Store>::make_backup(store);
    else
      return stand_in();
  }
  static auto lock(Store& store) {
    if constexpr (has_defaults<Store>)
      return defaults<Store>::make_lock(store);
    else
      return stand_in();
  }
  static auto history(Store& store) {
    if constexpr (has_defaults<Store>)
      return defaults<Store>::make_history(store);
    else
      return stand_in();
  }
  static std::string directory(const Store& store) {
    if constexpr (has_defaults<Store>)
      return defaults<Store>::directory(store);
    else
      return {};
  }
};

// All sentences have been said; what is broken is replaced here, so that no further error follows.
template <class Store, class... Ps>
auto assemble_janitor(Store& store, Ps&... ps) {
  using standard = janitor_defaults<Store, Ps...>;
  const auto part = [&]<class Role>(std::type_identity<Role>, auto fallback) { return pick<Role, Store, janitor_roles>(fallback, ps...); };
  auto finder = part(std::type_identity<duplicate_finder_role>{}, [] { return sketch_join<cosine>(); });
  auto guard = part(std::type_identity<duplicate_guard_role>{}, [] { return contained(); });
  auto retention = part(std::type_identity<retention_role>{}, [] { return keep_fullest(); });
  auto oracle = part(std::type_identity<orphan_oracle_role>{}, [] { return no_oracle(); });
  auto removal = part(std::type_identity<removal_role>{}, [] { return hard_delete(); });
  auto backup = part(std::type_identity<backup_role>{}, [&] { return standard::backup(store); });
  auto lock = part(std::type_identity<run_lock_role>{}, [&] { return standard::lock(store); });
  auto history = part(std::type_identity<history_role>{}, [&] { return standard::history(store); });
  auto notifier = part(std::type_identity<notifier_role>{}, [] { return null_notifier(); });
  auto observer = part(std::type_identity<observer_role>{}, [] { return null_observer(); });
  auto clock = part(std::type_identity<clock_role>{}, [] { return system_clock(); });
  using made = janitor<Store, decltype(finder), decltype(guard), decltype(retention), decltype(oracle), decltype(removal), decltype(backup),
                       decltype(lock), decltype(history), decltype(notifier), decltype(observer), decltype(clock)>;
  return made(typename made::parts_type{store, std::move(finder), std::move(guard), std::move(retention), std::move(oracle),
                                        std::move(removal), std::move(backup), std::move(lock), std::move(history), std::move(notifier),
                                        std::move(observer), std::move(clock), standard::directory(store)},
              pick_options<janitor_options>(ps...));
}

}  // namespace detail

/// A janitor for `store`, made of the given policies (by value, or borrowed through std::ref) and at most one janitor_options, in any order.
/// Defaults: sketch_join<cosine>, contained, keep_fullest, no oracle, hard_delete, the backup, lock and history of the store's `defaults`,
/// no notifier, no observer, the system's clock.
/// @param store  borrowed: must outlive the janitor
/// @throws error invalid_argument for options that cannot be used.
template <class Store, class... Policies>
[[nodiscard]] auto make_janitor(Store& store, Policies... policies) {
  static_assert(!std::is_const_v<Store>, "upkeep: the store is const: a janitor removes rows, so pass a store that is not");
  if constexpr (std::is_const_v<Store>) {
    static detail::stand_in nothing;
    return detail::assemble_janitor(nothing);
  } else if constexpr (check::vector_store<Store>::fits) {
    (detail::explain_policy<detail::policy_of<Policies>, Store>(detail::janitor_roles{}), ...);
    static_cast<void>(sizeof(detail::once_each<Store, detail::janitor_roles, Policies...>));
    return detail::assemble_janitor(store, policies...);
  } else {
    static detail::stand_in nothing;
    return detail::assemble_janitor(nothing);
  }
}

/// A store is borrowed, so a temporary one is refused: with a sentence rather than a deleted overload, which names the remedy.
template <class Store, class... Policies>
auto make_janitor(const Store&&, Policies...) {
  static_assert(sizeof(Store) == 0,
                "upkeep: the store is a temporary: a janitor borrows it, so keep it in a variable that outlives the janitor");
  static detail::stand_in nothing;
  return detail::assemble_janitor(nothing);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
