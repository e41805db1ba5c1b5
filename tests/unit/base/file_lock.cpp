// One owner at a time, within a process and between processes; a dead owner's lock is free; nobody inherits it by exec.

#include "upkeep/base/file_lock.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using upkeep::file_lock;
using upkeep_test::temporary_directory;

namespace {

const upkeep::time_point noon = *upkeep::parse_iso8601("2026-01-02T12:00:00Z");

/// A child process that has come to the place where it tells so, and stays until it is killed.
class child {
 public:
  explicit child(const std::function<void()>& f) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    id_ = ::fork();
    if (id_ == 0) {
      try {
        f();
      } catch (...) {
        ::_exit(1);
      }
      if (::write(ends[1], "x", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    char sign = 0;
    ready_ = ::read(ends[0], &sign, 1) == 1;
    ::close(ends[0]);
  }
  child(const child&) = delete;
  ~child() { kill(); }

  [[nodiscard]] bool ready() const { return ready_; }
  void kill() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    id_ = 0;
  }

 private:
  pid_t id_ = 0;
  bool ready_ = false;
};

std::string contents(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a lock is held until it is destroyed, also against the same process", "[file_lock]") {
  const temporary_directory scratch;
  const std::string path = scratch / "lock";
  {
    const auto first = file_lock::try_acquire(path, "nightly on host a", noon);
    REQUIRE(first);
    CHECK(first.lock->path() == path);
    CHECK(contents(path) == "nightly on host a\n2026-01-02T12:00:00Z\n");
    const auto second = file_lock::try_acquire(path, "someone else");
    CHECK_FALSE(second);
    CHECK(second.holder.owner == "nightly on host a");
    CHECK(second.holder.since == "2026-01-02T12:00:00Z");
    CHECK(contents(path) == "nightly on host a\n2026-01-02T12:00:00Z\n");
  }
  CHECK(contents(path).empty());  // the file stays, its owner's name does not
  CHECK(file_lock::try_acquire(path, "someone else"));
}

TEST_CASE("who holds a lock can be asked without taking it", "[file_lock]") {
  const temporary_directory scratch;
  const std::string path = scratch / "lock";
  CHECK_FALSE(file_lock::holder_of(path));
  CHECK_FALSE(std::filesystem::exists(path));
  {
    const auto held = file_lock::try_acquire(path, "nightly on host a", noon);
    const auto holder = file_lock::holder_of(path);
    REQUIRE(holder);
    CHECK(holder->owner == "nightly on host a");
    CHECK(holder->since == "2026-01-02T12:00:00Z");
    CHECK_FALSE(file_lock::try_acquire(path, "someone else"));  // the question freed nothing
  }
  CHECK_FALSE(file_lock::holder_of(path));
  CHECK(file_lock::try_acquire(path, "someone else"));
}

TEST_CASE("opening and closing the file elsewhere does not lose the lock", "[file_lock]") {
  const temporary_directory scratch;
  const auto held = file_lock::try_acquire(scratch / "lock", "a");
  static_cast<void>(contents(scratch / "lock"));  // with the older POSIX locks this would have freed it
  CHECK_FALSE(file_lock::try_acquire(scratch / "lock", "b"));
}

TEST_CASE("a moved lock is held once, and an overwritten one is freed", "[file_lock]") {
  const temporary_directory scratch;
  auto a = file_lock::try_acquire(scratch / "a", "a");
  auto b = file_lock::try_acquire(scratch / "b", "b");
  REQUIRE((a && b));
  {
    const file_lock moved = std::move(*a.lock);
    a.lock.reset();
    CHECK_FALSE(file_lock::try_acquire(scratch / "a", "x"));
  }
  auto again = file_lock::try_acquire(scratch / "a", "again");
  REQUIRE(again);
  *b.lock = std::move(*again.lock);
  CHECK(file_lock::try_acquire(scratch / "b", "x"));
  CHECK_FALSE(file_lock::try_acquire(scratch / "a", "x"));
}

TEST_CASE("another process finds it busy, and free once the owner was killed", "[file_lock]") {
  const temporary_directory scratch;
  const std::string path = scratch / "lock";
  std::vector<upkeep::lock_attempt> kept;
  child owner([&] { kept.push_back(file_lock::try_acquire(path, "the child", noon)); });
  REQUIRE(owner.ready());
  const auto busy = file_lock::try_acquire(path, "the parent");
  CHECK_FALSE(busy);
  CHECK(busy.holder.owner == "the child");
  CHECK(busy.holder.since == "2026-01-02T12:00:00Z");
  owner.kill();
  const auto mine = file_lock::try_acquire(path, "me", noon);
  CHECK(mine);
  CHECK(contents(path) == "me\n2026-01-02T12:00:00Z\n");  // shorter than what the killed owner left
}

TEST_CASE("a program started by exec does not hold the lock", "[file_lock]") {
  const temporary_directory scratch;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  pid_t program = 0;
  {
    const auto held = file_lock::try_acquire(scratch / "lock", "parent");
    REQUIRE(held);
    program = ::fork();
    if (program == 0) {
      ::execl("/bin/sleep", "sleep", "600", nullptr);
      ::_exit(1);
    }
    ::close(ends[1]);
    char sign = 0;
    REQUIRE(::read(ends[0], &sign, 1) == 0);  // the end of the pipe: exec has closed the child's copy
    CHECK_FALSE(file_lock::try_acquire(scratch / "lock", "x"));
  }
  CHECK(file_lock::try_acquire(scratch / "lock", "x"));
  CHECK(::kill(program, 0) == 0);
  ::kill(program, SIGKILL);
  ::waitpid(program, nullptr, 0);
  ::close(ends[0]);
}

TEST_CASE("the descriptor is closed on exec, even when the owner dies without freeing it", "[file_lock]") {
  const temporary_directory scratch;
  const std::string path = scratch / "lock";
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    const auto held = file_lock::try_acquire(path, "owner");
    const pid_t program = ::fork();
    if (program == 0) {
      ::execl("/bin/sleep", "sleep", "600", nullptr);
      ::_exit(1);
    }
    const bool sent = held && ::write(ends[1], &program, sizeof program) == static_cast<ssize_t>(sizeof program);
    ::_exit(sent ? 0 : 1);  // no destructor runs
  }
  ::close(ends[1]);
  pid_t program = 0;
  REQUIRE(::read(ends[0], &program, sizeof program) == static_cast<ssize_t>(sizeof program));
  char sign = 0;
  REQUIRE(::read(ends[0], &sign, 1) == 0);  // owner ended, program began
  ::waitpid(owner, nullptr, 0);
  CHECK(file_lock::try_acquire(path, "next"));
  ::kill(program, SIGKILL);
  ::close(ends[0]);
}

TEST_CASE("a forked child can neither free nor keep the lock of a living parent", "[file_lock]") {
  const temporary_directory scratch;
  const std::string path = scratch / "lock";
  auto held = file_lock::try_acquire(path, "parent", noon);
  REQUIRE(held);
  child freeing([&] { held.lock.reset(); });
  REQUIRE(freeing.ready());
  const auto busy = file_lock::try_acquire(path, "x");
  CHECK_FALSE(busy);
  CHECK(busy.holder.owner == "parent");
  child keeping([] {});
  REQUIRE(keeping.ready());
  held.lock.reset();
  CHECK(file_lock::try_acquire(path, "x"));
}

TEST_CASE("owners are shown as one line", "[file_lock]") {
  const temporary_directory scratch;
  const auto shown = [&](const std::string& owner) {
    const auto held = file_lock::try_acquire(scratch / "lock", owner, noon);
    return file_lock::try_acquire(scratch / "lock", "x").holder.owner;
  };
  CHECK(shown("two\nlines\r\t") == "two lines  ");
  CHECK(shown("") == "unknown");
  CHECK(shown(std::string(1000, 'x')) == std::string(200, 'x'));
}

TEST_CASE("a lock file with anything in it can be locked, and its holder reads unknown", "[file_lock]") {
  const temporary_directory scratch;
  const std::string path = scratch / "lock";
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("x\n"), std::string("a\nnot a time\n"), std::string("\n\n"), std::string(5000, 'y'),
        std::string("\n2026-01-02T12:00:00Z\n"), std::string("a\n2026-01-02T12:00:00Z")}) {
    const auto held = file_lock::try_acquire(path, "owner", noon);
    REQUIRE(held);
    std::ofstream(path) << text;
    const auto busy = file_lock::try_acquire(path, "x");
    CHECK_FALSE(busy);
    CHECK(busy.holder.owner == "unknown");
    CHECK(busy.holder.since == "unknown");
  }
  std::ofstream(path) << std::string(5000, 'y');
  const auto held = file_lock::try_acquire(path, "owner", noon);
  CHECK(contents(path) == "owner\n2026-01-02T12:00:00Z\n");
}

TEST_CASE("a lock file that cannot be opened is an error that names it", "[file_lock]") {
  const temporary_directory scratch;
  const auto failure = [](const std::string& path) {
    try {
      static_cast<void>(file_lock::try_acquire(path, "x"));
    } catch (const upkeep::error& e) {
      return std::string(upkeep::to_string(e.code())) + " " + e.what();
    }
    return std::string("nothing was thrown");
  };
  CHECK(failure(scratch / "no/lock").find("not_found cannot open the lock file '" + (scratch / "no/lock").string()) == 0);
  CHECK(failure(scratch.path()).find("io ") == 0);
  CHECK(failure("").find("invalid_argument ") == 0);
}
