// Any text is a schedule or refused; what a schedule calls next and previous are neighbours.
// The input: minutes from UTC (i16), an instant in seconds (i64), the expression.

#include "upkeep/workflow/cron_schedule.hpp"
#include "support/fuzzing.hpp"

#include <chrono>
#include <optional>
#include <string>

using upkeep_test::must_hold;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = upkeep_test::input(data, size);
  const std::chrono::minutes offset(upkeep_test::take_number<std::int16_t>(rest));
  // Within the years 1677 to 2262 that a time_point of nanoseconds knows, and some years from their ends.
  const upkeep::time_point now(std::chrono::seconds(upkeep_test::take_number<std::int64_t>(rest) % 7'000'000'000));
  static_cast<void>(upkeep::parse_utc_offset(rest));

  std::optional<upkeep::cron_schedule> schedule;
  if (!upkeep_test::accepted([&] { schedule.emplace(rest, offset); })) return 0;
  must_hold(schedule->text() == rest && schedule->utc_offset() == offset, "a schedule keeps what it was given");
  const auto next = schedule->next(now), previous = schedule->previous(now);
  const auto instant = std::chrono::seconds(1);
  must_hold(next > now && previous < now, "next is later and previous is earlier");
  must_hold(next - std::chrono::floor<std::chrono::minutes>(next) == upkeep::time_point::duration(0), "a due time is a whole minute");
  must_hold(schedule->next(next - instant) == next && schedule->previous(next + instant) == next, "a due time is found from both sides");
  must_hold(schedule->next(previous) >= now && schedule->previous(next) <= now, "nothing is due between the two");

  std::string spread = " \t";
  for (const char c : rest) {
    if (c >= 'a' && c <= 'z')
      spread += static_cast<char>(c - 'a' + 'A');
    else
      spread += c == ' ' ? std::string("\t ") : std::string(1, c);
  }
  must_hold(upkeep::cron_schedule(spread, offset).next(now) == next, "neither case nor blanks matter");
  return 0;
}
