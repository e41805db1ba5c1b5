// A disk between a program and its files, to be loaded before the C library (LD_PRELOAD): it knows what would be left if the power went now,
// cuts it off, and is full when it is told to. Linux only.
//
//   UPKEEP_DISK         the folder that lies on it
//   UPKEEP_DISK_KEPT    a folder that holds what the disk has for good: <inode> for a file, d<inode> for a folder, with a line per entry
//   UPKEEP_DISK_CUT     after so many syncs the power goes
//   UPKEEP_DISK_FULL    "n part-of-a-path" or "n pattern", as a shell knows them: no space for the n-th write to such a file, nor for later ones
//   UPKEEP_DISK_LOG     a file for a line per write, sync and write for which there was no space (full), with the path

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

struct disk {
  const std::string folder = variable("UPKEEP_DISK"), kept = variable("UPKEEP_DISK_KEPT"), log = variable("UPKEEP_DISK_LOG");
  const long cut = std::atol(variable("UPKEEP_DISK_CUT").c_str());
  std::string full = variable("UPKEEP_DISK_FULL");
  long full_from = 0, syncs = 0, writes = 0;
  std::recursive_mutex one_at_a_time;

  disk() {
    const std::size_t end = full.find(' ');
    full_from = std::atol(full.c_str());
    full = end == std::string::npos ? std::string() : full.substr(end + 1);
  }

  [[nodiscard]] bool holds(const std::string& path) const {
    return !folder.empty() && path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
  }

  static std::string path_of(int file) {
    char path[4096];
    const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path, sizeof path);
    return std::string(path, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

  void note(std::string_view what, const std::string& path) const {
    if (log.empty()) return;
    const int file = next<int(const char*, int, ...)>("open")(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string line = std::string(what) + ' ' + path + '\n';
    static_cast<void>(!next<ssize_t(int, const void*, size_t)>("write")(file, line.data(), line.size()));
    ::close(file);
  }

  /// Whether there is room for a write to the file.
  bool takes(const std::string& path) {
    if (!holds(path)) return true;
    const std::lock_guard lock(one_at_a_time);
    note("write", path);
    if (full.empty() || (path.find(full) == std::string::npos && ::fnmatch(full.c_str(), path.c_str(), 0) != 0)) return true;
    if (++writes < full_from) return true;
    note("full", path);
    errno = ENOSPC;
    return false;
  }
  bool takes(int file) { return takes(path_of(file)); }

  void put(const std::string& name, const std::string& bytes) const {
    const std::string path = kept + "/" + name, fresh = path + ".new";
    const int file = next<int(const char*, int, ...)>("open")(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    static_cast<void>(!next<ssize_t(int, const void*, size_t)>("write")(file, bytes.data(), bytes.size()));
    ::close(file);
    next<int(const char*, const char*)>("rename")(fresh.c_str(), path.c_str());
  }

  void keep(int file) {
    struct stat about {};
    const std::string path = path_of(file);
    if (!holds(path) || ::fstat(file, &about) != 0) return;
    const std::lock_guard lock(one_at_a_time);
    note("sync", path);
    if (kept.empty()) return;
    std::string bytes;
    if (S_ISDIR(about.st_mode)) {
      DIR* const entries = ::opendir(path.c_str());
      while (const dirent* const entry = ::readdir(entries)) {
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..")
          bytes += std::string(entry->d_type == DT_DIR ? "d" : "f") + std::to_string(entry->d_ino) + ' ' + std::string(name) + '\n';
      }
      ::closedir(entries);
    } else {
      const int again = next<int(const char*, int, ...)>("open")(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC);
      bytes.resize(static_cast<std::size_t>(about.st_size));
      const ssize_t got = ::pread(again, bytes.data(), bytes.size(), 0);
      bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
      ::close(again);
    }
    put((S_ISDIR(about.st_mode) ? "d" : "") + std::to_string(about.st_ino), bytes);
    if (++syncs == cut) ::kill(::getpid(), SIGKILL);
  }
};

disk& the_disk() {
  static disk* const d = new disk;  // never destroyed: files are written until the very end
  return *d;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  return the_disk().takes(file) ? next<ssize_t(int, const void*, size_t)>("write")(file, bytes, size) : -1;
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  return the_disk().takes(file) ? next<ssize_t(int, const void*, size_t, off_t)>("pwrite")(file, bytes, size, at) : -1;
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t at) {
  return the_disk().takes(file) ? next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64")(file, bytes, size, at) : -1;
}
int fsync(int file) {
  const int result = next<int(int)>("fsync")(file);
  if (result == 0) the_disk().keep(file);
  return result;
}
int fdatasync(int file) {
  const int result = next<int(int)>("fdatasync")(file);
  if (result == 0) the_disk().keep(file);
  return result;
}
}
