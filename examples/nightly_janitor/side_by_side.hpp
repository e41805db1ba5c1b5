#pragma once
// Two texts for a person to compare: the words that differ marked, in two columns or one below the other.

#include "screen.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nightly_janitor {

/// A word of a text, fit to be shown; whether the other text has it in the same place.
struct shown_word {
  std::string text;
  bool differs = false;
};

namespace detail {

/// The words of a text as far as anybody would read: the first 20,000.
inline std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blank = " \t\n\v\f\r";
  std::vector<std::string_view> words;
  for (std::size_t at = 0; words.size() < 20'000;) {
    const std::size_t begin = text.find_first_not_of(blank, at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(blank, begin), text.size());
    words.push_back(text.substr(begin, at - begin));
  }
  return words;
}

/// Marks what is in no longest common subsequence. Both are short enough for a table of all pairs.
inline void mark_differences(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b, std::vector<shown_word>& left,
                             std::vector<shown_word>& right) {
  std::vector<std::vector<std::uint16_t>> common(a.size() + 1, std::vector<std::uint16_t>(b.size() + 1));  // of what is left from here on
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i][j] = a[i] == b[j] ? static_cast<std::uint16_t>(common[i + 1][j + 1] + 1) : std::max(common[i + 1][j], common[i][j + 1]);
  std::size_t i = 0, j = 0;
  const auto show = [](std::vector<shown_word>& to, std::string_view word, bool differs) { to.push_back({one_line(word, 200), differs}); };
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      show(left, a[i++], false);
      show(right, b[j++], false);
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      show(left, a[i++], true);
    } else {
      show(right, b[j++], true);
    }
  }
}

}  // namespace detail

/// The words of two texts. Where both begin or end alike for long, what they share is left out but for a few words; of what remains, the
/// first 250 words of each are shown. "…" stands for what is left out.
struct compared_texts {
  std::vector<shown_word> left, right;

  compared_texts(std::string_view a, std::string_view b) {
    constexpr std::size_t context = 12, longest = 250;
    std::vector<std::string_view> x = detail::words_of(a), y = detail::words_of(b);
    const auto [p, q] = std::mismatch(x.begin(), x.end(), y.begin(), y.end());
    static_cast<void>(q);
    const auto alike = static_cast<std::size_t>(p - x.begin());
    const bool all = alike == x.size() && alike == y.size();
    const std::size_t hidden = all || alike <= 2 * context ? 0 : alike - context;
    if (hidden != 0) left = right = {{"…", false}};
    const auto cut = [&](std::vector<std::string_view>& words) {
      words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(hidden));
      const bool more = words.size() > longest;
      words.resize(std::min(words.size(), longest));
      return more;
    };
    const bool more_left = cut(x), more_right = cut(y);
    detail::mark_differences(x, y, left, right);
    if (more_left) left.push_back({"…", false});
    if (more_right) right.push_back({"…", false});
    if (left.empty()) left.push_back({"(no text)", false});
    if (right.empty()) right.push_back({"(no text)", false});
  }
};

/// A line on the screen and how many columns it takes, colours aside.
struct shown_line {
  std::string text;
  std::size_t width = 0;
};

/// Words in lines of at most `width` columns. What differs is coloured, or stands in brackets where there are no colours.
inline std::vector<shown_line> in_lines(const std::vector<shown_word>& words, std::size_t width, bool colours) {
  std::vector<shown_line> lines(1);
  const auto add = [&](std::string_view word, bool differs, bool spaced) {
    shown_line& line = lines.back();
    if (spaced && line.width != 0) {
      line.text += ' ';
      ++line.width;
    }
    line.text += differs && colours ? "\x1b[33;1m" + std::string(word) + "\x1b[0m" : std::string(word);
    line.width += columns(word);
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool differs = words[i].differs;
    std::string word = words[i].text;
    if (differs && !colours) {
      if (i == 0 || !words[i - 1].differs) word.insert(0, 1, '[');
      if (i + 1 == words.size() || !words[i + 1].differs) word += ']';
    }
    if (lines.back().width != 0 && lines.back().width + 1 + columns(word) > width) lines.emplace_back();
    std::string_view rest = word;  // a word that is longer than a line is broken where the line ends
    for (bool first = true; !rest.empty(); first = false) {
      if (!first) lines.emplace_back();
      std::size_t end = 0;
      for (std::size_t used = 0; end < rest.size() && used < width; ++used)
        for (++end; end < rest.size() && (static_cast<unsigned char>(rest[end]) & 0xC0U) == 0x80U;) ++end;
      add(rest.substr(0, end), differs, first);
      rest.remove_prefix(end);
    }
  }
  return lines;
}

/// Two texts beside each other where `width` is 100 columns or more, else one below the other, each under its head.
inline std::vector<std::string> side_by_side(std::string_view left_head, std::string_view right_head, const compared_texts& texts,
                                             std::size_t width, bool colours) {
  std::vector<std::string> out;
  if (width < 100) {
    for (const bool right : {false, true}) {
      out.push_back("  " + std::string(right ? right_head : left_head));
      for (const shown_line& line : in_lines(right ? texts.right : texts.left, std::max<std::size_t>(width, 24) - 4, colours))
        out.push_back("    " + line.text);
    }
    return out;
  }
  const std::size_t column = (std::min<std::size_t>(width, 200) - 6) / 2;
  std::vector<shown_line> left = in_lines(texts.left, column, colours), right = in_lines(texts.right, column, colours);
  left.insert(left.begin(), {std::string(left_head), columns(left_head)});
  right.insert(right.begin(), {std::string(right_head), columns(right_head)});
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string row = "  ";
    if (i < left.size()) row += left[i].text;
    if (i < right.size()) row += std::string(column + 2 - std::min(column, i < left.size() ? left[i].width : 0), ' ') + right[i].text;
    out.push_back(row);
  }
  return out;
}

}  // namespace nightly_janitor
