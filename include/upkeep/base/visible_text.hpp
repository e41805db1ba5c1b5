#pragma once
// Makes text of unknown origin safe to show: what could move a cursor, colour a terminal or forge a line becomes visible.

#include "json_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// Appends `text` with every control character (U+0000 to U+001F, U+007F to U+009F) and every byte that is no UTF-8 written as `\xNN` (a
/// line feed as `\n`, a tab as `\t`), and what ends a line or turns the direction of others (U+2028 to U+202E, U+2066 to U+2069; Unicode
/// Technical Report 36, 2.10.4) as `\uNNNN`. For people to read: a backslash of the text's own stays as it is, so the result cannot be turned
/// back.
inline void append_visible(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto escape = [&](unsigned char byte) {
    out += "\\x";
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  };
  const auto is_layout = [](std::string_view rest) {  // E2 80 A8 to E2 80 AE, E2 81 A6 to E2 81 A9
    const auto last = static_cast<unsigned char>(rest[2]);
    return (rest.starts_with("\xE2\x80") && last >= 0xA8U && last <= 0xAEU) ||
           (rest.starts_with("\xE2\x81") && last >= 0xA6U && last <= 0xA9U);
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
    } else if (length == 3 && is_layout(text)) {
      const auto low =
          static_cast<unsigned>((static_cast<unsigned char>(text[1]) & 1U) << 6U | (static_cast<unsigned char>(text[2]) & 63U));
      out += "\\u20";
      out += digits[low >> 4U];
      out += digits[low & 15U];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

}  // namespace upkeep::inline v0
