#pragma once
// Oracles with fixed answers, and the shape of a truth table.

#include "upkeep/concepts/orphan_oracle.hpp"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace upkeep_test {

inline constexpr upkeep::ownership ownerships[] = {upkeep::ownership::present, upkeep::ownership::absent, upkeep::ownership::unknown};

/// Answers source i with `answers[i]` and counts the questions.
struct fixed_oracle {
  std::vector<upkeep::ownership> answers;
  std::size_t asked = 0;
  void tell_owners(std::span<const std::string_view> sources, std::span<upkeep::ownership> out) {
    for (std::size_t i = 0; i < sources.size(); ++i) out[i] = answers[i];
    asked += sources.size();
  }
};

/// Writes nothing: everything stays unknown.
struct silent_oracle {
  void tell_owners(std::span<const std::string_view>, std::span<upkeep::ownership>) const {}
};

/// Claims that everything is absent, then fails.
struct failing_oracle {
  void tell_owners(std::span<const std::string_view>, std::span<upkeep::ownership> out) const {
    for (upkeep::ownership& answer : out) answer = upkeep::ownership::absent;
    throw std::runtime_error("no connection");
  }
};

template <class Oracle>
upkeep::ownership ask_one(Oracle&& oracle) {
  const std::string_view source = "a";
  upkeep::ownership answer = upkeep::ownership::unknown;
  oracle.tell_owners({&source, 1}, {&answer, 1});
  return answer;
}

}  // namespace upkeep_test
