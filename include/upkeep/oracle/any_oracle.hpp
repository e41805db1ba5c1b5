#pragma once
// Several oracles as one, for sources that exist as long as any part says so.

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

/// Oracle: a source exists as long as *any* part says so: rows made from files of two folders.
///
/// | the parts say                            | answer    |
/// |------------------------------------------|-----------|
/// | at least one `present`                   | `present` |
/// | all `absent`                             | `absent`  |
/// | none `present`, at least one `unknown`   | `unknown` |
///
/// What a part throws passes through and leaves every answer `unknown`. Parts are held by value; `std::ref(part)` borrows one. All parts
/// are asked about all sources, in their order.
/// @par Thread safety
/// That of its parts.
template <class... Oracles>
class any_oracle {
  static_assert(sizeof...(Oracles) != 0, "upkeep: any_oracle: give it at least one oracle");
  static constexpr bool all_fit = (orphan_oracle<std::unwrap_reference_t<Oracles>> && ...);

 public:
  explicit any_oracle(Oracles... oracles) : oracles_(std::move(oracles)...) {
    // One sentence for a part that does not fit its role; the verb then leaves all parts out, so that it is the only error.
    (static_cast<void>(sizeof(check::orphan_oracle<std::unwrap_reference_t<Oracles>>)), ...);
  }

  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) {
    if constexpr (all_fit) {
      std::vector<ownership> combined(sources.size(), ownership::absent);
      std::vector<ownership> part(sources.size());
      const auto ask = [&](auto& oracle) {
        part.assign(sources.size(), ownership::unknown);
        detail::use(oracle).tell_owners(sources, std::span<ownership>(part));
        for (std::size_t i = 0; i < part.size(); ++i) combined[i] = either(combined[i], part[i]);
      };
      std::apply([&](auto&... oracle) { (ask(oracle), ...); }, oracles_);
      for (std::size_t i = 0; i < combined.size(); ++i) answers[i] = combined[i];
    }
  }

 private:
  static constexpr ownership either(ownership a, ownership b) noexcept {
    if (a == ownership::present || b == ownership::present) return ownership::present;
    return a == ownership::absent && b == ownership::absent ? ownership::absent : ownership::unknown;
  }

  std::tuple<Oracles...> oracles_;
};

static_assert(orphan_oracle<any_oracle<set_oracle, set_oracle>>);

}  // namespace upkeep::inline v0
