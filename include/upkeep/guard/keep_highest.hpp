#pragma once
// A retention by any number of a row: the highest is kept.

#include "../concepts/retention.hpp"

#include <cstdint>
#include <limits>
#include <type_traits>

namespace upkeep::inline v0 {

namespace detail {

template <class Member>
inline constexpr bool is_record_number = false;
template <class Number>
inline constexpr bool is_record_number<Number record_view::*> = std::is_arithmetic_v<Number>;

}  // namespace detail

/// Retention: the row with the higher number is kept: `keep_highest<&record_view::text_size>`. A `created` that is not known is lower than
/// every time. Ties are ordered by key, which the janitor sees to.
/// @tparam Member  pointer to an arithmetic member of `record_view`
/// @par Thread safety
/// Stateless.
template <auto Member>
struct keep_highest {
  static_assert(detail::is_record_number<decltype(Member)>,
                "upkeep: keep_highest: name a number of a row, such as `upkeep::keep_highest<&upkeep::record_view::created>`");

  [[nodiscard]] constexpr bool outranks(const record_view& a, const record_view& b) const noexcept { return a.*Member > b.*Member; }
};

static_assert(retention<keep_highest<&record_view::created>>);
static_assert(no_time == std::numeric_limits<std::int64_t>::min());  // lower than every time, as promised above

}  // namespace upkeep::inline v0
