// The three forms of an HTTP date, and the waits that servers ask for.

#include "upkeep/net/http_date.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

using namespace std::chrono_literals;
using upkeep::parse_http_date;
using upkeep::parse_iso8601;
using upkeep::parse_retry_after;
using upkeep::time_point;

namespace {
const time_point now = *parse_iso8601("2026-11-21T22:00:00Z");
}

TEST_CASE("the examples of RFC 9110 are one instant", "[http_date]") {
  const time_point instant = *parse_iso8601("1994-11-06T08:49:37Z");
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT", now) == instant);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now) == instant);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994", now) == instant);
  CHECK(parse_http_date("Wed Nov 16 08:49:37 1994", now) == instant + 240h);
}

TEST_CASE("a year of two digits is the nearest of the past, or at most 50 years ahead", "[http_date]") {
  const auto year = [](const char* digits) {
    const auto instant = parse_http_date(std::string("Sunday, 06-Nov-") + digits + " 08:49:37 GMT", now);
    return instant ? upkeep::to_iso8601(*instant).substr(0, 4) : "none";
  };
  CHECK(year("26") == "2026");
  CHECK(year("76") == "2076");
  CHECK(year("77") == "1977");
  CHECK(year("00") == "2000");
  CHECK(year("99") == "1999");
}

TEST_CASE("the dates that the C library writes are read", "[http_date]") {
  for (std::int64_t second = -1'000'000'000; second < 4'000'000'000; second += 13'579'753) {
    const std::time_t time = second;
    std::tm parts{};
    gmtime_r(&time, &parts);
    for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
      char text[64];
      REQUIRE(std::strftime(text, sizeof text, form, &parts) != 0);
      CAPTURE(text);
      REQUIRE(parse_http_date(text, now) == time_point(std::chrono::seconds(second)));
    }
  }
}

TEST_CASE("what is no date is none", "[http_date]") {
  for (const char* text :
       {"", "Sun", "Sun,", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sunday, 06 Nov 1994 08:49:37 GMT!", "Sun Nov 06 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT", "1994-11-06T08:49:37Z",
        "Tue, 29 Feb 2023 00:00:00 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text, now));
  }
  CHECK(parse_http_date("Thu, 29 Feb 2024 00:00:00 GMT", now));
  CHECK(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now) == *parse_iso8601("2016-12-31T23:59:59Z"));
}

TEST_CASE("Retry-After is seconds or a date", "[http_date]") {
  CHECK(parse_retry_after("0", now) == 0s);
  CHECK(parse_retry_after("120", now) == 120s);
  CHECK(parse_retry_after("00007", now) == 7s);
  CHECK(parse_retry_after("604801", now) == 168h);
  CHECK(parse_retry_after("99999999999999999999999999", now) == 168h);
  CHECK(parse_retry_after("Sat, 21 Nov 2026 22:01:30 GMT", now) == 90s);
  CHECK(parse_retry_after("Sat, 21 Nov 2026 21:59:59 GMT", now) == 0s);
  CHECK(parse_retry_after("Fri, 01 Jan 2100 00:00:00 GMT", now) == 168h);
  for (const char* text : {"", " 1", "-1", "1.5", "1s", "soon", "0x10"}) CHECK_FALSE(parse_retry_after(text, now));
}
