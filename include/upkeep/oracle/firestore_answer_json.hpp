#pragma once
// Reads what Firestore answers to documents:batchGet; all of it, or nothing.

#include "../base/error.hpp"
#include "../base/json.hpp"
#include "../concepts/orphan_oracle.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upkeep::inline v0 {

/// Reads the array of `{"found":{"name":...}}` and `{"missing":name}` into `answers`, one for each of the document names `asked`, which must
/// be distinct. Answers come in any order and are told apart by name (Firestore REST reference, BatchGetDocuments). An element that holds
/// neither must be one of those that only carry a `readTime` or a `transaction`. `name` begins the messages.
/// @throws error corrupt where a name is not answered, answered twice or was not asked for, and for any other text; limit_exceeded for one
///   that is too large or too deep. `answers` is untouched then.
inline void read_firestore_answer(std::string_view body, const std::string& name, std::span<const std::string> asked,
                                  std::span<ownership> answers) {
  const json_value value = parse_json(body, name, {}, errc::corrupt);
  const json_array* const elements = value.if_array();
  if (elements == nullptr) throw error(errc::corrupt, name + " must be an array, not " + detail::json_kind_name(value));
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < asked.size(); ++i) places.emplace(asked[i], i);
  std::vector<ownership> told(asked.size(), ownership::unknown);
  std::size_t count = 0;
  for (const json_value& element : *elements) {
    const json_fields fields(element, "an element of " + name, errc::corrupt);
    const json_object* const found = fields.find_object("found");
    std::optional<std::string> document = fields.find_text("missing");
    if (found != nullptr && document) throw error(errc::corrupt, name + " says of one document that it is found and missing");
    if (found == nullptr && !document) {
      fields.refuse_unknown({"readTime", "transaction"});
      continue;
    }
    if (found != nullptr) document = json_fields(*found, "a document of " + name, errc::corrupt).text("name");
    const auto place = places.find(*document);
    if (place == places.end()) throw error(errc::corrupt, name + " tells of a document that was not asked for");
    if (told[place->second] != ownership::unknown) throw error(errc::corrupt, name + " tells of one document twice");
    told[place->second] = found != nullptr ? ownership::present : ownership::absent;
    ++count;
  }
  if (count != asked.size())
    throw error(errc::corrupt,
                name + " tells of " + std::to_string(count) + " of the " + std::to_string(asked.size()) + " documents that were asked for");
  std::copy(told.begin(), told.end(), answers.begin());
}

}  // namespace upkeep::inline v0
