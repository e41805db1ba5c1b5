#pragma once
// A report as JSON and as lines of text, both derived from its fields.

#include "../base/json_text.hpp"
#include "report.hpp"

#include <string>
#include <string_view>
#include <type_traits>

namespace upkeep::inline v0 {

/// The report as one JSON object; a dot in a field's name makes an object inside. A string that is not UTF-8 stands in base64.
inline std::string report_as_json(const janitor_report& r) {
  std::string out, group;
  json_writer json(out);
  json.begin_object();
  r.fields([&](std::string_view name, const auto& value) {
    const std::size_t dot = name.find('.');
    const std::string_view wanted = dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
    if (wanted != group) {
      if (!group.empty()) json.end();
      if (!wanted.empty()) json.key(wanted).begin_object();
      group = std::string(wanted);
    }
    json.key(dot == std::string_view::npos ? name : name.substr(dot + 1));
    if constexpr (std::is_convertible_v<decltype(value), std::string_view>)
      json.value(is_utf8(value) ? std::string(value) : to_base64(value));
    else
      json.value(value);
  });
  if (!group.empty()) json.end();
  json.end().finish();
  return out + '\n';
}

/// The report as `name value` lines.
inline std::string report_as_text(const janitor_report& r) {
  std::string out;
  r.fields([&](std::string_view name, const auto& value) {
    out += name;
    out.append(name.size() < 22 ? 22 - name.size() : 1, ' ');
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, bool>)
      out += value ? "yes" : "no";
    else if constexpr (std::is_convertible_v<decltype(value), std::string_view>)
      out += std::string_view(value);
    else
      append_json_number(out, value);
    out += '\n';
  });
  return out;
}

}  // namespace upkeep::inline v0
