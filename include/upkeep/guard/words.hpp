#pragma once
// Splits a text into words, in the one way that all guards share: runs of bytes other than ASCII white space.

#include "../config.hpp"

#include <cstddef>
#include <string_view>

namespace upkeep::inline v0 {

/// Space, tab, line feed, vertical tab, form feed, carriage return. Nothing else separates words: bytes, not characters, are looked at, so
/// that no text (invalid UTF-8, NUL) is beyond a guard and no locale changes its mind.
constexpr bool is_ascii_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// The white space that ends a line.
constexpr bool is_line_break(char c) noexcept { return c == '\n' || c == '\r'; }

/// Reads the words of a text one after another. Borrows the text; allocates nothing.
///
///     for (word_reader words(text); words.next();) use(words.word());
/// @par Thread safety
/// None; one thread at a time.
class word_reader {
 public:
  explicit constexpr word_reader(std::string_view text) noexcept : text_(text) {}

  /// Moves to the next word; false at the end of the text.
  constexpr bool next() noexcept {
    after_line_break_ = false;
    std::size_t begin = end_;
    for (; begin < text_.size() && is_ascii_space(text_[begin]); ++begin)
      after_line_break_ = after_line_break_ || is_line_break(text_[begin]);
    end_ = begin;
    while (end_ < text_.size() && !is_ascii_space(text_[end_])) ++end_;
    word_ = text_.substr(begin, end_ - begin);
    return !word_.empty();
  }

  /// The current word; empty before the first and after the last.
  [[nodiscard]] constexpr std::string_view word() const noexcept { return word_; }

  /// Whether a line ended between the word before (or the start of the text) and this one.
  [[nodiscard]] constexpr bool after_line_break() const noexcept { return after_line_break_; }

 private:
  std::string_view text_;
  std::string_view word_;
  std::size_t end_ = 0;
  bool after_line_break_ = false;
};

/// How many words a text has; an absent text has none.
[[nodiscard]] constexpr std::size_t count_words(std::string_view text) noexcept {
  std::size_t count = 0;
  for (word_reader words(text); words.next();) ++count;
  return count;
}

/// Whether a text has any word: one that is absent, empty or all white space says nothing, and covers nothing.
[[nodiscard]] constexpr bool has_words(std::string_view text) noexcept { return word_reader(text).next(); }

}  // namespace upkeep::inline v0
