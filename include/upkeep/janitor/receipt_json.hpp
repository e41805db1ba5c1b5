#pragma once
// Reads a receipt file.

#include "plan_json.hpp"
#include "receipt_file.hpp"

#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// Reads the text of a receipt file. `name` stands for it in messages.
/// @throws error corrupt where it is no receipt, unsupported where its format is newer than this version.
inline receipt parse_receipt(std::string_view text, const std::string& name) {
  const std::string what = "the receipt " + name;
  const json_value value = parse_json(text, what, {}, errc::corrupt);
  const json_fields fields(value, what, errc::corrupt);
  if (fields.find("upkeep_receipt") == nullptr) throw error(errc::corrupt, what + " is no receipt of upkeep");
  if (fields.integer("upkeep_receipt", 1) > 1) throw error(errc::unsupported, what + " is of a newer format: use a newer upkeep");
  receipt r;
  r.id = fields.text("id");
  r.path = fields.text("path");
  r.format = fields.text("format");
  r.store = fields.text("store");
  r.rows = fields.count("rows");
  r.bytes = fields.count("bytes");
  r.checksum = detail::read_hex(fields, "checksum", what);
  r.made = detail::read_time(fields, "made", what);
  return r;
}

/// Reads a receipt file.
/// @throws error not_found or io where it cannot be read, and what parse_receipt throws.
inline receipt read_receipt(const std::string& path) { return parse_receipt(read_file(path, 1U << 20U), path); }

}  // namespace upkeep::inline v0
