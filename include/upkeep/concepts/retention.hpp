#pragma once
// Role `retention` (verb `outranks`): the order in which rows are kept.

#include "../base/record.hpp"
#include "role.hpp"

#include <concepts>

namespace upkeep::inline v0 {

// A retention says which of two rows is rather kept. Pinned rows come before all others and equal rows are ordered by key: the janitor sees
// to both, a retention need not.
//
//   bool outranks(const upkeep::record_view& a, const upkeep::record_view& b) const
//     true where `a` is rather kept than `b`: a strict weak order. Texts and vectors are not loaded; `text_size` is.

template <class T>
concept has_outranks = requires(const T& t, const record_view& r) {
  { t.outranks(r, r) } -> std::same_as<bool>;
};

/// The order in which rows are kept.
template <class T>
concept retention = has_outranks<T>;

namespace check {

template <class T>
struct retention {
  static constexpr bool fits = has_outranks<T>;
  static_assert(fits, "upkeep: retention: write `bool outranks(const upkeep::record_view& a, const upkeep::record_view& b) const`");
};

}  // namespace check
}  // namespace upkeep::inline v0
