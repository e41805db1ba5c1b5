#pragma once
// What a call failed with, to ask for its code and its words.

#include "upkeep/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upkeep_test {

struct failure {
  bool happened = false;
  std::optional<upkeep::errc> code = {};  ///< none where nothing happened: no code is taken for a failure that was not there
  std::string message = {};

  [[nodiscard]] bool names(std::string_view words) const { return happened && message.find(words) != std::string::npos; }
};

/// Calls `action` and returns its upkeep::error; `happened` is false when it did not fail. Other exceptions pass.
template <class Action>
failure failure_of(Action&& action) {
  try {
    action();
  } catch (const upkeep::error& e) {
    return {true, e.code(), e.what()};
  }
  return {};
}

}  // namespace upkeep_test
