#pragma once
// A message as Slack takes it: blocks of JSON within its limits, with nothing in them that Slack would read as markup of its own.

#include "../base/json_text.hpp"
#include "../base/visible_text.hpp"
#include "../concepts/notifier.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// What Slack takes (https://api.slack.com/reference/block-kit/blocks). Counted here in bytes, of which no character has less than one.
struct slack_limits {
  static constexpr std::size_t header = 150;
  static constexpr std::size_t section = 3000;
  static constexpr std::size_t blocks = 50;
  static constexpr std::size_t message = 12'000;  ///< of all texts together
};

namespace detail {

/// One line with `& < >` as entities, which is all that Slack asks to be escaped, and control characters and stray bytes made visible.
inline std::string slack_escaped(std::string_view text) {
  std::string visible, out;
  append_visible(visible, text);
  for (const char c : visible) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

/// How many bytes of `escaped` fit into `most` without a character or an entity being cut in two.
inline std::size_t slack_cut(std::string_view escaped, std::size_t most) {
  if (escaped.size() <= most) return escaped.size();
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(escaped[end]) & 0xC0U) == 0x80U) --end;
  const std::size_t entity = escaped.substr(0, end).rfind('&');
  if (entity != std::string_view::npos && escaped.substr(entity, end - entity).find(';') == std::string_view::npos) end = entity;
  return end;
}

inline std::string slack_shortened(std::string_view escaped, std::size_t most) {
  if (escaped.size() <= most) return std::string(escaped);
  return std::string(escaped.substr(0, slack_cut(escaped, most - 3))) + "…";
}

/// The lines of a text as sections, each within its limit and all within `left`; what does not fit is counted in the last one.
inline std::vector<std::string> slack_sections(std::string_view text, std::size_t left) {
  constexpr std::size_t tail = 60;  // room for the count
  std::vector<std::string> sections;
  std::size_t unsaid = 0;
  // Two neighbouring sections have more than one's bytes together, so that the bytes run out long before the blocks do.
  static_assert(2 * slack_limits::message / slack_limits::section + 4 <= slack_limits::blocks);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = slack_escaped(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::string_view rest = line;
    do {
      const std::size_t size = slack_cut(rest, slack_limits::section - 1);
      if (unsaid != 0 || size + 1 + tail > left) {
        ++unsaid;
        break;
      }
      if (sections.empty() || sections.back().size() + 1 + size > slack_limits::section)
        sections.emplace_back(rest.substr(0, size));
      else
        (sections.back() += '\n') += rest.substr(0, size);
      left -= size + 1;
      rest.remove_prefix(size);
    } while (!rest.empty());
  }
  // Slack refuses a section without a character in it.
  std::erase_if(sections, [](const std::string& s) { return s.find_first_not_of(" \n") == std::string::npos; });
  if (unsaid != 0) sections.push_back("… and " + std::to_string(unsaid) + (unsaid == 1 ? " line more" : " lines more"));
  return sections;
}

}  // namespace detail

/// The JSON body of a message for an incoming webhook or, with a channel, for chat.postMessage: the title as header, the text's lines as
/// sections, and `report` (a link or a path; may be empty) behind them. Whatever the message holds, the body is within slack_limits; what
/// does not fit is left out at the end, and counted.
[[nodiscard]] inline std::string slack_body(const message& message, std::string_view channel = {}, std::string_view report = {}) {
  const std::string mark = message.level == message::urgency::alert ? ":rotating_light: " : "";
  std::string title = mark + detail::slack_escaped(message.title);
  if (message.title.find_first_not_of(' ') == std::string::npos) title = mark + "upkeep";
  title = detail::slack_shortened(title, slack_limits::header);
  const std::string last = report.empty() ? std::string() : "report: " + detail::slack_shortened(detail::slack_escaped(report), 1000);
  std::string out;
  json_writer json(out);
  json.begin_object();
  if (!channel.empty()) json.key("channel").value(channel);
  json.key("text").value(title);  // what stands in a notification, where blocks are not shown
  json.key("unfurl_links").value(false).key("blocks").begin_array();
  json.begin_object().key("type").value("header").key("text").begin_object();
  json.key("type").value("plain_text").key("text").value(title).key("emoji").value(true).end().end();
  const auto section = [&](const std::string& text) {
    json.begin_object().key("type").value("section").key("text").begin_object();
    json.key("type").value("mrkdwn").key("text").value(text).end().end();
  };
  // The title is there twice.
  for (const std::string& text : detail::slack_sections(message.text, slack_limits::message - 2 * title.size() - last.size()))
    section(text);
  if (!last.empty()) section(last);
  json.end().end().finish();
  return out;
}

}  // namespace upkeep::inline v0
