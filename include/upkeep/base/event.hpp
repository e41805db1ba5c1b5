#pragma once
// A structured event: a name, a sentence and typed fields. Components emit events to an observer and never print.

#include "error.hpp"

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace upkeep::inline v0 {

/// How much an event matters to a reader.
enum class event_level { progress, detail, info, warning, alert };

/// The snake_case name of a level.
constexpr std::string_view to_string(event_level level) noexcept {
  switch (level) {
    case event_level::progress: return "progress";
    case event_level::detail: return "detail";
    case event_level::info: return "info";
    case event_level::warning: return "warning";
    case event_level::alert: return "alert";
  }
  return "unknown";
}

/// One named value of an event. Names are snake_case with the unit at the end (`_bytes`, `_seconds`). Borrows its text.
struct event_field {
  using value_type = std::variant<std::int64_t, std::uint64_t, double, bool, std::string_view>;

  std::string_view name;
  value_type value;

  /// Texts are borrowed: they must live as long as the event. Every number is widened to one of three types.
  event_field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  event_field(std::string_view field_name, const char* text) : name(field_name), value(std::string_view(text)) {}
  event_field(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  event_field(std::string_view field_name, std::floating_point auto number) : name(field_name), value(static_cast<double>(number)) {}
  event_field(std::string_view field_name, std::signed_integral auto number) : name(field_name), value(static_cast<std::int64_t>(number)) {}
  event_field(std::string_view field_name, std::unsigned_integral auto number) requires(!std::same_as<decltype(number), bool>)
      : name(field_name), value(static_cast<std::uint64_t>(number)) {}
};

/// What happened: valid only while `observe` runs; an observer copies what it keeps.
struct event {
  event_level level = event_level::info;
  std::string_view name;                ///< snake_case, stable: `run_started`, `rows_removed`, …
  std::string_view text;                ///< one sentence for people; may be empty
  std::span<const event_field> fields;  ///< may be empty

  /// The field called `field_name`, or null.
  [[nodiscard]] const event_field* find(std::string_view field_name) const noexcept {
    for (const event_field& f : fields)
      if (f.name == field_name) return &f;
    return nullptr;
  }
};

}  // namespace upkeep::inline v0
