#pragma once
// An observer that keeps a record which nobody can change quietly: each line is bound to all lines before it by a key.

#include "../base/clock.hpp"
#include "../base/event_record.hpp"
#include "../base/file.hpp"
#include "../base/file_lock.hpp"
#include "../base/json_text.hpp"
#include "../concepts/observer.hpp"
#include "../crypto/secret_key.hpp"
#include "audit_chain.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep::inline v0 {

/// How an audit_log is kept. An aggregate for designated initialisers.
struct audit_log_options {
  std::string head = {};                                  ///< file of the sealed head; empty: the log's name and `.head`
  std::string actor = {};                                 ///< who acts, as each line says; empty: host and process id
  std::uint64_t rotate_bytes = std::uint64_t{64} << 20U;  ///< from this size on a new file is begun; 0: never
};

/// Observer: writes each event as one line of JSON with its sequence number, time and actor, and an HMAC-SHA256 over it and the code of the
/// line before. `verify_audit_log` names the first line that is not as it was written.
///
/// Before rows are removed, the janitor tells each of them (`removing_row`: key, reason, witness, score, receipt) and then `removing_rows`;
/// the log has these on the disk when that call returns, and the head (how many lines, the last code) is sealed in a file of its own. Where
/// the log cannot be written, `observe` throws, and so nothing is removed without its line. Behind the removal stand `rows_removed` and a
/// `row_kept` for each row that stayed. Left out are progress, and `row_removed`, which `removing_row` has said. Events of level `detail`
/// are synced with the next one that is not.
///
/// A full file is renamed to `<path>.000001` and so on; the chain goes on in the new one. What a torn write left behind the sealed head is
/// cut off when the log is opened again, and a line `audit_log_repaired` says so.
/// @par Thread safety
/// None; one thread at a time. One audit_log at a time appends to a log, in whatever process: another is refused with errc::busy.
class audit_log {
 public:
  /// Opens the log at `path` to append to it, or begins a new one where there is neither a log nor a head.
  /// @throws error busy naming who appends to it, corrupt where log, head and key do not fit each other, not_found or io where a file cannot
  ///         be read or written.
  audit_log(std::string path, secret_key key, audit_log_options options = {})
      : path_(std::move(path)), options_(std::move(options)), codes_(std::move(key)), lock_(locked(path_)) {
    if (options_.head.empty()) options_.head = path_ + ".head";
    if (options_.actor.empty()) options_.actor = process_name();
    open();
  }
  audit_log(audit_log&&) noexcept = default;
  audit_log& operator=(audit_log&&) = delete;
  ~audit_log() {
    try {
      if (file_.is_open() && failure_.empty() && end_ != sealed_) sync();
    } catch (...) {  // lines that no removal waits for; they are in the file, and the next to open it seals them
    }
  }

