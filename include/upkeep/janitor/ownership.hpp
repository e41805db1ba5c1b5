#pragma once
// Asks an oracle about many sources in batches; what fails to be answered is unknown, never absent.

#include "../base/progress.hpp"
#include "../concepts/orphan_oracle.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {
namespace detail {

/// What the exception that is being handled says, whatever was thrown.
inline std::string what_was_thrown() {
  try {
    throw;
  } catch (const std::exception& failure) {
    return failure.what();
  } catch (...) {
    return "something was thrown that is no std::exception";
  }
}

}  // namespace detail

/// One answer for each of `sources`, which must be distinct and present (see is_present).
/// A batch that throws is unknown as a whole and is told as a warning; a value outside the enumeration counts as unknown.
template <class Oracle>
std::vector<ownership> ask_owners(Oracle& oracle, std::span<const std::string_view> sources, progress& progress, std::size_t batch = 1000) {
  std::vector<ownership> answers(sources.size(), ownership::unknown);
  for (std::size_t begin = 0; begin < sources.size(); begin += batch) {
    progress.check("the questions to the orphan oracle");
    const std::size_t count = std::min(batch, sources.size() - begin);
    const auto part = std::span(answers).subspan(begin, count);
    try {
      oracle.tell_owners(sources.subspan(begin, count), part);
    } catch (...) {
      std::fill(part.begin(), part.end(), ownership::unknown);
      const std::string failure = detail::what_was_thrown();
      const event_field fields[] = {{"sources", static_cast<std::uint64_t>(count)}, {"error", std::string_view(failure)}};
      progress.tell({event_level::warning, "oracle_failed",
                     "the orphan oracle failed: its sources count as unknown and nothing of them goes", fields});
    }
    for (ownership& answer : part)
      if (answer != ownership::present && answer != ownership::absent) answer = ownership::unknown;
    progress.report("oracle", begin + count, sources.size(), "sources");
  }
  return answers;
}

}  // namespace upkeep::inline v0
