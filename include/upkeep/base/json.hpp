#pragma once
// The one door to Boost.JSON: parsing within limits, and getters that say which field is wrong and what it must be. Link with boost_json.

#include "error.hpp"
#include "json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <boost/version.hpp>
#if BOOST_VERSION < 108100
#error "upkeep needs Boost 1.81 or later with Boost.JSON (Debian 12: libboost-json1.81-dev)"
#endif
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>

namespace upkeep::inline v0 {

/// Any JSON value; Boost's own type, so that its documentation holds.
using json_value = boost::json::value;
/// A JSON object: names and values in the order they came in.
using json_object = boost::json::object;
/// A JSON array.
using json_array = boost::json::array;

/// How large a text `parse_json` takes.
struct json_limits {
  std::size_t maximum_bytes = std::size_t{64} << 20U;
  std::size_t maximum_depth = 32;  ///< nested objects and arrays
};

namespace detail {

/// Builds values as boost::json::parser does, except that numbers are rounded correctly: Boost's own conversion is off by up to some units
/// in the last place (before 1.84 it has no other), so that a written number would not be read back as itself.
struct json_builder {
  using error_code = boost::system::error_code;
  using chars = boost::json::string_view;
  static constexpr std::size_t max_object_size = boost::json::object::max_size();
  static constexpr std::size_t max_array_size = boost::json::array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t size, error_code&) { return stack.push_object(size), true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t size, error_code&) { return stack.push_array(size), true; }
  bool on_key_part(chars part, std::size_t, error_code&) { return stack.push_chars(part), true; }
  bool on_key(chars part, std::size_t, error_code&) { return stack.push_key(part), true; }
  bool on_string_part(chars part, std::size_t, error_code&) { return stack.push_chars(part), true; }
  bool on_string(chars part, std::size_t, error_code&) { return stack.push_string(part), true; }
  bool on_number_part(chars, error_code&) { return true; }
  bool on_int64(std::int64_t value, chars, error_code&) { return stack.push_int64(value), true; }
  bool on_uint64(std::uint64_t value, chars, error_code&) { return stack.push_uint64(value), true; }
  bool on_double(double value, chars text, error_code& problem) {  // the text is whole, because it is parsed in one piece
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    // Out of range at the lower end is zero, which `value` then is nearly; at the upper end there is no such number.
    if (failure != std::errc{} && std::abs(value) > 1.0) {
      problem = boost::json::error::exponent_overflow;
      return false;
    }
    return stack.push_double(value), true;
  }
  bool on_bool(bool value, error_code&) { return stack.push_bool(value), true; }
  bool on_null(error_code&) { return stack.push_null(), true; }
  bool on_comment_part(chars, error_code&) { return true; }
  bool on_comment(chars, error_code&) { return true; }

  boost::json::value_stack stack{};
};

}  // namespace detail

/// Parses one JSON text (RFC 8259, UTF-8, nothing after it but white space). `what` names the text in messages: "the plan, line 3". Throws
/// `code` with line and column for what is not JSON, errc::limit_exceeded for what is too large.
[[nodiscard]] inline json_value parse_json(std::string_view text, const std::string& what, const json_limits& limits = {},
                                           errc code = errc::invalid_argument) {
  if (text.size() > limits.maximum_bytes) {
    throw error(errc::limit_exceeded,
                what + " has " + std::to_string(text.size()) + " bytes; at most " + std::to_string(limits.maximum_bytes) + " are accepted");
  }
  boost::json::parse_options options;
  options.max_depth = limits.maximum_depth;
  boost::json::basic_parser<detail::json_builder> parser(options);
  parser.handler().stack.reset();
  boost::system::error_code problem;
  std::size_t used = parser.write_some(false, text.data(), text.size(), problem);
  if (!problem) {
    const std::size_t rest = text.find_first_not_of(" \t\r\n", used);
    if (rest == std::string_view::npos) return parser.handler().stack.release();
    problem = boost::json::error::extra_data;
    used = rest;
  }
  if (problem == boost::json::error::too_deep) {
    throw error(errc::limit_exceeded, what + " is nested more than " + std::to_string(limits.maximum_depth) + " levels deep");
  }
  const std::string_view before = text.substr(0, std::min(used, text.size()));
  const std::size_t line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  throw error(code, what + " is not valid JSON at line " + std::to_string(line) + ", column " +
                        std::to_string(before.size() - line_start + 1) + ": " +
                        (problem == boost::json::error::incomplete ? "the text ends early" : problem.message()));
}

