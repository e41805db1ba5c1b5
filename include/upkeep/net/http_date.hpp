#pragma once
// The dates of HTTP, and how long a Retry-After asks to wait.

#include "../base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace upkeep::inline v0 {

namespace detail {

constexpr bool take_word(std::string_view& text, std::string_view word) noexcept {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// Takes one of a list of words of three letters each; its place from 1 on.
constexpr std::optional<unsigned> take_name(std::string_view& text, std::string_view names) noexcept {
  for (std::size_t i = 0; i + 3 <= names.size(); i += 3)
    if (take_word(text, names.substr(i, 3))) return static_cast<unsigned>(i / 3 + 1);
  return std::nullopt;
}

inline constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
inline constexpr std::string_view day_names = "MonTueWedThuFriSatSun";

/// "HH:MM:SS" as seconds of the day; a leap second counts as the one before it.
constexpr std::optional<std::int64_t> take_time_of_day(std::string_view& text) noexcept {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_word(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59 || !take_word(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  return std::int64_t{*hour} * 3600 + std::int64_t{*minute} * 60 + (*second == 60 ? 59 : std::int64_t{*second});
}

constexpr std::optional<time_point> instant_of(std::int64_t year, unsigned month, unsigned day, std::int64_t second) noexcept {
  if (day < 1 || day > days_in_month(year, month)) return std::nullopt;
  return time_point(std::chrono::microseconds(days_from_civil(year, month, day) * microseconds_per_day + second * 1'000'000));
}

}  // namespace detail

/// The instant of an HTTP date (RFC 9110, section 5.6.7) in any of its three forms; nothing for any other text. A year of two digits is
/// taken as the one that is at most 50 years ahead of `now`, as that section asks. The name of the day is read, not checked.
[[nodiscard]] inline std::optional<time_point> parse_http_date(std::string_view text, time_point now) noexcept {
  using namespace detail;
  const auto weekday = take_name(text, day_names);
  if (!weekday) return std::nullopt;
  if (take_word(text, " ")) {  // asctime: "Sun Nov  6 08:49:37 1994"
    const auto month = take_name(text, month_names);
    if (!month || !take_word(text, " ")) return std::nullopt;
    const auto day = take_word(text, " ") ? take_digits(text, 1) : take_digits(text, 2);
    if (!day || !take_word(text, " ")) return std::nullopt;
    const auto second = take_time_of_day(text);
    if (!second || !take_word(text, " ")) return std::nullopt;
    const auto year = take_digits(text, 4);
    return year && text.empty() ? instant_of(*year, *month, *day, *second) : std::nullopt;
  }
  const bool rfc_850 = !text.starts_with(',');  // "Sunday, 06-Nov-94 08:49:37 GMT", else "Sun, 06 Nov 1994 08:49:37 GMT"
  while (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.remove_prefix(1);
  const std::string_view gap = rfc_850 ? "-" : " ";
  if (!take_word(text, ", ")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take_word(text, gap)) return std::nullopt;
  const auto month = take_name(text, month_names);
  if (!month || !take_word(text, gap)) return std::nullopt;
  const auto digits = take_digits(text, rfc_850 ? 2 : 4);
  if (!digits || !take_word(text, " ")) return std::nullopt;
  const auto second = take_time_of_day(text);
  if (!second || text != " GMT") return std::nullopt;
  std::int64_t year = *digits;
  if (rfc_850) {
    const std::int64_t this_year = civil_from_days(std::chrono::floor<std::chrono::days>(now).time_since_epoch().count()).year;
    year += this_year - this_year % 100;
    if (year > this_year + 50) year -= 100;
    if (year <= this_year - 50) year += 100;
  }
  return instant_of(year, *month, *day, *second);
}

/// How long a Retry-After (RFC 9110, section 10.2.3: seconds, or a date) asks to wait from `now` on, at most a week; nothing for any other
/// text. A date that has passed is no wait.
[[nodiscard]] inline std::optional<std::chrono::microseconds> parse_retry_after(std::string_view text, time_point now) noexcept {
  constexpr std::chrono::microseconds most = std::chrono::weeks(1);
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::int64_t seconds = 0;
    for (const char c : text) {
      seconds = seconds * 10 + (c - '0');
      if (std::chrono::seconds(seconds) >= most) return most;
    }
    return std::chrono::seconds(seconds);
  }
  const auto instant = parse_http_date(text, now);
  if (!instant) return std::nullopt;
  if (*instant <= now) return std::chrono::microseconds(0);
  return *instant - now < most ? *instant - now : most;
}

}  // namespace upkeep::inline v0
