#pragma once
// Asks a guard about two texts.

#include "upkeep/concepts/duplicate_guard.hpp"

#include <string_view>

namespace upkeep_test {

/// A row with the text `removed` that would go because one with the text `survivor` stays.
inline upkeep::pair_view pair_of(std::string_view removed, std::string_view survivor) {
  upkeep::pair_view pair;
  pair.removed.text = removed;
  pair.removed.text_size = removed.size();
  pair.survivor.text = survivor;
  pair.survivor.text_size = survivor.size();
  pair.score = 0.99;
  return pair;
}

/// The verdict on a row with the text `removed` that would go because one with the text `survivor` stays.
template <class Guard>
upkeep::verdict judge(const Guard& guard, std::string_view removed, std::string_view survivor) {
  return guard.judge(pair_of(removed, survivor));
}

}  // namespace upkeep_test
