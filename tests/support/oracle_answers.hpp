#pragma once
// What oracles answer, as letters: p present, a absent, ? unknown.

#include "upkeep/concepts/orphan_oracle.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep_test {

inline std::string letters(std::span<const upkeep::ownership> answers) {
  std::string seen;
  for (const upkeep::ownership o : answers) seen += o == upkeep::ownership::present ? 'p' : o == upkeep::ownership::absent ? 'a' : '?';
  return seen;
}

template <class Oracle>
std::string ask(const Oracle& oracle, const std::vector<std::string>& sources) {
  const std::vector<std::string_view> views(sources.begin(), sources.end());
  std::vector<upkeep::ownership> answers(sources.size(), upkeep::ownership::unknown);
  oracle.tell_owners(views, answers);
  return letters(answers);
}

}  // namespace upkeep_test
