#pragma once
// `report`: one page about the health of a store over its runs.

#include "commands.hpp"
#include "options.hpp"
#include "screen.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

namespace nightly_janitor {

/// What `report` takes beside the store.
struct health_request {
  std::string html;
  std::int64_t runs = 366;
  bool no_look = false;
};

/// Writes the page; changes nothing in the store and its history, and takes no lock.
exit_code health_command(const screen& out, const settings& s, const health_request& request, std::stop_token stop);

}  // namespace nightly_janitor
