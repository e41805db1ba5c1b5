#pragma once
// What a run did, for a person to read.

#include <upkeep/janitor/limits.hpp>
#include <upkeep/janitor/report.hpp>

#include "options.hpp"
#include "screen.hpp"

#include <string>
#include <vector>

namespace nightly_janitor {

/// A removed row as it is shown.
struct example {
  upkeep::key removed, witness;
  upkeep::removal_reason reason = upkeep::removal_reason::duplicate;
  double score = 0;
  std::string source, removed_text, witness_text;
};

/// A sentence of the library in the words of the command line.
std::string in_options(std::string sentence);

/// The whole summary of run, plan and apply.
void show_report(const screen& out, const settings& s, const upkeep::janitor_report& r, const std::vector<example>& examples,
                 const std::vector<std::string>& warnings, const upkeep::limit_excess& excess);

}  // namespace nightly_janitor
