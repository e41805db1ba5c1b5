#pragma once
// A guard for those who remove only what is said word for word elsewhere.

#include "../concepts/duplicate_guard.hpp"
#include "words.hpp"

namespace upkeep::inline v0 {

/// Guard: `covers` when both texts are the same words in the same order, whatever white space is between them; `review` otherwise, and
/// where a text is missing (absent, empty or without words) on either side. Words are compared byte for byte. Not directional.
/// @par Thread safety
/// Stateless.
struct same_words {
  static constexpr field reads = field::text;

  [[nodiscard]] verdict judge(const pair_view& pair) const noexcept {
    word_reader removed(pair.removed.text);
    word_reader survivor(pair.survivor.text);
    if (!removed.next() || !survivor.next()) return verdict::review;
    for (;;) {
      if (removed.word() != survivor.word()) return verdict::review;
      const bool more = removed.next();
      if (survivor.next() != more) return verdict::review;
      if (!more) return verdict::covers;
    }
  }
  [[nodiscard]] std::string_view doubt(const pair_view& pair) const noexcept {
    return has_words(pair.removed.text) && has_words(pair.survivor.text) ? "the words differ" : "a text is missing";
  }
};

static_assert(doubting_guard<same_words>);

}  // namespace upkeep::inline v0
