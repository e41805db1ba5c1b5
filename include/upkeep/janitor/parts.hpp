#pragma once
// The policies of one janitor, held together, and how they are called in reports.

#include "../concepts/concepts.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Stands for an oracle where the user gave none: no row is an orphan, and every row may be a witness.
struct no_oracle {
  void tell_owners(std::span<const std::string_view>, std::span<ownership>) const noexcept {}
};
static_assert(orphan_oracle<no_oracle>);

namespace detail {

template <class T>
constexpr std::string_view raw_type_name() noexcept {
  constexpr std::string_view whole = __PRETTY_FUNCTION__;  // "… [with T = upkeep::v0::contained; …]" or "… [T = upkeep::contained]"
  const std::size_t begin = whole.find("T = ") + 4;
  const std::size_t semicolon = whole.find("; ", begin);
  return whole.substr(begin, (semicolon == std::string_view::npos ? whole.size() - 1 : semicolon) - begin);
}

/// The name of a policy's type without upkeep's own namespaces: the same on every compiler and instruction set for shipped policies.
template <class T>
std::string type_name() {
  std::string name(raw_type_name<policy_of<T>>());
  for (std::size_t at = 0; (at = name.find("upkeep::", at)) != std::string::npos;) {
    name.erase(at, 8);
    if (name.compare(at, 2, "v0") == 0 && name.find("::", at) != std::string::npos) name.erase(at, name.find("::", at) + 2 - at);
  }
  return name;
}

/// All that a janitor is made of. The store is borrowed, everything else held by value (a std::reference_wrapper borrows).
template <class Store, class Finder, class Guard, class Retention, class Oracle, class Removal, class Backup, class Lock, class History,
          class Notifier, class Observer, class Clock>
struct janitor_parts {
  using store_type = Store;
  using guard_type = policy_of<Guard>;
  static constexpr bool asks_oracle = !std::is_same_v<policy_of<Oracle>, no_oracle>;

  Store& store;
  Finder finder;
  Guard guard;
  Retention retention;
  Oracle oracle;
  Removal removal;
  Backup backup;
  Lock lock;
  History history;
  Notifier notifier;
  Observer observer;
  Clock clock;
  std::string directory;  ///< for backups and receipts; empty where neither the store nor the user names one

  [[nodiscard]] static std::vector<std::pair<std::string, std::string>> names() {
    return {{"store", type_name<Store>()},         {"duplicate_finder", type_name<Finder>()}, {"duplicate_guard", type_name<Guard>()},
            {"retention", type_name<Retention>()}, {"orphan_oracle", type_name<Oracle>()},    {"removal", type_name<Removal>()},
            {"backup", type_name<Backup>()}};
  }
};

}  // namespace detail
}  // namespace upkeep::inline v0
