#pragma once
// Puts an observer through every promise of its role, in one line and without a test framework.

#include "../concepts/observer.hpp"
#include "conformance.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace upkeep::inline v0::testing {

/// Checks that an observer takes every event and copies what it keeps.
/// @param make   gives the observer: `[&] { return my_observer(…); }`
/// @param shown  where it can be seen: all that was shown or kept so far, as one text in which the sentences of events of level `alert` stand
template <class Make>
conformance_report conform_observer(Make make, const std::function<std::string()>& shown = {}) {
  detail::rule_runner runner("observer");
  constexpr event_level levels[] = {event_level::progress, event_level::detail, event_level::info, event_level::warning,
                                    event_level::alert};
  runner.rule("takes_every_event", [&] {
    using namespace std::string_literals;
    auto&& observer = make();
    const std::string texts[] = {
        ""s, "one line"s, "two\nlines"s, "a\0b"s, "\xff\xfe\x80"s, "\x1b[31mred"s, "\" \\ {}"s, std::string(100'000, 'x')};
    for (const event_level level : levels)
      for (const std::string& text : texts) {
        const event_field fields[] = {{"text", text},
                                      {"empty", ""},
                                      {"least", std::numeric_limits<std::int64_t>::min()},
                                      {"largest", std::numeric_limits<std::uint64_t>::max()},
                                      {"not_a_number", std::numeric_limits<double>::quiet_NaN()},
                                      {"infinite", -std::numeric_limits<double>::infinity()},
                                      {"flag", true},
                                      {"", 0},
                                      {"text", "the same name again"}};
        observer.observe(event{level, "conformance_event", text, fields});
        observer.observe(event{level, "conformance_event", text, {}});
        observer.observe(event{level, "", text, {}});
      }
    observer.observe(event{});
  });
  runner.rule("takes_any_progress", [&] {
    auto&& observer = make();
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t steps[][2] = {{0, 0}, {0, 10}, {5, 10}, {10, 10}, {11, 10}, {3, 10}, {7, 0}, {most, most}, {0, most}};
    for (const auto& [done, total] : steps)
      for (const char* step : {"scan", "join", ""}) {
        const event_field fields[] = {{"step", step}, {"done", done}, {"total", total}, {"unit", "rows"}};
        observer.observe(event{event_level::progress, "progress", {}, fields});
      }
    const event_field half[] = {{"done", "not a number"}};  // a progress event of somebody else's making
    observer.observe(event{event_level::progress, "progress", {}, half});
  });
  runner.rule("copies_what_it_keeps", [&] {
    auto&& observer = make();
    std::vector<std::string> sentences;
    for (int i = 0; i < 50; ++i) {
      std::string name = "event_" + std::to_string(i), text = "sentence number " + std::to_string(i) + " stands here", value = "value";
      sentences.push_back(text);
      {
        const event_field fields[] = {{name, value}};
        observer.observe(event{event_level::alert, name, text, fields});
      }
      for (std::string* s : {&name, &text, &value}) std::fill(s->begin(), s->end(), '#');  // the event is gone
    }
    if (!shown) return;
    const std::string all = shown();
    for (const std::string& s : sentences) detail::require(all.find(s) != std::string::npos, "'" + s + "' is not among what was shown");
  });
  return runner.finish();
}

}  // namespace upkeep::inline v0::testing
