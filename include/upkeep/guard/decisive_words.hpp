#pragma once
// Reads from a text only what decides over its meaning at equal wording: numbers, signs beside numbers, dates, negations.

#include "words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace upkeep::inline v0 {

// A folder of its own inside detail: the names are short and common.
namespace detail::wording {

/// Negations, numbers and dates in English and German, lower case. Some are also something else ("may", "second", "one"): a false alarm
/// costs a person's look, a missed difference costs a row.
inline constexpr auto decisive_word_list = [] {
  auto words = std::to_array<std::string_view>({
      "no",         "not",       "none",      "nobody",    "nothing",  "nowhere",   "neither",  "nor",        "never",     "without",
      "cannot",     "non",       "except",    "hardly",    "barely",   "aint",      "arent",    "cant",       "couldnt",   "didnt",
      "doesnt",     "dont",      "hadnt",     "hasnt",     "havent",   "isnt",      "mustnt",   "shouldnt",   "wasnt",     "werent",
      "wont",       "wouldnt",   "nicht",     "nichts",    "nie",      "niemals",   "niemand",  "niemandem",  "niemanden", "niemandes",
      "nirgends",   "nirgendwo", "nein",      "ohne",      "weder",    "kaum",      "außer",    "ausser",     "zero",      "one",
      "two",        "three",     "four",      "five",      "six",      "seven",     "eight",    "nine",       "ten",       "eleven",
      "twelve",     "thirteen",  "fourteen",  "fifteen",   "sixteen",  "seventeen", "eighteen", "nineteen",   "twenty",    "thirty",
      "forty",      "fifty",     "sixty",     "seventy",   "eighty",   "ninety",    "hundred",  "hundreds",   "thousand",  "thousands",
      "million",    "millions",  "billion",   "billions",  "trillion", "trillions", "half",     "dozen",      "first",     "second",
      "third",      "fourth",    "fifth",     "sixth",     "seventh",  "eighth",    "ninth",    "tenth",      "once",      "twice",
      "single",     "double",    "triple",    "null",      "eins",     "zwei",      "zwo",      "drei",       "vier",      "fünf",
      "fuenf",      "sechs",     "sieben",    "acht",      "neun",     "zehn",      "elf",      "zwölf",      "zwoelf",    "dreizehn",
      "vierzehn",   "fünfzehn",  "fuenfzehn", "sechzehn",  "siebzehn", "achtzehn",  "neunzehn", "million",    "millionen", "milliarde",
      "milliarden", "billionen", "halb",      "halbe",     "dutzend",  "einmal",    "zweimal",  "dreimal",    "erste",     "ersten",
      "erster",     "erstes",    "zweite",    "zweiten",   "zweiter",  "zweites",   "dritte",   "dritten",    "dritter",   "drittes",
      "january",    "february",  "march",     "april",     "may",      "june",      "july",     "august",     "september", "october",
      "november",   "december",  "jan",       "feb",       "mar",      "apr",       "jun",      "jul",        "aug",       "sep",
      "sept",       "oct",       "nov",       "dec",       "januar",   "jänner",    "februar",  "märz",       "maerz",     "mai",
      "juni",       "juli",      "oktober",   "dezember",  "mrz",      "okt",       "dez",      "monday",     "tuesday",   "wednesday",
      "thursday",   "friday",    "saturday",  "sunday",    "mon",      "tue",       "tues",     "wed",        "thu",       "thur",
      "thurs",      "fri",       "sat",       "sun",       "montag",   "dienstag",  "mittwoch", "donnerstag", "freitag",   "samstag",
      "sonnabend",  "sonntag",   "today",     "yesterday", "tomorrow", "heute",     "gestern",  "morgen",
  });
  std::sort(words.begin(), words.end());
  return words;
}();
inline constexpr auto decisive_endings =
    std::to_array<std::string_view>({"n't", "n\u2019t", "zwanzig", "dreißig", "dreissig", "vierzig", "fünfzig", "fuenfzig", "sechzig",
                                     "siebzig", "achtzig", "neunzig", "hundert", "tausend"});
inline constexpr std::string_view decisive_beginning = "kein";

/// The bytes of the character at text[i]: a byte and the continuation bytes behind it, at most four. A stray byte is one of its own.
constexpr std::string_view character_at(std::string_view text, std::size_t i) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  std::size_t length = 1;
  if (byte(i) >= 0xC0U)
    while (length < 4 && i + length < text.size() && (byte(i + length) & 0xC0U) == 0x80U) ++length;
  return text.substr(i, length);
}

