#pragma once
// How the program speaks to a person: aligned lines of at most 80 columns, in colour on a terminal only.

#include <upkeep/base/visible_text.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <unistd.h>

namespace nightly_janitor {

/// 1234567 as "1,234,567".
inline std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

/// One unit of many: "1 row", "2 rows".
inline std::string counted(std::uint64_t number, const std::string& what) {
  return grouped(number) + ' ' + what + (number == 1 ? "" : "s");
}

inline std::string decimal(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, number);
  return text;
}

inline std::string size_text(std::uint64_t bytes) {
  if (bytes < 1024) return counted(bytes, "byte");
  const double kb = static_cast<double>(bytes) / 1024.0;
  if (kb < 1024.0) return decimal(kb, 1) + " KB";
  return kb < 1024.0 * 1024.0 ? decimal(kb / 1024.0, 1) + " MB" : decimal(kb / 1024.0 / 1024.0, 1) + " GB";
}

inline std::string percent(double share) { return decimal(share * 100.0, share < 0.1 ? 2 : 1) + " %"; }

/// A path as it is shortest from here.
inline std::string short_path(const std::string& path) {
  std::error_code failure;
  const std::string near = std::filesystem::proximate(path, failure).string();
  return failure || near.size() >= path.size() ? path : near;
}

/// How many columns a text takes, counting each character as one.
inline std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

/// A text of unknown origin in one line of at most `width` columns: white space made one space, control characters made visible.
inline std::string one_line(std::string_view text, std::size_t width) {
  std::string single;
  for (const char c : text.substr(0, 8 * width)) {  // nothing behind this can be shown
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank) single += c;
    if (blank && !single.empty() && single.back() != ' ') single += ' ';
  }
  if (!single.empty() && single.back() == ' ') single.pop_back();
  std::string shown;
  upkeep::append_visible(shown, single);
  if (columns(shown) <= width && text.size() <= 8 * width) return shown;
  std::size_t end = 0, used = 0;
  while (end < shown.size() && used + 1 < width) {
    for (++end; end < shown.size() && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U;) ++end;
    ++used;
  }
  return shown.substr(0, end) + "…";
}

/// Writes to standard output, or nowhere when told to be quiet.
class screen {
 public:
  explicit screen(bool quiet) : quiet_(quiet), colour_(wants_colour()) {}

  [[nodiscard]] bool quiet() const noexcept { return quiet_; }
  [[nodiscard]] bool colours() const noexcept { return colour_; }

  void line(std::string_view text = {}) const {
    if (quiet_) return;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);  // so that what is said on standard error stands in its place
  }

  /// What programs read, to the byte; told also when people are to be left in peace.
  void raw(std::string_view bytes) const { std::fwrite(bytes.data(), 1, bytes.size(), stdout); }

  /// Prose, broken into lines of 78 columns.
  void text(std::string_view words, std::size_t indent = 0) const {
    std::string row(indent, ' ');
    while (!words.empty()) {
      std::size_t end = std::min(words.find(' '), words.size());
      if (words.substr(end).starts_with(" %")) end = std::min(words.find(' ', end + 1), words.size());
      const std::string_view word = words.substr(0, end);
      if (columns(row) + columns(word) + 1 > width && row.size() > indent) {
        line(row);
        row.assign(indent, ' ');
      }
      if (row.size() > indent) row += ' ';
      row += word;
      words.remove_prefix(std::min(end + 1, words.size()));
    }
    line(row);
  }

  /// A name and a value in two columns.
  void item(std::string_view name, std::string_view value) const {
    std::string row = "  " + std::string(name);
    row.append(row.size() < 22 ? 22 - row.size() : 1, ' ');
    if (columns(row) + columns(value) <= width + 2 || value.find(' ') != std::string_view::npos) {
      line(row + std::string(value));
    } else {  // a path that is longer than the rest of the line
      line("  " + std::string(name));
      line("    " + std::string(value));
    }
  }

  /// A command to copy: words joined, broken at the words where it is longer than a line.
  void command(const std::vector<std::string>& words, std::string_view prompt = "  ") const {
    std::string row(prompt);
    bool fresh = true;
    for (const std::string& word : words) {
      if (!fresh && columns(row) + columns(word) + 3 > width) {
        line(code(row + " \\", "36"));
        row = "    ";
        fresh = true;
      }
      row += (fresh ? "" : " ") + word;
      fresh = false;
    }
    line(code(row, "36"));
  }

  [[nodiscard]] std::string bold(std::string_view text) const { return code(text, "1"); }
  [[nodiscard]] std::string good(std::string_view text) const { return code(text, "32"); }
  [[nodiscard]] std::string bad(std::string_view text) const { return code(text, "31;1"); }
  [[nodiscard]] std::string faint(std::string_view text) const { return code(text, "2"); }

 private:
  static constexpr std::size_t width = 78;

  static bool wants_colour() {
    const char* const refused = std::getenv("NO_COLOR");  // https://no-color.org: any value that is not empty
    const char* const terminal = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) != 0 && (refused == nullptr || *refused == '\0') &&
           (terminal == nullptr || std::string_view(terminal) != "dumb");
  }
  [[nodiscard]] std::string code(std::string_view text, const char* number) const {
    if (!colour_) return std::string(text);
    return "\x1b[" + std::string(number) + 'm' + std::string(text) + "\x1b[0m";
  }

  bool quiet_;
  bool colour_;
};

}  // namespace nightly_janitor
