// Instants as ISO 8601 text and back, and the wall clock.

#include "upkeep/base/clock.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

using std::chrono::microseconds;
using upkeep::parse_iso8601;
using upkeep::time_point;
using upkeep::to_iso8601;

namespace {

time_point at(std::int64_t count) { return time_point(microseconds(count)); }

// Written with the standard library's calendar, which the tested code does not use.
std::string reference_text(time_point instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::int64_t rest = (instant - day).count();
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(rest / 3600000000), static_cast<int>(rest / 60000000 % 60),
                static_cast<int>(rest / 1000000 % 60));
  std::string result = text;
  if (rest % 1000000 != 0) {
    std::snprintf(text, sizeof text, ".%06d", static_cast<int>(rest % 1000000));
    result += text;
  }
  return result + "Z";
}

}  // namespace

TEST_CASE("instants are written as ISO 8601 in UTC", "[clock]") {
  CHECK(to_iso8601(at(0)) == "1970-01-01T00:00:00Z");
  CHECK(to_iso8601(at(1767323045000000)) == "2026-01-02T03:04:05Z");
  CHECK(to_iso8601(at(1767323045000007)) == "2026-01-02T03:04:05.000007Z");
  CHECK(to_iso8601(at(1767323045500000)) == "2026-01-02T03:04:05.500000Z");
  CHECK(to_iso8601(at(-1)) == "1969-12-31T23:59:59.999999Z");
  CHECK(to_iso8601(at(951782400000000)) == "2000-02-29T00:00:00Z");
  CHECK(to_iso8601(at(-62167219200000000)) == "0000-01-01T00:00:00Z");
  CHECK(to_iso8601(at(253402300800000000)) == "+10000-01-01T00:00:00Z");
  CHECK(to_iso8601(at(-62167219200000001)) == "-0001-12-31T23:59:59.999999Z");
  CHECK(to_iso8601(at(std::numeric_limits<std::int64_t>::max())) == "+294247-01-10T04:00:54.775807Z");
  CHECK(to_iso8601(at(std::numeric_limits<std::int64_t>::min())) == "-290308-12-21T19:59:05.224192Z");
}

TEST_CASE("texts agree with the standard calendar and come back as the same instant", "[clock]") {
  upkeep::rng random(21);
  for (int i = 0; i < 20000; ++i) {
    time_point instant = at(random.between(-62167219200000000, 253402300799999999));
    if (i % 2 == 0) instant = std::chrono::floor<std::chrono::seconds>(instant);
    const std::string text = to_iso8601(instant);
    REQUIRE(text == reference_text(instant));
    REQUIRE(parse_iso8601(text) == instant);
  }
}

TEST_CASE("other spellings of one instant are accepted", "[clock]") {
  const time_point instant = at(1767323045000000);
  for (const char* text :
       {"2026-01-02T03:04:05Z", "2026-01-02 03:04:05", "2026-01-02T03:04:05", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.0Z",
        "2026-01-02T04:04:05+01:00", "2026-01-01T21:34:05-05:30", "2026-01-02T03:04:05.000000999Z", "2026-01-02T03:04:05+00:00",
        "2026-01-02T03:04:05-00:00", "2026-01-03T03:03:05+23:59"}) {
    CAPTURE(text);
    CHECK(parse_iso8601(text) == instant);
  }
  CHECK(parse_iso8601("2026-01-02T03:04:05.25") == instant + microseconds(250000));
  CHECK(parse_iso8601("2026-01-02T03:04:05.123456789+00:00") == instant + microseconds(123456));
  CHECK(parse_iso8601("2024-02-29T00:00:00Z").has_value());
  CHECK(parse_iso8601("2000-02-29T23:59:59Z").has_value());
}

TEST_CASE("what is no instant is refused", "[clock]") {
  for (const char* text : {"",
                           "2026",
                           "2026-01-02",
                           "2026-01-02T03:04",
                           "2026-01-02T03:04Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-01-32T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-01-02T24:00:00Z",
                           "2026-01-02T23:60:00Z",
                           "2026-01-02T23:59:60Z",
                           "2026-01-02T03:04:05.Z",
                           "2026-01-02T03:04:05.1234567890Z",
                           "2026-01-02T03:04:05,5Z",
                           "2026-01-02T03:04:05+1:00",
                           "2026-01-02T03:04:05+0100",
                           "2026-01-02T03:04:05+24:00",
                           "2026-01-02T03:04:05+01:60",
                           "2026-01-02T03:04:05+",
                           "2026-01-02T03:04:05ZZ",
                           "2026-01-02T03:04:05 Z",
                           " 2026-01-02T03:04:05Z",
                           "2026-01-02T03:04:05Z ",
                           "2026-1-02T03:04:05Z",
                           "2026-01-02_03:04:05Z",
                           "2026/01/02T03:04:05Z",
                           "-026-01-02T03:04:05Z",
                           "+2026-01-02T03:04:05Z",
                           "2026-01-02T-3:04:05Z",
                           "20a6-01-02T03:04:05Z",
                           "2026-01-02T03:04:05X"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_iso8601(text));
  }
  CHECK_FALSE(parse_iso8601(std::string_view("2026-01-02T03:04:05\0", 20)));
}

TEST_CASE("any text with one character changed is refused or is another valid instant", "[clock]") {
  upkeep::rng random(22);
  const std::string good = "2026-01-02T03:04:05.250000+01:30";
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    text[random.below(text.size())] = static_cast<char>(random.below(256));
    if (const auto instant = parse_iso8601(text)) REQUIRE(parse_iso8601(to_iso8601(*instant)) == instant);
    text.resize(random.below(text.size()));
    if (const auto instant = parse_iso8601(text)) REQUIRE(parse_iso8601(to_iso8601(*instant)) == instant);
  }
}

TEST_CASE("the system clock agrees with the standard one and wakes no earlier than asked", "[clock]") {
  const upkeep::system_clock clock;
  const auto before = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
  const time_point now = clock.now();
  CHECK(before <= now);
  const time_point until = now + std::chrono::milliseconds(2);
  clock.sleep_until(until);
  CHECK(clock.now() >= until);
  clock.sleep_until(now - std::chrono::hours(1));  // returns at once
}
