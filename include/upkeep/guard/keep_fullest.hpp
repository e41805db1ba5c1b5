#pragma once
// The default retention: the longest text is kept.

#include "../concepts/retention.hpp"
#include "keep_oldest.hpp"

namespace upkeep::inline v0 {

/// Retention: the longer text (in bytes) first, because only a longer text can contain the other; then the one created first, a known time
/// before an unknown one. Further ties are ordered by key, which the janitor sees to.
/// @par Thread safety
/// Stateless.
struct keep_fullest {
  [[nodiscard]] constexpr bool outranks(const record_view& a, const record_view& b) const noexcept {
    if (a.text_size != b.text_size) return a.text_size > b.text_size;
    return keep_oldest().outranks(a, b);
  }
};

static_assert(retention<keep_fullest>);

}  // namespace upkeep::inline v0
