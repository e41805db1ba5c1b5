#pragma once
// An oracle that knows all sources that exist.

#include "../concepts/orphan_oracle.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>

namespace upkeep::inline v0 {

/// Oracle: a source in the set is present, every other one is absent. It never says `unknown`, so fill it completely before it is asked: a
/// set that holds only half of the sources declares the other half gone (the janitor's limits then stop the run).
/// @par Thread safety
/// Concurrent questions are safe; `add` needs exclusion.
class set_oracle {
 public:
  /// Knows no source yet.
  set_oracle() = default;

  /// Knows the ids of a range of strings.
  template <std::ranges::input_range Ids>
    requires std::convertible_to<std::ranges::range_reference_t<Ids>, std::string_view> &&
        (!std::same_as<std::remove_cvref_t<Ids>, set_oracle>)&&(!std::convertible_to<Ids, std::string_view>)explicit set_oracle(Ids&& ids) {
      for (auto&& id : ids) add(std::string_view(id));
    }
    set_oracle(std::initializer_list<std::string_view> ids) {
      for (const std::string_view id : ids) add(id);
    }

    /// Adds a source that exists; adding it again changes nothing.
    void add(std::string_view id) {
      if (present_.find(id) == present_.end()) present_.emplace(id);
    }

    /// How many sources exist.
    [[nodiscard]] std::size_t size() const noexcept { return present_.size(); }

    void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) const {
      for (std::size_t i = 0; i < sources.size(); ++i)
        answers[i] = present_.find(sources[i]) != present_.end() ? ownership::present : ownership::absent;
    }

   private:
    struct hash {
      using is_transparent = void;
      std::size_t operator()(std::string_view id) const noexcept { return std::hash<std::string_view>{}(id); }
    };
    std::unordered_set<std::string, hash, std::equal_to<>> present_;
};

static_assert(orphan_oracle<set_oracle>);

}  // namespace upkeep::inline v0
