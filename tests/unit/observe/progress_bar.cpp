#include "upkeep/observe/progress_bar.hpp"

#include "support/captured_stream.hpp"
#include "support/catch.hpp"
#include "upkeep/base/progress.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace std::string_view_literals;
using std::chrono::milliseconds;
using upkeep::event;
using upkeep::event_field;
using upkeep::event_level;

namespace {

std::chrono::steady_clock::time_point now{};  // as the bars below see it

upkeep::progress_bar_options forced(std::size_t width = 80) {
  return {.force = true, .width = width, .now = [] { return now; }};
}

template <class Observer>
void tell(Observer& observer, std::string_view step, std::uint64_t done, std::uint64_t total, std::string_view unit = "rows") {
  const event_field fields[] = {{"step", step}, {"done", done}, {"total", total}, {"unit", unit}};
  observer.observe(event{event_level::progress, "progress", {}, fields});
}

/// What a terminal's line shows after `output`: no other control character than a carriage return may be in it.
std::string screen(const std::string& output) {
  std::string line;
  std::size_t column = 0;
  for (const char c : output) {
    if (c == '\r') {
      column = 0;
      continue;
    }
    REQUIRE(c >= ' ');
    REQUIRE(c <= '~');
    line.resize(std::max(line.size(), column + 1), ' ');
    line[column++] = c;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::size_t draws(const std::string& output) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = output.find('%', at)) != std::string::npos; ++at) ++count;
  return count;
}

}  // namespace

TEST_CASE("progress_bar shows step, share, bar, done of total and unit") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced());
  tell(bar, "join", 25, 100);
  CHECK(screen(stream.text()) == "join  25 %  [##########------------------------------]  25/100 rows");
}

TEST_CASE("progress_bar estimates the time that is left from the pace since the step began") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced(60));
  tell(bar, "join", 100, 1000);  // what was done before the first word does not count
  now += std::chrono::seconds(10);
  tell(bar, "join", 200, 1000);
  CHECK(screen(stream.text()).find("ETA 1:20") != std::string::npos);  // 100 rows in 10 s, 800 are left
  now += std::chrono::seconds(10);
  tell(bar, "join", 201, 1'000'000);
  CHECK(screen(stream.text()).find("ETA 54:59:40") != std::string::npos);  // 101 rows in 20 s
  now += std::chrono::seconds(100);
  tell(bar, "join", 202, 1'000'000'000'000);
  CHECK(screen(stream.text()).find("ETA > 99 h") != std::string::npos);
}

TEST_CASE("progress_bar draws at most ten times a second") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced());
  for (std::uint64_t i = 0; i < 1000; ++i) {
    tell(bar, i % 2 == 0 ? "join" : "guard", i, 2000);  // a new step is no reason to flicker
    now += milliseconds(1);
  }
  const std::size_t count = draws(stream.text());
  CHECK(count <= 10);
  CHECK(count >= 9);
}

TEST_CASE("progress_bar clears its line when the step ends, when another event comes, and when it goes") {
  const upkeep_test::captured_stream stream;
  {
    upkeep::progress_bar bar(stream.get(), forced());
    tell(bar, "join", 1, 100);
    CHECK_FALSE(screen(stream.text()).empty());
    tell(bar, "join", 100, 100);
    CHECK(screen(stream.text()).empty());

    now += milliseconds(100);
    tell(bar, "guard", 1, 100);
    CHECK_FALSE(screen(stream.text()).empty());
    bar.observe({event_level::info, "rows_removed", "3 rows.", {}});
    CHECK(screen(stream.text()).empty());
    const std::string before = stream.text();
    bar.observe({event_level::info, "rows_removed", "3 rows.", {}});
    CHECK(stream.text() == before);  // nothing to clear

    now += milliseconds(100);
    tell(bar, "guard", 2, 100);
    CHECK_FALSE(screen(stream.text()).empty());
  }
  CHECK(screen(stream.text()).empty());
}

TEST_CASE("progress_bar: a shorter line leaves nothing of a longer one") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced());
  tell(bar, "a_step_with_a_long_name", 1, 100'000);
  now += milliseconds(100);
  tell(bar, "b", 1, 0);
  CHECK(screen(stream.text()) == "b  1 rows");
}

