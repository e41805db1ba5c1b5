// JSON text written by hand is valid JSON, reads back as what was written, and misuse of the writer is refused.

#include "upkeep/base/json_text.hpp"

#include "support/catch.hpp"
#include "upkeep/base/json.hpp"
#include "upkeep/base/rng.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using upkeep::json_writer;

namespace {

std::string json_quoted(std::string_view text) {
  std::string out;
  upkeep::append_json_string(out, text);
  return out;
}

std::string number(double value) {
  std::string out;
  upkeep::append_json_number(out, value);
  return out;
}

std::string encode_utf8(std::uint32_t point) {
  std::string text;
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xC0 | point >> 6);
    add(0x80 | (point & 63));
  } else if (point < 0x10000) {
    add(0xE0 | point >> 12);
    add(0x80 | (point >> 6 & 63));
    add(0x80 | (point & 63));
  } else {
    add(0xF0 | point >> 18);
    add(0x80 | (point >> 12 & 63));
    add(0x80 | (point >> 6 & 63));
    add(0x80 | (point & 63));
  }
  return text;
}

}  // namespace

TEST_CASE("exactly the code points of Unicode are UTF-8", "[json_text]") {
  for (std::uint32_t point = 0; point < 0x110000; ++point) {
    const bool surrogate = point >= 0xD800 && point < 0xE000;
    if (upkeep::is_utf8(encode_utf8(point)) == surrogate) FAIL("U+" << std::hex << point);
  }
  CHECK_FALSE(upkeep::is_utf8(encode_utf8(0x110000)));
  CHECK(upkeep::is_utf8(""));
  CHECK(upkeep::is_utf8(std::string_view("a\0b", 3)));
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ok\xfe", "\xe2\x82\xac\x80"}) {
    CHECK_FALSE(upkeep::is_utf8(text));
  }
}

TEST_CASE("every one- to three-byte text is UTF-8 to us exactly if it is to the JSON library", "[json_text]") {
  // An independent judge: Boost.JSON refuses strings that are not UTF-8.
  upkeep::rng random(41);
  for (int i = 0; i < 60000; ++i) {
    std::string text;
    const std::size_t length = 1 + random.below(4);
    for (std::size_t k = 0; k < length; ++k)
      text += static_cast<char>(static_cast<unsigned char>(random.chance(0.2) ? random.below(256) : 0x80 + random.below(128)));
    bool plain = true;
    for (const char c : text) plain = plain && static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
    if (!plain) continue;
    boost::system::error_code problem;
    boost::json::parse('"' + text + '"', problem);
    REQUIRE(upkeep::is_utf8(text) == !problem);
  }
}

TEST_CASE("strings are escaped", "[json_text]") {
  CHECK(json_quoted("") == "\"\"");
  CHECK(json_quoted("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(json_quoted("\n\r\t") == R"("\n\r\t")");
  CHECK(json_quoted(std::string_view("\0\x1f\x7f", 3)) == R"("\u0000\u001f\u007f")");
  CHECK(json_quoted("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80") == "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
}

TEST_CASE("bytes that are not UTF-8 are reported and replaced", "[json_text]") {
  std::string out = "x";
  CHECK_FALSE(upkeep::append_json_string(out, "a\xff\xc3"));
  CHECK(out == R"(x"a\ufffd\ufffd")");
  CHECK(upkeep::append_json_string(out, "a"));
}

TEST_CASE("any text comes back from a JSON parser", "[json_text]") {
  upkeep::rng random(42);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (std::uint64_t k = random.below(40); k > 0; --k) {
      std::uint32_t point = static_cast<std::uint32_t>(random.chance(0.5) ? random.below(128) : random.below(0x110000));
      if (point >= 0xD800 && point < 0xE000) point = 'x';
      text += encode_utf8(point);
    }
    const auto back = boost::json::parse(json_quoted(text));
    REQUIRE(std::string_view(back.as_string().data(), back.as_string().size()) == text);
  }
}

TEST_CASE("numbers are shortest and read back as themselves", "[json_text]") {
  CHECK(number(0.1) == "0.1");
  CHECK(number(3.0) == "3");
  CHECK(number(-0.0) == "-0");
  CHECK(number(1e300) == "1e+300");
  std::string out;
  upkeep::append_json_number(out, 0.98f);
  CHECK(out == "0.98");
  out.clear();
  upkeep::append_json_number(out, std::numeric_limits<std::int64_t>::min());
  upkeep::append_json_number(out, std::numeric_limits<std::uint64_t>::max());
  upkeep::append_json_number(out, std::uint8_t{7});
  CHECK(out == "-9223372036854775808184467440737095516157");
  upkeep::rng random(43);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string text = number(value);
    double back = 0;
    std::from_chars(text.data(), text.data() + text.size(), back);
    REQUIRE(std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value));
    REQUIRE_NOTHROW(boost::json::parse(text));
  }
}

