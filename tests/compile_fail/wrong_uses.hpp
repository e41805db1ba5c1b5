#pragma once
// What the cases of all roles share; compiled once and reused, because reading it takes longer than all else.

#include "upkeep/janitor/make_janitor.hpp"
#include "upkeep/testing/archetypes.hpp"

namespace wrong_uses {

using store = upkeep::testing::vector_store_archetype<>;
using upkeep::testing::useless;

}  // namespace wrong_uses

template <>
struct upkeep::defaults<wrong_uses::store> {
  static auto make_backup(wrong_uses::store&) { return upkeep::testing::backup_archetype<wrong_uses::store>(); }
  static auto make_lock(wrong_uses::store&) { return upkeep::testing::run_lock_archetype<>(); }
  static auto make_history(wrong_uses::store&) { return upkeep::testing::history_archetype<>(); }
  static std::string directory(const wrong_uses::store&) { return {}; }
};

namespace wrong_uses {

// Composes a janitor as a user would, from one policy or several.
template <class... Policies>
void compose(Policies... policies) {
  store rows;
  const auto janitor = upkeep::make_janitor(rows, std::move(policies)...);
  static_cast<void>(janitor);
}

}  // namespace wrong_uses
