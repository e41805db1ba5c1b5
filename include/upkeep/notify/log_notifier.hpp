#pragma once
// A notifier that writes messages to a stream or a file.

#include "../base/clock.hpp"
#include "../base/line_sink.hpp"
#include "../base/visible_text.hpp"
#include "../concepts/notifier.hpp"

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep::inline v0 {

/// Notifier: writes one line with time, urgency and title, then the text's lines, indented so that no text can pass for a header:
///
///     2026-01-02T03:04:05Z alert: nothing was removed
///       The plan would remove 12 % of all rows; the limit is 5 %.
///
/// Control characters are made visible (`append_visible`). Each message is written in one piece.
/// @par Thread safety
/// `deliver` may be called by several threads at once.
class log_notifier {
 public:
  /// Writes to an open stream such as `stderr`, which must outlive the notifier. Throws errc::invalid_argument where it is null.
  explicit log_notifier(std::FILE* stream) : sink_(stream) {}

  /// Appends to the file at `path`, made where there is none. Throws errc::not_found or errc::io where it cannot be opened.
  explicit log_notifier(std::string path) : sink_(std::move(path)) {}
  explicit log_notifier(const char* path) : sink_(path) {}

  /// Throws errc::io where the message could not be written.
  void deliver(const message& message) const {
    std::string out = to_iso8601(std::chrono::floor<std::chrono::seconds>(system_clock().now()));
    out += message.level == message::urgency::alert ? " alert: " : " notice: ";
    append_visible(out, message.title);
    out += '\n';
    std::string_view rest = message.text;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      out += "  ";
      append_visible(out, rest.substr(0, end));
      out += '\n';
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    sink_.write(out);
  }

 private:
  line_sink sink_;
};

static_assert(notifier<log_notifier>);

}  // namespace upkeep::inline v0
