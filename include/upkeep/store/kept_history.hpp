#pragma once
// What a history keeps of sightings and decisions: its own copies, for what it is told with only views what the caller has.

#include "../base/clock.hpp"
#include "../base/key.hpp"
#include "../base/string_column.hpp"
#include "../concepts/history.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep::inline v0::detail {

/// A source, or that there is none, which is not the same as an empty one.
using optional_text = std::optional<std::string>;
inline optional_text copy_of(std::string_view text) { return is_present(text) ? optional_text(text) : std::nullopt; }
inline std::string_view view_of(const optional_text& text) noexcept { return text ? std::string_view(*text) : std::string_view(); }

/// Since when the source of a row is absent.
struct kept_sighting {
  optional_text source;
  time_point first_seen{};
  bool met = false;

  /// A key that is named twice keeps its last source, and the earliest time that source was seen.
  void meet(std::string_view seen_source, time_point when) {
    optional_text named = copy_of(seen_source);
    if (!met || source != named || when < first_seen) first_seen = when;
    source = std::move(named);
    met = true;
  }
};

struct kept_decision {
  key removed, survivor;
  std::uint64_t removed_hash = 0, survivor_hash = 0;
  bool accepted = false;
  std::string who;
  time_point when{};

  [[nodiscard]] review_decision view() const { return {removed, survivor, removed_hash, survivor_hash, accepted, who, when}; }
};

}  // namespace upkeep::inline v0::detail
