#pragma once
// When a job is due: the five fields of cron, in UTC or at a fixed distance from it.

#include "../base/clock.hpp"
#include "../base/error.hpp"

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// A cron expression, `minute hour day-of-month month day-of-week`, and the instants it names.
///
/// A field is `*`, a number, a name (`JAN` to `DEC`, `SUN` to `SAT`, any case), a range `a-b`, or several of these with commas; `*` and
/// ranges may have a step, `*/15`, `9-17/2`. Days of the week go from 0 to 7, both of which are Sunday. Where both day fields are
/// restricted (do not begin with `*`), a day fits that fits one of them, as POSIX crontab(5) and Vixie's cron say. `@yearly`, `@annually`,
/// `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly` stand for what cron says they do.
///
/// Times are those of a clock that is `utc_offset` ahead of UTC all year: there is no hour that comes twice or not at all.
/// @par Thread safety
/// Immutable: anyone may call anything at any time.
class cron_schedule {
 public:
  /// @throws error invalid_argument naming the field, what is wrong with it and what may stand there; also for an expression that names no
  ///         day at all (30 February), and an offset of more than 14 hours
  explicit cron_schedule(std::string_view expression, std::chrono::minutes utc_offset = std::chrono::minutes(0))
      : text_(expression), offset_(utc_offset) {
    if (std::chrono::abs(utc_offset) > std::chrono::hours(14))
      throw error(errc::invalid_argument, "cron schedule: an offset of " + std::to_string(utc_offset.count()) +
                                              " minutes from UTC is used nowhere: give -14:00 to +14:00");
    parse(expand(trimmed(expression)));
    if (!day_in(days_from_epoch(time_point{}), 1, calendar_days))
      throw error(errc::invalid_argument,
                  about(2) + " names a day that no month of field 4 has, so that it would never be due: choose another day or month");
  }

  /// As it was given.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] std::chrono::minutes utc_offset() const noexcept { return offset_; }

  /// The first due time after `instant`.
  [[nodiscard]] time_point next(time_point instant) const {
    const auto local = std::chrono::floor<std::chrono::minutes>(instant + offset_) + std::chrono::minutes(1);
    const std::int64_t day = days_from_epoch(local);
    const auto of_day = static_cast<unsigned>((local - std::chrono::floor<std::chrono::days>(local)).count());
    if (fits(day))
      if (const auto minute = first_minute(of_day)) return at(day, *minute);
    return at(*day_in(day + 1, 1, calendar_days), *first_minute(0));
  }

  /// The last due time before `instant`.
  [[nodiscard]] time_point previous(time_point instant) const {
    const auto local = std::chrono::ceil<std::chrono::minutes>(instant + offset_) - std::chrono::minutes(1);
    const std::int64_t day = days_from_epoch(local);
    const auto of_day = static_cast<unsigned>((local - std::chrono::floor<std::chrono::days>(local)).count());
    if (fits(day))
      if (const auto minute = last_minute(of_day)) return at(day, *minute);
    return at(*day_in(day - 1, -1, calendar_days), *last_minute(minutes_per_day - 1));
  }

 private:
  static constexpr unsigned minutes_per_day = 1440;
  // The Gregorian calendar repeats after 400 years; no expression waits longer than 29 February on a given day of the week would, 40 years,
  // but the date alone decides with day-of-week `*`: eight years around 2100.
  static constexpr std::int64_t calendar_days = 146'097;

  struct field_rule {
    std::string_view name;
    unsigned lowest, highest;
    std::string_view names;  // three letters each, beginning with the name of `first_named`
    unsigned first_named;
  };
  static constexpr field_rule rules[5] = {{"minute", 0, 59, "", 0},
                                          {"hour", 0, 23, "", 0},
                                          {"day of month", 1, 31, "", 0},
                                          {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1},
                                          {"day of week", 0, 7, "sunmontuewedthufrisat", 0}};

