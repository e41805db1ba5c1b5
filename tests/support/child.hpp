#pragma once
// A child process that runs a function of the test: to be killed, stopped, or given limits and mounts of its own.

#include <cerrno>
#include <csignal>
#include <exception>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace upkeep_test {

/// How a child ended.
struct ended {
  int signal = 0;    ///< that killed it, or 0
  std::string said;  ///< what its function returned, or "thrown: ..."
  [[nodiscard]] bool killed() const noexcept { return signal == SIGKILL; }
};

/// A forked process; no other thread may run when it is made. Killed by the destructor.
class child {
 public:
  /// What the function in the child talks to its parent through.
  class line_to_parent {
   public:
    line_to_parent(int in, int out) : in_(in), out_(out) {}
    /// Tells the parent, which waits in `hear`.
    void say(std::string_view text) const { put(out_, std::string(text) + '\n'); }
    /// Waits until the parent calls `go_on`.
    void wait() const {
      char sign = 0;
      while (::read(in_, &sign, 1) < 0 && errno == EINTR) {
      }
    }

   private:
    int in_, out_;
  };

  explicit child(const std::function<std::string(const line_to_parent&)>& f) {
    int down[2], up[2];
    if (::pipe(down) != 0 || ::pipe(up) != 0) throw std::runtime_error("cannot make a pipe");
    std::cout.flush();
    process_ = ::fork();
    if (process_ == 0) {
      ::close(down[1]);
      ::close(up[0]);
      std::string result;
      try {
        result = f(line_to_parent(down[0], up[1]));
      } catch (const std::exception& e) {
        result = std::string("thrown: ") + e.what();
      } catch (...) {
        result = "thrown: no std::exception";
      }
      put(up[1], result);
      ::_exit(0);
    }
    ::close(down[0]);
    ::close(up[1]);
    to_ = down[1];
    from_ = up[0];
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() {
    if (process_ > 0) {
      send(SIGKILL);
      static_cast<void>(end());
    }
    ::close(to_);
    ::close(from_);
  }

  [[nodiscard]] pid_t process() const noexcept { return process_; }
  void send(int signal) const { ::kill(process_, signal); }

  /// The next line that the child said; empty where it ended instead.
  std::string hear() {
    for (;;) {
      if (const std::size_t end = heard_.find('\n'); end != std::string::npos) {
        std::string line = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        return line;
      }
      if (!read_more()) return {};
    }
  }
  void go_on() const { put(to_, "x"); }
  /// Stops the child and returns once it has stopped.
  void stop() const {
    send(SIGSTOP);
    ::waitpid(process_, nullptr, WUNTRACED);
  }

  /// Waits for its end.
  ended end() {
    while (read_more()) {
    }
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return {WIFSIGNALED(status) ? WTERMSIG(status) : 0, std::exchange(heard_, {})};
  }

 private:
  static void put(int to, std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(to, text.data(), text.size());
      if (written < 0 && errno != EINTR) return;
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  bool read_more() {
    char buffer[4096];
    ssize_t got = 0;
    do {
      got = ::read(from_, buffer, sizeof buffer);
    } while (got < 0 && errno == EINTR);
    if (got > 0) heard_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
  std::string heard_;
};

/// Runs `f` in a child to its end.
inline ended in_child(const std::function<std::string()>& f) {
  return child([&](const child::line_to_parent&) { return f(); }).end();
}

}  // namespace upkeep_test