/// The character at the front of `text` as a number, as if its UTF-8 were sound; for telling a few known characters from all others.
constexpr unsigned code_point(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character.front());
  if (first < 0xC0U || character.size() == 1) return first < 0x80U ? first : 0xFFFDU;
  unsigned code = first & (character.size() == 2 ? 0x1FU : character.size() == 3 ? 0x0FU : 0x07U);
  for (const char c : character.substr(1)) code = code << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return code;
}

/// Digits of the scripts in wide use, superscripts, subscripts, fractions and Roman numerals.
constexpr bool is_digit(unsigned c) noexcept {
  const auto within = [c](unsigned first, unsigned last) { return c >= first && c <= last; };
  return within('0', '9') || c == 0xB2U || c == 0xB3U || c == 0xB9U || within(0xBCU, 0xBEU) || within(0x660U, 0x669U) ||
         within(0x6F0U, 0x6F9U) || within(0x966U, 0x96FU) || within(0x2070U, 0x2079U) || within(0x2080U, 0x2089U) ||
         within(0x2150U, 0x218BU) || within(0xFF10U, 0xFF19U);
}

/// Letters of Latin and other alphabetic scripts: what is neither ASCII punctuation nor in a block of punctuation, symbols or pictographs.
constexpr bool is_letter(unsigned c) noexcept {
  if (c < 0x80U) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c >= 0xC0U && !(c >= 0x2000U && c < 0x2C00U) && !(c >= 0x3000U && c < 0x3040U) && c < 0xE000U;
}
constexpr bool is_apostrophe(unsigned c) noexcept { return c == '\'' || c == 0x2019U; }

/// + - < > = ~ ^ * / % $ and the minus, dashes, plus-minus, times, division, comparison, per mille and currency signs beyond ASCII.
constexpr bool is_sign(unsigned c) noexcept {
  if (c < 0x80U) return std::string_view("+-<>=~^*/%$").find(static_cast<char>(c)) != std::string_view::npos;
  return c == 0x2212U || c == 0x2013U || c == 0x2014U || c == 0xB1U || c == 0xD7U || c == 0xF7U || c == 0x2030U || c == 0xA3U ||
         c == 0xA5U || c == 0x20ACU || c == 0x2260U || c == 0x2248U || c == 0x2264U || c == 0x2265U;
}

/// Lower case for ASCII and for the letters of German and its neighbours (U+00C0 to U+00DE).
constexpr unsigned lower(unsigned c) noexcept {
  if ((c >= 'A' && c <= 'Z') || (c >= 0xC0U && c <= 0xDEU && c != 0xD7U)) return c + 0x20U;
  return c;
}

template <class Predicate>
constexpr bool any_character(std::string_view text, Predicate predicate) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view character = character_at(text, i);
    if (predicate(code_point(character))) return true;
    i += character.size();
  }
  return false;
}

/// Equal but for the case of letters that `lower` knows.
constexpr bool same_but_for_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size();) {
    const std::string_view x = character_at(a, i);
    const std::string_view y = character_at(b, i);
    if (x != y && (x.size() != y.size() || lower(code_point(x)) != lower(code_point(y)) || code_point(x) == 0xFFFDU)) return false;
    i += x.size();
  }
  return true;
}

/// Whether a run of letters negates, names a number or names a date.
inline bool is_decisive(std::string_view letters) noexcept {
  for (const std::string_view ending : decisive_endings)
    if (letters.size() >= ending.size() && same_but_for_case(letters.substr(letters.size() - ending.size()), ending)) return true;
  if (letters.size() >= decisive_beginning.size() && same_but_for_case(letters.substr(0, decisive_beginning.size()), decisive_beginning))
    return true;
  std::array<char, 16> buffer{};
  if (letters.size() > buffer.size()) return false;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const auto byte = static_cast<unsigned char>(letters[i]);
    const bool of_latin1 = i != 0 && static_cast<unsigned char>(letters[i - 1]) == 0xC3U && byte >= 0x80U && byte <= 0x9EU && byte != 0x97U;
    const bool capital = byte >= 'A' && byte <= 'Z';
    buffer[i] = static_cast<char>(capital || of_latin1 ? byte + 0x20U : byte);
  }
  return std::binary_search(decisive_word_list.begin(), decisive_word_list.end(), std::string_view(buffer.data(), letters.size()));
}

