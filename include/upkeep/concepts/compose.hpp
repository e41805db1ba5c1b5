#pragma once
// Sorts a list of policies into roles, in any order, and answers every mistake with exactly one sentence.

#include "concepts.hpp"

#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace upkeep::inline v0 {
namespace detail {

// What a composition needs to know of a role. `named` is an attempt at the role, `fits` a success; a policy counts for the role it names.
// COMBINE says what to do instead of passing two. The table is a macro only because a role's concept cannot be a template argument.
#define UPKEEP_DETAIL_ROLE(ROLE, VERB, COMBINE)                                              \
  struct ROLE##_role {                                                                       \
    template <class T, class Store>                                                          \
    static constexpr bool fits = ROLE<T>;                                                    \
    template <class T, class Store>                                                          \
    static constexpr bool named = names_##VERB<T> || (std::is_final_v<T> && fits<T, Store>); \
    template <class T, class Store>                                                          \
    using explain = check::ROLE<T>;                                                          \
    template <int given>                                                                     \
    struct once {                                                                            \
      static_assert(given < 2, "upkeep: two policies for the role " #ROLE ": " COMBINE);     \
    };                                                                                       \
  };
#define UPKEEP_DETAIL_STORE_ROLE(ROLE, VERB, COMBINE)                                        \
  struct ROLE##_role {                                                                       \
    template <class T, class Store>                                                          \
    static constexpr bool fits = ROLE<T, Store>;                                             \
    template <class T, class Store>                                                          \
    static constexpr bool named = names_##VERB<T> || (std::is_final_v<T> && fits<T, Store>); \
    template <class T, class Store>                                                          \
    using explain = check::ROLE<T, Store>;                                                   \
    template <int given>                                                                     \
    struct once {                                                                            \
      static_assert(given < 2, "upkeep: two policies for the role " #ROLE ": " COMBINE);     \
    };                                                                                       \
  };
UPKEEP_DETAIL_ROLE(duplicate_finder, find_pairs, "drop one")
UPKEEP_DETAIL_ROLE(duplicate_guard, judge, "combine them with all_guards or drop one")
UPKEEP_DETAIL_ROLE(retention, outranks, "drop one")
UPKEEP_DETAIL_ROLE(orphan_oracle, tell_owners, "combine them with all_oracles or any_oracle, or drop one")
UPKEEP_DETAIL_STORE_ROLE(removal, take_out, "drop one")
UPKEEP_DETAIL_STORE_ROLE(backup, back_up, "drop one")
UPKEEP_DETAIL_ROLE(run_lock, try_lock, "drop one")
UPKEEP_DETAIL_ROLE(history, record_run, "drop one")
UPKEEP_DETAIL_ROLE(notifier, deliver, "drop one")
UPKEEP_DETAIL_ROLE(observer, observe, "combine them with fanout_observer or drop one")
UPKEEP_DETAIL_ROLE(clock, now, "drop one")
#undef UPKEEP_DETAIL_ROLE
#undef UPKEEP_DETAIL_STORE_ROLE

/// The roles that a system takes, and the one type of options that may stand among its policies.
template <class Options, class... Roles>
struct role_list {
  template <class P, class Store>
  static constexpr int roles_of = (0 + ... + int(Roles::template named<P, Store>));
};

template <class P>
inline constexpr bool belongs_elsewhere = names_scan<P> || names_score<P> || names_embed<P>;

/// Instantiates the one static_assert that explains what is wrong with `P`, if anything is. Does nothing at run time; not constant-evaluated,
/// because Clang would add errors of its own about a constant that depends on a class with a failed assertion.
template <class P, class Store, class Options, class... Roles>
void explain_policy(role_list<Options, Roles...>) {
  if constexpr (!std::is_same_v<P, Options>) {
    constexpr int roles = role_list<Options, Roles...>::template roles_of<P, Store>;
    static_assert(
        roles != 0 || !names_score<P>,
        "upkeep: a similarity_metric is no policy of its own here: give it to the duplicate_finder, as in exhaustive_join<your_metric>");
    static_assert(roles != 0 || !names_embed<P>, "upkeep: an embedder is no policy here: embed before the rows go into the store");
    static_assert(roles != 0 || !names_scan<P> || names_score<P> || names_embed<P>,
                  "upkeep: a vector_store is passed first, and only one: this is a second one among the policies");
    static_assert(
        roles != 0 || belongs_elsewhere<P>,
        "upkeep: this policy fits no role: a policy is a struct with one member named after what it does: find_pairs (duplicate_finder), "
        "judge (duplicate_guard), outranks (retention), tell_owners (orphan_oracle), take_out (removal), back_up (backup), try_lock "
        "(run_lock), record_run (history), deliver (notifier), observe (observer) or now (clock)");
    static_assert(roles < 2, "upkeep: this policy names the operations of two roles: pass two objects, one per role");
    if constexpr (roles == 1) {
      const auto explain = []<class Role>(std::type_identity<Role>) {
        if constexpr (Role::template named<P, Store>) static_cast<void>(sizeof(typename Role::template explain<P, Store>));
      };
      (explain(std::type_identity<Roles>{}), ...);
    }
  }
}

/// Whether `P`, passed by value or through std::ref, is a working policy of `Role`.
template <class Role, class P, class Store, class List>
inline constexpr bool serves = List::template roles_of<policy_of<P>, Store> == 1 &&
                               Role::template named<policy_of<P>, Store>&& Role::template fits<policy_of<P>, Store>;

/// How many of `Ps` attempt `Role`; a policy of two roles has been answered already and counts for none.
template <class Role, class Store, class List, class... Ps>
inline constexpr int attempts = (0 + ... +
                                 int(List::template roles_of<policy_of<Ps>, Store> == 1 && Role::template named<policy_of<Ps>, Store>));

/// The first policy that serves `Role`, moved out of the list; without one, what `fallback` makes. A broken policy is skipped, so that nothing
/// but its own sentence is printed.
template <class Role, class Store, class List, class Fallback>
auto pick(Fallback&& fallback) {
  return fallback();
}
template <class Role, class Store, class List, class Fallback, class P, class... Ps>
auto pick(Fallback&& fallback, P& first, Ps&... rest) {
  if constexpr (serves<Role, P, Store, List>)
    return std::move(first);
  else
    return pick<Role, Store, List>(fallback, rest...);
}

/// The options among the policies, or default ones.
template <class Options>
Options pick_options() {
  return {};
}
template <class Options, class P, class... Ps>
Options pick_options(P& first, Ps&... rest) {
  if constexpr (std::is_same_v<P, Options>)
    return std::move(first);
  else
    return pick_options<Options>(rest...);
}

/// Takes the place of a store, backup, lock or history that is missing or broken, so that the one sentence about it stays the only error.
/// Nothing that holds one ever runs.
struct stand_in {
  void scan(field, record_visitor) {}
  void fetch(std::span<const key_view>, field, record_visitor) {}
  std::size_t upsert(const record_batch&) { return 0; }
  std::size_t erase(std::span<const key_view>) { return 0; }
  [[nodiscard]] std::size_t dimension() const { return 0; }
  [[nodiscard]] std::size_t size() const { return 0; }
  [[nodiscard]] field fields() const { return field::none; }
  [[nodiscard]] std::string identity() const { return {}; }
  template <class Store>
  receipt back_up(Store&, std::span<const key_view>, const std::string&) {
    return {};
  }
  void verify(const receipt&, digest_visitor) {}
  template <class Store>
  restore_report restore(Store&, const receipt&) {
    return {};
  }
  lock_answer try_lock(const std::string&) { return {}; }
  void unlock() {}
  void record_run(const run_summary&) {}
  std::optional<run_summary> last_run() { return {}; }
  void record_orphans(std::span<const orphan_sighting>) {}
  void visit_orphans(function_ref<void(const orphan_sighting&)>) {}
  void add_to_ledger(std::span<const ledger_entry>) {}
  void drop_from_ledger(std::span<const key_view>) {}
  void visit_ledger(function_ref<void(const ledger_entry&)>) {}
};

}  // namespace detail
}  // namespace upkeep::inline v0
