// A janitor asks of its parts what their concepts say and nothing more: every member is instantiated over archetypes that have nothing else.

#include <functional>

#include "upkeep/janitor/make_janitor.hpp"
#include "upkeep/testing/archetypes.hpp"

using namespace upkeep::testing;

namespace {

template <class Janitor>
void use_all_of(Janitor& janitor) {
  static_cast<void>(janitor.run());
  static_cast<void>(janitor.analyse());
  static_cast<void>(janitor.apply(upkeep::plan{}));
  static_cast<void>(janitor.undo(upkeep::receipt{}));
  static_cast<void>(janitor.aliases(upkeep::key_view(1)));
  static_cast<void>(janitor.last_plan());
  static_cast<void>(janitor.options());
}

template <class Store>
void held_by_value(Store& store) {
  auto janitor =
      upkeep::make_janitor(store, duplicate_finder_archetype<>(), duplicate_guard_archetype<>(), retention_archetype<>(),
                           orphan_oracle_archetype<>(), removal_archetype<Store>(), backup_archetype<Store>(), run_lock_archetype<>(),
                           history_archetype<>(), notifier_archetype<>(), observer_archetype<>(), clock_archetype<>());
  use_all_of(janitor);
}

// In another order, and borrowed.
template <class Store>
void borrowed(Store& store) {
  clock_archetype<> clock;
  history_archetype<> history;
  observer_archetype<> observer;
  notifier_archetype<> notifier;
  run_lock_archetype<> lock;
  backup_archetype<Store> backup;
  removal_archetype<Store> removal;
  orphan_oracle_archetype<> oracle;
  retention_archetype<> retention;
  duplicate_guard_archetype<> guard;
  duplicate_finder_archetype<> finder;
  auto janitor = upkeep::make_janitor(store, std::ref(clock), std::ref(history), upkeep::janitor_options{}, std::ref(observer),
                                      std::ref(notifier), std::ref(lock), std::ref(backup), std::ref(removal), std::ref(oracle),
                                      std::ref(retention), std::ref(guard), std::ref(finder));
  use_all_of(janitor);
}

}  // namespace

void instantiate(vector_store_archetype<>& plain, refined_store_archetype<>& refined);
void instantiate(vector_store_archetype<>& plain, refined_store_archetype<>& refined) {
  held_by_value(plain);
  held_by_value(refined);
  borrowed(plain);
  borrowed(refined);
}
