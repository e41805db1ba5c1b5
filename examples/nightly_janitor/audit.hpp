#pragma once
// The record of removals that nobody can change unseen: how it is opened, and how it is checked.

#include <upkeep/observe/audit_log.hpp>

#include "commands.hpp"
#include "options.hpp"
#include "screen.hpp"

#include <optional>
#include <string>

namespace nightly_janitor {

/// "user@host": what the system says, not what a variable says.
std::string user_name();

/// The audit log that the settings name, open to be appended to; none where they name none.
std::optional<upkeep::audit_log> audit_log_of(const settings& s);

/// `verify-audit`: says whether the log is as it was written; throws a sentence that names the first bad line where it is not.
exit_code verify_audit_command(const screen& out, const settings& s);

}  // namespace nightly_janitor
