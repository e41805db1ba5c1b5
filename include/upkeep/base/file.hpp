#pragma once
// Files that are either complete or absent after a crash: written beside, synced, renamed; and the few other file operations upkeep needs.

#include "error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace upkeep::inline v0 {

namespace detail {

/// Throws what `number` (an errno) means for `path`: which step failed, the system's words, and a remedy where there is a usual one.
[[noreturn]] inline void throw_file_error(std::string_view step, const std::string& path, int number) {
  std::string message = "cannot " + std::string(step) + " '" + path + "': " + std::system_category().message(number);
  switch (number) {
    case ENOSPC:
    case EDQUOT: message += "; free some space there or choose another place"; break;
    case EFBIG: message += "; raise the file size limit (ulimit -f) or choose another file system"; break;
    case EACCES:
    case EPERM: message += "; the user running this needs permission for the file and its directory"; break;
    case EROFS: message += "; choose a place that can be written to"; break;
    case EMFILE:
    case ENFILE: message += "; raise the limit of open files (ulimit -n)"; break;
    case EIO: message += "; the storage failed: check the system log before trusting this disk"; break;
    default: break;
  }
  throw error(number == ENOENT || number == ENOTDIR ? errc::not_found : errc::io, message);
}

/// An open file descriptor that closes itself.
class descriptor {
 public:
  explicit descriptor(int number = -1) noexcept : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    if (this != &other) {
      close();
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~descriptor() { close(); }

  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

  /// Returns 0 or errno. Never repeated on EINTR: Linux has closed the descriptor even then.
  int close() noexcept { return number_ >= 0 && ::close(std::exchange(number_, -1)) != 0 && errno != EINTR ? errno : 0; }

 private:
  int number_;
};

inline descriptor open_file(const std::string& path, int flags, unsigned permissions = 0) noexcept {
  int number = -1;
  do {
    number = ::open(path.c_str(), flags | O_CLOEXEC, static_cast<mode_t>(permissions));
  } while (number < 0 && errno == EINTR);
  return descriptor(number);
}

inline std::string directory_of(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  const std::size_t slash = end == std::string::npos ? end : path.rfind('/', end);
  if (slash == std::string::npos) return end == std::string::npos && !path.empty() ? "/" : ".";
  const std::size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

/// A path with a NUL byte would name another file than it shows.
inline void check_path(const std::string& path) {
  if (path.empty()) throw error(errc::invalid_argument, "a file path is empty");
  if (path.find('\0') != std::string::npos)
    throw error(errc::invalid_argument, "the file path '" + std::string(path.c_str()) + "...' holds a NUL byte");
}

/// Makes what happened in a directory (a file made, renamed or removed) survive a power failure.
inline void sync_directory(const std::string& directory) {
  const descriptor opened = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!opened.is_open()) throw_file_error("open the directory", directory, errno);
  // Some file systems cannot sync a directory and need not: they say EINVAL.
  if (::fsync(opened.number()) != 0 && errno != EINVAL) throw_file_error("sync the directory", directory, errno);
}

inline void write_all(int number, const std::byte* data, std::size_t size, const std::string& path) {
  while (size != 0) {
    const ssize_t written = ::write(number, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_file_error("write", path, errno);
    }
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

inline std::string temporary_name(const std::string& path) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof random)) {
    random = static_cast<std::uint64_t>(::getpid());  // O_EXCL finds a collision
  }
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, ".%016llx.tmp", static_cast<unsigned long long>(random));
  return path + suffix;
}

/// Removes the temporaries that killed processes left in a directory for files whose names `whose` accepts. A living writer holds a flock on
/// its own, so those stay.
template <class Whose>
void remove_abandoned_temporaries(const std::string& directory, const Whose& whose) noexcept try {
  constexpr std::size_t suffix = 1 + 16 + 4;
  DIR* const listing = ::opendir(directory.c_str());
  if (listing == nullptr) return;
  while (const dirent* const entry = ::readdir(listing)) {
    const std::string_view name(entry->d_name);
    if (name.size() <= suffix || name.substr(name.size() - 4) != ".tmp") continue;
    const std::size_t stem = name.size() - suffix;
    if (name[stem] != '.' || name.substr(stem + 1, 16).find_first_not_of("0123456789abcdef") != std::string_view::npos) continue;
    if (!whose(name.substr(0, stem))) continue;
    const std::string found = directory + '/' + std::string(name);
    const descriptor opened = open_file(found, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (opened.is_open() && ::flock(opened.number(), LOCK_EX | LOCK_NB) == 0) ::unlink(found.c_str());
  }
  ::closedir(listing);
} catch (...) {  // out of memory: it is only tidying
}

/// The same for one file.
inline void remove_abandoned_temporaries(const std::string& path) noexcept {
  const std::string_view name = std::string_view(path).substr(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1);
  remove_abandoned_temporaries(directory_of(path), [&](std::string_view whose) { return whose == name; });
}

}  // namespace detail

/// How an atomic_file is made.
struct atomic_file_options {
  unsigned permissions = 0600;  ///< of the new file, exactly (no umask): backups hold other people's texts
  bool overwrite = true;        ///< false: commit() refuses with errc::invalid_argument if the path exists by then
};

