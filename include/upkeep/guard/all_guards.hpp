#pragma once
// Several guards as one: the most cautious of them decides.

#include "../concepts/duplicate_guard.hpp"
#include "any_pair.hpp"

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace upkeep::inline v0 {

/// Guard: the most cautious verdict of all parts, where `distinct` is more cautious than `review` and that more than `covers`. The parts
/// are asked in their order, and none after the first that says `distinct`: put the cheap ones first.
///
///     upkeep::all_guards guard(upkeep::same_scope{}, upkeep::contained{});
///
/// Parts are held by value; `std::ref(part)` borrows one.
/// @par Thread safety
/// That of its parts.
template <class... Guards>
class all_guards {
  static_assert(sizeof...(Guards) != 0, "upkeep: all_guards: give it at least one guard");
  static constexpr bool all_fit = (duplicate_guard<detail::policy_of<Guards>> && ...);

 public:
  static constexpr field reads = (field::none | ... | fields_read<detail::policy_of<Guards>>());

  explicit constexpr all_guards(Guards... guards) : guards_(std::move(guards)...) {
    // One sentence for a part that does not fit its role; the verb then leaves all parts out, so that it is the only error.
    (static_cast<void>(sizeof(check::duplicate_guard<detail::policy_of<Guards>>)), ...);
  }

  [[nodiscard]] constexpr verdict judge(const pair_view& pair) const {
    verdict result = verdict::covers;
    if constexpr (all_fit) {
      const auto ask = [&](const auto& guard) {
        const verdict answer = detail::use(guard).judge(pair);
        if (caution(answer) > caution(result)) result = answer;
        return result != verdict::distinct;
      };
      std::apply([&](const auto&... guard) { static_cast<void>((ask(guard) && ...)); }, guards_);
    }
    return result;
  }

  /// What the first part that hesitates says.
  [[nodiscard]] constexpr std::string_view doubt(const pair_view& pair) const {
    std::string_view result;
    if constexpr (all_fit) {
      const auto ask = [&](const auto& guard) {
        if (detail::use(guard).judge(pair) != verdict::review) return false;
        result = doubt_of(detail::use(guard), pair);
        return true;
      };
      std::apply([&](const auto&... guard) { static_cast<void>((ask(guard) || ...)); }, guards_);
    }
    return result;
  }

 private:
  // A value that is no verdict (a cast gone wrong in a guard) never removes anything.
  static constexpr int caution(verdict v) noexcept { return v == verdict::covers ? 0 : v == verdict::distinct ? 2 : 1; }

  std::tuple<Guards...> guards_;
};

static_assert(doubting_guard<all_guards<any_pair, any_pair>>);

}  // namespace upkeep::inline v0
