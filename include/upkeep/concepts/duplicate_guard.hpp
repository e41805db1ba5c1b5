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
//
// Refinement doubting_guard (verb `doubt`): tells people why it hesitates.
//
//   std::string_view doubt(const upkeep::pair_view& pair) const
//     of a pair that it says `review` of: a clause that is valid for ever, such as "a number differs". No text of a row is in it.

template <class T>
concept has_judge = requires(const T& t, const pair_view& pair) {
  { t.judge(pair) } -> std::same_as<verdict>;
};

/// Decides on one edge: may `removed` go because `survivor` stays?
template <class T>
concept duplicate_guard = has_judge<T>;

template <class T>
concept has_doubt = requires(const T& t, const pair_view& pair) {
  { t.doubt(pair) } -> std::same_as<std::string_view>;
};

/// A guard that tells why it hesitates.
template <class T>
concept doubting_guard = duplicate_guard<T> && has_doubt<T>;

/// Why a guard hesitates over a pair that it says `review` of; nothing where it does not tell.
template <class T>
constexpr std::string_view doubt_of(const T& guard, const pair_view& pair) {
  if constexpr (doubting_guard<T>)
    return guard.doubt(pair);
  else
    return {};
}

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
  static constexpr bool judges = has_judge<T>, fits = judges && (!detail::names_doubt<T> || has_doubt<T>);
  static_assert(
      judges,
      "upkeep: duplicate_guard: write `upkeep::verdict judge(const upkeep::pair_view& pair) const` (const, returning upkeep::verdict)");
  static_assert(!judges || fits, "upkeep: doubting_guard: write `std::string_view doubt(const upkeep::pair_view& pair) const`");
};

}  // namespace check
}  // namespace upkeep::inline v0
