#pragma once
// The lines of an audit log: how each is bound to the one before, how the head is sealed, and how a file of them is read and checked.

#include "../base/clock.hpp"
#include "../base/file.hpp"
#include "../base/file_reader.hpp"
#include "../crypto/hex.hpp"
#include "../crypto/hmac.hpp"
#include "../crypto/secret_key.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace upkeep::inline v0::detail {

/// Where a chain stands: how many lines it has, and the code of the last.
struct audit_position {
  std::uint64_t lines = 0;
  mac256 last{};

  friend bool operator==(const audit_position&, const audit_position&) = default;
};

/// The codes of a log under one key. What a code is for is part of what it is made of, so that a line never passes for a head.
class audit_codes {
 public:
  explicit audit_codes(secret_key key) : key_(std::move(key)) {}

  /// What stands for the line before the first, so that lines of another log do not fit.
  [[nodiscard]] mac256 start(std::string_view log) const { return code("upkeep audit start 1\n", {}, log); }
  [[nodiscard]] mac256 line(const mac256& previous, std::string_view content) const {
    return code("upkeep audit line 1\n", previous, content);
  }
  [[nodiscard]] mac256 head(std::string_view content) const { return code("upkeep audit head 1\n", {}, content); }

 private:
  [[nodiscard]] mac256 code(std::string_view purpose, std::span<const std::byte> previous, std::string_view content) const {
    std::string message(purpose);
    for (const std::byte b : previous) message += static_cast<char>(b);
    message += content;
    return hmac_sha256(key_.bytes(), message);
  }

  secret_key key_;
};

/// `content`, a JSON object without its last brace, as a whole line with its code.
inline std::string audit_line_text(std::string_view content, const mac256& code) {
  return std::string(content) + ",\"mac\":\"" + to_hex(code) + "\"}\n";
}

/// Takes words, numbers and codes from the front of a text that has one form only.
struct audit_words {
  std::string_view rest;

  bool take(std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  }
  bool take(std::uint64_t& number) {
    const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (problem != std::errc{}) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
  }
  bool take(mac256& code) {
    if (!from_hex(rest.substr(0, 2 * code.size()), code)) return false;
    rest.remove_prefix(2 * code.size());
    return true;
  }
  bool take_name(std::string& log) {
    mac256 half{};
    const std::span<std::byte> name = std::span<std::byte>(half).first(16);
    if (!from_hex(rest.substr(0, 32), name)) return false;
    log = rest.substr(0, 32);
    rest.remove_prefix(32);
    return true;
  }
};

/// A line without its line feed, taken apart.
struct audit_line {
  std::string_view content;
  mac256 code{};
  std::uint64_t number = 0;

  static std::optional<audit_line> parse(std::string_view text) {
    constexpr std::size_t tail = 8 + 64 + 2;
    if (text.size() < tail) return std::nullopt;
    audit_line line;
    line.content = text.substr(0, text.size() - tail);
    audit_words begin{line.content}, end{text.substr(line.content.size())};
    if (!begin.take("{\"sequence\":") || !begin.take(line.number) || line.number == 0) return std::nullopt;
    if (!end.take(",\"mac\":\"") || !end.take(line.code) || end.rest != "\"}") return std::nullopt;
    return line;
  }
};

/// What the first line of each file says beyond its event.
struct audit_file_start {
  std::string log;
  std::uint64_t file = 0;
  audit_position before;

  /// The members, behind the sequence number.
  [[nodiscard]] std::string text() const {
    return "\"upkeep_audit_log\":1,\"log\":\"" + log + "\",\"file\":" + std::to_string(file) + ",\"previous\":\"" + to_hex(before.last) +
           "\"";
  }
  static std::optional<audit_file_start> parse(const audit_line& line) {
    audit_file_start start;
    std::uint64_t number = 0;
    audit_words words{line.content};
    if (!words.take("{\"sequence\":") || !words.take(number) || !words.take(",\"upkeep_audit_log\":1,\"log\":\"") ||
        !words.take_name(start.log) || !words.take("\",\"file\":") || !words.take(start.file) || !words.take(",\"previous\":\"") ||
        !words.take(start.before.last) || !words.take("\""))
      return std::nullopt;
    start.before.lines = number - 1;
    return start;
  }
};

