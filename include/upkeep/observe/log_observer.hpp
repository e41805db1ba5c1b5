#pragma once
// An observer that writes each event as one line: text for people or JSON Lines for programs.

#include "../base/clock.hpp"
#include "../base/event_record.hpp"
#include "../base/json_text.hpp"
#include "../base/line_sink.hpp"
#include "../base/visible_text.hpp"
#include "../concepts/observer.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace upkeep::inline v0 {

/// How a log_observer writes.
enum class log_format {
  text,       ///< `2026-01-02T03:04:05Z info rows_removed: 12 rows were removed. rows=12 receipt="a b"`
  json_lines  ///< `{"time":"2026-01-02T03:04:05Z","level":"info","event":"rows_removed","text":"…","fields":{"rows":12}}`
};

/// What a log_observer writes.
struct log_options {
  log_format format = log_format::text;
  event_level minimum = event_level::info;  ///< events below are left out; `event_level::progress` asks for everything
};

/// Observer: one line per event of at least the minimum level, written in one piece, with the time in UTC.
///
/// Text: control characters are made visible. JSON: a text that is not UTF-8 becomes `{"base64":"…"}`, a number that is not finite `null`.
/// @par Thread safety
/// `observe` may be called by several threads at once.
class log_observer {
 public:
  /// Writes to an open stream such as `stderr`, which must outlive the observer. Throws errc::invalid_argument where it is null.
  explicit log_observer(std::FILE* stream, log_options options = {}) : sink_(stream), options_(options) {}

  /// Appends to the file at `path`, made where there is none. Throws errc::not_found or errc::io where it cannot be opened.
  explicit log_observer(std::string path, log_options options = {}) : sink_(std::move(path)), options_(options) {}
  explicit log_observer(const char* path, log_options options = {}) : sink_(path), options_(options) {}

  /// Throws errc::io where the line could not be written.
  void observe(const event& event) const {
    if (event.level < options_.minimum) return;
    const std::string time = to_iso8601(system_clock().now());
    std::string line;
    if (options_.format == log_format::json_lines)
      append_json(line, time, event);
    else
      append_text(line, time, event);
    line += '\n';
    sink_.write(line);
  }

 private:
  static void append_text(std::string& line, const std::string& time, const event& event) {
    line += time;
    line += ' ';
    line += to_string(event.level);
    line += ' ';
    append_visible(line, event.name);
    if (!event.text.empty() || !event.fields.empty()) line += ':';
    if (!event.text.empty()) {
      line += ' ';
      append_visible(line, event.text);
    }
    for (const event_field& field : event.fields) {
      line += ' ';
      append_visible(line, field.name);
      line += '=';
      std::visit([&](const auto& value) { append_text_value(line, value); }, field.value);
    }
  }

  template <class Value>
  static void append_text_value(std::string& line, const Value& value) {
    if constexpr (std::is_same_v<Value, bool>) {
      line += value ? "true" : "false";
    } else if constexpr (std::is_same_v<Value, double>) {
      if (value != value)
        line += "nan";
      else if (!append_json_number(line, value))
        line.replace(line.size() - 4, 4, value > 0 ? "inf" : "-inf");
    } else if constexpr (std::is_same_v<Value, std::string_view>) {
      // Quoted where a reader could not tell its end, with the quotes inside escaped.
      const bool bare = !value.empty() && value.find_first_of(" \"=\\") == std::string_view::npos;
      if (!bare) line += '"';
      for (std::string_view rest = value; !rest.empty();) {
        const std::size_t plain = rest.find_first_of("\"\\");
        append_visible(line, rest.substr(0, plain));
        if (plain == std::string_view::npos) break;
        line += '\\';
        line += rest[plain];
        rest.remove_prefix(plain + 1);
      }
      if (!bare) line += '"';
    } else {
      append_json_number(line, value);
    }
  }

  static void append_json(std::string& line, const std::string& time, const event& event) {
    json_writer json(line);
    json.begin_object().key("time").value(time);
    write_event(json, event);
    json.end().finish();
  }

  line_sink sink_;
  log_options options_;
};

static_assert(observer<log_observer>);

}  // namespace upkeep::inline v0