  static std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
  }
  static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
  static constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

  [[nodiscard]] std::string shown() const { return "cron schedule \"" + (text_.size() > 80 ? text_.substr(0, 80) + "..." : text_) + '"'; }
  [[nodiscard]] std::string about(std::size_t field) const {
    return shown() + ": field " + std::to_string(field + 1) + " (" + std::string(rules[field].name) + ')';
  }

  [[nodiscard]] std::string_view expand(std::string_view text) const {
    if (text.empty() || text.front() != '@') return text;
    std::string word;
    for (const char c : text) word += lower(c);
    if (word == "@yearly" || word == "@annually") return "0 0 1 1 *";
    if (word == "@monthly") return "0 0 1 * *";
    if (word == "@weekly") return "0 0 * * 0";
    if (word == "@daily" || word == "@midnight") return "0 0 * * *";
    if (word == "@hourly") return "0 * * * *";
    throw error(
        errc::invalid_argument,
        shown() + " is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly: use one of them or five fields");
  }

  void parse(std::string_view text) {
    std::string_view fields[5];
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && !is_blank(text[end])) ++end;
      if (count < 5) fields[count] = text.substr(at, end - at);
      ++count;
      at = end;
      while (at < text.size() && is_blank(text[at])) ++at;
    }
    if (count != 5)
      throw error(errc::invalid_argument, shown() + " has " + std::to_string(count) + (count == 1 ? " field" : " fields") +
                                              ": give five, minute hour day-of-month month day-of-week");
    for (std::size_t f = 0; f < 5; ++f) set_[f] = parse_field(f, fields[f]);
    if ((set_[4] >> 7U & 1U) != 0) set_[4] |= 1U;
    either_day_ = fields[2].front() != '*' && fields[4].front() != '*';
  }

  [[nodiscard]] std::uint64_t parse_field(std::size_t field, std::string_view text) const {
    std::uint64_t set = 0;
    for (std::string_view rest = text;;) {
      const std::size_t comma = rest.find(',');
      set |= parse_part(field, rest.substr(0, comma));
      if (comma == std::string_view::npos) return set;
      rest.remove_prefix(comma + 1);
    }
  }

  [[nodiscard]] std::uint64_t parse_part(std::size_t field, std::string_view part) const {
    const field_rule& rule = rules[field];
    unsigned step = 1, first = rule.lowest, last = field == 4 ? 6 : rule.highest;
    const std::size_t slash = part.find('/');
    const std::string_view values = part.substr(0, slash);
    const std::size_t dash = values.find('-');
    if (values != "*") {
      first = parse_value(field, values.substr(0, dash), false);
      last = dash == std::string_view::npos ? first : parse_value(field, values.substr(dash + 1), true);
    }
    if (first > last)
      throw error(errc::invalid_argument, about(field) + " has the range \"" + std::string(values) +
                                              "\", which runs backwards: write it as two, with a comma between them");
    if (slash != std::string_view::npos) {
      if (values != "*" && dash == std::string_view::npos)
        throw error(errc::invalid_argument, about(field) + " has a step after the single value \"" + std::string(values) + "\": write " +
                                                std::string(values) + "-" + std::to_string(rule.highest) + "/" +
                                                std::string(part.substr(slash + 1)) + " or */" + std::string(part.substr(slash + 1)));
      const auto given = number(part.substr(slash + 1));
      if (!given || *given == 0)
        throw error(errc::invalid_argument,
                    about(field) + " has the step \"" + std::string(part.substr(slash + 1)) + "\": give a number of at least 1");
      step = *given;
    }
    std::uint64_t set = 0;
    for (unsigned v = first; v <= last; v += step) set |= std::uint64_t{1} << v;
    return set;
  }

  [[nodiscard]] unsigned parse_value(std::size_t field, std::string_view text, bool ends_range) const {
    const field_rule& rule = rules[field];
    if (text.size() == 3)
      for (std::size_t n = 0; n * 3 < rule.names.size(); ++n)
        if (lower(text[0]) == rule.names[n * 3] && lower(text[1]) == rule.names[n * 3 + 1] && lower(text[2]) == rule.names[n * 3 + 2]) {
          const auto value = rule.first_named + static_cast<unsigned>(n);
          return field == 4 && value == 0 && ends_range ? 7 : value;  // fri-sun
        }
    const auto value = number(text);
    if (!value || *value < rule.lowest || *value > rule.highest)
      throw error(errc::invalid_argument,
                  about(field) +
                      (text.empty() ? std::string(" lacks a value") : " is not allowed to be \"" + std::string(text.substr(0, 20)) + '"') +
                      ": give " + std::to_string(rule.lowest) + " to " + std::to_string(rule.highest) +
                      (rule.names.empty() ? "" : " or a name of three letters"));
    return *value;
  }

  // Steps beyond any range are cut to one that reaches nothing but its first value.
  static std::optional<unsigned> number(std::string_view text) noexcept {
    if (text.empty() || text.size() > 9) return std::nullopt;
    return detail::take_digits(text, text.size());
  }

  template <class Duration>
  static std::int64_t days_from_epoch(std::chrono::sys_time<Duration> instant) noexcept {
    return std::chrono::floor<std::chrono::days>(instant).time_since_epoch().count();
  }

  [[nodiscard]] bool has(std::size_t field, unsigned value) const noexcept { return (set_[field] >> value & 1U) != 0; }

  [[nodiscard]] bool fits(std::int64_t day) const noexcept {
    const detail::civil_date date = detail::civil_from_days(day);
    if (!has(3, date.month)) return false;
    const auto weekday = static_cast<unsigned>(((day + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
    return either_day_ ? has(2, date.day) || has(4, weekday) : has(2, date.day) && has(4, weekday);
  }

  [[nodiscard]] std::optional<std::int64_t> day_in(std::int64_t day, std::int64_t step, std::int64_t most) const noexcept {
    for (std::int64_t i = 0; i < most; ++i, day += step)
      if (fits(day)) return day;
    return std::nullopt;
  }

  [[nodiscard]] std::optional<unsigned> first_minute(unsigned from) const noexcept {
    for (unsigned m = from; m < minutes_per_day; m = (m / 60 + 1) * 60) {
      const std::uint64_t left = has(1, m / 60) ? set_[0] >> (m % 60) : 0;
      if (left != 0) return m + static_cast<unsigned>(std::countr_zero(left));
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<unsigned> last_minute(unsigned until) const noexcept {
    for (unsigned hour = until / 60 + 1, minute = until % 60; hour-- > 0; minute = 59) {
      const std::uint64_t left = has(1, hour) ? set_[0] << (63 - minute) : 0;
      if (left != 0) return hour * 60 + minute - static_cast<unsigned>(std::countl_zero(left));
    }
    return std::nullopt;
  }

  [[nodiscard]] time_point at(std::int64_t day, unsigned minute) const noexcept {
    return time_point(std::chrono::days(day)) + std::chrono::minutes(minute) - offset_;
  }

  std::string text_;
  std::chrono::minutes offset_;
  std::uint64_t set_[5] = {};  // bit v: the value v fits
  bool either_day_ = false;
};

/// The distance from UTC that `text` names: `Z`, `+hh:mm` or `-hh:mm`. Nothing for any other text.
[[nodiscard]] inline std::optional<std::chrono::minutes> parse_utc_offset(std::string_view text) noexcept {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  const bool west = !text.empty() && text.front() == '-';
  if (!detail::take_any_of(text, "+-")) return std::nullopt;
  const auto hours = detail::take_digits(text, 2);
  if (!hours || !detail::take_any_of(text, ":")) return std::nullopt;
  const auto minutes = detail::take_digits(text, 2);
  if (!minutes || *minutes > 59 || !text.empty()) return std::nullopt;
  const std::chrono::minutes distance(static_cast<std::int64_t>(*hours * 60 + *minutes));
  return west ? -distance : distance;
}

}  // namespace upkeep::inline v0
