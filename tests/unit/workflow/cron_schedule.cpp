#include "upkeep/workflow/cron_schedule.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/base/rng.hpp"

#include <ctime>
#include <set>
#include <string>
#include <vector>

using namespace upkeep;

namespace {

time_point at(const char* text) { return parse_iso8601(text).value(); }
std::string next(const char* expression, const char* after, std::chrono::minutes offset = std::chrono::minutes(0)) {
  return to_iso8601(cron_schedule(expression, offset).next(at(after)));
}
std::string previous(const char* expression, const char* before, std::chrono::minutes offset = std::chrono::minutes(0)) {
  return to_iso8601(cron_schedule(expression, offset).previous(at(before)));
}

// A schedule as sets of allowed values, and the text that says them in one of many ways, on a clock that is ahead of UTC.
struct generated {
  std::set<int> allowed[5];
  bool starred[5] = {};
  std::string text;
  std::chrono::minutes offset{0};
};

generated expression_at_random(rng& random) {
  // Sunday is day 0 or day 7, where a range ends as well.
  constexpr int lowest[] = {0, 0, 1, 1, 0}, highest[] = {59, 23, 31, 12, 7};
  const std::string months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
  const std::string days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  generated g;
  for (int f = 0; f < 5; ++f) {
    const auto value = [&] { return lowest[f] + static_cast<int>(random.below(static_cast<std::uint64_t>(highest[f] - lowest[f] + 1))); };
    const auto name = [&](int v) {
      if (f < 3 || random.chance(.5)) return std::string(f < 3 && v < 10 && random.chance(.1) ? "0" : "") + std::to_string(v);
      std::string word = f == 3 ? months[v - 1] : days[v];
      for (char& c : word)
        if (random.chance(.3)) c = static_cast<char>(c - 'a' + 'A');
      return word;
    };
    std::string text;
    const std::uint64_t parts = 1 + random.below(3);
    for (std::uint64_t p = 0; p < parts; ++p) {
      int first = lowest[f], last = highest[f], step = 1;
      std::string part;
      if (random.chance(f == 2 || f == 4 ? .6 : .4)) {
        part = "*";
        if (p == 0) g.starred[f] = true;
        if (f == 4) last = 6;  // each day once
      } else {
        first = value();
        last = random.chance(.5) ? first : value();
        if (first > last) std::swap(first, last);
        // A name that begins a range is day 0, one that ends it day 7.
        const auto end = [&](int v, bool last_one) { return f == 4 && v == (last_one ? 0 : 7) ? std::to_string(v) : name(v); };
        part = first == last && random.chance(.9) ? name(first) : end(first, false) + '-' + end(last, true);
      }
      if ((part == "*" || part.find('-') != std::string::npos) && random.chance(.4)) {
        step = 1 + static_cast<int>(random.below(random.chance(.2) ? 70 : 9));
        part += "/" + std::to_string(step);
      }
      for (int v = first; v <= last; v += step) g.allowed[f].insert(f == 4 ? v % 7 : v);
      text += (p == 0 ? "" : ",") + part;
    }
    g.text += (f == 0 ? "" : " ") + text;
  }
  if (random.chance(.7)) g.offset = std::chrono::minutes(static_cast<int>(random.below(2 * 14 * 60 + 1)) - 14 * 60);
  return g;
}

// The C library's calendar.
bool fits_day(const generated& g, std::time_t time) {
  std::tm t{};
  gmtime_r(&time, &t);
  if (g.allowed[3].count(t.tm_mon + 1) == 0) return false;
  const bool date = g.allowed[2].count(t.tm_mday) != 0, weekday = g.allowed[4].count(t.tm_wday) != 0;
  return g.starred[2] || g.starred[4] ? date && weekday : date || weekday;
}

std::optional<time_point> slowly(const generated& g, time_point instant, int direction) {
  const time_point from = instant + g.offset;  // as the clock on the wall shows it
  std::time_t minute = std::chrono::floor<std::chrono::minutes>(from).time_since_epoch().count() * 60;
  if (direction > 0 || minute == std::chrono::duration_cast<std::chrono::seconds>(from.time_since_epoch()).count())
    minute += 60 * direction;
  for (int days = 0; days < 366 * 41; ++days) {  // 29 February is a given day of the week every 40 years at most
    if (!fits_day(g, minute)) {
      const std::time_t day = minute / 86400 * 86400;
      minute = direction > 0 ? day + 86400 : day - 60;
      continue;
    }
    for (const std::time_t day = minute / 86400; minute / 86400 == day; minute += 60 * direction) {
      const int of_day = static_cast<int>(minute % 86400 / 60);
      if (g.allowed[1].count(of_day / 60) != 0 && g.allowed[0].count(of_day % 60) != 0)
        return time_point(std::chrono::seconds(minute)) - g.offset;
    }
  }
  return std::nullopt;
}

void compare_with_the_slow_one(std::uint64_t seed, int cases) {
  rng random(seed);
  int compared = 0;
  for (int i = 0; i < cases; ++i) {
    const generated g = expression_at_random(random);
    const time_point from(std::chrono::seconds(946684800 + static_cast<std::int64_t>(random.below(3'000'000'000))));
    const auto later = slowly(g, from, 1), earlier = slowly(g, from, -1);
    CAPTURE(g.text, g.offset.count(), to_iso8601(from));
    if (!later) {  // 31 June, or 30 February: no day at all
      CHECK(upkeep_test::failure_of([&] { cron_schedule refused(g.text, g.offset); }).code == errc::invalid_argument);
      continue;
    }
    const cron_schedule schedule(g.text, g.offset);
    REQUIRE(to_iso8601(schedule.next(from)) == to_iso8601(*later));
    if (earlier) REQUIRE(to_iso8601(schedule.previous(from)) == to_iso8601(*earlier));
    ++compared;
  }
  CHECK(compared > cases * 9 / 10);
}

}  // namespace

TEST_CASE("a due time is the first minute after an instant that fits all fields", "[cron_schedule]") {
  CHECK(next("0 3 * * *", "2026-03-01T02:59:59Z") == "2026-03-01T03:00:00Z");
  CHECK(next("0 3 * * *", "2026-03-01T03:00:00Z") == "2026-03-02T03:00:00Z");
  CHECK(next("*/15 9-17/4 * * *", "2026-03-01T09:46:00Z") == "2026-03-01T13:00:00Z");
  CHECK(next("0 0 29 2 *", "2096-03-01T00:00:00Z") == "2104-02-29T00:00:00Z");
  CHECK(next("0 0 * * fri-sun", "2026-11-19T12:00:00Z") == "2026-11-20T00:00:00Z");
  CHECK(next("0 0 * * 7", "2026-11-19T12:00:00Z") == "2026-11-22T00:00:00Z");
  CHECK(next("59 23 31 DEC *", "2026-12-31T23:59:00Z") == "2027-12-31T23:59:00Z");
  CHECK(previous("0 3 * * *", "2026-03-01T03:00:00Z") == "2026-02-28T03:00:00Z");
  CHECK(previous("0 3 * * *", "2026-03-01T03:00:00.000001Z") == "2026-03-01T03:00:00Z");
  CHECK(previous("5,50 22 1 jan *", "2026-01-01T22:49:59Z") == "2026-01-01T22:05:00Z");
  CHECK(next("0 0 1 1 *", "1969-06-01T00:00:00Z") == "1970-01-01T00:00:00Z");
}

TEST_CASE("two restricted day fields are alternatives, one that begins with a star is a condition", "[cron_schedule]") {
  CHECK(next("0 0 13 * fri", "2026-11-21T00:00:00Z") == "2026-11-27T00:00:00Z");
  CHECK(next("0 0 13 * fri", "2026-12-11T00:00:00Z") == "2026-12-13T00:00:00Z");
  CHECK(next("0 0 */2 * fri", "2026-11-21T00:00:00Z") == "2026-11-27T00:00:00Z");  // an odd Friday
  CHECK(next("0 0 */2 * fri", "2026-11-27T00:00:00Z") == "2026-12-11T00:00:00Z");
}

TEST_CASE("names for common schedules", "[cron_schedule]") {
  const char* const after = "2026-11-21T22:30:00Z";
  CHECK(next("@hourly", after) == "2026-11-21T23:00:00Z");
  CHECK(next("@daily", after) == "2026-11-22T00:00:00Z");
  CHECK(next(" @Midnight ", after) == "2026-11-22T00:00:00Z");
  CHECK(next("@weekly", after) == "2026-11-22T00:00:00Z");
  CHECK(next("@monthly", after) == "2026-12-01T00:00:00Z");
  CHECK(next("@yearly", after) == "2027-01-01T00:00:00Z");
  CHECK(next("@annually", after) == "2027-01-01T00:00:00Z");
}

TEST_CASE("an offset moves the clock, all year by as much", "[cron_schedule]") {
  using std::chrono::minutes;
  CHECK(next("0 3 * * *", "2026-07-01T00:00:00Z", minutes(120)) == "2026-07-01T01:00:00Z");
  CHECK(next("0 3 * * *", "2026-07-01T01:00:00Z", minutes(120)) == "2026-07-02T01:00:00Z");
  CHECK(next("30 1 1 * *", "2026-07-31T12:00:00Z", minutes(-210)) == "2026-08-01T05:00:00Z");
  CHECK(previous("0 3 * * *", "2026-07-01T01:00:01Z", minutes(120)) == "2026-07-01T01:00:00Z");
  CHECK(cron_schedule("0 3 * * *", minutes(120)).utc_offset() == minutes(120));
  CHECK(parse_utc_offset("+02:00") == minutes(120));
  CHECK(parse_utc_offset("-03:30") == minutes(-210));
  CHECK(parse_utc_offset("Z") == minutes(0));
  for (const char* wrong : {"", "2", "02:00", "+2:00", "+02:60", "+0200", "+02:00 ", "CET"}) CHECK_FALSE(parse_utc_offset(wrong));
  CHECK(upkeep_test::failure_of([] { cron_schedule("@daily", minutes(14 * 60 + 1)); }).code == errc::invalid_argument);
}

TEST_CASE("an error points at the field", "[cron_schedule]") {
  const auto says = [](const char* expression) { return upkeep_test::failure_of([&] { cron_schedule refused(expression); }).message; };
  CHECK(says("0 25 * * *") == "cron schedule \"0 25 * * *\": field 2 (hour) is not allowed to be \"25\": give 0 to 23");
  CHECK(says("60 * * * *").find("field 1 (minute)") != std::string::npos);
  CHECK(says("* * 0 * *").find("field 3 (day of month)") != std::string::npos);
  CHECK(says("* * * foo *").find("field 4 (month) is not allowed to be \"foo\": give 1 to 12 or a name") != std::string::npos);
  CHECK(says("* * * * 8").find("field 5 (day of week)") != std::string::npos);
  CHECK(says("5/15 * * * *").find("write 5-59/15 or */15") != std::string::npos);
  CHECK(says("* 17-9 * * *").find("runs backwards") != std::string::npos);
  CHECK(says("*/0 * * * *").find("step \"0\"") != std::string::npos);
  CHECK(says("1,,2 * * * *").find("lacks a value") != std::string::npos);
  CHECK(says("* * * *").find("has 4 fields") != std::string::npos);
  CHECK(says("0 3 * * * root").find("has 6 fields") != std::string::npos);
  CHECK(says("").find("has 0 fields") != std::string::npos);
  CHECK(says("@reboot").find("is none of @yearly") != std::string::npos);
  CHECK(says("0 0 30 2 *").find("never be due") != std::string::npos);
  CHECK(says("0 0 31 4,6,9,11 *").find("never be due") != std::string::npos);
  for (const char* wrong : {"- * * * *", "1- * * * *", "-1 * * * *", "*/ * * * *", "*/x * * * *", "** * * * *", "1-2-3 * * * *",
                            "+1 * * * *", "99999999999999999999 * * * *", "1/2/3 * * * *"})
    CHECK(upkeep_test::failure_of([&] { cron_schedule refused(wrong); }).code == errc::invalid_argument);
}

TEST_CASE("schedules at random are due when a slow reference says", "[cron_schedule]") { compare_with_the_slow_one(1, 500); }

TEST_CASE("ten thousand schedules at random are due when a slow reference says", "[cron_schedule][long]") {
  compare_with_the_slow_one(2, 10'000);
}
