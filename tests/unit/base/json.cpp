// Parsing within limits, and getters whose sentences tell what is wrong where.

#include "upkeep/base/json.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>

using upkeep::errc;
using upkeep::error;
using upkeep::json_fields;
using upkeep::parse_json;

namespace {

std::string message_of(const std::function<void()>& f, errc code = errc::invalid_argument) {
  try {
    f();
  } catch (const error& e) {
    CHECK(e.code() == code);
    return e.what();
  }
  return "nothing was thrown";
}

std::string parse_failure(std::string_view text) {
  return message_of([&] { static_cast<void>(parse_json(text, "the plan")); });
}

}  // namespace

TEST_CASE("valid JSON is parsed, with white space around it", "[json]") {
  CHECK(parse_json(" {\"a\": [1, 2.5, \"x\", null, true]} \n", "it").as_object().at("a").as_array().size() == 5);
  CHECK(parse_json("7", "it").as_int64() == 7);
  CHECK(parse_json("18446744073709551615", "it").as_uint64() == 18446744073709551615U);
}

TEST_CASE("a syntax error names the text, the line and the column", "[json]") {
  CHECK(parse_failure("{\"a\": 1,\n  \"b\": ?}").find("the plan is not valid JSON at line 2, column 8: ") == 0);
  CHECK(parse_failure("{} x").find("line 1, column 4") != std::string::npos);
  CHECK(parse_failure("[1,\n2,\n").find("the text ends early") != std::string::npos);
  CHECK(parse_failure("").find("the text ends early") != std::string::npos);
  CHECK(message_of([] { static_cast<void>(parse_json("{", "the plan", {}, errc::corrupt)); }, errc::corrupt) != "nothing was thrown");
}

TEST_CASE("texts that only look like JSON are refused", "[json]") {
  for (const char* text : {"{'a':1}", "{a:1}",       "[1,]",     "{\"a\":1,}", "01",     "+1",      ".5",       "1.",
                           "nan",     "NaN",         "Infinity", "true false", "[1][2]", "// x\n1", "\"\x01\"", "\"\xff\"",
                           "\"\\x\"", "\"\\ud800\"", "tru",      "\"open",     "[",      "]",       "1e",       "\xef\xbb\xbf{}"}) {
    CAPTURE(text);
    CHECK(parse_failure(text).find("the plan is not valid JSON at line 1") == 0);
  }
  CHECK(parse_failure(std::string_view("1\0", 2)) != "nothing was thrown");
}

TEST_CASE("depth and size have limits", "[json]") {
  const std::string deep_enough = std::string(32, '[') + std::string(32, ']');
  CHECK_NOTHROW(parse_json(deep_enough, "it"));
  CHECK(message_of([&] { static_cast<void>(parse_json('[' + deep_enough + ']', "the plan")); }, errc::limit_exceeded) ==
        "the plan is nested more than 32 levels deep");
  CHECK(message_of([&] { static_cast<void>(parse_json(std::string(1000000, '['), "it")); }, errc::limit_exceeded) != "nothing was thrown");
  CHECK_NOTHROW(parse_json("[12345678]", "it", {.maximum_bytes = 10}));
  CHECK(message_of([&] { static_cast<void>(parse_json("[123456789]", "the plan", {.maximum_bytes = 10})); }, errc::limit_exceeded) ==
        "the plan has 11 bytes; at most 10 are accepted");
}

TEST_CASE("damaged texts are parsed or refused, never worse", "[json]") {
  upkeep::rng random(51);
  const std::string good = R"({"rows":3,"who":"gr\u00fc\"n","list":[1,2.5e-3,{"x":null}],"ok":true})";
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    for (std::uint64_t k = 1 + random.below(3); k > 0; --k)
      text[random.below(text.size())] = static_cast<char>(static_cast<unsigned char>(random.below(256)));
    text.resize(random.chance(0.3) ? random.below(text.size()) : text.size());
    try {
      const auto value = parse_json(text, "it");
      const std::string written = upkeep::to_json_text(value);
      REQUIRE(upkeep::to_json_text(parse_json(written, "again")) == written);
    } catch (const error& e) {
      REQUIRE(e.code() == errc::invalid_argument);
    }
  }
}

TEST_CASE("values go out as one line and come back", "[json]") {
  const std::string text = R"({"a":[1,-2,0.98,18446744073709551615,"x\ny",null,true,false,{},[]],"b":{"c":1e+300}})";
  CHECK(upkeep::to_json_text(parse_json(text, "it")) == text);
}

