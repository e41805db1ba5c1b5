#pragma once
// Writes a receipt beside its backup, so that an undo needs nothing but this file.

#include "../base/checksum.hpp"
#include "../base/clock.hpp"
#include "../base/file.hpp"
#include "../base/json_text.hpp"
#include "../concepts/backup.hpp"

#include <string>

namespace upkeep::inline v0 {

/// The receipt as one line of JSON; `receipt_json.hpp` reads it.
/// @throws error invalid_argument where a path or name is not UTF-8.
inline std::string receipt_text(const receipt& r) {
  for (const std::string* text : {&r.id, &r.path, &r.format, &r.store})
    if (!is_utf8(*text))
      throw error(errc::invalid_argument,
                  "the receipt " + r.id + " cannot be written: its path or its store's name is not UTF-8; use other names");
  std::string out;
  json_writer json(out);
  json.begin_object().key("upkeep_receipt").value(1).key("id").value(r.id).key("path").value(r.path).key("format").value(r.format);
  json.key("store").value(r.store).key("rows").value(r.rows).key("bytes").value(r.bytes).key("checksum").value(hex16(r.checksum));
  json.key("made").value(to_iso8601(r.made)).end().finish();
  return out + '\n';
}

/// Written beside and renamed, fsynced: after this returns the receipt survives a power failure.
inline void write_receipt(const receipt& r, const std::string& path) { write_file_atomically(path, receipt_text(r)); }

}  // namespace upkeep::inline v0
