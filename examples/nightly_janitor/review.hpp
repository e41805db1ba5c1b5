#pragma once
// `review`: the pairs over which the guard hesitated, for a person to decide about.

#include <upkeep/janitor/plan.hpp>

#include "commands.hpp"
#include "options.hpp"
#include "screen.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace nightly_janitor {

/// What `review` takes beside the store.
struct review_request {
  std::vector<std::string> accept, reject, forget;  ///< two ids each, or none
  bool decisions = false, json = false;
  std::optional<std::int64_t> most;
};

/// Shows what waits and asks about it where a person sits at a terminal; prints it elsewhere. Writes decisions and nothing else, takes no
/// lock: it works while a schedule is served.
exit_code review_command(const screen& out, const settings& s, const review_request& request, std::stop_token stop);

/// What is worth most attention first: a witness that is lost, a last copy, then the closest pairs.
inline std::vector<upkeep::review_pair> by_attention(std::vector<upkeep::review_pair> pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const upkeep::review_pair& a, const upkeep::review_pair& b) {
    const auto rank = [](const upkeep::review_pair& p) { return p.reason == "witness_lost" ? 0 : p.reason == "last_copy" ? 1 : 2; };
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.score > b.score;
  });
  return pairs;
}

}  // namespace nightly_janitor
