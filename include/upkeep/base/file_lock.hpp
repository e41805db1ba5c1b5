#pragma once
// A lock between processes that the kernel frees when its owner dies, and that says who holds it since when.

#include "clock.hpp"
#include "error.hpp"
#include "file.hpp"

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace upkeep::inline v0 {

/// This process as the owner of a lock: "host:1234".
[[nodiscard]] inline std::string process_name() {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') return "unknown:" + std::to_string(::getpid());
  return std::string(host) + ":" + std::to_string(::getpid());
}

/// Who holds a lock, and since when (ISO 8601, UTC); "unknown" where the lock file does not say.
struct lock_holder {
  std::string owner = "unknown";
  std::string since = "unknown";
};

struct lock_attempt;

/// Holds an exclusive lock on a file: an open file description lock (Linux F_OFD_SETLK, POSIX.1-2024), which, unlike the older POSIX locks,
/// also excludes a second file_lock in the same process and is not lost when some other code closes the same file.
///
/// Freed by the destructor and, by the kernel, when the process ends in whatever way. A program started by exec does not inherit it. A
/// child made by fork alone shares it: it cannot free it, but if the owner dies without its destructor, the child's end is what frees it.
/// The lock file itself is never deleted: another process could be locking the deleted file while a third makes a new one.
/// @par Thread safety
/// None; one thread at a time. Distinct objects are independent.
class file_lock {
 public:
  /// Tries to take the lock on the file at `path`, made if missing, without waiting. `owner` (one line, at most 200 bytes are kept) is
  /// shown to those who find it busy. Throws errc::not_found or errc::io if the file cannot be opened or its file system has no locks.
  [[nodiscard]] static lock_attempt try_acquire(const std::string& path, std::string_view owner, time_point since = system_clock{}.now());

  /// Who holds the lock on the file at `path` now; nothing where nobody does, or there is no such file. Takes no lock and makes nothing.
  /// Throws errc::io if the file cannot be opened.
  [[nodiscard]] static std::optional<lock_holder> holder_of(const std::string& path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  file_lock(file_lock&&) noexcept = default;
  file_lock& operator=(file_lock&& other) noexcept {
    if (this != &other) {
      release();
      path_ = std::move(other.path_);
      file_ = std::move(other.file_);
      process_ = other.process_;
    }
    return *this;
  }
  ~file_lock() { release(); }

 private:
  file_lock(std::string path, detail::descriptor file) noexcept : path_(std::move(path)), file_(std::move(file)) {}

  static std::string one_line(std::string_view text) {
    std::string line(text.substr(0, 200));
    for (char& c : line) {
      if (static_cast<unsigned char>(c) < 0x20U || c == '\x7f') c = ' ';
    }
    return line.empty() ? "unknown" : line;
  }

  static lock_holder read_holder(int number) {
    char text[256];
    const ssize_t got = ::pread(number, text, sizeof text, 0);
    std::string_view rest(text, got > 0 ? static_cast<std::size_t>(got) : 0);
    lock_holder holder;
    const std::size_t first = rest.find('\n');
    if (first == std::string_view::npos || first == 0) return holder;
    const std::size_t second = rest.find('\n', first + 1);
    if (second == std::string_view::npos || !parse_iso8601(rest.substr(first + 1, second - first - 1))) return holder;
    holder.owner = rest.substr(0, first);
    holder.since = rest.substr(first + 1, second - first - 1);
    return holder;
  }

  void release() noexcept {
    if (!file_.is_open()) return;
    if (process_ == ::getpid()) {
      // Emptied first, so that nobody who finds it busy in the moment after the next owner locked it reads this owner's name. Unlocked by
      // name, because closing alone would leave the lock to a forked child; and not by the child, whose copy must not free its parent's
      // lock.
      static_cast<void>(::ftruncate(file_.number(), 0) == 0);
      struct flock whole {};
      whole.l_type = F_UNLCK;
      whole.l_whence = SEEK_SET;
      static_cast<void>(::fcntl(file_.number(), F_OFD_SETLK, &whole) == 0);
    }
    file_.close();
  }

  std::string path_;
  detail::descriptor file_;
  pid_t process_ = ::getpid();
};

/// What became of an attempt to lock: either `lock` holds it, or `holder` says who does.
struct lock_attempt {
  std::optional<file_lock> lock{};
  lock_holder holder{};

  [[nodiscard]] explicit operator bool() const noexcept { return lock.has_value(); }
};

inline lock_attempt file_lock::try_acquire(const std::string& path, std::string_view owner, time_point since) {
  detail::check_path(path);
  detail::descriptor file = detail::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!file.is_open()) detail::throw_file_error("open the lock file", path, errno);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  int locked = -1;
  do {
    locked = ::fcntl(file.number(), F_OFD_SETLK, &whole);
  } while (locked != 0 && errno == EINTR);
  lock_attempt attempt;
  if (locked != 0) {
    if (errno != EAGAIN && errno != EACCES) detail::throw_file_error("lock", path, errno);
    attempt.holder = read_holder(file.number());
    return attempt;
  }
  attempt.holder = {one_line(owner), to_iso8601(since)};
  const std::string text = attempt.holder.owner + '\n' + attempt.holder.since + '\n';
  // A full disk must not keep anybody from cleaning up: the lock holds without its text, which then reads "unknown".
  if (::ftruncate(file.number(), 0) != 0 || ::pwrite(file.number(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    static_cast<void>(::ftruncate(file.number(), 0) == 0);
  }
  attempt.lock.emplace(file_lock(path, std::move(file)));
  return attempt;
}

inline std::optional<lock_holder> file_lock::holder_of(const std::string& path) {
  detail::check_path(path);
  const detail::descriptor file = detail::open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    detail::throw_file_error("open the lock file", path, errno);
  }
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(file.number(), F_OFD_GETLK, &whole) != 0) detail::throw_file_error("ask for the lock on", path, errno);
  return whole.l_type == F_UNLCK ? std::nullopt : std::optional(read_holder(file.number()));
}

}  // namespace upkeep::inline v0
