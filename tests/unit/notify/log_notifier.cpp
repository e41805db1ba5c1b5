#include "upkeep/notify/log_notifier.hpp"

#include "support/captured_stream.hpp"
#include "support/catch.hpp"

#include <cstdio>
#include <string>
#include <string_view>

using namespace std::string_view_literals;
using upkeep::message;

namespace {

std::string delivered(const message& what) {
  const upkeep_test::captured_stream stream;
  upkeep::log_notifier(stream.get()).deliver(what);
  return stream.text();
}

/// The log without the time that the first line starts with, which must be one.
std::string without_time(const std::string& log) {
  const std::size_t space = log.find(' ');
  REQUIRE(space != std::string::npos);
  REQUIRE(upkeep::parse_iso8601(log.substr(0, space)).has_value());
  return log.substr(space + 1);
}

}  // namespace

TEST_CASE("log_notifier writes a line with time, urgency and title, then the text") {
  CHECK(without_time(delivered({message::urgency::notice, "3 rows removed", "One.\nTwo."})) == "notice: 3 rows removed\n  One.\n  Two.\n");
  CHECK(without_time(delivered({message::urgency::alert, "limit", ""})) == "alert: limit\n");
  CHECK(without_time(delivered({message::urgency::alert, "", "a\n\nb\n"})) == "alert: \n  a\n  \n  b\n");
}

TEST_CASE("log_notifier: the time is now") {
  const auto before = std::chrono::floor<std::chrono::seconds>(upkeep::system_clock().now());
  const std::string log = delivered({message::urgency::notice, "t", ""});
  const auto time = upkeep::parse_iso8601(log.substr(0, log.find(' ')));
  REQUIRE(time.has_value());
  CHECK(*time >= before);
  CHECK(*time <= upkeep::system_clock().now());
}

TEST_CASE("log_notifier: no title or text can forge a line or move the cursor") {
  const std::string log = without_time(
      delivered({message::urgency::notice, "a\n2026-01-01T00:00:00Z alert: forged", "\x1b[2Jx\n2026-01-01T00:00:00Z alert: forged\r\xff"}));
  CHECK(log == "notice: a\\n2026-01-01T00:00:00Z alert: forged\n  \\x1b[2Jx\n  2026-01-01T00:00:00Z alert: forged\\x0d\\xff\n");
  CHECK(without_time(delivered({message::urgency::notice, std::string("a\0b"sv), ""})) == "notice: a\\x00b\n");
}

TEST_CASE("log_notifier appends to a file") {
  const upkeep_test::temporary_folder folder;
  const std::string path = folder.file("messages.log");
  upkeep::log_notifier(path).deliver({message::urgency::notice, "one", ""});
  upkeep::log_notifier(path.c_str()).deliver({message::urgency::notice, "two", ""});
  const std::string log = upkeep::read_file(path);
  const std::size_t second = log.find('\n') + 1;
  CHECK(without_time(log.substr(0, second)) == "notice: one\n");
  CHECK(without_time(log.substr(second)) == "notice: two\n");
}

TEST_CASE("log_notifier throws where it cannot open or write") {
  const upkeep_test::temporary_folder folder;
  CHECK_THROWS_AS(upkeep::log_notifier(static_cast<std::FILE*>(nullptr)), upkeep::error);
  CHECK_THROWS_AS(upkeep::log_notifier(folder.file("no/such/file")), upkeep::error);
  std::FILE* const read_only = std::fopen("/dev/null", "r");
  REQUIRE(read_only != nullptr);
  const upkeep::log_notifier notifier(read_only);
  try {
    notifier.deliver({message::urgency::notice, "lost", ""});
    FAIL("nothing was thrown");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::io);
  }
  std::fclose(read_only);
}
