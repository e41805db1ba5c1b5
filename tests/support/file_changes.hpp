#pragma once
// A child process that dies right before any chosen one of its changes to files, whoever makes it: SQLite, the standard library or our own code.

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace upkeep_test {

/// What became of a traced child.
struct traced_run {
  std::size_t changes = 0;            ///< that it made
  std::vector<std::size_t> seldom{};  ///< of these, all but the writes at a place, of which SQLite makes most
  bool killed = false;
  bool failed = false;  ///< ended with an exception, which stands on standard error
};

/// Runs `action` in a child of one thread and kills it right before its change number `last`, from 0; a larger number than there are changes
/// lets it end. Whatever the child wrote before stays, as after any kill: the system has it.
class file_changes {
 public:
  static traced_run run(const std::function<void()>& action, std::size_t last = SIZE_MAX) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) live(action);
    traced_run result;
    int status = wait_for(child);
    if (!WIFSTOPPED(status)) throw std::runtime_error("this system lets no process be traced");
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    for (long signal = 0;;) {
      ::ptrace(PTRACE_SYSCALL, child, nullptr, signal);
      status = wait_for(child);
      if (!WIFSTOPPED(status)) break;
      signal = 0;
      if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
        signal = WSTOPSIG(status);
        continue;
      }
      __ptrace_syscall_info call{};
      ::ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof call, &call);
      if (call.op != PTRACE_SYSCALL_INFO_ENTRY || !changes_files(call)) continue;
      if (call.entry.nr != SYS_pwrite64) result.seldom.push_back(result.changes);
      if (result.changes++ == last) ::kill(child, SIGKILL);
    }
    result.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    result.failed = !result.killed && (!WIFEXITED(status) || WEXITSTATUS(status) != 0);
    return result;
  }

 private:
  [[noreturn]] static void live(const std::function<void()>& action) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(2);
    ::raise(SIGSTOP);
    try {
      action();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "thrown in a child: %s\n", e.what());
      ::_exit(1);
    }
    ::_exit(0);
  }

  static int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
      if (errno != EINTR) throw std::runtime_error("cannot wait for a child");
    return status;
  }

  static bool changes_files(const __ptrace_syscall_info& call) {
    const auto creates = [](std::uint64_t flags) { return (flags & (O_CREAT | O_TRUNC)) != 0; };
    switch (call.entry.nr) {
      case SYS_write:
      case SYS_writev:
      case SYS_pwrite64:
      case SYS_pwritev:
      case SYS_ftruncate:
      case SYS_fallocate:
      case SYS_unlinkat:
      case SYS_renameat2:
      case SYS_mkdirat:
      case SYS_linkat: return true;
      case SYS_openat: return creates(call.entry.args[2]);
#ifdef SYS_renameat
      case SYS_renameat: return true;
#endif
#ifdef SYS_open  // the older calls, which some systems have not
      case SYS_open: return creates(call.entry.args[1]);
      case SYS_unlink:
      case SYS_rename:
      case SYS_mkdir:
      case SYS_rmdir:
      case SYS_link: return true;
#endif
      default: return false;
    }
  }
};

}  // namespace upkeep_test
