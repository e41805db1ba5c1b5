#pragma once
// Wall-clock time: the clock policy that production uses, and its text form (ISO 8601, UTC).

#include "../config.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace upkeep::inline v0 {

/// An instant in UTC (leap seconds not counted, as in POSIX time), to the microsecond.
using time_point = std::chrono::sys_time<std::chrono::microseconds>;

/// The machine's wall clock.
/// @par Thread safety
/// Stateless: anyone may call anything at any time.
struct system_clock {
  [[nodiscard]] time_point now() const { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); }
  /// Returns at `instant`, or earlier when the clock was set back meanwhile: after the time that was left, not after an hour more.
  void sleep_until(time_point instant) const {
    using steady = std::chrono::steady_clock;
    const steady::time_point end = steady::now() + (instant - now());
    for (time_point t = now(); t < instant && steady::now() < end; t = now()) std::this_thread::sleep_for(instant - t);
  }
};

namespace detail {

inline constexpr std::int64_t microseconds_per_day = 86'400'000'000;

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back (Hinnant: chrono-Compatible Low-Level Date Algorithms).
constexpr std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<std::int64_t>(day_of_era) - 719468;
}

struct civil_date {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

constexpr civil_date civil_from_days(std::int64_t days) noexcept {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

constexpr unsigned days_in_month(std::int64_t year, unsigned month) noexcept {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

inline void append_digits(std::string& out, std::uint64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

/// Takes exactly `width` decimal digits from the front of `text`; nothing if they are not there.
constexpr std::optional<unsigned> take_digits(std::string_view& text, std::size_t width) noexcept {
  if (text.size() < width) return std::nullopt;
  unsigned value = 0;
  for (const char c : text.substr(0, width)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(width);
  return value;
}

constexpr bool take_any_of(std::string_view& text, std::string_view characters) noexcept {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace detail

/// `instant` as "2026-01-02T03:04:05Z", with six digits of fraction where it is not zero. Years beyond 0000 to 9999 get a sign.
[[nodiscard]] inline std::string to_iso8601(time_point instant) {
  const std::int64_t total = instant.time_since_epoch().count();
  std::int64_t in_day = total % detail::microseconds_per_day;
  std::int64_t days = total / detail::microseconds_per_day;
  if (in_day < 0) {
    in_day += detail::microseconds_per_day;
    --days;
  }
  const detail::civil_date date = detail::civil_from_days(days);
  const auto of_day = static_cast<std::uint64_t>(in_day);
  std::string text;
  if (date.year < 0 || date.year > 9999) text += date.year < 0 ? '-' : '+';
  detail::append_digits(text, static_cast<std::uint64_t>(date.year < 0 ? -date.year : date.year), 4);
  text += '-';
  detail::append_digits(text, date.month, 2);
  text += '-';
  detail::append_digits(text, date.day, 2);
  text += 'T';
  detail::append_digits(text, of_day / 3'600'000'000U, 2);
  text += ':';
  detail::append_digits(text, of_day / 60'000'000U % 60U, 2);
  text += ':';
  detail::append_digits(text, of_day / 1'000'000U % 60U, 2);
  if (of_day % 1'000'000U != 0) {
    text += '.';
    detail::append_digits(text, of_day % 1'000'000U, 6);
  }
  text += 'Z';
  return text;
}

/// The instant that `text` names: "YYYY-MM-DD", 'T' or a space, "HH:MM:SS", a fraction of 1 to 9 digits (cut to microseconds) or none, and
/// 'Z', "+hh:mm", "-hh:mm" or nothing, which means UTC. Nothing for any other text and for dates and times that do not exist.
[[nodiscard]] inline std::optional<time_point> parse_iso8601(std::string_view text) noexcept {
  using detail::take_any_of;
  using detail::take_digits;
  const auto year = take_digits(text, 4);
  if (!year || !take_any_of(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || *month < 1 || *month > 12 || !take_any_of(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *day < 1 || *day > detail::days_in_month(*year, *month) || !take_any_of(text, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_any_of(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take_any_of(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;

  std::int64_t fraction = 0;
  if (take_any_of(text, ".")) {
    std::int64_t unit = 100'000;
    std::size_t digits = 0;
    while (const auto digit = take_digits(text, 1)) {
      if (++digits > 9) return std::nullopt;
      fraction += unit * *digit;
      unit /= 10;
    }
    if (digits == 0) return std::nullopt;
  }

  std::int64_t offset_minutes = 0;
  if (!text.empty() && !take_any_of(text, "Zz")) {
    const bool west = text.front() == '-';
    if (!take_any_of(text, "+-")) return std::nullopt;
    const auto offset_hour = take_digits(text, 2);
    if (!offset_hour || *offset_hour > 23 || !take_any_of(text, ":")) return std::nullopt;
    const auto offset_minute = take_digits(text, 2);
    if (!offset_minute || *offset_minute > 59) return std::nullopt;
    offset_minutes = static_cast<std::int64_t>(*offset_hour * 60 + *offset_minute) * (west ? -1 : 1);
  }
  if (!text.empty()) return std::nullopt;

  const std::int64_t minutes = static_cast<std::int64_t>(*hour * 60 + *minute) - offset_minutes;
  const std::int64_t seconds = minutes * 60 + static_cast<std::int64_t>(*second);
  return time_point(std::chrono::microseconds(detail::days_from_civil(*year, *month, *day) * detail::microseconds_per_day +
                                              seconds * 1'000'000 + fraction));
}

}  // namespace upkeep::inline v0