namespace detail {

inline void append_json(json_writer& writer, const json_value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: writer.value(nullptr); break;
    case boost::json::kind::bool_: writer.value(value.get_bool()); break;
    case boost::json::kind::int64: writer.value(value.get_int64()); break;
    case boost::json::kind::uint64: writer.value(value.get_uint64()); break;
    case boost::json::kind::double_: writer.value(value.get_double()); break;
    case boost::json::kind::string: writer.value(std::string_view(value.get_string().data(), value.get_string().size())); break;
    case boost::json::kind::array:
      writer.begin_array();
      for (const json_value& item : value.get_array()) append_json(writer, item);
      writer.end();
      break;
    case boost::json::kind::object:
      writer.begin_object();
      for (const auto& item : value.get_object()) {
        writer.key(std::string_view(item.key().data(), item.key().size()));
        append_json(writer, item.value());
      }
      writer.end();
      break;
  }
}

inline std::string json_kind_name(const json_value& value) {
  switch (value.kind()) {
    case boost::json::kind::null: return "null";
    case boost::json::kind::bool_: return "true or false";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_: return "a number";
    case boost::json::kind::string: return "a string";
    case boost::json::kind::array: return "an array";
    case boost::json::kind::object: return "an object";
  }
  return "something else";
}

}  // namespace detail

/// The value as JSON text in one line, numbers in their shortest form: 2500.0 is written, and comes back, as the integer 2500.
[[nodiscard]] inline std::string to_json_text(const json_value& value) {
  std::string text;
  json_writer writer(text);
  detail::append_json(writer, value);
  return text;
}

/// Reads the fields of one JSON object. What does not fit throws `code` with a sentence: "the plan header: the field `rows` must be a whole
/// number from 0 to 9, not a string". Numbers are shown, texts are not, for they may be secret. A member `find_...` gives nothing for a
/// field that is missing or null.
/// @par Thread safety
/// Const members may be called concurrently. Borrows the object.
class json_fields {
 public:
  /// `what` names the object in messages. Throws if `value` is not an object.
  json_fields(const json_value& value, std::string what, errc code = errc::invalid_argument) : what_(std::move(what)), code_(code) {
    object_ = value.if_object();
    if (object_ == nullptr) throw error(code_, what_ + " must be an object, not " + detail::json_kind_name(value));
  }
  json_fields(json_value&&, std::string, errc = errc::invalid_argument) = delete;
  json_fields(const json_object& object, std::string what, errc code = errc::invalid_argument)
      : object_(&object), what_(std::move(what)), code_(code) {}
  json_fields(json_object&&, std::string, errc = errc::invalid_argument) = delete;

  /// The field, or null if there is none (or it is null).
  [[nodiscard]] const json_value* find(std::string_view name) const {
    const json_value* const found = object_->if_contains({name.data(), name.size()});
    return found != nullptr && found->is_null() ? nullptr : found;
  }

