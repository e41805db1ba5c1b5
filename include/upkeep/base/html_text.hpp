#pragma once
// Text of unknown origin as a part of an HTML or XML document.

#include "visible_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// Appends `text` so that it is nothing but text, in an element as well as in a quoted attribute: `&`, `<`, `>` and both quotes become
/// references, control characters and bytes that are no UTF-8 become visible (see append_visible), and U+FFFE and U+FFFF, which XML 1.0 does
/// not allow, become U+FFFD. Marks of direction stay: put the text into `<bdi>` so that they end with it.
/// @param most  characters (code points) that are shown; what is longer ends in an ellipsis
inline void append_html_text(std::string& out, std::string_view text, std::size_t most = std::string::npos) {
  std::size_t end = 0, shown = 0;
  for (; end < text.size() && shown < most; ++shown) {
    const std::size_t length = detail::utf8_length(text.substr(end));
    end += length == 0 ? 1 : length;
  }
  std::string visible;
  append_visible(visible, text.substr(0, end));
  for (std::size_t i = 0; i < visible.size(); ++i) {
    const std::string_view rest = std::string_view(visible).substr(i);
    if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      out += "\xEF\xBF\xBD";
      i += 2;
      continue;
    }
    switch (visible[i]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += visible[i];
    }
  }
  if (end < text.size()) out += "…";
}

/// The same as a string of its own.
[[nodiscard]] inline std::string html_text(std::string_view text, std::size_t most = std::string::npos) {
  std::string out;
  append_html_text(out, text, most);
  return out;
}

}  // namespace upkeep::inline v0
