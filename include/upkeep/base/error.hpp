#pragma once
// The one exception type of upkeep: a code to branch on and a message that names the thing and the remedy.

#include "../config.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// What kind of thing went wrong; the message says which thing and what to do about it.
enum class errc {
  invalid_argument,  ///< a value the caller passed cannot be used
  not_found,         ///< a named file, table, column or row does not exist
  busy,              ///< another maintenance run holds the store
  io,                ///< the operating system or the database refused to read or write
  corrupt,           ///< stored bytes are not what was written
  changed,           ///< the store is not the one, or not in the state, that was analysed
  unsupported,       ///< a layout or format that upkeep refuses by name
  limit_exceeded,    ///< a configured limit would be exceeded
  cancelled,         ///< the caller asked to stop
  unavailable,       ///< a service or a lock did not answer in time
  inconsistent       ///< counts or contents that must agree do not
};

/// The snake_case name of a code, as it stands in logs and reports.
constexpr std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return "invalid_argument";
    case errc::not_found: return "not_found";
    case errc::busy: return "busy";
    case errc::io: return "io";
    case errc::corrupt: return "corrupt";
    case errc::changed: return "changed";
    case errc::unsupported: return "unsupported";
    case errc::limit_exceeded: return "limit_exceeded";
    case errc::cancelled: return "cancelled";
    case errc::unavailable: return "unavailable";
    case errc::inconsistent: return "inconsistent";
  }
  return "unknown";
}

/// Thrown by every operation of upkeep that fails before it changed a store; later failures are values in a report.
/// The message names the thing and the remedy and never holds a secret.
class error : public std::runtime_error {
 public:
  /// @param message  one sentence: the thing, what is wrong with it, and the remedy; no secret
  error(errc code, const std::string& message) : std::runtime_error(message), code_(code) {}

  /// What kind of failure it is; for programs, where `what()` is for people.
  [[nodiscard]] errc code() const noexcept { return code_; }

 private:
  errc code_;
};

}  // namespace upkeep::inline v0
