#include "upkeep/observe/audit_chain.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <span>
#include <string>
#include <string_view>

using namespace upkeep;
namespace audit = upkeep::v0::detail;

namespace {

audit::audit_codes codes(char key = 'k') {
  const std::string bytes(32, key);
  return audit::audit_codes(secret_key(std::as_bytes(std::span<const char>(bytes))));
}

const std::string name(32, 'a');

std::string without_feed(std::string line) {
  line.pop_back();
  return line;
}

}  // namespace

TEST_CASE("a line depends on its key, on the line before it and on what it is for", "[audit_chain]") {
  const mac256 before = codes().start(name);
  const mac256 line = codes().line(before, "{\"sequence\":1");
  CHECK(line == codes().line(before, "{\"sequence\":1"));
  CHECK(line != codes('j').line(before, "{\"sequence\":1"));
  CHECK(line != codes().line(line, "{\"sequence\":1"));
  CHECK(line != codes().line(before, "{\"sequence\":2"));
  CHECK(codes().start("x") != codes().head("x"));
  CHECK(codes().start(name) != codes().start(std::string(32, 'b')));
}

TEST_CASE("a line is taken apart as it was put together, and in no other form", "[audit_chain]") {
  const std::string content = "{\"sequence\":17,\"event\":\"x\"";
  const mac256 code = codes().line({}, content);
  const std::string text = without_feed(audit::audit_line_text(content, code));
  const auto line = audit::audit_line::parse(text);
  REQUIRE(line);
  CHECK(line->content == content);
  CHECK(line->code == code);
  CHECK(line->number == 17);
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(audit::audit_line::parse(text.substr(0, size)));
  CHECK_FALSE(audit::audit_line::parse(text + " "));
  CHECK_FALSE(audit::audit_line::parse(without_feed(audit::audit_line_text("{\"sequence\":0", code))));
  CHECK_FALSE(audit::audit_line::parse(without_feed(audit::audit_line_text("{\"number\":1", code))));
}

TEST_CASE("a head is believed under its own key alone, and with no byte changed", "[audit_chain]") {
  const audit::audit_head head{name, 3, {41, codes().line({}, "{\"sequence\":41")}};
  const std::string text = head.text(codes(), time_point(std::chrono::hours(490'000)));
  const auto read = audit::audit_head::parse(codes(), text);
  REQUIRE(read);
  CHECK(read->log == name);
  CHECK(read->file == 3);
  CHECK(read->position == head.position);
  CHECK_FALSE(audit::audit_head::parse(codes('j'), text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '1' ? '2' : '1';
    CAPTURE(i);
    CHECK_FALSE(audit::audit_head::parse(codes(), changed));
    CHECK_FALSE(audit::audit_head::parse(codes(), text.substr(0, i)));
  }
}

TEST_CASE("files that are full have names in their order", "[audit_chain]") {
  CHECK(audit::rotated_audit_file("audit.jsonl", 1) == "audit.jsonl.000001");
  CHECK(audit::rotated_audit_file("audit.jsonl", 9) < audit::rotated_audit_file("audit.jsonl", 10));
}

TEST_CASE("lines of every length are read one by one, the last also without its end", "[audit_chain]") {
  const upkeep_test::temporary_directory folder;
  std::string all;
  for (const std::size_t size : {0U, 1U, 16383U, 16384U, 16385U, 70000U}) all += std::string(size, 'x') + '\n';
  audit::audit_lines lines(folder.write("lines", all + "rest").string());
  std::string_view line;
  bool whole = false;
  for (const std::size_t size : {0U, 1U, 16383U, 16384U, 16385U, 70000U}) {
    REQUIRE(lines.next(line, whole));
    CHECK(whole);
    CHECK(line.size() == size);
  }
  REQUIRE(lines.next(line, whole));
  CHECK_FALSE(whole);
  CHECK(line == "rest");
  CHECK_FALSE(lines.next(line, whole));
}
