// Hexadecimal digits stand for exactly one run of bytes.

#include "upkeep/crypto/hex.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("every byte has its two digits and comes back") {
  std::vector<std::byte> all;
  std::string expected;
  for (unsigned b = 0; b < 256; ++b) {
    all.push_back(static_cast<std::byte>(b));
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", b);
    expected += digits;
  }
  CHECK(upkeep::to_hex(all) == expected);
  std::vector<std::byte> back(256);
  CHECK(upkeep::from_hex(expected, back));
  CHECK(back == all);
  CHECK(upkeep::to_hex({}).empty());
  CHECK(upkeep::from_hex("", {}));
}

TEST_CASE("a text that to_hex would not have written is refused") {
  std::array<std::byte, 2> out{};
  CHECK(upkeep::from_hex("09af", out));
  for (const char* text : {"", "0", "09a", "09af0", "09afaf", "09aF", "09ag", "0x9a", " 9af", "09/:", "09`f", "09a\xff"})
    CHECK_FALSE(upkeep::from_hex(text, out));
}
