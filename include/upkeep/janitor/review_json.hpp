#pragma once
// A pair that waits for a person, and what a person decided, each as one line of JSON.

#include "pair_review.hpp"
#include "plan_json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// The pair as one line, in the words of a plan: `removed`, `survivor`, `score`, `reason`, `doubt`, `asked_again`, and the texts that are
/// present (see is_present). Bytes that are not UTF-8 stand as `{"base64": …}`.
inline std::string review_as_json(const review_pair& pair, std::string_view removed_text = {}, std::string_view survivor_text = {}) {
  std::string out;
  json_writer json(out);
  detail::append_key(json.begin_object().key("removed"), pair.removed);
  detail::append_key(json.key("survivor"), pair.survivor);
  json.key("score").value(pair.score).key("reason").value(pair.reason);
  if (!pair.doubt.empty()) detail::append_bytes(json.key("doubt"), pair.doubt);
  json.key("asked_again").value(pair.asked_again);
  if (is_present(removed_text)) detail::append_bytes(json.key("removed_text"), removed_text);
  if (is_present(survivor_text)) detail::append_bytes(json.key("survivor_text"), survivor_text);
  json.end().finish();
  return out + '\n';
}

/// The decision as one line: `removed`, `survivor`, `decision` (`accepted`, `rejected`), `who`, `when`, `now` (`holds`, `changed`, `gone`).
inline std::string decision_as_json(const pair_decision& decision) {
  std::string out;
  json_writer json(out);
  detail::append_key(json.begin_object().key("removed"), decision.removed);
  detail::append_key(json.key("survivor"), decision.survivor);
  json.key("decision").value(std::string_view(decision.accepted ? "accepted" : "rejected"));
  detail::append_bytes(json.key("who"), decision.who);
  json.key("when").value(to_iso8601(decision.when)).key("now").value(to_string(decision.now)).end().finish();
  return out + '\n';
}

/// The key that `text` spells as JSON does where a command line cannot hold its bytes: `{"base64": "…"}`, or nothing where it is no such object.
inline std::optional<key> key_from_base64(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return std::nullopt;
  try {
    return detail::read_key(parse_json(text, "the key"), "the key");
  } catch (const error&) {
    return std::nullopt;  // a row may well be called so
  }
}

}  // namespace upkeep::inline v0
