#include "upkeep/base/visible_text.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <string>
#include <string_view>

using namespace std::string_view_literals;

namespace {

std::string visible(std::string_view text) {
  std::string out;
  upkeep::append_visible(out, text);
  return out;
}

}  // namespace

TEST_CASE("append_visible leaves text alone") {
  CHECK(visible("Grüße, 世界 👍 \\ \"") == "Grüße, 世界 👍 \\ \"");
  CHECK(visible("").empty());
  std::string out = "before ";
  upkeep::append_visible(out, "after");
  CHECK(out == "before after");
}

TEST_CASE("append_visible shows control characters") {
  CHECK(visible("a\nb\tc\rd"sv) == "a\\nb\\tc\\x0dd");
  CHECK(visible("\0\x1b[31m\x7f"sv) == "\\x00\\x1b[31m\\x7f");
  CHECK(visible("\xc2\x9b"
                "31m\xc2\xa0"sv) == "\\x9b31m\xc2\xa0");  // U+009B is an escape sequence's start, U+00A0 a space
}

TEST_CASE("append_visible shows what ends a line or turns its direction") {
  CHECK(visible("\u2027\u2028\u2029\u202a\u202e\u202f") == "\u2027\\u2028\\u2029\\u202a\\u202e\u202f");
  CHECK(visible("\u2065\u2066\u2069\u206a\u2168") == "\u2065\\u2066\\u2069\u206a\u2168");
  CHECK(visible("\u05d0\u200f") == "\u05d0\u200f");
}

TEST_CASE("append_visible shows bytes that are no UTF-8") {
  CHECK(visible("\x9b\xff"sv) == "\\x9b\\xff");
  CHECK(visible("a\xc3"sv) == "a\\xc3");
  CHECK(visible("\xe2\x80"sv) == "\\xe2\\x80");
}

TEST_CASE("whatever goes in, what comes out is UTF-8 on one line without control characters") {
  upkeep::rng random(5);
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (auto n = random.below(20); n > 0; --n) text += static_cast<char>(random.chance(0.5) ? 0xC2 - random.below(3) : random.below(256));
    const std::string shown = visible(text);
    REQUIRE(upkeep::is_utf8(shown));
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const auto byte = static_cast<unsigned char>(shown[i]);
      REQUIRE(byte >= 0x20);
      REQUIRE(byte != 0x7f);
      if (byte == 0xC2) REQUIRE(static_cast<unsigned char>(shown[i + 1]) >= 0xA0);
    }
  }
}
