#pragma once
// An observer that shows how far a step is, on a terminal.

#include "../base/terminal.hpp"
#include "../concepts/observer.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <variant>

namespace upkeep::inline v0 {

/// How a progress_bar draws; the defaults are right for a terminal.
struct progress_bar_options {
  bool force = false;                                                                ///< draws although the stream is no terminal
  std::size_t width = 0;                                                             ///< columns; 0: the terminal's, else COLUMNS, else 80
  std::chrono::steady_clock::time_point (*now)() = &std::chrono::steady_clock::now;  ///< for tests that do not want to wait
};

/// Observer: one line that is drawn over itself at most ten times a second: step, share, bar, done/total unit, time left.
///
/// The line is cleared when a step ends, when any other event comes (so that another observer can print a line: in a `fanout_observer` the
/// bar stands before it) and when the bar is destroyed. On anything that is no terminal, or one that calls itself `dumb`, nothing is
/// written. A bar is an ornament: that its stream cannot be written is ignored. A copy starts with nothing drawn.
/// @par Thread safety
/// None; one thread at a time.
class progress_bar {
 public:
  /// Draws on an open stream that outlives the bar; a null one is no terminal.
  explicit progress_bar(std::FILE* stream = stderr, progress_bar_options options = {})
      : stream_(stream), options_(options), shows_(stream != nullptr && (options.force || is_terminal(stream))) {}
  progress_bar(const progress_bar& other) noexcept : stream_(other.stream_), options_(other.options_), shows_(other.shows_) {}
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar() { clear(); }

  /// Draws progress; any other event wipes the bar away, so that what is then printed begins on a line of its own.
  void observe(const event& event) {
    if (!shows_) return;
    const event_field* const step = event.find("step");
    if (event.level != event_level::progress || step == nullptr) {
      clear();
      return;
    }
    show(text_of(step), number_of(event.find("done")), number_of(event.find("total")), text_of(event.find("unit")));
  }

 private:
  static std::string_view text_of(const event_field* field) noexcept {
    const auto* const text = field != nullptr ? std::get_if<std::string_view>(&field->value) : nullptr;
    return text != nullptr ? *text : std::string_view();
  }
  static std::uint64_t number_of(const event_field* field) noexcept {
    if (field == nullptr) return 0;
    if (const auto* const number = std::get_if<std::uint64_t>(&field->value)) return *number;
    if (const auto* const number = std::get_if<std::int64_t>(&field->value)) return *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
    return 0;
  }

  void show(std::string_view step, std::uint64_t done, std::uint64_t total, std::string_view unit) {
    const auto now = options_.now();
    if (step != step_ || done < done_ || !begun_) {  // another step, or the same one again
      step_ = step;
      started_ = now;
      first_done_ = done;
      begun_ = true;
    }
    done_ = done;
    if (done == total) {
      clear();
      begun_ = false;
      return;
    }
    if (ever_drawn_ && now - last_drawn_ < std::chrono::milliseconds(100)) return;
    ever_drawn_ = true;
    last_drawn_ = now;
    draw(done, total, unit, now - started_);
  }

  void draw(std::uint64_t done, std::uint64_t total, std::string_view unit, std::chrono::steady_clock::duration elapsed) {
    const std::size_t room = std::max<std::size_t>(columns(), 2) - 1;  // the last column would wrap on some terminals
    std::string left = printable(step_);
    std::string right = std::to_string(done);
    double share = 0.0;
    if (total != 0) {
      share = std::min(static_cast<double>(done) / static_cast<double>(total), 1.0);
      left += "  " + std::to_string(static_cast<int>(share * 100.0)) + " %";
      right += '/' + std::to_string(total);
    }
    right += ' ' + printable(unit);
    if (total > done && done > first_done_) {
      const double seconds = std::chrono::duration<double>(elapsed).count();
      right += "  ETA " + duration_text(seconds * static_cast<double>(total - done) / static_cast<double>(done - first_done_));
    }
    std::string line = left + "  ";
    const std::size_t around = line.size() + right.size() + 4;
    if (total != 0 && around + 10 <= room) {
      const std::size_t cells = std::min<std::size_t>(room - around, 40);
      const auto full = static_cast<std::size_t>(share * static_cast<double>(cells));
      line += '[' + std::string(full, '#') + std::string(cells - full, '-') + "]  ";
    }
    line += right;
    line.resize(std::min(line.size(), room));
    const std::size_t length = line.size();
    if (length < drawn_) line.append(drawn_ - length, ' ');
    drawn_ = length;
    write('\r' + line);
  }

  void clear() noexcept {
    if (drawn_ == 0) return;
    std::fprintf(stream_, "\r%*s\r", static_cast<int>(drawn_), "");
    static_cast<void>(std::fflush(stream_));
    drawn_ = 0;
  }

  void write(const std::string& text) noexcept {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream_));
    static_cast<void>(std::fflush(stream_));
  }

  [[nodiscard]] std::size_t columns() const noexcept { return options_.width != 0 ? options_.width : terminal_columns(stream_); }

  // Only what takes exactly one column each: the line has to fit, and no name may move the cursor.
  static std::string printable(std::string_view text) {
    std::string out(text.substr(0, 64));
    for (char& c : out)
      if (c < ' ' || c > '~') c = '?';
    return out;
  }

  static std::string duration_text(double seconds) {
    if (!(seconds < 360'000.0)) return "> 99 h";
    const auto whole = static_cast<unsigned>(seconds + 0.5);
    char text[32];
    if (whole < 3600)
      std::snprintf(text, sizeof text, "%u:%02u", whole / 60, whole % 60);
    else
      std::snprintf(text, sizeof text, "%u:%02u:%02u", whole / 3600, whole / 60 % 60, whole % 60);
    return text;
  }

  std::FILE* stream_;
  progress_bar_options options_;
  bool shows_;
  std::size_t drawn_ = 0;  // columns that are on the screen now
  bool ever_drawn_ = false;
  std::chrono::steady_clock::time_point last_drawn_{};
  std::string step_;
  bool begun_ = false;
  std::chrono::steady_clock::time_point started_{};
  std::uint64_t first_done_ = 0;
  std::uint64_t done_ = 0;
};

static_assert(observer<progress_bar>);

}  // namespace upkeep::inline v0
