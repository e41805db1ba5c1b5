#pragma once
// The default guard: a row may go when the survivor's text says everything that its own text says.

#include "../concepts/duplicate_guard.hpp"
#include "words.hpp"

#include <cstddef>
#include <cstring>  // memmem
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

namespace detail {

constexpr bool ends_sentence(char c) noexcept { return std::string_view(".!?:;").find(c) != std::string_view::npos; }

/// Whether `part` stands in `whole` to the byte, but for white space around it, from a boundary to a boundary (see `stands_in`): quickly
/// found. False says nothing.
inline bool stands_in_as_it_is(std::string_view part, std::string_view whole) {
  while (!part.empty() && is_ascii_space(part.front())) part.remove_prefix(1);
  while (!part.empty() && is_ascii_space(part.back())) part.remove_suffix(1);
  if (part.empty() || whole.empty()) return false;
  constexpr int tries = 4;  // a part that stands everywhere would make this quadratic
  // memmem (POSIX 2024) is linear where std::string_view::find is not; glibc's is quick for up to 256 bytes, and for more reads the part
  // twice before it looks.
  const std::string_view head = part.substr(0, 128), tail = part.substr(head.size());
  std::size_t from = 0;
  for (int i = 0; i < tries; ++i) {
    const void* const found = ::memmem(whole.data() + from, whole.size() - from, head.data(), head.size());
    if (found == nullptr) return false;
    const auto begin = static_cast<std::size_t>(static_cast<const char*>(found) - whole.data());
    from = begin + 1;
    if (whole.substr(begin + head.size(), tail.size()) != tail) continue;
    // White space, then: the text's end, a line break in it, or the end of a sentence before it.
    std::size_t before = begin, after = begin + part.size();
    bool starts = false, ends = after == whole.size() || (is_ascii_space(whole[after]) && ends_sentence(part.back()));
    while (before != 0 && is_ascii_space(whole[before - 1])) starts = is_line_break(whole[--before]) || starts;
    starts = starts || before == 0 || (before != begin && ends_sentence(whole[before - 1]));
    while (after != whole.size() && is_ascii_space(whole[after])) ends = is_line_break(whole[after++]) || ends;
    ends = ends || (after == whole.size());
    if (starts && ends) return true;
  }
  return false;
}

/// Whether the words of `part` stand in `whole` as one unbroken run that begins and ends at a boundary: the start or end of the text, a
/// line break, or behind a word that ends in one of `. ! ? : ;`. False where either has no words.
///
/// Knuth, Morris, Pratt: Fast Pattern Matching in Strings (SIAM J. Comput. 6(2), 1977), with words as letters: linear in the bytes of both
/// texts, also on texts made to be slow. Memory: 24 bytes for each word of `part` and a bit for each word of `whole`.
inline bool stands_in(std::string_view part, std::string_view whole) {
  if (stands_in_as_it_is(part, whole)) return true;
  const std::size_t size = count_words(part);
  const std::size_t available = count_words(whole);
  if (size == 0 || available < size) return false;

  std::vector<std::string_view> pattern;
  pattern.reserve(size);
  for (word_reader words(part); words.next();) pattern.push_back(words.word());

  // border[i]: how many words of the pattern's start also end pattern[0..i], the whole of it excepted.
  std::vector<std::size_t> border(size, 0);
  for (std::size_t i = 1, length = 0; i < size; ++i) {
    while (length != 0 && pattern[i] != pattern[length]) length = border[length - 1];
    if (pattern[i] == pattern[length]) ++length;
    border[i] = length;
  }

  std::vector<bool> boundary;  // whether there is a boundary before word i of `whole`
  boundary.reserve(available);
  bool sentence_ended = true;  // the start of the text counts as one
  bool awaiting_end = false;   // a run that began at a boundary ended with the word before: is there a boundary behind it?
  std::size_t matched = 0;
  for (word_reader words(whole); words.next();) {
    const std::string_view word = words.word();
    boundary.push_back(sentence_ended || words.after_line_break());
    if (awaiting_end && boundary.back()) return true;
    while (matched != 0 && (matched == size || word != pattern[matched])) matched = border[matched - 1];
    if (word == pattern[matched]) ++matched;
    awaiting_end = matched == size && boundary[boundary.size() - size];
    sentence_ended = ends_sentence(word.back());
  }
  return awaiting_end;
}

}  // namespace detail

/// Guard: `covers` when the removed row's words stand in the survivor's as one unbroken run of whole lines or sentences; `review`
/// otherwise, and where a text is missing (absent, empty or without words) on either side.
///
/// Words are compared byte for byte. The run must begin and end at a boundary (start or end of the text, a line break, or behind a word
/// that ends in one of `. ! ? : ;`), because inside a sentence the same words can say the opposite: "safe" stands in "not safe".
/// Directional: the longer text covers the shorter one, not the other way round. Linear in the length of both texts.
/// @par Thread safety
/// Stateless.
struct contained {
  static constexpr field reads = field::text;

  [[nodiscard]] verdict judge(const pair_view& pair) const {
    return detail::stands_in(pair.removed.text, pair.survivor.text) ? verdict::covers : verdict::review;
  }
  [[nodiscard]] std::string_view doubt(const pair_view& pair) const noexcept {
    if (!has_words(pair.removed.text) || !has_words(pair.survivor.text)) return "a text is missing";
    return "the text that would go does not stand in the other one as whole lines or sentences";
  }
};

static_assert(doubting_guard<contained>);

}  // namespace upkeep::inline v0