/// A file written beside its place and put there whole: whoever opens the path sees the old file or the complete new one, whatever happens
/// in between (exception, kill, power failure). The destructor of a file that was not committed leaves nothing behind; what a killed
/// process left is removed by the next atomic_file for the same path. A symbolic link at the path is replaced, not followed.
/// @par Thread safety
/// None; one thread at a time. Two writers of one path do not disturb each other; the last commit wins.
class atomic_file {
 public:
  /// Creates the temporary file in the directory of `path`, which must exist (errc::not_found).
  explicit atomic_file(std::string path, const atomic_file_options& options = {}) : path_(std::move(path)), options_(options) {
    detail::check_path(path_);
    if (path_.back() == '/') throw error(errc::invalid_argument, "'" + path_ + "' names a directory; a file name is wanted");
    if (!options_.overwrite && exists()) refuse_existing();
    detail::remove_abandoned_temporaries(path_);
    for (int attempt = 0; !file_.is_open(); ++attempt) {
      temporary_ = detail::temporary_name(path_);
      file_ = detail::open_file(temporary_, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
      if (!file_.is_open() && (errno != EEXIST || attempt == 100)) detail::throw_file_error("create a file beside", path_, errno);
      if (!file_.is_open()) continue;
      struct stat status {};
      if (::flock(file_.number(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        file_.close();  // somebody tidying up took it for abandoned, between open and flock
      } else if (::fstat(file_.number(), &status) == 0 && status.st_nlink == 0) {
        file_.close();
      }
    }
    if (::fchmod(file_.number(), static_cast<mode_t>(options_.permissions)) != 0) {
      const int number = errno;
      discard();
      detail::throw_file_error("set the permissions of", path_, number);
    }
    buffer_.reserve(buffer_size);
  }
  atomic_file(const atomic_file&) = delete;
  atomic_file& operator=(const atomic_file&) = delete;
  ~atomic_file() { discard(); }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Where the bytes are until commit(): for a library that writes a file by its name, and has closed it by then.
  [[nodiscard]] const std::string& temporary_path() const noexcept { return temporary_; }
  /// Bytes appended so far.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Adds bytes at the end. After a failure (errc::io) the file can no longer be committed.
  void append(std::span<const std::byte> bytes) {
    check_usable();
    usable_ = false;
    if (buffer_.size() + bytes.size() > buffer_size) flush();
    if (bytes.size() >= buffer_size) {
      detail::write_all(file_.number(), bytes.data(), bytes.size(), path_);
    } else {
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
    size_ += bytes.size();
    usable_ = true;
  }
  void append(std::string_view text) { append(std::as_bytes(std::span<const char>(text.data(), text.size()))); }

  /// Puts the file in its place, durably: contents synced, renamed, directory synced. Can be called once.
  void commit() {
    check_usable();
    usable_ = false;
    flush();
    // A failed fsync is final: the kernel drops the pages that it could not write, and a second try would report success.
    if (::fsync(file_.number()) != 0) detail::throw_file_error("sync", path_, errno);
    if (options_.overwrite) {
      if (::rename(temporary_.c_str(), path_.c_str()) != 0) detail::throw_file_error("rename the finished file to", path_, errno);
    } else {
      rename_without_overwriting();
    }
    temporary_.clear();
    if (const int number = file_.close(); number != 0) detail::throw_file_error("close", path_, number);
    detail::sync_directory(detail::directory_of(path_));
  }

 private:
  static constexpr std::size_t buffer_size = std::size_t{1} << 16U;

  [[nodiscard]] bool exists() const noexcept {
    struct stat status {};
    return ::lstat(path_.c_str(), &status) == 0;
  }
  [[noreturn]] void refuse_existing() const {
    throw error(errc::invalid_argument, "'" + path_ + "' exists already and is not to be overwritten; choose another name");
  }

  void rename_without_overwriting() {
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno == EEXIST) refuse_existing();
    if (errno != EINVAL && errno != ENOSYS) detail::throw_file_error("rename the finished file to", path_, errno);
    // A file system that cannot rename so: a hard link fails as well if the name is taken.
    if (::link(temporary_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) refuse_existing();
      detail::throw_file_error("link the finished file to", path_, errno);
    }
    ::unlink(temporary_.c_str());
  }

  void check_usable() const {
    if (!usable_) throw error(errc::io, "the file '" + path_ + "' was committed or has failed before; start a new one");
  }
  void flush() {
    detail::write_all(file_.number(), buffer_.data(), buffer_.size(), path_);
    buffer_.clear();
  }
  void discard() noexcept {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    temporary_.clear();
    file_.close();
  }

  std::string path_;
  atomic_file_options options_;
  std::string temporary_;
  detail::descriptor file_;
  std::vector<std::byte> buffer_;
  std::uint64_t size_ = 0;
  bool usable_ = true;
};

/// Puts `bytes` at `path`, whole or not at all (see atomic_file).
inline void write_file_atomically(const std::string& path, std::span<const std::byte> bytes, const atomic_file_options& options = {}) {
  atomic_file file(path, options);
  file.append(bytes);
  file.commit();
}
inline void write_file_atomically(const std::string& path, std::string_view text, const atomic_file_options& options = {}) {
  write_file_atomically(path, std::as_bytes(std::span<const char>(text.data(), text.size())), options);
}

/// All bytes of a file. Throws errc::not_found, errc::io, and errc::limit_exceeded for a file larger than `maximum_bytes`, of which nothing
/// beyond the limit is read.
[[nodiscard]] inline std::string read_file(const std::string& path, std::uint64_t maximum_bytes = std::uint64_t{1} << 30U) {
  detail::check_path(path);
  const detail::descriptor file = detail::open_file(path, O_RDONLY);
  if (!file.is_open()) detail::throw_file_error("open", path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) detail::throw_file_error("read", path, errno);
  // The size is a hint only: files of /proc say 0, and others may grow. One byte more than the limit tells that it is exceeded.
  const std::uint64_t hint = status.st_size > 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  std::string bytes;
  std::size_t used = 0;
  for (;;) {
    if (used == bytes.size()) {
      const std::uint64_t wanted = used == 0 ? hint + 1 : static_cast<std::uint64_t>(used) * 2;
      bytes.resize(
          static_cast<std::size_t>(std::min(std::max<std::uint64_t>(wanted, 4096), maximum_bytes + (maximum_bytes < UINT64_MAX ? 1 : 0))));
    }
    const ssize_t got = ::read(file.number(), bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) detail::throw_file_error("read", path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
    if (used > maximum_bytes) {
      throw error(errc::limit_exceeded, "the file '" + path + "' is larger than the allowed " + std::to_string(maximum_bytes) + " bytes");
    }
  }
  bytes.resize(used);
  return bytes;
}

/// Writes `bytes` behind the first `size` bytes of a file, in place of what stands there. Not synced: for a file whose reader can tell what
/// was not written whole.
/// @throws error not_found where there is no such file, io where it is shorter or cannot be written
inline void replace_tail(const std::string& path, std::uint64_t size, std::span<const std::byte> bytes) {
  detail::check_path(path);
  const detail::descriptor file = detail::open_file(path, O_WRONLY | O_APPEND | O_NOCTTY);
  if (!file.is_open()) detail::throw_file_error("open", path, errno);
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) detail::throw_file_error("read", path, errno);
  if (static_cast<std::uint64_t>(status.st_size) < size)
    throw error(errc::io, "'" + path + "' has become shorter than it was when it was read");
  if (::ftruncate(file.number(), static_cast<off_t>(size)) != 0) detail::throw_file_error("cut", path, errno);
  detail::write_all(file.number(), bytes.data(), bytes.size(), path);
}

/// Removes a file so that it stays removed after a power failure; false if there was none.
inline bool remove_file_durably(const std::string& path) {
  detail::check_path(path);
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return false;
    detail::throw_file_error("remove", path, errno);
  }
  detail::sync_directory(detail::directory_of(path));
  return true;
}

/// Makes the directory and its missing parents, durably; those that exist keep their permissions.
inline void create_directories_durably(const std::string& path, unsigned permissions = 0700) {
  detail::check_path(path);
  for (std::size_t end = path.find_first_not_of('/'); end != std::string::npos; end = path.find_first_not_of('/', end)) {
    end = std::min(path.find('/', end), path.size());
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), static_cast<mode_t>(permissions)) == 0) {
      detail::sync_directory(detail::directory_of(part));
      continue;
    }
    const int number = errno;
    struct stat status {};
    if (::stat(part.c_str(), &status) != 0) detail::throw_file_error("make the directory", part, number);
    if (!S_ISDIR(status.st_mode)) {
      throw error(errc::invalid_argument, "cannot make the directory '" + path + "': '" + part + "' exists and is not a directory");
    }
  }
}

