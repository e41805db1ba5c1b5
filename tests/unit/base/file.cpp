// Files are complete or absent after exceptions, kills and full disks, and failures name path and cause.

#include "upkeep/base/file.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/rng.hpp"

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using upkeep::atomic_file;
using upkeep::errc;
using upkeep::error;
using upkeep_test::temporary_directory;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::size_t entries(const std::string& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

std::string failure(const std::function<void()>& f, errc code) {
  try {
    f();
  } catch (const error& e) {
    CHECK(upkeep::to_string(e.code()) == upkeep::to_string(code));
    return e.what();
  }
  return "nothing was thrown";
}

std::string pattern(std::size_t size, std::uint64_t seed) {
  upkeep::rng random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(static_cast<unsigned char>(random.below(256)));
  return text;
}

unsigned permissions(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

/// Runs `f` in a child process and returns its wait status; `f` returns the exit code.
int in_child(const std::function<int()>& f) {
  std::cout.flush();
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      code = f();
    } catch (...) {
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

TEST_CASE("what was written is read, in all sizes around the buffer", "[file]") {
  const temporary_directory scratch;
  const std::string path = scratch / "data";
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{65535},
                                 std::size_t{65536}, std::size_t{65537}, std::size_t{1000000}}) {
    CAPTURE(size);
    const std::string text = pattern(size, size + 1);
    upkeep::write_file_atomically(path, text);
    CHECK(upkeep::read_file(path) == text);
    CHECK(upkeep::file_size(path) == size);
  }
  CHECK(entries(scratch.path()) == 1);
  CHECK(permissions(path) == 0600);
}

TEST_CASE("appended pieces of any size make up the file", "[file]") {
  const temporary_directory scratch;
  upkeep::rng random(61);
  for (int round = 0; round < 10; ++round) {
    std::string expected;
    atomic_file file(scratch / "data");
    for (int piece = 0; piece < 30; ++piece) {
      const std::string text = pattern(random.below(random.chance(0.1) ? 200000 : 9000), random());
      expected += text;
      file.append(text);
      REQUIRE(file.size() == expected.size());
    }
    file.commit();
    REQUIRE(contents(scratch / "data") == expected);
  }
}

TEST_CASE("before the commit the old file stands, and after a rollback nothing else", "[file]") {
  const temporary_directory scratch;
  const std::string path = scratch / "data";
  put(path, "old");
  {
    atomic_file file(path);
    file.append(pattern(300000, 1));
    CHECK(contents(path) == "old");
    CHECK(entries(scratch.path()) == 2);
  }
  CHECK(contents(path) == "old");
  CHECK(entries(scratch.path()) == 1);
  CHECK_THROWS_AS(([&] {
                    atomic_file file(path);
                    file.append("new");
                    throw std::runtime_error("something else went wrong");
                  }()),
                  std::runtime_error);
  CHECK(contents(path) == "old");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("a committed file takes no more", "[file]") {
  const temporary_directory scratch;
  atomic_file file(scratch / "data");
  file.append("x");
  file.commit();
  CHECK(failure([&] { file.append("y"); }, errc::io).find("start a new one") != std::string::npos);
  CHECK_THROWS_AS(file.commit(), error);
  CHECK(contents(scratch / "data") == "x");
}

TEST_CASE("permissions are exact, whatever the umask", "[file]") {
  const temporary_directory scratch;
  const mode_t old = ::umask(077);
  upkeep::write_file_atomically(scratch / "a", "x", {.permissions = 0644});
  ::umask(0);
  upkeep::write_file_atomically(scratch / "b", "x");
  ::umask(old);
  CHECK(permissions(scratch / "a") == 0644);
  CHECK(permissions(scratch / "b") == 0600);
}

TEST_CASE("overwriting is refused at the start and at the commit", "[file]") {
  const temporary_directory scratch;
  const std::string path = scratch / "data";
  put(path, "old");
  CHECK(failure([&] { upkeep::write_file_atomically(path, "new", {.overwrite = false}); }, errc::invalid_argument).find(path) !=
        std::string::npos);
  fs::remove(path);
  {
    atomic_file file(path, {.overwrite = false});
    file.append("mine");
    put(path, "somebody was faster");
    CHECK_THROWS_AS(file.commit(), error);
  }
  CHECK(contents(path) == "somebody was faster");
  CHECK(entries(scratch.path()) == 1);
  fs::remove(path);
  upkeep::write_file_atomically(path, "new", {.overwrite = false});
  CHECK(contents(path) == "new");
}

TEST_CASE("two writers of one path do not disturb each other", "[file]") {
  const temporary_directory scratch;
  const std::string path = scratch / "data";
  atomic_file first(path);
  first.append("first");
  atomic_file second(path);  // must not take the first one's temporary for abandoned
  second.append("second");
  second.commit();
  CHECK(contents(path) == "second");
  first.commit();
  CHECK(contents(path) == "first");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("a symbolic link is replaced, its target is untouched", "[file]") {
  const temporary_directory scratch;
  put(scratch / "target", "precious");
  fs::create_symlink(scratch / "target", scratch / "link");
  upkeep::write_file_atomically(scratch / "link", "new");
  CHECK(contents(scratch / "target") == "precious");
  CHECK_FALSE(fs::is_symlink(scratch / "link"));
}

TEST_CASE("a process killed before the commit leaves the old file, and its remains go with the next write", "[file]") {
  const temporary_directory scratch;
  const std::string path = scratch / "data";
  put(path, "old");
  put(scratch / "data.0123456789abcdeX.tmp", "not ours");
  const int status = in_child([&]() -> int {
    atomic_file file(path);
    file.append(pattern(300000, 2));
    ::raise(SIGKILL);
    return 0;
  });
  REQUIRE(WIFSIGNALED(status));
  CHECK(contents(path) == "old");
  CHECK(entries(scratch.path()) == 3);
  upkeep::write_file_atomically(path, "new");
  CHECK(contents(path) == "new");
  CHECK(entries(scratch.path()) == 2);
  CHECK(contents(scratch / "data.0123456789abcdeX.tmp") == "not ours");
}

TEST_CASE("a process killed at any moment leaves one whole version", "[file]") {
  const temporary_directory scratch;
  const std::string path = scratch / "data";
  upkeep::rng random(62);
  upkeep::write_file_atomically(path, std::string(100000, 'a'));
  for (int round = 0; round < 15; ++round) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      for (unsigned version = 0;; ++version) {
        upkeep::write_file_atomically(path, std::string(100000, static_cast<char>('a' + version % 26)));
        if (version % 8 == 0 && ::write(pipe_ends[1], "x", 1) != 1) ::_exit(1);
      }
    }
    for (std::uint64_t signs = 1 + random.below(3); signs > 0; --signs) {
      char sign = 0;
      REQUIRE(::read(pipe_ends[0], &sign, 1) == 1);
    }
    for (std::uint64_t spin = random.below(3000000); spin > 0; --spin) asm volatile("");
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    const std::string text = contents(path);
    REQUIRE(text.size() == 100000);
    REQUIRE(text.find_first_not_of(text[0]) == std::string::npos);
  }
  upkeep::write_file_atomically(path, "end");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("a full disk is an error with a remedy, the old file stays, and nothing is left behind", "[file]") {
  const temporary_directory scratch;
  const int status = in_child([&]() -> int {
    // In a mount namespace of its own, so that the small file system goes with the child.
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", scratch.path().c_str(), "tmpfs", 0, "size=256k") != 0) {
      return 77;
    }
    const std::string path = scratch / "data";
    upkeep::write_file_atomically(path, "old");
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{400000}}) {
      try {
        atomic_file file(path);
        for (std::size_t done = 0; done < 400000; done += piece) file.append(std::string(piece, 'x'));
        file.commit();
        return 1;
      } catch (const error& e) {
        const std::string message = e.what();
        if (e.code() != errc::io || message.find(path) == std::string::npos || message.find("No space left") == std::string::npos ||
            message.find("free some space") == std::string::npos) {
          return 2;
        }
      }
      if (contents(path) != "old") return 3;
      if (entries(scratch.path()) != 1) return 4;
    }
    // A failed file cannot be committed with a hole in it.
    atomic_file file(path);
    try {
      file.append(std::string(400000, 'x'));
      return 5;
    } catch (const error&) {
    }
    try {
      file.commit();
      return 6;
    } catch (const error&) {
    }
    if (upkeep::available_space(path) > 256 * 1024) return 7;
    return contents(path) == "old" ? 0 : 8;
  });
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) {
    std::cout << "skipped: no permission to mount a small file system\n";
  } else {
    CHECK(WEXITSTATUS(status) == 0);
  }
}