TEST_CASE("what is not finite becomes null and says so", "[json_text]") {
  for (const double value :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    std::string out;
    CHECK_FALSE(upkeep::append_json_number(out, value));
    CHECK(out == "null");
  }
}

TEST_CASE("base64 has the values of RFC 4648", "[json_text]") {
  const std::vector<std::pair<std::string, std::string>> known = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : known) {
    CHECK(upkeep::to_base64(bytes) == text);
    CHECK(upkeep::from_base64(text) == bytes);
  }
  CHECK(upkeep::to_base64("\xfb\xff\xfe") == "+//+");
}

TEST_CASE("base64 of any bytes comes back, and a changed text never gives the same bytes", "[json_text]") {
  upkeep::rng random(44);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (std::uint64_t k = 1 + random.below(30); k > 0; --k) bytes += static_cast<char>(static_cast<unsigned char>(random.below(256)));
    std::string text = upkeep::to_base64(bytes);
    REQUIRE(upkeep::from_base64(text) == bytes);
    const std::size_t at = random.below(text.size());
    const char old = text[at];
    text[at] = static_cast<char>(static_cast<unsigned char>(random.below(256)));
    if (text[at] != old) REQUIRE(upkeep::from_base64(text) != bytes);
  }
}

TEST_CASE("what base64 would not write is refused", "[json_text]") {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zg===", "====", "=g==", "Z===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zg==Zg==", "Zm-_", "Zm9v="}) {
    CAPTURE(text);
    CHECK_FALSE(upkeep::from_base64(text));
  }
}

TEST_CASE("the writer puts commas and colons where they belong", "[json_text]") {
  std::string out = "prefix ";
  json_writer writer(out);
  writer.begin_object();
  writer.key("none").begin_array().end();
  writer.key("rows").value(3).key("limit").value(0.05).key("who").value("a \"b\"").key("done").value(true).key("error").value(nullptr);
  writer.key("list").begin_array().value(1).begin_object().end().begin_array().value(std::string("x")).end().raw("[2]").value(-7L).end();
  writer.key("bad").value(std::numeric_limits<double>::quiet_NaN());
  writer.end().finish();
  CHECK(out ==
        R"(prefix {"none":[],"rows":3,"limit":0.05,"who":"a \"b\"","done":true,"error":null,"list":[1,{},["x"],[2],-7],"bad":null})");
  std::string single;
  json_writer(single).value(42).finish();
  CHECK(single == "42");
}

TEST_CASE("misuse of the writer throws and writes nothing", "[json_text]") {
  const std::vector<std::function<void(json_writer&)>> misuses = {
      [](json_writer& w) { w.end(); },
      [](json_writer& w) { w.key("a"); },
      [](json_writer& w) { w.finish(); },
      [](json_writer& w) { w.begin_object().value(1); },
      [](json_writer& w) { w.begin_object().begin_array(); },
      [](json_writer& w) { w.begin_object().key("a").key("b"); },
      [](json_writer& w) { w.begin_object().key("a").end(); },
      [](json_writer& w) { w.begin_object().key("\xff"); },
      [](json_writer& w) { w.begin_array().key("a"); },
      [](json_writer& w) { w.begin_array().finish(); },
      [](json_writer& w) { w.value(1).value(2); },
      [](json_writer& w) { w.value(1).begin_array(); },
      [](json_writer& w) { w.begin_array().end().end(); },
  };
  for (std::size_t i = 0; i < misuses.size(); ++i) {
    CAPTURE(i);
    std::string out;
    json_writer writer(out);
    CHECK_THROWS_AS(misuses[i](writer), upkeep::error);
    CHECK(out.find_first_of("]},") == (i == 12 ? 1 : std::string::npos));
  }
}
