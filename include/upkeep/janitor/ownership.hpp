#pragma once
// Asks an oracle about many sources in batches; what fails to be answered is unknown, never absent.

#include "../base/progress.hpp"
#include "../concepts/orphan_oracle.hpp"

#include <algorithm>
#include <chrono>
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

// How many sources to ask about at a time, so that a slow oracle is back soon enough for a stop and for a sign of life: the first time few,
// then as many as it answers for in `patience`.
class question_size {
 public:
  question_size(std::size_t most, std::chrono::duration<double> patience)
      : most_(most), size_(std::min(most, first)), patience_(patience) {}

  [[nodiscard]] std::size_t next() const noexcept { return size_; }

  /// @param took  the time for `count` sources, at least one
  void answered(std::size_t count, std::chrono::duration<double> took) noexcept {
    const double fit = took.count() > 0 ? static_cast<double>(count) * (patience_ / took) : static_cast<double>(most_);
    size_ = fit >= static_cast<double>(most_) ? most_ : std::min(most_, std::max(least, static_cast<std::size_t>(fit)));
  }

 private:
  // The least is not one: a service that takes long for any question is not asked a thousand of them.
  static constexpr std::size_t first = 200, least = 50;
  std::size_t most_, size_;
  std::chrono::duration<double> patience_;
};

}  // namespace detail

/// One answer for each of `sources`, which must be distinct and present (see is_present).
/// A batch that throws is unknown as a whole and is told as a warning; a value outside the enumeration counts as unknown.
/// @param batch     largest number of sources asked about at a time. An oracle that takes long is asked about fewer: a stop is obeyed, and progress
///                  told, between two batches only
/// @param patience  how long a batch should take at most, as far as the one before it tells
template <class Oracle>
std::vector<ownership> ask_owners(Oracle& oracle, std::span<const std::string_view> sources, progress& progress, std::size_t batch = 1000,
                                  std::chrono::milliseconds patience = std::chrono::seconds(30)) {
  std::vector<ownership> answers(sources.size(), ownership::unknown);
  detail::question_size size(batch, patience);
  for (std::size_t begin = 0, count = 0; begin < sources.size(); begin += count) {
    progress.check("the questions to the orphan oracle");
    count = std::min(size.next(), sources.size() - begin);
    const auto asked = std::chrono::steady_clock::now();
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
    size.answered(count, std::chrono::steady_clock::now() - asked);
    progress.report("oracle", begin + count, sources.size(), "sources");
  }
  return answers;
}

}  // namespace upkeep::inline v0
