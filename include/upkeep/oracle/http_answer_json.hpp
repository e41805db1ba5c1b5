#pragma once
// Reads what a service answers to an http_oracle; all of it, or nothing.

#include "../base/error.hpp"
#include "../base/json.hpp"
#include "../concepts/orphan_oracle.hpp"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Reads `{"present": [...], "absent": [...], "unknown": [...]}` (`unknown` may be left out) into `answers`, one for each of `asked`, which
/// must be distinct. Each source that was asked for must stand in exactly one of the lists, and no other one may: an answer that is short, or
/// about something else, is a sign of trouble, and of trouble nothing is believed. `name` begins the messages.
/// @throws error corrupt for any other text, limit_exceeded for one that is too large or too deep; `answers` is untouched then
inline void read_http_answer(std::string_view body, const std::string& name, std::span<const std::string_view> asked,
                             std::span<ownership> answers) {
  const json_value value = parse_json(body, name, {}, errc::corrupt);
  const json_fields fields(value, name, errc::corrupt);
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < asked.size(); ++i) places.emplace(asked[i], i);
  std::vector<ownership> found(asked.size(), ownership::unknown);
  std::vector<bool> answered(asked.size(), false);
  std::size_t count = 0;
  for (const auto& [list, meaning] :
       {std::pair{"present", ownership::present}, {"absent", ownership::absent}, {"unknown", ownership::unknown}}) {
    const json_array* const ids = meaning == ownership::unknown ? fields.find_array(list) : &fields.array(list);
    if (ids == nullptr) continue;
    for (const json_value& id : *ids) {
      if (!id.is_string())
        throw error(errc::corrupt, name + ": the list `" + list + "` must hold strings, not " + detail::json_kind_name(id));
      const auto place = places.find(std::string_view(id.get_string().data(), id.get_string().size()));
      if (place == places.end()) throw error(errc::corrupt, name + " names a source in `" + list + "` that was not asked for");
      if (answered[place->second]) throw error(errc::corrupt, name + " names a source twice, the second time in `" + list + "`");
      answered[place->second] = true;
      found[place->second] = meaning;
      ++count;
    }
  }
  if (count != asked.size())
    throw error(errc::corrupt,
                name + " names " + std::to_string(count) + " of the " + std::to_string(asked.size()) + " sources that were asked for");
  std::copy(found.begin(), found.end(), answers.begin());
}

}  // namespace upkeep::inline v0