/// A word with digits, without the punctuation of the sentence around it: quotes, emphasis marks and unpaired brackets on both sides, and
/// `. , ; : ! ?` behind it. Signs stay, and so do brackets with their partner: (5) can be a negative figure.
constexpr std::string_view strip_number(std::string_view word) noexcept {
  const auto is_quote = [](unsigned c) {
    return c == '"' || c == '\'' || c == '`' || c == '*' || c == '_' || c == 0xABU || c == 0xBBU || (c >= 0x2018U && c <= 0x201FU);
  };
  // Looked up once: a word of ten million brackets is a word, too.
  const auto lacks = [&](char bracket) { return word.find(bracket) == std::string_view::npos; };
  const bool unopened[] = {lacks('('), lacks('['), lacks('{')};
  const bool unclosed[] = {lacks(')'), lacks(']'), lacks('}')};
  for (;;) {
    const std::string_view first = character_at(word, 0);
    const unsigned c = code_point(first);
    if (!is_quote(c) && !(c == '(' && unclosed[0]) && !(c == '[' && unclosed[1]) && !(c == '{' && unclosed[2])) break;
    word.remove_prefix(first.size());
  }
  for (;;) {
    std::size_t begin = word.size() - 1;
    while (begin != 0 && word.size() - begin < 4 && (static_cast<unsigned char>(word[begin]) & 0xC0U) == 0x80U) --begin;
    const std::string_view last = character_at(word, begin);
    if (begin + last.size() != word.size()) break;  // a stray byte at the end: no punctuation
    const unsigned c = code_point(last);
    const bool ends = c < 0x80U && std::string_view(".,;:!?").find(static_cast<char>(c)) != std::string_view::npos;
    if (!ends && c != 0x2026U && !is_quote(c) && !(c == ')' && unopened[0]) && !(c == ']' && unopened[1]) && !(c == '}' && unopened[2]))
      break;
    word = word.substr(0, begin);
  }
  return word;
}

/// Reads the decisive words of a text one after another; see digits_and_negation for what they are. Borrows the text; allocates nothing.
class decisive_reader {
 public:
  explicit decisive_reader(std::string_view text) noexcept : ahead_(text) { ahead_.next(); }

  /// Moves to the next decisive word; false at the end.
  bool next() noexcept {
    for (;;) {
      if (next_letters()) return true;
      const std::string_view word = ahead_.word();
      if (word.empty()) return false;
      ahead_.next();
      const bool beside_number = after_number_ || has_digit(ahead_.word());
      after_number_ = has_digit(word);
      exact_ = true;
      if (after_number_) {
        word_ = strip_number(word);
        return true;
      }
      if (beside_number && !any_character(word, [](unsigned c) { return !is_sign(c); })) {
        word_ = word;
        return true;
      }
      rest_ = word;
    }
  }

  /// Whether both stand at words that mean the same: numbers and signs by their bytes, letters whatever their case.
  [[nodiscard]] bool agrees_with(const decisive_reader& other) const noexcept {
    if (exact_ != other.exact_) return false;
    return exact_ ? word_ == other.word_ : same_but_for_case(word_, other.word_);
  }

 private:
  static bool has_digit(std::string_view word) noexcept { return any_character(word, is_digit); }

  /// Finds the next decisive run of letters in what is left of the current word: "and/or-not" is three runs.
  bool next_letters() noexcept {
    while (!rest_.empty()) {
      std::size_t end = 0;
      while (end < rest_.size()) {
        const std::string_view character = character_at(rest_, end);
        const unsigned c = code_point(character);
        const std::size_t behind = end + character.size();
        const bool inside = end != 0 && behind < rest_.size() && is_letter(code_point(character_at(rest_, behind)));
        if (!is_letter(c) && !(is_apostrophe(c) && inside)) break;
        end = behind;
      }
      const std::string_view letters = rest_.substr(0, end);
      rest_.remove_prefix(end);
      if (letters.empty())
        rest_.remove_prefix(character_at(rest_, 0).size());
      else if (is_decisive(letters)) {
        word_ = letters;
        exact_ = false;
        return true;
      }
    }
    return false;
  }

  word_reader ahead_;      // stands one word further than what is looked at
  std::string_view rest_;  // of the current word
  std::string_view word_;
  bool exact_ = true;
  bool after_number_ = false;
};

}  // namespace detail::wording

}  // namespace upkeep::inline v0