/// How far a log is known to go: kept apart from it, so that its end cannot be cut off unseen.
struct audit_head {
  std::string log;
  std::uint64_t file = 1;
  audit_position position;

  [[nodiscard]] std::string text(const audit_codes& codes, time_point now) const {
    const std::string content = "{\"upkeep_audit_head\":1,\"log\":\"" + log + "\",\"file\":" + std::to_string(file) +
                                ",\"lines\":" + std::to_string(position.lines) + ",\"last\":\"" + to_hex(position.last) + "\",\"time\":\"" +
                                to_iso8601(now) + "\"";
    return audit_line_text(content, codes.head(content));
  }
  /// Nothing unless the text is whole and sealed with this key.
  static std::optional<audit_head> parse(const audit_codes& codes, std::string_view text) {
    audit_head head;
    audit_words words{text};
    if (!words.take("{\"upkeep_audit_head\":1,\"log\":\"") || !words.take_name(head.log) || !words.take("\",\"file\":") ||
        !words.take(head.file) || !words.take(",\"lines\":") || !words.take(head.position.lines) || !words.take(",\"last\":\"") ||
        !words.take(head.position.last) || !words.take("\",\"time\":\""))
      return std::nullopt;
    const std::size_t end = text.rfind(",\"mac\":\"");
    mac256 code{};
    if (end == std::string_view::npos) return std::nullopt;
    audit_words tail{text.substr(end)};
    if (!tail.take(",\"mac\":\"") || !tail.take(code) || tail.rest != "\"}\n") return std::nullopt;
    if (!equal_in_constant_time(code, codes.head(text.substr(0, end)))) return std::nullopt;
    return head;
  }
};

/// What stands where a head should be.
struct found_audit_head {
  bool exists = false;
  std::optional<audit_head> head;  ///< none where it is not whole, or not sealed with this key
};

inline found_audit_head read_audit_head(const std::string& path, const audit_codes& codes) {
  const std::optional<std::uint64_t> size = file_size(path);
  if (!size) return {};
  if (*size > 1024) return {true, std::nullopt};
  return {true, audit_head::parse(codes, read_file(path, 4096))};
}

/// The name of a file of the log that is full.
inline std::string rotated_audit_file(const std::string& path, std::uint64_t file) {
  char number[32];
  std::snprintf(number, sizeof number, ".%06llu", static_cast<unsigned long long>(file));
  return path + number;
}

/// Longer lines are neither written nor believed.
inline constexpr std::size_t most_audit_line = std::size_t{16} << 20U;

/// Reads a file line by line.
class audit_lines {
 public:
  explicit audit_lines(const std::string& path) : file_(path) {}

  /// The next line without its line feed, valid until the next call; false at the end. `whole` tells whether it had one.
  bool next(std::string_view& line, bool& whole) {
    buffer_.erase(0, std::exchange(used_, 0));
    std::size_t searched = 0;
    for (;;) {
      const std::size_t end = buffer_.find('\n', searched);
      searched = buffer_.size();
      whole = end != std::string::npos;
      if (!whole && buffer_.size() <= most_audit_line && read_more()) continue;
      line = std::string_view(buffer_).substr(0, end);
      used_ = whole ? end + 1 : buffer_.size();
      return used_ != 0;
    }
  }

 private:
  bool read_more() {
    constexpr std::size_t piece = std::size_t{1} << 14U;
    const std::size_t had = buffer_.size();
    buffer_.resize(had + piece);
    const std::size_t got = file_.read(std::as_writable_bytes(std::span<char>(buffer_.data() + had, piece)));
    buffer_.resize(had + got);
    return got != 0;
  }

