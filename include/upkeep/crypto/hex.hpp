#pragma once
// Bytes as hexadecimal digits, and back.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// Two lower-case hexadecimal digits for each byte.
[[nodiscard]] inline std::string to_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4U];
    text += digits[std::to_integer<unsigned>(b) & 15U];
  }
  return text;
}

/// Fills `out` with the bytes that `to_hex` wrote. Strict, so that every accepted text is the one text of its bytes: false, with `out` in no
/// useful state, unless `text` is exactly two lower-case digits for each byte.
[[nodiscard]] inline bool from_hex(std::string_view text, std::span<std::byte> out) noexcept {
  if (text.size() != out.size() * 2) return false;
  const auto value = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    return c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10U : 16U;
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const unsigned high = value(text[2 * i]), low = value(text[2 * i + 1]);
    if (high > 15U || low > 15U) return false;
    out[i] = static_cast<std::byte>(high << 4U | low);
  }
  return true;
}

}  // namespace upkeep::inline v0
