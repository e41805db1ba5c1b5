#pragma once
// Reads what Slack says to a message: whether it took it, and if not, the word it has for the reason.

#include "../base/json.hpp"

#include <string>
#include <string_view>

namespace upkeep::inline v0 {

namespace detail {

/// Slack's words for reasons are short and plain; anything else could be a page, or what was sent, and is not repeated in a message.
inline std::string slack_word(std::string_view word) {
  const bool plain =
      !word.empty() && word.size() <= 64 && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
  return plain ? std::string(word) : std::string("no reason that can be shown");
}

}  // namespace detail

/// Why Slack did not take a message: empty where it did. An incoming webhook answers with a bare word, chat.postMessage with JSON whose
/// status is 200 even where `"ok"` is false.
/// @param api  whether it was chat.postMessage that answered
[[nodiscard]] inline std::string slack_refusal(int status, std::string_view body, bool api) {
  const bool taken = status >= 200 && status <= 299;
  if (!api || !taken) return taken ? std::string() : detail::slack_word(body);
  try {
    const json_value value = parse_json(body, "the answer of Slack");
    const json_fields fields(value, "the answer of Slack");
    if (fields.boolean("ok")) return {};
    return detail::slack_word(fields.find_text("error").value_or(std::string()));
  } catch (const error&) {
    return "an answer that is none of chat.postMessage";
  }
}

}  // namespace upkeep::inline v0
