#pragma once
// A guard for rows that may be reworded, but may not differ in a number, a date, a version or a negation.

#include "../concepts/duplicate_guard.hpp"
#include "decisive_words.hpp"
#include "words.hpp"

namespace upkeep::inline v0 {

/// Guard: `covers` when both texts have the same decisive words in the same order; `review` otherwise, and where a text is missing (absent,
/// empty or without words) on either side. Less careful than `contained`: "a larger lumen" and "a smaller lumen" are not told apart.
///
/// Decisive are, where words are runs of bytes other than ASCII white space:
/// * words with a digit (of any common script, superscripts and fractions too), compared byte for byte without quotes, emphasis marks and
///   unpaired brackets around them and without `. , ; : ! ?` behind them: 15th, v1.2.3, 2026-01-02, -5, (5), 5%, Win32;
/// * words made of signs alone (`+ - < > = ~ ^ * / % $` and their like beyond ASCII) right before or behind such a word: "< 5", "5 %";
/// * in all other words the runs of letters, whatever their case, that negate (English: no, not, none, never, neither, nor, nothing,
///   nobody, nowhere, without, cannot, non, except, hardly, barely, whatever ends in n't; German: nicht, nichts, nie, niemals, niemand,
///   nirgends, nein, ohne, weder, kaum, außer, whatever begins with kein), name a number (zero to trillion, first to tenth, half, once, …
///   and the German ones) or name a date (months, weekdays, their abbreviations, today, yesterday, tomorrow; both languages).
///
/// Not directional. Linear in the length of both texts.
/// @par Thread safety
/// Stateless.
struct digits_and_negation {
  static constexpr field reads = field::text;

  [[nodiscard]] verdict judge(const pair_view& pair) const noexcept {
    if (!has_words(pair.removed.text) || !has_words(pair.survivor.text)) return verdict::review;
    detail::wording::decisive_reader removed(pair.removed.text);
    detail::wording::decisive_reader survivor(pair.survivor.text);
    for (;;) {
      const bool more = removed.next();
      if (survivor.next() != more) return verdict::review;
      if (!more) return verdict::covers;
      if (!removed.agrees_with(survivor)) return verdict::review;
    }
  }
  [[nodiscard]] std::string_view doubt(const pair_view& pair) const noexcept {
    return has_words(pair.removed.text) && has_words(pair.survivor.text) ? "a number, a date or a negation differs" : "a text is missing";
  }
};

static_assert(doubting_guard<digits_and_negation>);

}  // namespace upkeep::inline v0
