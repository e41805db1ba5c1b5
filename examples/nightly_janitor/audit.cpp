// Opens and checks audit logs.
#include "audit.hpp"

#include <upkeep/observe/audit_verification.hpp>

#include <cstdint>
#include <string>

#include <pwd.h>
#include <unistd.h>

namespace nightly_janitor {
namespace {

upkeep::secret_key audit_key_of(const settings& s) {
  return s.audit_key.empty() ? upkeep::secret_key::from_environment(audit_key_variable) : upkeep::secret_key::from_file(s.audit_key);
}

/// The name of the user that this process runs as.
std::string login() {
  const passwd* const user = ::getpwuid(::geteuid());
  return user != nullptr ? std::string(user->pw_name) : std::to_string(::geteuid());
}

}  // namespace

std::string user_name() {
  const std::string process = upkeep::process_name();
  return login() + "@" + process.substr(0, process.rfind(':'));
}

std::optional<upkeep::audit_log> audit_log_of(const settings& s) {
  if (s.audit_log.empty()) return std::nullopt;
  return upkeep::audit_log(s.audit_log, audit_key_of(s), {.head = s.audit_head, .actor = login() + "@" + upkeep::process_name()});
}

exit_code verify_audit_command(const screen& out, const settings& s) {
  check_audit(s);
  if (s.first_audit_file < 1)
    throw usage_error("--first-file is " + std::to_string(s.first_audit_file) + ": give the number of a file of the log, from 1");
  const upkeep::audit_report r = upkeep::verify_audit_log(
      s.audit_log, audit_key_of(s), {.head = s.audit_head, .first_file = static_cast<std::uint64_t>(s.first_audit_file)});
  const std::string state(to_string(r.state));
  out.line(out.bold("audit log") + " " + short_path(s.audit_log) + ": " + (r.intact() ? out.good(state) : out.bad(state)));
  out.item("as written", counted(r.lines, "line") + " in " + counted(r.files, "file"));
  if (r.unsealed != 0) out.item("not sealed yet", counted(r.unsealed, "line") + ": a run is under way, or was killed");
  if (r.repairs != 0) out.item("torn writes", grouped(r.repairs) + " cut off and told");
  if (!r.intact()) throw upkeep::error(upkeep::errc::corrupt, "the audit log is " + state + ": " + r.problem);
  return exit_done;
}

}  // namespace nightly_janitor