TEST_CASE("numbers are read to the last bit", "[json]") {
  CHECK(parse_json("2.5E33", "it").as_double() == 2.5e33);
  CHECK(parse_json("0.98123456789012345", "it").as_double() == 0.98123456789012345);
  CHECK(parse_json("1e-999", "it").as_double() == 0.0);
  CHECK(parse_failure("[1e999]") != "nothing was thrown");
  CHECK(parse_failure("-1e999") != "nothing was thrown");
  upkeep::rng random(52);
  for (int i = 0; i < 20000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    const std::string text = upkeep::to_json_text(number);
    REQUIRE(parse_json(text, "it").to_number<double>() == number);
    REQUIRE(parse_json('[' + text + ",1]", "it").at(0).to_number<double>() == number);
  }
}

TEST_CASE("fields are read by type", "[json]") {
  const auto value = parse_json(R"({"t":"x","b":true,"i":-3,"c":18446744073709551615,"n":0.5,"w":2,"a":[1],"o":{"k":1},"z":null})", "it");
  const json_fields fields(value, "it");
  CHECK(fields.text("t") == "x");
  CHECK(fields.boolean("b"));
  CHECK(fields.integer("i") == -3);
  CHECK(fields.count("c") == 18446744073709551615U);
  CHECK(fields.count("w") == 2);
  CHECK(fields.number("n") == 0.5);
  CHECK(fields.number("w") == 2.0);
  CHECK(fields.array("a").size() == 1);
  CHECK(json_fields(fields.object("o"), "inner").integer("k") == 1);
  CHECK_FALSE(fields.find_text("missing"));
  CHECK_FALSE(fields.find_integer("z"));
  CHECK_FALSE(fields.find_number("missing"));
  CHECK(fields.find_array("missing") == nullptr);
  CHECK(fields.find_object("z") == nullptr);
  CHECK_NOTHROW(fields.refuse_unknown({"t", "b", "i", "c", "n", "w", "a", "o", "z"}));
}

TEST_CASE("fields that do not fit are refused with a sentence", "[json]") {
  const auto value = parse_json(R"({"t":"secret","i":11,"n":1.5,"neg":-1,"big":18446744073709551615,"z":null})", "it");
  const json_fields fields(value, "the plan header");
  const auto says = [&](const auto& f) { return message_of([&] { static_cast<void>(f(fields)); }); };
  CHECK(says([](const json_fields& f) { return f.text("rows"); }) == "the plan header: the field `rows` is missing");
  CHECK(says([](const json_fields& f) { return f.integer("z"); }) == "the plan header: the field `z` is missing");
  CHECK(says([](const json_fields& f) { return &f.array("rows"); }) == "the plan header: the field `rows` is missing");
  CHECK(says([](const json_fields& f) { return f.integer("t", 0, 9); }) ==
        "the plan header: the field `t` must be a whole number from 0 to 9, not a string");
  CHECK(says([](const json_fields& f) { return f.integer("i", 0, 9); }) ==
        "the plan header: the field `i` must be a whole number from 0 to 9, not 11");
  CHECK(says([](const json_fields& f) { return f.integer("n"); }) == "the plan header: the field `n` must be a whole number, not 1.5");
  CHECK(says([](const json_fields& f) { return f.integer("big"); }).find("not 18446744073709551615") != std::string::npos);
  CHECK(says([](const json_fields& f) { return f.count("neg"); }) ==
        "the plan header: the field `neg` must be a whole number of at least 0, not -1");
  CHECK(says([](const json_fields& f) { return f.count("i", 10); }) ==
        "the plan header: the field `i` must be a whole number from 0 to 10, not 11");
  CHECK(says([](const json_fields& f) { return f.number("n", 0.0, 1.0); }) ==
        "the plan header: the field `n` must be a number from 0 to 1, not 1.5");
  CHECK(says([](const json_fields& f) { return f.text("i"); }) == "the plan header: the field `i` must be a string, not a number");
  CHECK(says([](const json_fields& f) { return f.boolean("t"); }) == "the plan header: the field `t` must be true or false, not a string");
  CHECK(says([](const json_fields& f) { return f.find_object("t") == nullptr; }).find("must be an object, not a string") !=
        std::string::npos);
  CHECK(says([](const json_fields& f) {
          f.refuse_unknown({"t", "i", "n", "neg", "z"});
          return 0;
        }) == "the plan header: unknown field `big`; known are t, i, n, neg, z");
  const auto list = parse_json("[1]", "it");
  CHECK(message_of([&] { json_fields(list, "the receipt", errc::corrupt); }, errc::corrupt) ==
        "the receipt must be an object, not an array");
}
