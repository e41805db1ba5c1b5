#pragma once
// The demonstration.

#include "commands.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

namespace nightly_janitor {

/// What is shown, and where.
struct demo_request {
  std::string directory, notes;
  std::int64_t rows = 0;  ///< at most; 0: all
  std::int64_t threads = 0;
};

/// Makes a store from this machine's package descriptions, or from notes, and cleans it step by step.
exit_code demo_command(const screen& out, const demo_request& request, std::stop_token stop);

}  // namespace nightly_janitor
