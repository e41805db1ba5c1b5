#pragma once
// Makes text of unknown origin safe to show: what could move a cursor, colour a terminal or forge a line becomes visible.

#include "json_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// Appends `text` with every control character (U+0000 to U+001F, U+007F to U+009F) and every byte that is no UTF-8 written as `\xNN` (a
/// line feed as `\n`, a tab as `\t`). For people to read: a backslash of the text's own stays as it is, so the result cannot be turned
/// back.
inline void append_visible(std::string& out, std::string_view text) {
  const auto escape = [&](unsigned char byte) {
    out += "\\x";
    out += "0123456789abcdef"[byte >> 4U];
    out += "0123456789abcdef"[byte & 15U];
  };
  while (!text.empty()) {
    std::size_t length = detail::utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (length == 0 || byte < 0x20U || byte == 0x7FU) {
      escape(byte);
      length = 1;
    } else if (byte == 0xC2U && static_cast<unsigned char>(text[1]) < 0xA0U) {
      escape(static_cast<unsigned char>(text[1]));  // U+0080 to U+009F: some terminals obey them
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

}  // namespace upkeep::inline v0