TEST_CASE("progress_bar: without a total there is no share and no time left") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced());
  tell(bar, "scan", 10, 0);
  now += milliseconds(200);
  tell(bar, "scan", 20, 0);
  CHECK(screen(stream.text()) == "scan  20 rows");
}

TEST_CASE("progress_bar fits its line into any width") {
  for (const std::size_t width : {1U, 2U, 10U, 20U, 40U, 60U, 200U}) {
    const upkeep_test::captured_stream stream;
    upkeep::progress_bar bar(stream.get(), forced(width));
    tell(bar, "join", 1, 3, "pairs of rows");
    now += milliseconds(100);
    tell(bar, "join", 2, 3, "pairs of rows");
    CHECK(screen(stream.text()).size() < std::max<std::size_t>(width, 2));
    CHECK_FALSE(screen(stream.text()).empty());
  }
}

TEST_CASE("progress_bar: hostile names and numbers") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced());
  tell(bar, "\x1b[2J\n\r\xff"sv, 7, 5, "\n"sv);
  CHECK(screen(stream.text()).find("?[2J???  100 %") == 0);
  now += milliseconds(100);
  tell(bar, std::string(10'000, 'x'), 1, ~std::uint64_t{0});
  CHECK(screen(stream.text()).size() < 80);
  const event_field odd[] = {{"step", "s"}, {"done", -5}, {"total", "many"}};
  now += milliseconds(100);
  bar.observe({event_level::progress, "progress", {}, odd});
  bar.observe({event_level::progress, "progress", {}, {}});
  CHECK(screen(stream.text()).empty());
}

TEST_CASE("progress_bar writes nothing to what is no terminal") {
  const upkeep_test::captured_stream stream;
  {
    upkeep::progress_bar bar(stream.get());
    tell(bar, "join", 1, 100);
    bar.observe({event_level::info, "e", {}, {}});
    upkeep::progress_bar nowhere(nullptr, {.force = true});
    tell(nowhere, "join", 1, 100);
  }
  CHECK(stream.text().empty());
}

TEST_CASE("progress_bar draws on a terminal, as wide as it is") {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) {
    WARN("skipped: no pseudo terminal");
    return;
  }
  std::FILE* const terminal = std::fopen(::ptsname(master), "r+");
  REQUIRE(terminal != nullptr);
  winsize size{};
  size.ws_col = 50;
  REQUIRE(::ioctl(master, TIOCSWINSZ, &size) == 0);
  const char* const term = std::getenv("TERM");
  const std::string kept = term != nullptr ? term : "";
  ::setenv("TERM", "xterm", 1);
  {
    upkeep::progress_bar bar(terminal);
    tell(bar, "join", 1, 2);
    char buffer[512];
    const auto got = ::read(master, buffer, sizeof buffer);
    REQUIRE(got > 0);
    const std::string line = screen(std::string(buffer, static_cast<std::size_t>(got)));
    CHECK(line.find("join  50 %") == 0);
    CHECK(line.size() == 49);
    ::setenv("TERM", "dumb", 1);
    upkeep::progress_bar dumb(terminal);
    tell(dumb, "other", 1, 2);
  }
  char buffer[512];
  const auto got = ::read(master, buffer, sizeof buffer);
  REQUIRE(got > 0);
  CHECK(std::string_view(buffer, static_cast<std::size_t>(got)).find("other") == std::string_view::npos);
  if (term != nullptr)
    ::setenv("TERM", kept.c_str(), 1);
  else
    ::unsetenv("TERM");
  std::fclose(terminal);
  ::close(master);
}

TEST_CASE("progress_bar: a copy has nothing drawn and clears nothing") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced());
  tell(bar, "join", 1, 100);
  const std::string before = stream.text();
  { const upkeep::progress_bar copy(bar); }
  CHECK(stream.text() == before);
}

TEST_CASE("progress_bar understands what a progress reports") {
  const upkeep_test::captured_stream stream;
  upkeep::progress_bar bar(stream.get(), forced());
  const auto sink = [&](const event& e) { bar.observe(e); };
  upkeep::progress progress({}, sink);
  progress.report("scan", 1, 4, "rows");
  CHECK(screen(stream.text()).find("scan  25 %") == 0);
  progress.report("scan", 4, 4, "rows");
  CHECK(screen(stream.text()).empty());
}
