#pragma once
// `profile`: how close the rows of each scope and model are, to choose a threshold by.

#include "commands.hpp"
#include "options.hpp"
#include "screen.hpp"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

namespace nightly_janitor {

/// What `profile` takes beside the store.
struct profile_request {
  std::optional<double> lowest;
  std::int64_t sample = 0, groups = 8;
  std::string svg;
};

/// Shows a histogram and the effect of thresholds for each scope and model; changes nothing.
exit_code profile_command(const screen& out, const settings& s, const profile_request& request, std::stop_token stop);

}  // namespace nightly_janitor
