#pragma once
// Role `duplicate_guard` (verb `judge`): may this row go because that one stays?

#include "../base/record.hpp"
#include "role.hpp"

#include <concepts>
#include <string_view>

namespace upkeep::inline v0 {

/// What a guard says of a row that may go.
enum class verdict {
  covers,   ///< the survivor says everything the removed row says: it may go
  review,   ///< a person should look
  distinct  ///< two different things: both stay, nobody is asked
};

constexpr std::string_view to_string(verdict v) noexcept {
  switch (v) {
    case verdict::covers: return "covers";
    case verdict::review: return "review";
    case verdict::distinct: return "distinct";
  }
  return "unknown";
}

/// The row that would go, the row that would stay, and their score. Vectors are not loaded.
struct pair_view {
  record_view removed, survivor;
  double score = 0;
};

// A guard is directional: that B covers A does not mean that A covers B. It must be deterministic, and safe to call from several threads.
//
//   upkeep::verdict judge(const upkeep::pair_view& pair) const
//
// Optional: `static constexpr upkeep::field reads`: the fields it looks at; texts are fetched only for guards that read them.

template <class T>
concept has_judge = requires(const T& t, const pair_view& pair) {
  { t.judge(pair) } -> std::same_as<verdict>;
};

/// Decides on one edge: may `removed` go because `survivor` stays?
template <class T>
concept duplicate_guard = has_judge<T>;

/// The fields that a guard looks at: its `reads`, or everything but the vector.
template <class T>
constexpr field fields_read() noexcept {
  if constexpr (requires {
                  { T::reads } -> std::convertible_to<field>;
                })
    return T::reads;
  else
    return field::source | field::scope | field::text | field::model | field::created | field::pinned;
}

namespace check {

template <class T>
struct duplicate_guard {
  static constexpr bool fits = has_judge<T>;
  static_assert(
      fits,
      "upkeep: duplicate_guard: write `upkeep::verdict judge(const upkeep::pair_view& pair) const` (const, returning upkeep::verdict)");
};

}  // namespace check
}  // namespace upkeep::inline v0