TEST_CASE("a file size limit is an error, the old file stays, and nothing is left behind", "[file]") {
  const temporary_directory scratch;
  const std::string path = scratch / "data";
  put(path, "old");
  const int status = in_child([&]() -> int {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100000, 100000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    try {
      upkeep::write_file_atomically(path, std::string(200000, 'x'));
    } catch (const error& e) {
      return e.code() == errc::io && std::string(e.what()).find("file size limit") != std::string::npos ? 0 : 2;
    }
    return 3;
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(contents(path) == "old");
  CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("places that cannot be written to are refused by name", "[file]") {
  const temporary_directory scratch;
  CHECK(failure([&] { upkeep::write_file_atomically(scratch / "no/such/file", "x"); }, errc::not_found).find("no/such/file") !=
        std::string::npos);
  put(scratch / "file", "x");
  CHECK(failure([&] { upkeep::write_file_atomically(scratch / "file/below", "x"); }, errc::not_found) != "nothing was thrown");
  CHECK(failure([&] { upkeep::write_file_atomically("", "x"); }, errc::invalid_argument) != "nothing was thrown");
  CHECK(failure([&] { upkeep::write_file_atomically(scratch / "dir/", "x"); }, errc::invalid_argument) != "nothing was thrown");
  CHECK(failure([&] { upkeep::write_file_atomically(scratch / std::string("a\0b", 3), "x"); }, errc::invalid_argument) !=
        "nothing was thrown");
  fs::create_directory(scratch / "dir");
  CHECK(failure([&] { upkeep::write_file_atomically(scratch / "dir", "x"); }, errc::io).find("rename") != std::string::npos);
  CHECK(entries(scratch.path()) == 2);

  // Root may write everywhere, so an ordinary user tries.
  ::chmod(scratch.path().c_str(), 0755);
  const int status = in_child([&]() -> int {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 77;
    if (::getuid() != 65534) ::chmod(scratch.path().c_str(), 0500);
    try {
      upkeep::write_file_atomically(scratch / "new", "x");
    } catch (const error& e) {
      const std::string message = e.what();
      return e.code() == errc::io && message.find("Permission denied") != std::string::npos &&
                     message.find("needs permission") != std::string::npos
                 ? 0
                 : 1;
    }
    return 2;
  });
  ::chmod(scratch.path().c_str(), 0700);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("reading has a limit and names what it cannot read", "[file]") {
  const temporary_directory scratch;
  put(scratch / "data", std::string(10000, 'x'));
  CHECK(upkeep::read_file(scratch / "data", 10000).size() == 10000);
  CHECK(failure([&] { static_cast<void>(upkeep::read_file(scratch / "data", 9999)); }, errc::limit_exceeded).find("9999 bytes") !=
        std::string::npos);
  CHECK(failure([&] { static_cast<void>(upkeep::read_file("/dev/zero", 100000)); }, errc::limit_exceeded) != "nothing was thrown");
  CHECK(failure([&] { static_cast<void>(upkeep::read_file(scratch / "none")); }, errc::not_found).find((scratch / "none").string()) !=
        std::string::npos);
  CHECK(failure([&] { static_cast<void>(upkeep::read_file(scratch.path())); }, errc::io) != "nothing was thrown");
  CHECK(upkeep::read_file("/proc/self/status").find("Name:") == 0);  // a file whose size says 0
  CHECK(upkeep::read_file("/dev/null").empty());
  CHECK(upkeep::read_file(scratch / "data", UINT64_MAX).size() == 10000);
  put(scratch / "empty", "");
  CHECK(upkeep::read_file(scratch / "empty", 0).empty());
}

TEST_CASE("removing says whether there was a file", "[file]") {
  const temporary_directory scratch;
  put(scratch / "data", "x");
  CHECK(upkeep::remove_file_durably(scratch / "data"));
  CHECK_FALSE(fs::exists(scratch / "data"));
  CHECK_FALSE(upkeep::remove_file_durably(scratch / "data"));
  fs::create_directory(scratch / "dir");
  CHECK_THROWS_AS(upkeep::remove_file_durably(scratch / "dir"), error);
  CHECK_FALSE(upkeep::file_size(scratch / "data"));
}

TEST_CASE("directories are made with their parents, once and again", "[file]") {
  const temporary_directory scratch;
  for (int round = 0; round < 2; ++round) {
    upkeep::create_directories_durably(scratch / "a//b/c/");
    CHECK(fs::is_directory(scratch / "a/b/c"));
  }
  CHECK(permissions(scratch / "a/b/c") == 0700);
  upkeep::create_directories_durably("/");
  upkeep::create_directories_durably(".");
  put(scratch / "file", "x");
  CHECK(failure([&] { upkeep::create_directories_durably(scratch / "file/below"); }, errc::invalid_argument).find("is not a directory") !=
        std::string::npos);
}

TEST_CASE("the directory of a path is what the system takes it for", "[file]") {
  for (const auto& [path, directory] : {std::pair<std::string, std::string>{"a", "."},
                                        {"a/b", "a"},
                                        {"/a", "/"},
                                        {"/a/b", "/a"},
                                        {"a/", "."},
                                        {"a/b/", "a"},
                                        {"/", "/"},
                                        {"//a", "/"},
                                        {"a//b", "a"},
                                        {"./a", "."},
                                        {"../a/b", "../a"}}) {
    CAPTURE(path);
    CHECK(upkeep::v0::detail::directory_of(path) == directory);
  }
}

TEST_CASE("free space is known for existing places only", "[file]") {
  const temporary_directory scratch;
  CHECK(upkeep::available_space(scratch.path()) > 0);
  CHECK(upkeep::same_file_system(scratch.path(), scratch.path()));
  CHECK_FALSE(upkeep::same_file_system(scratch.path(), "/proc"));
  CHECK(failure([&] { static_cast<void>(upkeep::same_file_system(scratch.path(), scratch / "none")); }, errc::not_found) !=
        "nothing was thrown");
  CHECK(failure([&] { static_cast<void>(upkeep::available_space(scratch / "none")); }, errc::not_found) != "nothing was thrown");
}

TEST_CASE("the tail of a file is replaced, its beginning and its permissions stay", "[file]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "file";
  const auto replace = [&](std::uint64_t size, std::string_view text) {
    upkeep::replace_tail(path, size, std::as_bytes(std::span<const char>(text.data(), text.size())));
  };
  upkeep::write_file_atomically(path, std::string_view("beginning, end"), {.permissions = 0640});
  replace(14, " and more");
  CHECK(upkeep::read_file(path) == "beginning, end and more");
  replace(11, "other end");
  CHECK(upkeep::read_file(path) == "beginning, other end");
  replace(9, "");
  CHECK(upkeep::read_file(path) == "beginning");
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) == std::filesystem::perms(0640));
  CHECK_THROWS_AS(replace(10, "x"), upkeep::error);  // where it was is not there any more
  CHECK(upkeep::read_file(path) == "beginning");
  CHECK_THROWS_AS(upkeep::replace_tail(room / "missing", 0, {}), upkeep::error);
  CHECK_FALSE(std::filesystem::exists(room / "missing"));
}