  [[nodiscard]] std::optional<std::string> find_text(std::string_view name) const {
    const json_value* const found = find(name);
    if (found == nullptr) return std::nullopt;
    if (!found->is_string()) refuse(name, "a string", *found);
    return std::string(found->get_string().data(), found->get_string().size());
  }
  [[nodiscard]] std::optional<bool> find_bool(std::string_view name) const {
    const json_value* const found = find(name);
    if (found == nullptr) return std::nullopt;
    if (!found->is_bool()) refuse(name, "true or false", *found);
    return found->get_bool();
  }
  [[nodiscard]] std::optional<std::int64_t> find_integer(std::string_view name,
                                                         std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                                                         std::int64_t most = std::numeric_limits<std::int64_t>::max()) const {
    const json_value* const found = find(name);
    if (found == nullptr) return std::nullopt;
    if (!found->is_int64() || found->get_int64() < least || found->get_int64() > most) {
      refuse(name,
             "a whole number" + range(least, most, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()),
             *found);
    }
    return found->get_int64();
  }
  [[nodiscard]] std::optional<std::uint64_t> find_count(std::string_view name,
                                                        std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
    const json_value* const found = find(name);
    if (found == nullptr) return std::nullopt;
    const bool small = found->is_int64() && found->get_int64() >= 0;
    const std::uint64_t count = small ? static_cast<std::uint64_t>(found->get_int64()) : found->is_uint64() ? found->get_uint64() : 0;
    if ((!small && !found->is_uint64()) || count > most) {
      refuse(name, "a whole number" + range<std::uint64_t>(0, most, 1, std::numeric_limits<std::uint64_t>::max()), *found);
    }
    return count;
  }
  [[nodiscard]] std::optional<double> find_number(std::string_view name, double least = std::numeric_limits<double>::lowest(),
                                                  double most = std::numeric_limits<double>::max()) const {
    const json_value* const found = find(name);
    if (found == nullptr) return std::nullopt;
    if (!found->is_number() || !(found->to_number<double>() >= least && found->to_number<double>() <= most)) {
      refuse(name, "a number" + range(least, most, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max()), *found);
    }
    return found->to_number<double>();
  }
  [[nodiscard]] const json_array* find_array(std::string_view name) const {
    const json_value* const found = find(name);
    if (found != nullptr && !found->is_array()) refuse(name, "an array", *found);
    return found == nullptr ? nullptr : &found->get_array();
  }
  [[nodiscard]] const json_object* find_object(std::string_view name) const {
    const json_value* const found = find(name);
    if (found != nullptr && !found->is_object()) refuse(name, "an object", *found);
    return found == nullptr ? nullptr : &found->get_object();
  }

  /// As `find_…`, but a field that is absent is an error as well.
  [[nodiscard]] std::string text(std::string_view name) const { return present(name, find_text(name)); }
  [[nodiscard]] bool boolean(std::string_view name) const { return present(name, find_bool(name)); }
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                                     std::int64_t most = std::numeric_limits<std::int64_t>::max()) const {
    return present(name, find_integer(name, least, most));
  }
  [[nodiscard]] std::uint64_t count(std::string_view name, std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
    return present(name, find_count(name, most));
  }
  [[nodiscard]] double number(std::string_view name, double least = std::numeric_limits<double>::lowest(),
                              double most = std::numeric_limits<double>::max()) const {
    return present(name, find_number(name, least, most));
  }
  [[nodiscard]] const json_array& array(std::string_view name) const { return *present(name, std::optional(find_array(name))); }
  [[nodiscard]] const json_object& object(std::string_view name) const { return *present(name, std::optional(find_object(name))); }

  /// Throws if the object has a field that is not in `known`: a misspelt option must not be passed over.
  void refuse_unknown(std::initializer_list<std::string_view> known) const {
    for (const auto& item : *object_) {
      const std::string_view name(item.key().data(), item.key().size());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      std::string list;
      for (const std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
      throw error(code_, what_ + ": unknown field `" + std::string(name) + "`; known are " + list);
    }
  }

  /// Throws the sentence that the field must be `wanted`; for checks of one's own.
  [[noreturn]] void refuse(std::string_view name, const std::string& wanted) const {
    throw error(code_, what_ + ": the field `" + std::string(name) + "` must be " + wanted);
  }

 private:
  [[noreturn]] void refuse(std::string_view name, const std::string& wanted, const json_value& found) const {
    const bool is_number = found.is_number() && wanted.find("number") != std::string::npos;
    refuse(name, wanted + (is_number ? ", not " + to_json_text(found) : ", not " + detail::json_kind_name(found)));
  }

  template <class Value>
  Value present(std::string_view name, std::optional<Value> found) const {
    bool missing = !found;
    if constexpr (std::is_pointer_v<Value>) missing = missing || *found == nullptr;
    if (missing) throw error(code_, what_ + ": the field `" + std::string(name) + "` is missing");
    return *std::move(found);
  }

  template <class Number>
  static std::string range(Number least, Number most, Number lowest, Number highest) {
    const auto show = [](Number number) {
      std::string text;
      append_json_number(text, number);
      return text;
    };
    if (least != lowest && most != highest) return " from " + show(least) + " to " + show(most);
    if (least != lowest) return " of at least " + show(least);
    if (most != highest) return " of at most " + show(most);
    return {};
  }

  const json_object* object_ = nullptr;
  std::string what_;
  errc code_;
};

}  // namespace upkeep::inline v0
