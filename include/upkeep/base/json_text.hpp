#pragma once
// Writes JSON text without a JSON library: strings, numbers, base64 and a small streaming writer.

#include "error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

namespace detail {

/// The length in bytes of the well-formed UTF-8 sequence at the front of `text`; 0 if there is none (The Unicode Standard, table 3-7).
constexpr std::size_t utf8_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned lead = at(0);
  if (text.empty()) return 0;
  if (lead < 0x80U) return 1;
  if (lead < 0xC2U || lead > 0xF4U || !tail(1)) return 0;
  if (lead < 0xE0U) return 2;
  // The second byte is narrower after four leads: no overlong forms, no surrogates, nothing above U+10FFFF.
  if ((lead == 0xE0U && at(1) < 0xA0U) || (lead == 0xEDU && at(1) > 0x9FU)) return 0;
  if (!tail(2)) return 0;
  if (lead < 0xF0U) return 3;
  if ((lead == 0xF0U && at(1) < 0x90U) || (lead == 0xF4U && at(1) > 0x8FU)) return 0;
  return tail(3) ? 4 : 0;
}

/// Whether a JSON string holds this byte as it is, by itself: printable ASCII but for quote and backslash.
constexpr bool stands_for_itself(char c) noexcept { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

inline constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace detail

/// Whether all of `text` is well-formed UTF-8. NUL is.
[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = detail::utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

/// Appends `text` as a JSON string with its quotes, and returns whether it was well-formed UTF-8. Each byte that was not is written as
/// U+FFFD, so the JSON is valid in any case; who must not lose such bytes asks `is_utf8` first and writes base64.
inline bool append_json_string(std::string& out, std::string_view text) {
  bool well_formed = true;
  out += '"';
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), detail::stands_for_itself) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    std::size_t length = detail::utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      out += "\\ufffd";
      well_formed = false;
      length = 1;
    } else if (length > 1) {
      out += text.substr(0, length);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += "\\u00";
      out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
      out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
    }
    text.remove_prefix(length);
  }
  out += '"';
  return well_formed;
}

/// Appends an integer.
template <std::integral Value>
  requires(!std::same_as<Value, bool>)
void append_json_number(std::string& out, Value value) {
  char digits[24];
  const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out += std::string_view(digits, static_cast<std::size_t>(end - digits));
}

/// Appends the shortest number that reads back as `value`; `null` for NaN and infinity, which JSON does not have. Returns whether it is
/// finite.
template <std::floating_point Value>
bool append_json_number(std::string& out, Value value) {
  if (!std::isfinite(value)) {
    out += "null";
    return false;
  }
  char digits[64];
  const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out += std::string_view(digits, static_cast<std::size_t>(end - digits));
  return true;
}

/// Base64 (RFC 4648, section 4, with padding) of any bytes.
[[nodiscard]] inline std::string to_base64(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const auto at = [&](std::size_t k) { return k < left ? std::to_integer<unsigned>(bytes[i + k]) : 0U; };
    const unsigned group = at(0) << 16U | at(1) << 8U | at(2);
    text += detail::base64_digits[group >> 18U];
    text += detail::base64_digits[group >> 12U & 63U];
    text += left > 1 ? detail::base64_digits[group >> 6U & 63U] : '=';
    text += left > 2 ? detail::base64_digits[group & 63U] : '=';
  }
  return text;
}
[[nodiscard]] inline std::string to_base64(std::string_view bytes) {
  return to_base64(std::as_bytes(std::span<const char>(bytes.data(), bytes.size())));
}

