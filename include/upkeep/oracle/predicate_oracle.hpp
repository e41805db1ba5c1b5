#pragma once
// An oracle made of a function that is asked about one source at a time.

#include "../concepts/orphan_oracle.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace upkeep::inline v0 {

/// Oracle: asks `predicate(std::string_view source)`, which returns `bool` (true: the source exists) or `ownership`.
///
/// A predicate that cannot find out must return `ownership::unknown` or throw, never false. What it throws passes through, and the janitor
/// takes the whole batch as unknown and reports the message: a predicate that fails for one source alone catches that and says `unknown`.
/// Only exactly `bool` and `ownership` are accepted: a status code or an optional would be true or false by accident.
///
///     upkeep::predicate_oracle oracle([&](std::string_view id) { return files.contains(id); });
/// @par Thread safety
/// That of the predicate.
template <class Predicate>
class predicate_oracle {
  template <class Answer>
  static constexpr bool is_answer = std::same_as<Answer, bool> || std::same_as<Answer, ownership>;
  static constexpr bool fits = [] {
    if constexpr (std::is_invocable_v<Predicate&, std::string_view>)
      return is_answer<std::remove_cvref_t<std::invoke_result_t<Predicate&, std::string_view>>>;
    else
      return false;
  }();
  static_assert(fits, "upkeep: predicate_oracle: the predicate must take a std::string_view and return exactly bool or upkeep::ownership");

 public:
  explicit predicate_oracle(Predicate predicate) : predicate_(std::move(predicate)) {}

  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) {
    if constexpr (fits) {
      for (std::size_t i = 0; i < sources.size(); ++i) answers[i] = to_ownership(std::invoke(predicate_, sources[i]));
    }
  }

 private:
  static constexpr ownership to_ownership(bool exists) noexcept { return exists ? ownership::present : ownership::absent; }
  static constexpr ownership to_ownership(ownership answer) noexcept { return answer; }

  Predicate predicate_;
};

static_assert(orphan_oracle<predicate_oracle<bool (*)(std::string_view)>>);

}  // namespace upkeep::inline v0
