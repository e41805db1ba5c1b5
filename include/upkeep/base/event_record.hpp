#pragma once
// Writes an event as members of a JSON object, for logs that programs read.

#include "event.hpp"
#include "json_text.hpp"

#include <string_view>
#include <type_traits>
#include <variant>

namespace upkeep::inline v0 {

/// Writes `text` as a string or, where it is not UTF-8, as `{"base64":"…"}`: no byte is lost.
inline void write_lossless(json_writer& json, std::string_view text) {
  if (is_utf8(text))
    json.value(text);
  else
    json.begin_object().key("base64").value(to_base64(text)).end();
}

/// Writes the members `level`, `event`, `text` (where there is one) and `fields` (where there are some) into the object that is open.
/// A number that is not finite is `null`; the name of a field that is not UTF-8 is `base64 …`.
inline void write_event(json_writer& json, const event& event) {
  json.key("level").value(to_string(event.level)).key("event");
  write_lossless(json, event.name);
  if (!event.text.empty()) {
    json.key("text");
    write_lossless(json, event.text);
  }
  if (event.fields.empty()) return;
  json.key("fields").begin_object();
  for (const event_field& field : event.fields) {
    if (is_utf8(field.name))
      json.key(field.name);
    else
      json.key("base64 " + to_base64(field.name));  // a key has to be a string: the log says what it saw all the same
    std::visit(
        [&](const auto& value) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::string_view>)
            write_lossless(json, value);
          else
            json.value(value);
        },
        field.value);
  }
  json.end();
}

}  // namespace upkeep::inline v0
