#pragma once
// Audit logs of a test: keys, events, and the files as they are on the disk.

#include "support/temporary_directory.hpp"
#include "upkeep/base/event.hpp"
#include "upkeep/base/file.hpp"
#include "upkeep/crypto/secret_key.hpp"
#include "upkeep/observe/audit_log.hpp"
#include "upkeep/observe/audit_verification.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep_test {

inline upkeep::secret_key audit_key(char letter = 'k') {
  return upkeep::secret_key(std::as_bytes(std::span<const char>(std::string(32, letter))));
}

/// A log in a folder of its own.
struct audit_files {
  struct quickly {
    quickly() { prefer_memory_for_temporary_files(); }
  };
  quickly quickly_{};  // before the directory is made
  temporary_directory directory{};
  std::string path = directory / "audit.log";
  std::string head = path + ".head";

  [[nodiscard]] std::string log() const { return upkeep::read_file(path); }
  [[nodiscard]] std::string sealed() const { return upkeep::read_file(head); }
  void put_log(std::string_view bytes) const { static_cast<void>(directory.write("audit.log", bytes)); }
  void put_head(std::string_view bytes) const { static_cast<void>(directory.write("audit.log.head", bytes)); }
  [[nodiscard]] upkeep::audit_report verified(char letter = 'k') const { return upkeep::verify_audit_log(path, audit_key(letter)); }

  /// Appends to the log as if it were new, so that it has so many lines then (the first one is that of the file).
  void write(std::size_t lines) const {
    upkeep::audit_log log(path, audit_key(), {.actor = "the test"});
    for (std::size_t i = 1; i < lines; ++i) tell(log, i, i + 1 == lines ? upkeep::event_level::info : upkeep::event_level::detail);
  }
  static void tell(upkeep::audit_log& log, std::size_t number, upkeep::event_level level = upkeep::event_level::info) {
    const upkeep::event_field fields[] = {{"number", number}};
    log.observe({level, "counted", {}, fields});
  }
};

/// The lines of a text, each with its line feed where it has one.
inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

}  // namespace upkeep_test
