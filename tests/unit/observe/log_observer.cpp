#include "upkeep/observe/log_observer.hpp"

#include "support/captured_stream.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;
using upkeep::event;
using upkeep::event_field;
using upkeep::event_level;
using upkeep::log_format;
using upkeep::log_options;

namespace {

std::string logged(const event& what, log_options options) {
  const upkeep_test::captured_stream stream;
  upkeep::log_observer(stream.get(), options).observe(what);
  return stream.text();
}

/// The line as text, without its time.
std::string text_of(const event& what) {
  const std::string line = logged(what, {});
  const std::size_t space = line.find(' ');
  REQUIRE(space != std::string::npos);
  REQUIRE(upkeep::parse_iso8601(line.substr(0, space)).has_value());
  return line.substr(space + 1);
}

/// The line as JSON, without its time.
std::string json_of(const event& what) {
  const std::string line = logged(what, {.format = log_format::json_lines});
  const std::string_view start = "{\"time\":\"";
  REQUIRE(line.substr(0, start.size()) == start);
  const std::size_t quote = line.find('"', start.size());
  REQUIRE(upkeep::parse_iso8601(std::string_view(line).substr(start.size(), quote - start.size())).has_value());
  return "{" + line.substr(quote + 2);
}

}  // namespace

TEST_CASE("log_observer writes text for people") {
  const event_field fields[] = {{"rows", 12},
                                {"removed", std::uint64_t{3}},
                                {"share", 0.25},
                                {"dry_run", true},
                                {"who", "night"},
                                {"where", "a \"b\" \\c"},
                                {"none", std::string_view{}}};
  CHECK(text_of({event_level::info, "rows_removed", "3 rows were removed.", fields}) ==
        "info rows_removed: 3 rows were removed. rows=12 removed=3 share=0.25 dry_run=true who=night where=\"a \\\"b\\\" \\\\c\" "
        "none=\"\"\n");
  CHECK(text_of({event_level::alert, "stopped", {}, {}}) == "alert stopped\n");
  CHECK(text_of({event_level::warning, "odd", "Look.", {}}) == "warning odd: Look.\n");
}

TEST_CASE("log_observer writes JSON Lines for programs") {
  const event_field fields[] = {{"rows", -12}, {"bytes", ~std::uint64_t{0}}, {"share", 0.1}, {"dry_run", false}, {"who", "a\"b\n"}};
  CHECK(json_of({event_level::info, "rows_removed", "Done.", fields}) ==
        "{\"level\":\"info\",\"event\":\"rows_removed\",\"text\":\"Done.\",\"fields\":{\"rows\":-12,\"bytes\":18446744073709551615,"
        "\"share\":0.1,\"dry_run\":false,\"who\":\"a\\\"b\\n\"}}\n");
  CHECK(json_of({event_level::alert, "stopped", {}, {}}) == "{\"level\":\"alert\",\"event\":\"stopped\"}\n");
}

TEST_CASE("log_observer: numbers that are not finite") {
  const event_field fields[] = {{"a", std::numeric_limits<double>::quiet_NaN()}, {"b", HUGE_VAL}, {"c", -HUGE_VAL}};
  CHECK(text_of({event_level::info, "odd", {}, fields}) == "info odd: a=nan b=inf c=-inf\n");
  CHECK(json_of({event_level::info, "odd", {}, fields}) ==
        "{\"level\":\"info\",\"event\":\"odd\",\"fields\":{\"a\":null,\"b\":null,\"c\":null}}\n");
}

TEST_CASE("log_observer: text that is not UTF-8 keeps its bytes in JSON and is made visible in text") {
  const event_field fields[] = {{"key", "\xff\0"sv}, {"\xfe"sv, 1}};
  CHECK(
      json_of({event_level::info, "e", "\xff"sv, fields}) ==
      "{\"level\":\"info\",\"event\":\"e\",\"text\":{\"base64\":\"/w==\"},\"fields\":{\"key\":{\"base64\":\"/wA=\"},\"base64 /g==\":1}}\n");
  CHECK(text_of({event_level::info, "e", "\xff"sv, fields}) == "info e: \\xff key=\\xff\\x00 \\xfe=1\n");
}

TEST_CASE("log_observer: one event is one line, whatever is in it") {
  const event_field fields[] = {{"a\nb", "c\nd\r\n"}, {"esc", "\x1b[2J"}};
  for (const log_format format : {log_format::text, log_format::json_lines}) {
    const std::string line = logged({event_level::info, "n\n", "t\nu", fields}, {.format = format});
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line.find('\x1b') == std::string::npos);
    CHECK(line.find('\r') == std::string::npos);
  }
}

TEST_CASE("log_observer: levels below the minimum are left out, progress unless it is asked for") {
  const event_level levels[] = {event_level::progress, event_level::detail, event_level::info, event_level::warning, event_level::alert};
  for (const event_level minimum : levels) {
    for (const event_level level : levels) {
      const std::string line = logged({level, "e", {}, {}}, {.minimum = minimum});
      CHECK(line.empty() == (static_cast<int>(level) < static_cast<int>(minimum)));
    }
  }
  CHECK(logged({event_level::progress, "progress", {}, {}}, {}).empty());
  CHECK(logged({event_level::detail, "e", {}, {}}, {}).empty());
  CHECK_FALSE(logged({event_level::info, "e", {}, {}}, {}).empty());
}

TEST_CASE("log_observer appends to a file and throws where it cannot") {
  const upkeep_test::temporary_folder folder;
  const std::string path = folder.file("log");
  upkeep::log_observer(path).observe({event_level::info, "one", {}, {}});
  upkeep::log_observer(path.c_str(), {.format = log_format::json_lines}).observe({event_level::info, "two", {}, {}});
  const std::string log = upkeep::read_file(path);
  CHECK(log.find(" info one\n") != std::string::npos);
  CHECK(log.find("\"event\":\"two\"}\n") == log.size() - 15);
  CHECK_THROWS_AS(upkeep::log_observer(folder.file("no/such/file")), upkeep::error);
  CHECK_THROWS_AS(upkeep::log_observer(static_cast<std::FILE*>(nullptr)), upkeep::error);
  if (std::FILE* const read_only = std::fopen("/dev/null", "r")) {
    const upkeep::log_observer observer(read_only);
    CHECK_THROWS_AS(observer.observe({event_level::info, "lost", {}, {}}), upkeep::error);
    std::fclose(read_only);
  }
}
