#pragma once
// A removal that leaves the row where it is and marks it as gone.

#include "../base/error.hpp"
#include "../concepts/removal.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>

namespace upkeep::inline v0 {

/// What a column is set to.
using mark_value = std::variant<std::int64_t, double, std::string>;

/// A store that can mark rows: `void attach_mark(const std::string& column, const upkeep::mark_value& value)`, after which scan, fetch and
/// size leave marked rows out, and `std::size_t mark(std::span<const upkeep::key_view> keys)`, which marks and says how many.
template <class Store>
concept markable_store = requires(Store& store, std::span<const key_view> keys, const std::string& column, const mark_value& value) {
  { store.mark(keys) } -> std::convertible_to<std::size_t>;
  store.attach_mark(column, value);
};

/// Removal: sets a column of the row to a value, and rows with that value count as gone: `mark{"deleted", 1}`. For tables whose application
/// deletes softly, or wants to look first. Frees no space.
///
/// The store must be a `markable_store` (`sqlite_store` is). `attach` must be called before `take_out`; a janitor does it when it is made.
/// @par Thread safety
/// A value; concurrent calls are safe where the store's are.
struct mark {
  std::string column;  ///< of the store's table; quoted by the store
  mark_value value = std::int64_t{1};

  /// Tells the store which rows count as gone.
  /// @throws error invalid_argument where the column has no name; what the store throws where it has no such column.
  template <class Store>
    requires markable_store<Store>
  void attach(Store& store) const {
    if (column.empty())
      throw error(errc::invalid_argument, "mark: the column has no name: write mark{\"deleted\", 1} with a column of the table");
    store.attach_mark(column, value);
  }

  /// Returns how many of the rows were marked.
  template <class Store>
    requires markable_store<Store> std::size_t take_out(Store& store, std::span<const key_view> keys)
  const { return static_cast<std::size_t>(store.mark(keys)); }
};

namespace detail {

struct marking_archetype {
  void attach_mark(const std::string& column, const mark_value& value);
  std::size_t mark(std::span<const key_view> keys);
};

}  // namespace detail

static_assert(removal<mark, detail::marking_archetype>);

}  // namespace upkeep::inline v0
