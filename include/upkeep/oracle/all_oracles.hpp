#pragma once
// Several oracles as one, for sources that exist only while every part says so.

#include "../concepts/orphan_oracle.hpp"
#include "set_oracle.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Oracle: a source exists while *every* part says so: a note whose file and whose vault entry must both be there.
///
/// | the parts say                          | answer    |
/// |----------------------------------------|-----------|
/// | all `present`                          | `present` |
/// | at least one `absent`, none `unknown`  | `absent`  |
/// | at least one `unknown`                 | `unknown` |
///
/// The last line is more cautious than logic asks for: one `absent` would settle the question whatever the silent part knows. But a part
/// that cannot answer is a sign of trouble, and trouble removes nothing; the next run asks again. What a part throws passes through and
/// leaves every answer `unknown`. Parts are held by value; `std::ref(part)` borrows one. All parts are asked about all sources, in their
/// order.
/// @par Thread safety
/// That of its parts.
template <class... Oracles>
class all_oracles {
  static_assert(sizeof...(Oracles) != 0, "upkeep: all_oracles: give it at least one oracle");
  static constexpr bool all_fit = (orphan_oracle<std::unwrap_reference_t<Oracles>> && ...);

 public:
  explicit all_oracles(Oracles... oracles) : oracles_(std::move(oracles)...) {
    // One sentence for a part that does not fit its role; the verb then leaves all parts out, so that it is the only error.
    (static_cast<void>(sizeof(check::orphan_oracle<std::unwrap_reference_t<Oracles>>)), ...);
  }

  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) {
    if constexpr (all_fit) {
      std::vector<ownership> combined(sources.size(), ownership::present);
      std::vector<ownership> part(sources.size());
      const auto ask = [&](auto& oracle) {
        part.assign(sources.size(), ownership::unknown);
        detail::use(oracle).tell_owners(sources, std::span<ownership>(part));
        for (std::size_t i = 0; i < part.size(); ++i) combined[i] = both(combined[i], part[i]);
      };
      std::apply([&](auto&... oracle) { (ask(oracle), ...); }, oracles_);
      for (std::size_t i = 0; i < combined.size(); ++i) answers[i] = combined[i];
    }
  }

 private:
  static constexpr ownership both(ownership a, ownership b) noexcept {
    if (a == ownership::present && b == ownership::present) return ownership::present;
    const bool known = (a == ownership::present || a == ownership::absent) && (b == ownership::present || b == ownership::absent);
    return known ? ownership::absent : ownership::unknown;
  }

  std::tuple<Oracles...> oracles_;
};

static_assert(orphan_oracle<all_oracles<set_oracle, set_oracle>>);

}  // namespace upkeep::inline v0
