#pragma once
// The system calls by which SQLite changes files, each of them a place where a process can die or a disk be full.

#include <sqlite3.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <string>

#include <unistd.h>

namespace upkeep_test {

/// What becomes of one call.
enum class call_fate {
  done,
  no_space,     ///< ENOSPC
  kill_before,  ///< SIGKILL before it
  kill_half     ///< SIGKILL after half of what was to be written
};

/// Sends SQLite's calls of this process through `on_call(path)` for the lifetime of the object; one at a time.
class sqlite_calls {
 public:
  explicit sqlite_calls(std::function<call_fate(const std::string&)> on_call) {
    current() = std::move(on_call);
    vfs_ = sqlite3_vfs_find(nullptr);
    for (const char* name : {"pwrite", "pwrite64"}) set(name, reinterpret_cast<sqlite3_syscall_ptr>(&write_at));
    set("write", reinterpret_cast<sqlite3_syscall_ptr>(&write_here));
    set("ftruncate", reinterpret_cast<sqlite3_syscall_ptr>(&truncate));
    set("unlink", reinterpret_cast<sqlite3_syscall_ptr>(&remove));
  }
  sqlite_calls(const sqlite_calls&) = delete;
  sqlite_calls& operator=(const sqlite_calls&) = delete;
  ~sqlite_calls() {
    for (const char* name : {"pwrite", "pwrite64", "write", "ftruncate", "unlink"}) set(name, nullptr);
    current() = {};
  }

 private:
  static std::function<call_fate(const std::string&)>& current() {
    static std::function<call_fate(const std::string&)> f;
    return f;
  }
  void set(const char* name, sqlite3_syscall_ptr to) const { vfs_->xSetSystemCall(vfs_, name, to); }

  static call_fate ask(int file) {
    char path[4096];
    const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path, sizeof path);
    return ask(std::string(path, size > 0 ? static_cast<std::size_t>(size) : 0));
  }
  static call_fate ask(const std::string& path) {
    const call_fate fate = current()(path);
    if (fate == call_fate::kill_before) ::kill(::getpid(), SIGKILL);
    if (fate == call_fate::no_space) errno = ENOSPC;
    return fate;
  }

  static ssize_t write_at(int file, const void* bytes, std::size_t size, off_t at) {
    const call_fate fate = ask(file);
    if (fate == call_fate::no_space) return -1;
    const ssize_t written = ::pwrite(file, bytes, fate == call_fate::kill_half ? size / 2 : size, at);
    if (fate == call_fate::kill_half) ::kill(::getpid(), SIGKILL);
    return written;
  }
  static ssize_t write_here(int file, const void* bytes, std::size_t size) {
    const call_fate fate = ask(file);
    if (fate == call_fate::no_space) return -1;
    const ssize_t written = ::write(file, bytes, fate == call_fate::kill_half ? size / 2 : size);
    if (fate == call_fate::kill_half) ::kill(::getpid(), SIGKILL);
    return written;
  }
  static int truncate(int file, off_t size) {
    const call_fate fate = ask(file);
    if (fate == call_fate::no_space && size != 0) return -1;  // to shorten a file needs no space
    const int result = ::ftruncate(file, size);
    if (fate == call_fate::kill_half) ::kill(::getpid(), SIGKILL);
    return result;
  }
  static int remove(const char* path) {
    const call_fate fate = current()(path);
    if (fate == call_fate::kill_before || fate == call_fate::kill_half) ::kill(::getpid(), SIGKILL);
    return ::unlink(path);
  }

  sqlite3_vfs* vfs_ = nullptr;
};

}  // namespace upkeep_test
