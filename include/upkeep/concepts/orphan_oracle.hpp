#pragma once
// Role `orphan_oracle` (verb `tell_owners`): does what a row was made from still exist?

#include "role.hpp"

#include <concepts>
#include <span>
#include <string_view>

namespace upkeep::inline v0 {

/// Whether a source exists. `unknown` never deletes anything.
enum class ownership {
  present,  ///< the source exists
  absent,   ///< the source is known not to exist
  unknown   ///< it could not be found out: a time-out, an error, an id the oracle cannot judge
};

constexpr std::string_view to_string(ownership o) noexcept {
  switch (o) {
    case ownership::present: return "present";
    case ownership::absent: return "absent";
    case ownership::unknown: return "unknown";
  }
  return "unknown";
}

// An oracle answers for a batch of distinct source ids. `answers` has the size of `sources` and arrives as `unknown` everywhere: what is not
// written stays unknown. A failure to ask is unknown, or an exception (which makes the whole batch unknown and is reported); never absent.
//
//   void tell_owners(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers)

template <class T>
concept has_tell_owners = requires(T& t, std::span<const std::string_view> sources, std::span<ownership> answers) {
  { t.tell_owners(sources, answers) } -> std::same_as<void>;
};

/// Says of each source whether it exists.
template <class T>
concept orphan_oracle = has_tell_owners<T>;

namespace check {

template <class T>
struct orphan_oracle {
  static constexpr bool fits = has_tell_owners<T>;
  static_assert(
      fits,
      "upkeep: orphan_oracle: write `void tell_owners(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
