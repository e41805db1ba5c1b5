#pragma once
// Checks an audit log from its first line to its sealed head, and names the first line that is not as it was written.

#include "../base/error.hpp"
#include "../base/file.hpp"
#include "../crypto/secret_key.hpp"
#include "audit_chain.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// What can be said of an audit log.
enum class audit_state {
  intact,     ///< every line is as it was written, and none is missing up to the sealed head
  torn,       ///< the same, but what stands behind the sealed head is not whole; the next audit_log cuts it off and says so
  broken,     ///< a line was edited, removed, inserted, moved or cut off
  headless,   ///< every line is as it was written, but the head is missing or does not fit: lines may have been cut off the end
  wrong_key,  ///< the log was written with another key, or was made up from its first line on
};

/// The snake_case name of a state.
constexpr std::string_view to_string(audit_state state) noexcept {
  switch (state) {
    case audit_state::intact: return "intact";
    case audit_state::torn: return "torn";
    case audit_state::broken: return "broken";
    case audit_state::headless: return "headless";
    case audit_state::wrong_key: return "wrong_key";
  }
  return "unknown";
}

/// Where an audit log is, and from where on it is to be checked.
struct audit_verification_options {
  std::string head = {};         ///< file of the sealed head; empty: the log's name and `.head`
  std::uint64_t first_file = 1;  ///< earlier files were moved away: the log is checked from the first line of this one
};

/// What the check of an audit log found.
struct audit_report {
  audit_state state = audit_state::intact;
  std::uint64_t lines = 0;           ///< as they were written, up to the first bad one; counted from the first file on
  std::uint64_t unsealed = 0;        ///< of these, behind the sealed head: a run is under way, or was killed
  std::uint64_t files = 0;           ///< that were read
  std::uint64_t repairs = 0;         ///< torn writes that were cut off and told
  std::uint64_t first_bad_line = 0;  ///< its sequence number; 0 where there is none
  std::string file;                  ///< that holds the first bad line, or should
  std::uint64_t line_in_file = 0;    ///< its place there, from 1
  std::string problem;               ///< one sentence where the log is not intact

  /// Whether every line is as it was written. Unsealed lines are no damage.
  [[nodiscard]] bool intact() const noexcept { return state == audit_state::intact; }
};

/// Checks the log at `path`. Reads only, and takes no lock: a line that is being written meanwhile counts as torn.
/// @throws error not_found where there is neither a log nor a head, io where a file cannot be read.
[[nodiscard]] inline audit_report verify_audit_log(const std::string& path, const secret_key& key,
                                                   const audit_verification_options& options = {}) {
  const detail::audit_codes codes(key);
  const std::string head_path = options.head.empty() ? path + ".head" : options.head;
  const detail::found_audit_head found = detail::read_audit_head(head_path, codes);
  const std::optional<detail::audit_head>& head = found.head;

  std::vector<std::string> files;
  std::uint64_t number = std::max<std::uint64_t>(options.first_file, 1);
  for (; file_size(detail::rotated_audit_file(path, number)); ++number) files.push_back(detail::rotated_audit_file(path, number));
  if (file_size(path)) files.push_back(path);
  if (files.empty() && !found.exists)
    throw error(errc::not_found, "there is neither an audit log '" + path + "' nor its head '" + head_path + "'");

  audit_report report;
  detail::audit_expectation expected{.log = head ? head->log : std::string(), .file = std::max<std::uint64_t>(options.first_file, 1)};
  if (head) expected.sealed = head->position;
  if (head && expected.file == 1) expected.before = detail::audit_position{0, codes.start(head->log)};
  detail::audit_position end = expected.before.value_or(detail::audit_position{});
  bool meets_seal = expected.sealed == end;
  const auto bad = [&](audit_state state, const std::string& file, std::uint64_t line_in_file, const std::string& what) {
    report.state = state;
    report.first_bad_line = end.lines + 1;
    report.file = file;
    report.line_in_file = line_in_file;
    report.problem =
        "line " + std::to_string(report.first_bad_line) + " (line " + std::to_string(line_in_file) + " of '" + file + "') " + what;
    report.lines = end.lines;
    return report;
  };

  for (const std::string& file : files) {
    const detail::audit_walk walk = detail::walk_audit_file(file, codes, expected);
    report.files += 1;
    report.repairs += walk.repairs;
    end = walk.end;
    meets_seal = meets_seal || walk.meets_seal;
    if (!walk.fault.empty()) {
      // A head that this key sealed tells that the key is right.
      if (!head && walk.foreign_start)
        return bad(audit_state::wrong_key, file, 1, "was written with another key, or made up: was the right key given?");
      const bool behind_seal = head && file == path && meets_seal && end.lines >= head->position.lines;
      return bad(behind_seal ? audit_state::torn : audit_state::broken, file, walk.lines + 1, walk.fault);
    }
    if (walk.lines != 0) {
      expected.log = walk.log;
      expected.file = walk.file + 1;
    }
    expected.before = end;
  }
  report.lines = end.lines;
  if (!head) {
    report.state = audit_state::headless;
    report.problem = "the sealed head '" + head_path + "' " +
                     (found.exists ? "was changed, or sealed with another key" : std::string("is missing")) +
                     ": every line is as it was written, but lines may have been cut off the end";
    return report;
  }
  if (end.lines < head->position.lines)
    return bad(audit_state::broken, files.empty() ? path : files.back(), 0,
               "is missing: " + std::to_string(head->position.lines) + " lines were sealed, so the end was cut off");
  if (!meets_seal) {
    report.state = audit_state::headless;
    report.problem = "the head '" + head_path + "' was sealed at another line " + std::to_string(head->position.lines) +
                     ": log and head are of different days";
    return report;
  }
  report.unsealed = end.lines - head->position.lines;
  return report;
}

}  // namespace upkeep::inline v0
