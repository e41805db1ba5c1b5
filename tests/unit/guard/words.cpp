#include "upkeep/guard/words.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;

namespace {

struct seen {
  std::string_view word;
  bool after_line_break;
  friend bool operator==(const seen&, const seen&) = default;
};

std::vector<seen> words_of(std::string_view text) {
  std::vector<seen> all;
  for (upkeep::word_reader words(text); words.next();) all.push_back({words.word(), words.after_line_break()});
  return all;
}

}  // namespace

TEST_CASE("words are runs of bytes other than the six ASCII white spaces") {
  CHECK(words_of("a bb\tc\vd\fe") == std::vector<seen>{{"a", false}, {"bb", false}, {"c", false}, {"d", false}, {"e", false}});
  CHECK(words_of("").empty());
  CHECK(words_of({}).empty());
  CHECK(words_of(" \t\n\v\f\r").empty());
}

TEST_CASE("a word says whether a line ended before it") {
  CHECK(words_of("a\nb \r\n c d\re") == std::vector<seen>{{"a", false}, {"b", true}, {"c", true}, {"d", false}, {"e", true}});
  CHECK(words_of("\n a") == std::vector<seen>{{"a", true}});
}

TEST_CASE("no other byte separates words") {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool space = " \t\n\v\f\r"sv.find(c) != std::string_view::npos;
    const std::string text{'x', c, 'y'};
    CAPTURE(byte);
    CHECK(upkeep::is_ascii_space(c) == space);
    CHECK(upkeep::count_words(text) == (space ? 2U : 1U));
  }
}

TEST_CASE("words and the white space between them are the whole text") {
  upkeep::rng random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto n = random.below(30); n > 0; --n) text += "ab \n\t\r\0\x80"sv[static_cast<std::size_t>(random.below(8))];
    std::string without_space;
    for (const char c : text)
      if (" \t\n\v\f\r"sv.find(c) == std::string_view::npos) without_space += c;
    std::string joined;
    std::size_t count = 0;
    for (upkeep::word_reader words(text); words.next(); ++count) {
      REQUIRE_FALSE(words.word().empty());
      joined += words.word();
    }
    CHECK(joined == without_space);
    CHECK(upkeep::count_words(text) == count);
    CHECK(upkeep::has_words(text) == (count != 0));
  }
}

TEST_CASE("a reader at its end stays there") {
  upkeep::word_reader words("a");
  CHECK(words.word().empty());
  CHECK(words.next());
  CHECK_FALSE(words.next());
  CHECK_FALSE(words.next());
  CHECK(words.word().empty());
}

TEST_CASE("words: a line ends with a line feed or a carriage return, and with nothing else") {
  for (int c = -128; c < 128; ++c) {
    const char byte = static_cast<char>(c);
    CHECK(upkeep::is_line_break(byte) == (byte == '\n' || byte == '\r'));
    if (upkeep::is_line_break(byte)) CHECK(upkeep::is_ascii_space(byte));
  }
}