/// The bytes that `to_base64` wrote. Strict: nothing if padding is missing, a character is foreign or an unused bit is set, so that every
/// accepted text is the one text of its bytes.
[[nodiscard]] inline std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::size_t digits = 4;
    if (i + 4 == text.size() && text[i + 3] == '=') digits = text[i + 2] == '=' ? 2 : 3;
    unsigned group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t value = k < digits ? detail::base64_digits.find(text[i + k]) : 0;
      if (value == std::string_view::npos) return std::nullopt;
      group = group << 6U | static_cast<unsigned>(value);
    }
    const unsigned unused = digits == 4 ? 0U : digits == 3 ? 0xFFU : 0xFFFFU;
    if ((group & unused) != 0) return std::nullopt;
    bytes += static_cast<char>(static_cast<unsigned char>(group >> 16U));
    if (digits > 2) bytes += static_cast<char>(static_cast<unsigned char>(group >> 8U));
    if (digits > 3) bytes += static_cast<char>(static_cast<unsigned char>(group));
  }
  return bytes;
}

/// Appends one JSON document to a string, piece by piece, with the commas and colons in the right places. Misuse (a value without a key in
/// an object, a second document, an end that does not fit) throws errc::invalid_argument and appends nothing.
///
///     std::string line;
///     json_writer(line).begin_object().key("rows").value(3).key("who").value("a").end().finish();   // {"rows":3,"who":"a"}
/// @par Thread safety
/// None; one thread at a time.
class json_writer {
 public:
  /// Borrows `out`, which must outlive the writer.
  explicit json_writer(std::string& out) noexcept : out_(&out) {}

  json_writer& begin_object() { return begin(level::object, '{'); }
  json_writer& begin_array() { return begin(level::array, '['); }

  /// Ends the innermost object or array.
  json_writer& end() {
    refuse_if(open_.empty(), "end() without a begin");
    refuse_if(have_key_, "end() after a key that has no value");
    *out_ += open_.back() == level::object ? '}' : ']';
    open_.pop_back();
    after_value();
    return *this;
  }

  /// Names the next value of the innermost object. A key that is not UTF-8 is refused.
  json_writer& key(std::string_view name) {
    refuse_if(open_.empty() || open_.back() != level::object, "key() outside an object");
    refuse_if(have_key_, "two keys in a row");
    refuse_if(!is_utf8(name), "a key that is not UTF-8");
    if (need_comma_) *out_ += ',';
    append_json_string(*out_, name);
    *out_ += ':';
    have_key_ = true;
    return *this;
  }

  /// The next element, or the value of the last key. Bytes that are no UTF-8 are replaced; a number that is not finite becomes null.
  json_writer& value(std::string_view text) {
    before_value();
    append_json_string(*out_, text);
    after_value();
    return *this;
  }
  json_writer& value(const char* text) { return value(std::string_view(text)); }
  json_writer& value(const std::string& text) { return value(std::string_view(text)); }
  json_writer& value(bool truth) { return raw(truth ? "true" : "false"); }
  json_writer& value(std::nullptr_t) { return raw("null"); }
  template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>)
  json_writer& value(Number number) {
    before_value();
    append_json_number(*out_, number);
    after_value();
    return *this;
  }

  /// Appends a value that is JSON already; it is not checked.
  json_writer& raw(std::string_view json) {
    before_value();
    *out_ += json;
    after_value();
    return *this;
  }

  /// Throws unless the document is complete.
  void finish() const { refuse_if(!done_, "finish() before the document is complete"); }

 private:
  enum class level : unsigned char { object, array };

  static void refuse_if(bool misused, const char* how) {
    if (misused) throw error(errc::invalid_argument, std::string("json_writer: ") + how);
  }

  json_writer& begin(level kind, char bracket) {
    before_value();
    *out_ += bracket;
    open_.push_back(kind);
    need_comma_ = false;
    return *this;
  }

  void before_value() {
    refuse_if(done_, "a second document");
    const bool in_object = !open_.empty() && open_.back() == level::object;
    refuse_if(in_object && !have_key_, "a value without a key in an object");
    if (!in_object && need_comma_) *out_ += ',';
    have_key_ = false;
  }
  void after_value() {
    need_comma_ = true;
    done_ = open_.empty();
  }

  std::string* out_;
  std::vector<level> open_;
  bool have_key_ = false;
  bool need_comma_ = false;
  bool done_ = false;
};

}  // namespace upkeep::inline v0
