#pragma once
// What the files of one run are called: an id that begins with its time, and an ending.

#include "../base/clock.hpp"
#include "../base/json_text.hpp"

#include <chrono>
#include <cstdio>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace upkeep::inline v0::detail {

inline constexpr std::string_view backup_ending = ".backup", receipt_ending = ".receipt.json";
/// What a receipt is called from the moment on that its backup is being deleted.
inline constexpr std::string_view expired_ending = ".receipt.expired";

/// Time first, so that names sort by age; then chance, so that two runs in one microsecond differ.
inline std::string new_run_id(time_point now) {
  std::string time = to_iso8601(std::chrono::floor<std::chrono::seconds>(now));
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  std::random_device device;
  char chance[12];
  std::snprintf(chance, sizeof chance, "-%08x", static_cast<unsigned>(device()));
  return time + chance;
}

/// When the run of this id began, to the second; nothing where this is no such id.
inline std::optional<time_point> time_of_run(std::string_view id) {
  constexpr std::string_view shape = "00000000T000000Z-00000000";
  if (id.size() != shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool hexadecimal = i > 16 && id[i] >= 'a' && id[i] <= 'f';
    if (shape[i] == '0' ? !(id[i] >= '0' && id[i] <= '9') && !hexadecimal : id[i] != shape[i]) return std::nullopt;
  }
  // 20260131T235959Z as 2026-01-31T23:59:59Z
  std::string text;
  const auto add = [&](std::size_t from, std::size_t count, char after) { text.append(id.substr(from, count)).push_back(after); };
  add(0, 4, '-');
  add(4, 2, '-');
  add(6, 5, ':');
  add(11, 2, ':');
  add(13, 2, 'Z');
  return parse_iso8601(text);
}

/// The id of the run to which a file of this name and ending belongs; nothing where it belongs to none.
inline std::optional<std::string_view> run_of_file(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  return time_of_run(name) ? std::optional(name) : std::nullopt;
}

/// Whether this is the text of a receipt that write_receipt() made for this run on this store. Read without a parser of JSON, which a janitor
/// does not need otherwise: within a string every quote is escaped, so that these words stand nowhere else.
inline bool is_receipt_of(std::string_view text, std::string_view run, std::string_view store) {
  std::string head, place;
  json_writer(head).begin_object().key("upkeep_receipt").value(1).key("id").value(run).key("path");
  json_writer(place).begin_object().key("store").value(store).key("rows");
  place.front() = ',';
  return text.starts_with(head) && text.find(place) != std::string_view::npos && text.ends_with("}\n");
}

}  // namespace upkeep::inline v0::detail
