#include "upkeep/base/line_sink.hpp"

#include "support/captured_stream.hpp"
#include "support/catch.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

using upkeep::errc;

namespace {

template <class F>
errc code_of(F&& f) {
  try {
    f();
  } catch (const upkeep::error& e) {
    return e.code();
  }
  FAIL("nothing was thrown");
  return errc::io;
}

/// Checks that `text` is `count` lines, each of one letter repeated as often as its line's length says it should be.
void check_lines(const std::string& text, std::size_t count, std::size_t length) {
  REQUIRE(text.size() == count * (length + 1));
  for (std::size_t i = 0; i < count; ++i) {
    const std::string line = text.substr(i * (length + 1), length + 1);
    REQUIRE(line == std::string(length, line[0]) + "\n");
  }
}

}  // namespace

TEST_CASE("line_sink: what the stream held back comes first") {
  const upkeep_test::captured_stream stream;
  std::fputs("before ", stream.get());
  const upkeep::line_sink sink(stream.get());
  sink.write("one\n");
  std::fputs("between ", stream.get());
  sink.write("two\n");
  CHECK(stream.text() == "before one\nbetween two\n");
}

TEST_CASE("line_sink writes to a stream that has no file") {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const memory = ::open_memstream(&text, &size);
  REQUIRE(memory != nullptr);
  upkeep::line_sink(memory).write("one\n");
  std::fflush(memory);
  CHECK(std::string(text, size) == "one\n");
  std::fclose(memory);
  std::free(text);
}

TEST_CASE("line_sink appends to a file, and copies share it") {
  const upkeep_test::temporary_folder folder;
  const std::string path = folder.file("log");
  {
    const upkeep::line_sink sink(path);
    const upkeep::line_sink copy = sink;
    sink.write("one\n");
    copy.write("two\n");
  }
  upkeep::line_sink(path.c_str()).write("three\n");
  CHECK(upkeep::read_file(path) == "one\ntwo\nthree\n");
}

TEST_CASE("line_sink says which path cannot be opened") {
  const upkeep_test::temporary_folder folder;
  CHECK(code_of([] { upkeep::line_sink sink(static_cast<std::FILE*>(nullptr)); }) == errc::invalid_argument);
  CHECK(code_of([] { upkeep::line_sink sink(std::string{}); }) == errc::invalid_argument);
  CHECK(code_of([&] { upkeep::line_sink sink(folder.file("no/such/log")); }) == errc::not_found);
  try {
    upkeep::line_sink sink(folder.file("missing/log"));
  } catch (const upkeep::error& e) {
    CHECK(std::string(e.what()).find(folder.file("missing/log")) != std::string::npos);
  }
}

TEST_CASE("line_sink: a write that fails throws") {
  if (std::FILE* const full = std::fopen("/dev/full", "w")) {
    CHECK(code_of([&] { upkeep::line_sink(full).write("x\n"); }) == errc::io);
    std::fclose(full);
    CHECK(code_of([] { upkeep::line_sink(std::string("/dev/full")).write("x\n"); }) == errc::io);
  }
  std::FILE* const read_only = std::fopen("/dev/null", "r");
  REQUIRE(read_only != nullptr);
  CHECK(code_of([&] { upkeep::line_sink(read_only).write("x\n"); }) == errc::io);
  std::fclose(read_only);
}

TEST_CASE("line_sink: lines of several threads do not tear, however long") {
  const upkeep_test::captured_stream stream;
  const upkeep::line_sink sink(stream.get());
  constexpr std::size_t length = 20'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&sink, t] {
      const std::string line = std::string(length, static_cast<char>('a' + t)) + '\n';
      for (int i = 0; i < 50; ++i) sink.write(line);
    });
  }
  for (std::thread& thread : threads) thread.join();
  check_lines(stream.text(), 200, length);
}

TEST_CASE("line_sink: each piece reaches the system in one write") {
  // A datagram socket keeps the bounds of every write.
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
  std::FILE* const stream = ::fdopen(ends[0], "w");
  REQUIRE(stream != nullptr);
  const upkeep::line_sink sink(stream);
  const std::string piece = std::string(9'999, 'x') + "\n";  // more than a stream's buffer
  sink.write(piece);
  sink.write("short\n");
  std::string received(20'000, '\0');
  CHECK(::recv(ends[1], received.data(), received.size(), 0) == 10'000);
  CHECK(::recv(ends[1], received.data(), received.size(), 0) == 6);
  std::fclose(stream);
  ::close(ends[1]);
}