  /// Throws errc::io where the event could not be written; from then on for every event, because what is on the disk is not known.
  void observe(const event& event) {
    if (event.level == event_level::progress || event.name == "row_removed") return;
    if (!failure_.empty())
      throw error(errc::io, "nothing more is written to the audit log '" + path_ + "', because it failed before: " + failure_);
    try {
      if (options_.rotate_bytes != 0 && bytes_ >= options_.rotate_bytes) rotate();
      append(event);
      if (event.level != event_level::detail || event.name == "removing_rows") sync();
    } catch (const std::exception& failed) {
      failure_ = failed.what();
      throw;
    }
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Lines in all files of the log.
  [[nodiscard]] std::uint64_t lines() const noexcept { return end_.lines; }

 private:
  static file_lock locked(const std::string& path) {
    detail::check_path(path);
    lock_attempt attempt = file_lock::try_acquire(path + ".lock", process_name());
    if (!attempt)
      throw error(errc::busy, "the audit log '" + path + "' is being written by " + attempt.holder.owner + " since " +
                                  attempt.holder.since + "; wait for it to end, or give each its own log");
    return *std::move(attempt.lock);
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw error(errc::corrupt, "the audit log '" + path_ + "' cannot be continued: " + why +
                                   "; find out who changed it, keep its files as they are, and begin a new log under another name");
  }

  void open() {
    const detail::found_audit_head found = detail::read_audit_head(options_.head, codes_);
    const bool there = file_size(path_).value_or(0) != 0;
    if (!found.exists) {
      if (there || file_size(detail::rotated_audit_file(path_, 1))) refuse("its sealed head '" + options_.head + "' is missing");
      begin();
      return;
    }
    if (!found.head) refuse("its head '" + options_.head + "' was sealed with another key, or was changed");
    const detail::audit_head& head = *found.head;
    log_ = head.log;
    sealed_ = head.position;
    detail::audit_walk walk;
    if (there) walk = detail::walk_audit_file(path_, codes_, {.log = log_, .sealed = head.position});
    if (walk.lines == 0) {
      // A kill between two files, or in the first line of one, leaves this; so does who empties the log.
      if (head.position.lines != 0 && !file_size(detail::rotated_audit_file(path_, head.file)))
        refuse(std::to_string(head.position.lines) + " lines were sealed, and the file that held the last of them is " +
               (there ? "not readable as such: line " + std::to_string(walk.end.lines + 1) + " " + walk.fault : "missing"));
      file_number_ = head.position.lines == 0 ? 1 : head.file + 1;
      end_ = head.position;
      begin_file();
      return;
    }
    if (walk.end.lines < head.position.lines || !walk.meets_seal)
      refuse("line " + std::to_string(walk.end.lines + 1) + " " +
             (walk.fault.empty() ? "is missing: " + std::to_string(head.position.lines) + " lines were sealed" : walk.fault));
    file_number_ = walk.file;
    end_ = walk.end;
    bytes_ = walk.good_bytes;
    file_ = detail::open_file(path_, O_WRONLY | O_APPEND);
    if (!file_.is_open()) detail::throw_file_error("append to the audit log", path_, errno);
    if (!walk.fault.empty()) cut_torn_write();
    if (end_ != sealed_) sync();
  }

  // Behind the sealed head: nothing that was removed depends on it, because a removal waits for the seal.
  void cut_torn_write() {
    const std::uint64_t lost = file_size(path_).value_or(bytes_) - bytes_;
    if (::ftruncate(file_.number(), static_cast<off_t>(bytes_)) != 0) detail::throw_file_error("cut the torn end off", path_, errno);
    const event_field fields[] = {{"bytes", lost}};
    append({event_level::warning, "audit_log_repaired", "what a torn write had left at the end was cut off", fields});
  }

  void begin() {
    std::random_device device;
    mac256 name{};
    for (std::byte& b : name) b = static_cast<std::byte>(device() & 255U);
    log_ = to_hex(std::span<const std::byte>(name).first(16));
    end_ = {0, codes_.start(log_)};
    seal();  // before the first line, so that a log without a head is never the work of a crash
    begin_file();
  }

  void begin_file() {
    file_ = detail::open_file(path_, O_WRONLY | O_CREAT | O_APPEND | O_TRUNC, 0600);
    if (!file_.is_open()) detail::throw_file_error("make the audit log", path_, errno);
    detail::sync_directory(detail::directory_of(path_));
    bytes_ = 0;
    append({event_level::info, "audit_file_started", {}, {}});
    sync();
  }

  void rotate() {
    sync();
    const std::string full = detail::rotated_audit_file(path_, file_number_);
    if (file_size(full)) throw error(errc::io, "the audit log is full, and '" + full + "', its next name, is taken: move that file away");
    if (std::rename(path_.c_str(), full.c_str()) != 0) detail::throw_file_error("rename the full audit log to", full, errno);
    ++file_number_;
    begin_file();
  }

  void append(const event& event) {
    std::string content;
    json_writer json(content);
    json.begin_object().key("sequence").value(end_.lines + 1);
    if (bytes_ == 0) content += ',' + detail::audit_file_start{log_, file_number_, end_}.text();
    json.key("time").value(to_iso8601(system_clock().now())).key("actor");
    write_lossless(json, options_.actor);
    write_event(json, event);
    json.end().finish();
    content.pop_back();  // its brace stands behind the code
    const mac256 code = codes_.line(end_.last, content);
    const std::string line = detail::audit_line_text(content, code);
    if (line.size() > detail::most_audit_line)
      throw error(errc::limit_exceeded, "the audit log takes no event of " + std::to_string(line.size()) + " bytes");
    detail::write_all(file_.number(), std::as_bytes(std::span<const char>(line)).data(), line.size(), path_);
    bytes_ += line.size();
    end_ = {end_.lines + 1, code};
  }

  // First the lines, then the head: it never promises what a power failure can take away.
  void sync() {
    if (::fsync(file_.number()) != 0) detail::throw_file_error("sync the audit log", path_, errno);
    seal();
  }
  void seal() {
    write_file_atomically(options_.head, detail::audit_head{log_, file_number_, end_}.text(codes_, system_clock().now()));
    sealed_ = end_;
  }

  std::string path_;
  audit_log_options options_;
  detail::audit_codes codes_;
  file_lock lock_;
  detail::descriptor file_;
  std::string log_;  // which log it is: chance
  std::uint64_t file_number_ = 1;
  std::uint64_t bytes_ = 0;  // of the file that is being written
  detail::audit_position end_, sealed_;
  std::string failure_;
};

static_assert(observer<audit_log>);

}  // namespace upkeep::inline v0
