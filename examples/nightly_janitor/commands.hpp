#pragma once
// The subcommands that work on a store, and what the program ends with.

#include <upkeep/base/error.hpp>
#include <upkeep/janitor/report.hpp>

#include "options.hpp"
#include "screen.hpp"

#include <stop_token>

namespace nightly_janitor {

/// What the program ends with.
enum exit_code : int { exit_done = 0, exit_usage = 2, exit_aborted = 3, exit_busy = 4, exit_failed = 5 };

exit_code exit_code_of(upkeep::errc code);

/// How a run, a plan or an application of one ended.
struct ending {
  exit_code code = exit_done;
  upkeep::janitor_report report;
};

/// `run`, and `plan`, which is a run that only detects.
ending run_command(const screen& out, const settings& s, std::stop_token stop);

ending apply_command(const screen& out, const settings& s, std::stop_token stop);

exit_code undo_command(const screen& out, const settings& s);

/// `verify`: reads the backup of a receipt to its end, and compares its rows with those that are there now. Changes nothing.
exit_code verify_command(const screen& out, const settings& s);

/// `restore`: writes the rows of a backup into a new database. Needs no store, and changes none.
exit_code restore_command(const screen& out, const settings& s);

/// `aliases KEY`: who stands for a removed row, and for whom a row stands.
exit_code aliases_command(const screen& out, const settings& s);

}  // namespace nightly_janitor
