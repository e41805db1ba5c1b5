// Whatever is done to an audit log behind its writer's back, the check names the first line that is not as it was written.

#include "upkeep/observe/audit_verification.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/audit_files.hpp"
#include "support/catch.hpp"
#include "support/failure.hpp"

using upkeep::audit_report;
using upkeep::audit_state;
using upkeep_test::audit_files;
using upkeep_test::joined;
using upkeep_test::lines_of;

namespace {

/// The number of the line that holds byte `at`.
std::uint64_t line_of(const std::string& log, std::size_t at) {
  std::uint64_t line = 1;
  for (std::size_t i = 0; i < at; ++i) line += log[i] == '\n' ? 1 : 0;
  return line;
}

void check_bad(const audit_files& files, audit_state state, std::uint64_t line) {
  const audit_report report = files.verified();
  CAPTURE(report.problem);
  REQUIRE(to_string(report.state) == to_string(state));
  REQUIRE(report.first_bad_line == line);
  REQUIRE(report.lines == line - 1);
  REQUIRE(report.problem.find("line " + std::to_string(line) + " ") == 0);
}

}  // namespace

TEST_CASE("a log is intact as it was written", "[audit]") {
  for (const std::size_t lines : {1U, 2U, 7U, 300U}) {
    const audit_files files;
    files.write(lines);
    const audit_report report = files.verified();
    CAPTURE(lines, report.problem);
    CHECK(report.intact());
    CHECK(report.lines == lines);
    CHECK(report.files == 1);
    CHECK(report.unsealed == 0);
    CHECK(report.repairs == 0);
    CHECK(report.first_bad_line == 0);
    CHECK(report.problem.empty());
  }
}

TEST_CASE("a change of any byte is found in its line", "[audit]") {
  const audit_files files;
  files.write(3);
  const std::string log = files.log();
  for (std::size_t at = 0; at < log.size(); ++at)
    for (const int change : {1, 0x80}) {
      if (change != 1 && at % 7 != 0) continue;
      std::string edited = log;
      edited[at] = static_cast<char>(edited[at] ^ change);
      files.put_log(edited);
      CAPTURE(at, change);
      check_bad(files, audit_state::broken, line_of(log, at));
    }
}

TEST_CASE("a byte that was removed or inserted is found in its line", "[audit]") {
  const audit_files files;
  files.write(3);
  const std::string log = files.log();
  for (std::size_t at = 0; at < log.size(); ++at) {
    CAPTURE(at);
    files.put_log(log.substr(0, at) + log.substr(at + 1));
    check_bad(files, audit_state::broken, line_of(log, at));
    for (const char byte : {'0', '\n', '\0'}) {
      if (byte != '\n' && at % 5 != 0) continue;
      if (byte == log[at]) continue;  // the same text as one inserted behind it
      std::string more = log;
      more.insert(at, 1, byte);
      files.put_log(more);
      check_bad(files, audit_state::broken, line_of(log, at));
    }
  }
}

TEST_CASE("a log that was cut anywhere ends before its sealed head", "[audit]") {
  const audit_files files;
  files.write(4);
  const std::string log = files.log();
  for (std::size_t size = 0; size < log.size(); ++size) {
    CAPTURE(size);
    files.put_log(log.substr(0, size));
    check_bad(files, audit_state::broken, line_of(log, size));
  }
  std::filesystem::remove(files.path);
  check_bad(files, audit_state::broken, 1);
}

TEST_CASE("a line that was removed, repeated, moved or taken from elsewhere is found", "[audit]") {
  const audit_files files;
  files.write(8);
  const std::vector<std::string> lines = lines_of(files.log());
  REQUIRE(lines.size() == 8);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(i);
    auto fewer = lines;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    files.put_log(joined(fewer));
    check_bad(files, audit_state::broken, i + 1);
    for (std::size_t k = i + 1; k < lines.size(); ++k) {
      auto swapped = lines;
      std::swap(swapped[i], swapped[k]);
      files.put_log(joined(swapped));
      check_bad(files, audit_state::broken, i + 1);
    }
    for (std::size_t k = 0; k <= lines.size(); ++k) {
      auto more = lines;
      more.insert(more.begin() + static_cast<std::ptrdiff_t>(k), lines[i]);
      files.put_log(joined(more));
      const std::size_t bad = k == i ? i + 2 : k + 1;
      // Behind the sealed head, all that was sealed is there.
      check_bad(files, bad <= lines.size() ? audit_state::broken : audit_state::torn, bad);
    }
  }
  const audit_files other;
  other.write(8);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    auto mixed = lines;
    mixed[i] = lines_of(other.log())[i];  // the same key, number and event
    files.put_log(joined(mixed));
    check_bad(files, audit_state::broken, i + 1);
  }
  files.put_log(other.log());
  check_bad(files, audit_state::broken, 1);
}

TEST_CASE("another key is told from an edit", "[audit]") {
  const audit_files files;
  files.write(5);
  const audit_report report = files.verified('x');
  CHECK(report.state == audit_state::wrong_key);
  CHECK(report.first_bad_line == 1);
  CHECK(report.problem.find("another key") != std::string::npos);
  CHECK(report.problem.find("xxxx") == std::string::npos);
  const std::string log = files.log();
  files.put_log("x" + log.substr(1));
  CHECK(files.verified().state == audit_state::broken);
}