  file_reader file_;
  std::string buffer_;
  std::size_t used_ = 0;
};

/// What one file of a log must follow.
struct audit_expectation {
  std::string log = {};                       ///< empty: whichever its first line names
  std::uint64_t file = 0;                     ///< 0: whichever its first line names
  std::optional<audit_position> before = {};  ///< none: what its first line says, if its code fits
  std::optional<audit_position> sealed = {};  ///< where the head was sealed
};

/// How far one file of a log can be believed.
struct audit_walk {
  std::string log;
  std::uint64_t file = 0;
  std::uint64_t lines = 0;       ///< of this file, that are as they were written
  std::uint64_t good_bytes = 0;  ///< of these lines
  std::uint64_t repairs = 0;     ///< lines that tell of a repair
  audit_position end;            ///< behind the last good line
  bool meets_seal = false;       ///< the sealed position is one of this file's
  bool foreign_start = false;    ///< the first line is one, but not under this key
  std::string fault;             ///< of the first bad line; empty where there is none
};

/// What is wrong with a line whose code does not fit.
inline std::string audit_fault(std::uint64_t expected, std::uint64_t found) {
  if (found == expected) return "was edited: its code does not fit";
  const std::string says =
      " (where line " + std::to_string(expected) + " should be, one says that it is line " + std::to_string(found) + ")";
  return found > expected ? "was removed, or others were put before it" + says : "was inserted or moved here" + says;
}

/// Reads a file of a log up to the first line that is not as it was written.
inline audit_walk walk_audit_file(const std::string& path, const audit_codes& codes, const audit_expectation& expected) {
  audit_walk walk;
  audit_lines lines(path);
  std::string_view text;
  bool whole = false;
  if (expected.before) walk.end = *expected.before;
  while (lines.next(text, whole)) {
    if (!whole) {
      walk.fault = text.size() > most_audit_line ? "is longer than any line that was written" : "is cut off: it has no end";
      return walk;
    }
    const std::optional<audit_line> line = audit_line::parse(text);
    if (!line) {
      walk.fault = "is no line of an audit log";
      return walk;
    }
    if (walk.lines == 0) {
      const std::optional<audit_file_start> start = audit_file_start::parse(*line);
      if (!start) {
        walk.fault = expected.before && line->number != expected.before->lines + 1 ? audit_fault(expected.before->lines + 1, line->number)
                                                                                   : "was edited, or is not the first line of a file";
        return walk;
      }
      walk.log = start->log;
      walk.file = start->file;
      if (!expected.before) walk.end = start->before;
      const audit_position genesis{0, codes.start(start->log)};
      walk.foreign_start = start->file == 1 && start->before != genesis;
      if (!expected.before && start->file == 1) walk.end = genesis;
      if (!expected.log.empty() && start->log != expected.log) {
        walk.fault = "was edited, or is a line of another log";
        return walk;
      }
      if (expected.file != 0 && start->file != expected.file) {
        walk.fault = "was edited, or is the first line of file " + std::to_string(start->file) + " where file " +
                     std::to_string(expected.file) + " should be: was a file removed?";
        return walk;
      }
      walk.meets_seal = expected.sealed == walk.end;
    }
    const std::uint64_t number = walk.end.lines + 1;
    if (line->number != number || !equal_in_constant_time(line->code, codes.line(walk.end.last, line->content))) {
      walk.fault = audit_fault(number, line->number);
      return walk;
    }
    walk.end = {number, line->code};
    walk.meets_seal = walk.meets_seal || expected.sealed == walk.end;
    walk.lines += 1;
    walk.good_bytes += text.size() + 1;
    walk.repairs += line->content.find(R"(,"level":"warning","event":"audit_log_repaired",)") != std::string_view::npos ? 1 : 0;
  }
  return walk;
}

}  // namespace upkeep::inline v0::detail
