#pragma once
// Typed settings from environment variables behind a prefix; a bad value is refused with a sentence that says what is allowed.

#include "error.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace upkeep::inline v0 {

/// A number of bytes, as the setting "64MiB" names it.
struct byte_count {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(byte_count, byte_count) = default;
};

/// A length of time, as the setting "20h" names it.
using duration = std::chrono::microseconds;

/// What a setting may be, beyond its type.
template <class Value>
struct allowed {
  std::optional<Value> minimum{};
  std::optional<Value> maximum{};
  bool secret = false;  ///< the value is never shown, not even a bad one
};

namespace detail {

struct unit {
  std::string_view name;
  std::uint64_t size;
};

inline constexpr unit duration_units[] = {{"us", 1},         {"ms", 1'000},       {"s", 1'000'000},      {"min", 60'000'000},
                                          {"m", 60'000'000}, {"h", 3600'000'000}, {"d", 86'400'000'000}, {"w", 604'800'000'000}};
inline constexpr unit byte_units[] = {{"", 1},
                                      {"B", 1},
                                      {"kB", 1'000},
                                      {"KB", 1'000},
                                      {"MB", 1'000'000},
                                      {"GB", 1'000'000'000},
                                      {"TB", 1'000'000'000'000},
                                      {"KiB", 1U << 10U},
                                      {"MiB", 1U << 20U},
                                      {"GiB", 1U << 30U},
                                      {"TiB", std::uint64_t{1} << 40U}};

/// "<number>[space]<unit>" in the smallest unit; nothing if that is not what it says or if it does not fit into 63 bits.
template <std::size_t Count>
std::optional<std::uint64_t> parse_quantity(std::string_view text, const unit (&units)[Count]) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view number = text.substr(0, digits);
  std::string_view name = text.substr(digits);
  if (!name.empty() && name.front() == ' ') name.remove_prefix(1);
  for (const unit& known : units) {
    if (name != known.name) continue;
    std::uint64_t whole = 0;
    const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), whole);
    if (problem != std::errc{}) return std::nullopt;
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (end == number.data() + number.size()) {
      if (whole > most / known.size) return std::nullopt;
      return whole * known.size;
    }
    double value = 0.0;  // "1.5h": exact enough, since people do not write fractions of more than a few digits
    const auto [float_end, float_problem] = std::from_chars(number.data(), number.data() + number.size(), value, std::chars_format::fixed);
    if (float_problem != std::errc{} || float_end != number.data() + number.size()) return std::nullopt;
    value = std::round(value * static_cast<double>(known.size));
    if (!(value < 9.2e18)) return std::nullopt;
    return static_cast<std::uint64_t>(value);
  }
  return std::nullopt;
}

/// Text as a value of the type, and how a sentence names such values. Every type that a setting may have specialises it.
template <class Value>
struct setting_type;

template <>
struct setting_type<std::string> {
  static std::string_view noun() { return "text"; }
  static std::optional<std::string> parse(std::string_view text) { return std::string(text); }
  static std::string show(const std::string& value) { return '"' + value + '"'; }
};

template <>
struct setting_type<bool> {
  static std::string_view noun() { return "true or false (also 1, 0, yes, no, on, off)"; }
  static std::optional<bool> parse(std::string_view text) {
    for (const std::string_view word : {"true", "1", "yes", "on", "TRUE", "True", "YES", "ON"}) {
      if (text == word) return true;
    }
    for (const std::string_view word : {"false", "0", "no", "off", "FALSE", "False", "NO", "OFF"}) {
      if (text == word) return false;
    }
    return std::nullopt;
  }
  static std::string show(bool value) { return value ? "true" : "false"; }
};

template <class Value>
  requires std::integral<Value>
struct setting_type<Value> {
  static std::string_view noun() { return "a whole number"; }
  static std::optional<Value> parse(std::string_view text) {
    Value value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  static std::string show(Value value) { return std::to_string(value); }
};

template <class Value>
  requires std::floating_point<Value>
struct setting_type<Value> {
  static std::string_view noun() { return "a number"; }
  static std::optional<Value> parse(std::string_view text) {
    Value value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
  }
  static std::string show(Value value) {
    char text[64];
    return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
};

template <>
struct setting_type<duration> {
  static std::string_view noun() { return "a duration with its unit (us, ms, s, m, h, d, w), such as 90s or 20h"; }
  static std::optional<duration> parse(std::string_view text) {
    if (text == "0") return duration(0);
    const auto count = parse_quantity(text, duration_units);
    if (!count) return std::nullopt;
    return duration(static_cast<std::int64_t>(*count));
  }
  static std::string show(duration value) {
    const std::int64_t count = value.count();
    if (count == 0) return "0";
    for (const auto& [name, size] :
         {unit{"d", 86'400'000'000}, unit{"h", 3600'000'000}, unit{"m", 60'000'000}, unit{"s", 1'000'000}, unit{"ms", 1'000}}) {
      if (count % static_cast<std::int64_t>(size) == 0) return std::to_string(count / static_cast<std::int64_t>(size)) + std::string(name);
    }
    return std::to_string(count) + "us";
  }
};

template <>
struct setting_type<byte_count> {
  static std::string_view noun() { return "a number of bytes, optionally with a unit (kB, MB, GB, KiB, MiB, GiB), such as 64MiB"; }
  static std::optional<byte_count> parse(std::string_view text) {
    const auto count = parse_quantity(text, byte_units);
    if (!count) return std::nullopt;
    return byte_count{*count};
  }
  static std::string show(byte_count value) {
    for (const auto& [name, size] : {unit{"GiB", 1U << 30U}, unit{"MiB", 1U << 20U}, unit{"KiB", 1U << 10U}}) {
      if (value.value != 0 && value.value % size == 0) return std::to_string(value.value / size) + std::string(name);
    }
    return std::to_string(value.value);
  }
};

}  // namespace detail

/// Reads settings from environment variables named prefix + name. A variable that is not set, or set to nothing, counts as absent; one that
/// is set to something else than asked for throws errc::invalid_argument naming the variable, its value and what is allowed.
///
/// Types: `std::string`, `bool`, every integer and floating-point type, `duration` ("90s"), `byte_count` ("64MiB").
/// @par Thread safety
/// Const members may be called concurrently as long as nobody changes the process's environment.
class environment {
 public:
  /// Looks up one variable by its whole name; nothing if it is not set.
  using lookup = std::function<std::optional<std::string>(const std::string& name)>;

  /// @param prefix  what every variable begins with; may be empty
  explicit environment(std::string prefix = "UPKEEP_", lookup source = process_environment)
      : prefix_(std::move(prefix)), source_(std::move(source)) {}

  /// The process's own environment, the default source.
  static std::optional<std::string> process_environment(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }

  /// The whole name of the variable, for messages and help texts.
  [[nodiscard]] std::string name_of(std::string_view name) const { return prefix_ + std::string(name); }

  /// The value, or nothing if it is absent.
  template <class Value>
  [[nodiscard]] std::optional<Value> get(std::string_view name, const std::type_identity_t<allowed<Value>>& limits = {}) const {
    using type = detail::setting_type<Value>;
    const std::optional<std::string> text = find(name);
    if (!text) return std::nullopt;
    std::optional<Value> value = type::parse(*text);
    const bool fits = value && !(limits.minimum && *value < *limits.minimum) && !(limits.maximum && *limits.maximum < *value);
    if (!fits) refuse(name, *text, std::string(type::noun()) + range(limits), limits.secret);
    return value;
  }

  /// The value, or `otherwise` if it is absent (which need not be within the limits).
  template <class Value>
  [[nodiscard]] Value get_or(std::string_view name, std::type_identity_t<Value> otherwise,
                             const std::type_identity_t<allowed<Value>>& limits = {}) const {
    std::optional<Value> value = get<Value>(name, limits);
    return value ? *std::move(value) : std::move(otherwise);
  }

  /// The value of a variable that must be set. `what` says for the refusal what it names: "the file with the vectors".
  template <class Value>
  [[nodiscard]] Value require(std::string_view name, std::string_view what, const std::type_identity_t<allowed<Value>>& limits = {}) const {
    std::optional<Value> value = get<Value>(name, limits);
    if (!value)
      throw error(errc::invalid_argument, "the environment variable " + name_of(name) + " is not set; set it to " + std::string(what));
    return *std::move(value);
  }

  /// Calls `make`, which makes something of the variable's value. An error that it throws is thrown again with the variable in front of its
  /// sentence, and with the value unless that is `secret`.
  template <class Make>
  auto explain(std::string_view name, Make&& make, bool secret = false) const {
    try {
      return std::forward<Make>(make)();
    } catch (const error& why) {
      const std::optional<std::string> text = secret ? std::nullopt : find(name);
      throw error(why.code(), "the environment variable " + name_of(name) + (text ? " is \"" + *text + '"' : "") + ": " + why.what());
    }
  }

  /// One of a list of words, or `otherwise` if it is absent.
  [[nodiscard]] std::string choice(std::string_view name, std::initializer_list<std::string_view> words, std::string_view otherwise) const {
    std::optional<std::string> text = find(name);
    if (!text) return std::string(otherwise);
    std::string list;
    for (const std::string_view word : words) {
      if (*text == word) return *std::move(text);
      if (!list.empty()) list += ", ";
      list += word;
    }
    refuse(name, *text, "one of " + list, false);
  }

 private:
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const {
    std::optional<std::string> text = source_(name_of(name));
    if (text && text->empty()) return std::nullopt;
    return text;
  }

  template <class Value>
  static std::string range(const allowed<Value>& limits) {
    using type = detail::setting_type<Value>;
    if (limits.minimum && limits.maximum) return " from " + type::show(*limits.minimum) + " to " + type::show(*limits.maximum);
    if (limits.minimum) return " of at least " + type::show(*limits.minimum);
    if (limits.maximum) return " of at most " + type::show(*limits.maximum);
    return {};
  }

  [[noreturn]] void refuse(std::string_view name, const std::string& text, const std::string& wanted, bool secret) const {
    throw error(errc::invalid_argument, "the environment variable " + name_of(name) + (secret ? " (value hidden)" : " is \"" + text + '"') +
                                            (secret ? " must be " : "; it must be ") + wanted);
  }

  std::string prefix_;
  lookup source_;
};

}  // namespace upkeep::inline v0