TEST_CASE("a head that was changed in any byte, taken away or taken from elsewhere vouches for nothing", "[audit]") {
  const audit_files files;
  files.write(3);
  const std::string head = files.sealed();
  for (std::size_t at = 0; at < head.size(); ++at) {
    std::string edited = head;
    edited[at] = static_cast<char>(edited[at] ^ 1);
    files.put_head(edited);
    CAPTURE(at);
    REQUIRE(files.verified().state == audit_state::headless);
    files.put_head(head.substr(0, at));
    REQUIRE(files.verified().state == audit_state::headless);
  }
  files.put_head(head + "\n");
  CHECK(files.verified().state == audit_state::headless);
  std::filesystem::remove(files.head);
  const audit_report report = files.verified();
  CHECK(report.state == audit_state::headless);
  CHECK(report.lines == 3);
  CHECK(report.first_bad_line == 0);
  const audit_files other;
  other.write(3);
  files.put_head(other.sealed());
  CHECK(files.verified().state == audit_state::broken);  // line 1 is not of the log that the head is of
}

TEST_CASE("an older head is no head of a log that went another way", "[audit]") {
  const audit_files files;
  files.write(3);
  const std::string log = files.log(), head = files.sealed();
  files.write(3);  // opened again, two lines more
  const std::string head_of_one = files.sealed();
  CHECK(files.verified().lines == 5);
  files.put_head(head);
  const audit_report behind = files.verified();
  CHECK(behind.intact());
  CHECK(behind.unsealed == 2);
  files.put_log(log);
  files.put_head(head);
  files.write(4);  // another end, under the same key
  files.put_head(head_of_one);
  CHECK(files.verified().state == audit_state::headless);
}

TEST_CASE("what stands behind the sealed head is no proof of a change, and is named", "[audit]") {
  const audit_files files;
  files.write(3);
  const std::string log = files.log();
  for (const std::string& more : {std::string("{"), std::string("\n"), std::string(5000, '\0'), std::string("{\"sequence\":4,"),
                                  lines_of(log)[1], std::string("garbage\nmore\n")}) {
    files.put_log(log + more);
    check_bad(files, audit_state::torn, 4);
  }
}

TEST_CASE("a log over many files is one chain", "[audit]") {
  const audit_files files;
  {
    upkeep::audit_log log(files.path, upkeep_test::audit_key(), {.rotate_bytes = 1000});
    for (std::size_t i = 0; i < 20; ++i) audit_files::tell(log, i);
  }
  const audit_report whole = files.verified();
  CAPTURE(whole.problem);
  REQUIRE(whole.intact());
  REQUIRE(whole.files > 4);
  CHECK(whole.lines == 20 + whole.files);
  const auto named = [&](int number) { return files.path + ".00000" + std::to_string(number); };
  const std::string first = upkeep::read_file(named(1)), second = upkeep::read_file(named(2));
  const std::uint64_t in_first = lines_of(first).size(), in_second = lines_of(second).size();

  SECTION("a file is missing") {
    std::filesystem::remove(named(2));
    check_bad(files, audit_state::broken, in_first + 1);
  }
  SECTION("the first file is missing") {
    std::filesystem::remove(named(1));
    check_bad(files, audit_state::broken, 1);
    for (int i = 2; std::filesystem::exists(named(i)); ++i) std::filesystem::rename(named(i), named(i - 1));
    check_bad(files, audit_state::broken, 1);
  }
  SECTION("the last file is missing") {
    std::filesystem::remove(files.path);
    const audit_report report = files.verified();
    CHECK(report.state == audit_state::broken);
    CHECK(report.problem.find("lines were sealed") != std::string::npos);
  }
  SECTION("two files changed places") {
    upkeep::write_file_atomically(named(1), second);
    upkeep::write_file_atomically(named(2), first);
    check_bad(files, audit_state::broken, 1);
  }
  SECTION("the end of a full file was cut off") {
    auto fewer = lines_of(second);
    fewer.pop_back();
    upkeep::write_file_atomically(named(2), joined(fewer));
    check_bad(files, audit_state::broken, in_first + in_second);
  }
  SECTION("a full file was emptied") {
    upkeep::write_file_atomically(named(2), std::string_view());
    check_bad(files, audit_state::broken, in_first + 1);
  }
  SECTION("earlier files were moved away on purpose") {
    std::filesystem::remove(named(1));
    std::filesystem::remove(named(2));
    const audit_report rest = upkeep::verify_audit_log(files.path, upkeep_test::audit_key(), {.first_file = 3});
    CHECK(rest.intact());
    CHECK(rest.lines == whole.lines);
    CHECK(rest.files == whole.files - 2);
    const auto other = upkeep::verify_audit_log(files.path, upkeep_test::audit_key(), {.first_file = 4});
    CHECK(other.intact());
    CHECK(upkeep::verify_audit_log(files.path, upkeep_test::audit_key('x'), {.first_file = 3}).state == audit_state::broken);
  }
  SECTION("the same line of a file is named with its place") {
    std::string edited = second;
    edited[edited.find("counted")] = 'C';
    upkeep::write_file_atomically(named(2), edited);
    const audit_report report = files.verified();
    CHECK(report.first_bad_line == in_first + 2);
    CHECK(report.file == named(2));
    CHECK(report.line_in_file == 2);
  }
}

TEST_CASE("a log that is not there is not taken for an empty one", "[audit]") {
  const audit_files files;
  CHECK(upkeep_test::failure_of([&] { static_cast<void>(files.verified()); }).code == upkeep::errc::not_found);
  files.put_log("");
  CHECK(files.verified().state == audit_state::headless);
}