/// How many bytes the user running this may still write to the file system that holds `path` (which must exist).
[[nodiscard]] inline std::uint64_t available_space(const std::string& path) {
  detail::check_path(path);
  struct statvfs status {};
  if (::statvfs(path.c_str(), &status) != 0) detail::throw_file_error("ask for the free space of", path, errno);
  return static_cast<std::uint64_t>(status.f_bavail) * static_cast<std::uint64_t>(status.f_frsize);
}

/// Whether what is written below one path takes space from what can be written below another; both must exist.
[[nodiscard]] inline bool same_file_system(const std::string& a, const std::string& b) {
  struct stat one {
  }, other{};
  for (const auto& [path, status] : {std::pair(&a, &one), std::pair(&b, &other)}) {
    detail::check_path(*path);
    if (::stat(path->c_str(), status) != 0) detail::throw_file_error("ask for the file system of", *path, errno);
  }
  return one.st_dev == other.st_dev;
}

/// The size of a file in bytes; nothing if there is no such file.
[[nodiscard]] inline std::optional<std::uint64_t> file_size(const std::string& path) {
  detail::check_path(path);
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return static_cast<std::uint64_t>(status.st_size);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  detail::throw_file_error("ask for the size of", path, errno);
}

}  // namespace upkeep::inline v0
