// An audit log says what it was told, one line an event, keeps other writers out, and goes on after whatever ended the last writer.

#include "upkeep/observe/audit_log.hpp"

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/audit_files.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/failure.hpp"
#include "upkeep/base/rng.hpp"

using namespace std::string_view_literals;
using upkeep::audit_log;
using upkeep::audit_state;
using upkeep::errc;
using upkeep::event;
using upkeep::event_field;
using upkeep::event_level;
using upkeep_test::audit_files;
using upkeep_test::audit_key;
using upkeep_test::failure_of;
using upkeep_test::lines_of;

namespace {

/// A line without its time and its code.
std::string said(const std::string& line) {
  const std::size_t time = line.find("\"time\":\""), actor = line.find("\"actor\":"), code = line.rfind(",\"mac\":\"");
  REQUIRE(time != std::string::npos);
  REQUIRE(actor != std::string::npos);
  REQUIRE(code != std::string::npos);
  REQUIRE(upkeep::parse_iso8601(line.substr(time + 8, line.find('"', time + 8) - time - 8)));
  REQUIRE(line.size() == code + 8 + 64 + 3);
  return line.substr(0, time) + line.substr(actor, code - actor);
}

audit_log opened(const audit_files& files) { return audit_log(files.path, audit_key(), {.actor = "a"}); }

}  // namespace

TEST_CASE("each event but progress and row_removed is one line with number, time and actor", "[audit]") {
  const audit_files files;
  {
    audit_log log(files.path, audit_key(), {.actor = "ops@\"host\""});
    const event_field fields[] = {{"key", "a\nb"}, {"score", 0.985}, {"rows", 3}};
    log.observe({event_level::info, "run_started", "Go.", fields});
    log.observe({event_level::progress, "progress", {}, fields});
    log.observe({event_level::detail, "removing_row", {}, fields});
    log.observe({event_level::detail, "row_removed", {}, fields});
    log.observe({event_level::alert, "run_failed", {}, {}});
    CHECK(log.lines() == 4);
    CHECK(log.path() == files.path);
  }
  const std::vector<std::string> lines = lines_of(files.log());
  REQUIRE(lines.size() == 4);
  CHECK(said(lines[1]) == R"({"sequence":2,"actor":"ops@\"host\"","level":"info","event":"run_started","text":"Go.",)"
                          R"("fields":{"key":"a\nb","score":0.985,"rows":3})");
  CHECK(said(lines[2]) == R"({"sequence":3,"actor":"ops@\"host\"","level":"detail","event":"removing_row",)"
                          R"("fields":{"key":"a\nb","score":0.985,"rows":3})");
  CHECK(said(lines[3]) == R"({"sequence":4,"actor":"ops@\"host\"","level":"alert","event":"run_failed")");
  CHECK(lines[0].find(R"({"sequence":1,"upkeep_audit_log":1,"log":")") == 0);
  CHECK(files.verified().intact());
}

TEST_CASE("whatever an event holds, it is one line and no byte is lost", "[audit]") {
  const audit_files files;
  {
    audit_log log = opened(files);
    const event_field fields[] = {{"key", "\xff\0"sv}, {"nan", std::numeric_limits<double>::quiet_NaN()}, {"\xfe"sv, true}};
    log.observe({event_level::info, "\n", "\x1b[2J\r\n", fields});
    log.observe({event_level::info, "long", std::string(100'000, 'x'), {}});
    log.observe({});
  }
  CHECK(lines_of(files.log()).size() == 4);
  CHECK(files.log().find(R"("key":{"base64":"/wA="},"nan":null,"base64 /g==":true)") != std::string::npos);
  CHECK(files.verified().intact());
}

TEST_CASE("its files are for their owner only", "[audit]") {
  const audit_files files;
  files.write(2);
  for (const std::string& path : {files.path, files.head}) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777U) == 0600);
  }
}

TEST_CASE("a log that is opened again goes on", "[audit]") {
  const audit_files files;
  for (std::uint64_t times = 1; times <= 5; ++times) {
    audit_log log = opened(files);
    CHECK(log.lines() == (times == 1 ? 1 : 1 + 2 * (times - 1)));
    audit_files::tell(log, 1);
    audit_files::tell(log, 2, event_level::detail);  // sealed by the destructor
  }
  const upkeep::audit_report report = files.verified();
  CHECK(report.intact());
  CHECK(report.lines == 11);
  CHECK(report.unsealed == 0);
}

TEST_CASE("a second writer is refused, in this process and in another", "[audit]") {
  const audit_files files;
  audit_log first = opened(files);
  const auto refused = failure_of([&] { opened(files); });
  CHECK(refused.code == errc::busy);
  CHECK(refused.names(upkeep::process_name()));
  const auto elsewhere =
      upkeep_test::in_child([&] { return failure_of([&] { opened(files); }).code == errc::busy ? "busy" : "not refused"; });
  CHECK(elsewhere.said == "busy");
  audit_log moved = std::move(first);
  CHECK(failure_of([&] { opened(files); }).code == errc::busy);
  audit_files::tell(moved, 1);
  CHECK(files.verified().lines == 2);
}

TEST_CASE("a full file is renamed and the chain goes on", "[audit]") {
  const audit_files files;
  for (int times = 0; times < 3; ++times) {
    audit_log log(files.path, audit_key(), {.rotate_bytes = 1500});
    for (std::size_t i = 0; i < 10; ++i) audit_files::tell(log, i);
  }
  std::uint64_t number = 1;
  for (; std::filesystem::exists(files.path + ".00000" + std::to_string(number)); ++number) {
    const std::uint64_t size = std::filesystem::file_size(files.path + ".00000" + std::to_string(number));
    CHECK(size >= 1500);
    CHECK(size < 2000);
  }
  const upkeep::audit_report report = files.verified();
  CHECK(report.intact());
  CHECK(report.files == number);
  CHECK(report.lines == 30 + number);
  REQUIRE(number > 3);
  // A name that is taken is no reason to lose what is there.
  static_cast<void>(files.directory.write("audit.log.00000" + std::to_string(number), "somebody else's"));
  audit_log log(files.path, audit_key(), {.rotate_bytes = 1});
  CHECK(failure_of([&] { audit_files::tell(log, 1); }).names("move that file away"));
}

TEST_CASE("the head can lie elsewhere", "[audit]") {
  const audit_files files;
  const std::string head = files.directory / "elsewhere";
  for (int i = 0; i < 2; ++i) {
    audit_log log(files.path, audit_key(), {.head = head});
    audit_files::tell(log, 1);
  }
  CHECK_FALSE(std::filesystem::exists(files.head));
  CHECK(upkeep::verify_audit_log(files.path, audit_key(), {.head = head}).intact());
  CHECK(files.verified().state == audit_state::headless);
}

TEST_CASE("a log that was changed is not continued", "[audit]") {
  const audit_files files;
  files.write(4);
  const std::string log = files.log(), head = files.sealed();
  const auto refused = [&](std::string_view why) {
    const auto failure = failure_of([&] { opened(files); });
    CAPTURE(failure.message);
    CHECK(failure.code == errc::corrupt);
    CHECK(failure.names(why));
    CHECK(failure.names("begin a new log"));
    files.put_log(log);
    files.put_head(head);
  };
  std::string edited = log;
  edited[log.find("\"number\":2") + 9] = '7';
  files.put_log(edited);
  refused("line 3 was edited");
  files.put_log(log.substr(0, log.size() - 1));
  refused("line 4 is cut off");
  files.put_log(upkeep_test::joined({lines_of(log)[0], lines_of(log)[1]}));
  refused("line 3 is missing: 4 lines were sealed");
  files.put_log("");
  refused("4 lines were sealed");
  std::filesystem::remove(files.path);
  refused("4 lines were sealed");
  files.put_log("garbage\n");
  refused("4 lines were sealed");
  std::filesystem::remove(files.head);
  refused("head '" + files.head + "' is missing");
  files.put_head("");
  refused("was changed");
  CHECK(failure_of([&] { audit_log(files.path, audit_key('x')); }).names("sealed with another key"));
  // Nothing of all that changed a byte.
  CHECK(files.log() == log);
  CHECK(files.sealed() == head);
  CHECK_NOTHROW(opened(files));
}

TEST_CASE("a torn last write is cut off when the log is opened again, and said", "[audit]") {
  for (const std::string& torn : {std::string("{\"sequence\":4,"), std::string("\n"), std::string(10'000, '\0'), std::string("a\nb\nc")}) {
    const audit_files files;
    files.write(3);
    const std::string log = files.log();
    files.put_log(log + torn);
    CHECK(files.verified().state == audit_state::torn);
    opened(files);
    const std::vector<std::string> lines = lines_of(files.log());
    REQUIRE(lines.size() == 4);
    CHECK(files.log().substr(0, log.size()) == log);
    CHECK(said(lines[3]) == R"({"sequence":4,"actor":"a","level":"warning","event":"audit_log_repaired",)"
                            R"("text":"what a torn write had left at the end was cut off","fields":{"bytes":)" +
                                std::to_string(torn.size()) + "}");
    const upkeep::audit_report report = files.verified();
    CHECK(report.intact());
    CHECK(report.repairs == 1);
    CHECK(report.unsealed == 0);
  }
}

TEST_CASE("whatever a power failure leaves of what was not synced, what was synced stays and the log goes on", "[audit]") {
  // After each event: what the disk must hold is the log up to the last sync and the head; what it may hold besides is any part of
  // the lines since, whole or as zeros. Head and names change atomically: the file system's own promise, which atomic_file asks for.
  upkeep::rng random(7);
  const audit_files files;
  std::string synced_log;
  std::uint64_t synced_lines = 0;
  {
    audit_log log = opened(files);
    for (std::size_t i = 0; i < 40; ++i) {
      const bool syncs = random.chance(.3);
      if (syncs && random.chance(.5))
        log.observe({event_level::detail, "removing_rows", {}, {}});
      else
        audit_files::tell(log, i, syncs ? event_level::info : event_level::detail);
      const std::string now = files.log();
      if (syncs) {
        REQUIRE(files.verified().unsealed == 0);
        synced_log = now;
        synced_lines = log.lines();
        continue;
      }
      if (synced_log.empty()) continue;
      const audit_files disk;
      const std::size_t kept = synced_log.size() + random.below(now.size() - synced_log.size() + 1);
      std::string left = now.substr(0, kept);
      if (random.chance(.5))  // the size is on the disk, some of the bytes are not
        for (std::size_t at = synced_log.size() + random.below(kept - synced_log.size() + 1); at < kept; ++at) left[at] = '\0';
      disk.put_log(left);
      disk.put_head(files.sealed());  // synced by itself whenever it is written
      CAPTURE(i, kept, synced_log.size(), now.size());
      REQUIRE(disk.verified().lines >= synced_lines);
      {
        audit_log again = opened(disk);
        audit_files::tell(again, 1);
      }
      const upkeep::audit_report report = disk.verified();
      REQUIRE(report.intact());
      REQUIRE(disk.log().substr(0, synced_log.size()) == synced_log);
    }
  }
}

TEST_CASE("a power failure around a rotation leaves a log that goes on", "[audit]") {
  const audit_files files;
  std::string head_of_first;
  {
    audit_log log(files.path, audit_key(), {.rotate_bytes = 800});
    while (!std::filesystem::exists(files.path + ".000001")) {
      head_of_first = files.sealed();
      audit_files::tell(log, 1);
    }
  }
  const std::string second = files.log();
  const std::uint64_t lines = files.verified().lines;
  files.put_head(head_of_first);  // the next head was not written yet
  SECTION("the next file was not made yet") { std::filesystem::remove(files.path); }
  SECTION("the next file is empty") { files.put_log(""); }
  SECTION("its first line is cut") { files.put_log(second.substr(0, 100)); }
  SECTION("its first line is zeros") { files.put_log(std::string(300, '\0')); }
  SECTION("its first line is whole") { files.put_log(lines_of(second)[0]); }
  audit_log log = opened(files);
  audit_files::tell(log, 2);
  const upkeep::audit_report report = files.verified();
  CAPTURE(report.problem);
  CHECK(report.intact());
  CHECK(report.lines == lines);
  CHECK(report.files == 2);
}

TEST_CASE("a power failure while a log is begun leaves one that can be begun", "[audit]") {
  const audit_files files;
  opened(files);
  const std::string log = files.log();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, log.size() / 2, log.size()}) {
    const audit_files fresh;
    {
      // The head that is written before the first line: as `begin` writes it, with the log's own name.
      const upkeep::v0::detail::audit_codes codes(audit_key());
      upkeep::v0::detail::audit_head none;
      none.log = log.substr(log.find("\"log\":\"") + 7, 32);
      none.position.last = codes.start(none.log);
      fresh.put_head(none.text(codes, {}));
    }
    if (size != 0) fresh.put_log(log.substr(0, size));
    CHECK_NOTHROW(opened(fresh));
    const upkeep::audit_report report = fresh.verified();
    CAPTURE(size, report.problem);
    CHECK(report.intact());
    CHECK(report.lines == 1);
  }
}

TEST_CASE("a log whose writer is killed at any moment goes on", "[audit][kill]") {
  const audit_files files;
  upkeep::rng random(11);
  for (int round = 0; round < 25; ++round) {
    upkeep_test::child writer([&](const upkeep_test::child::line_to_parent& parent) -> std::string {
      audit_log log(files.path, audit_key(), {.actor = "a", .rotate_bytes = 3000});
      parent.say("open");
      for (std::size_t i = 0;; ++i) audit_files::tell(log, i, i % 3 == 0 ? event_level::info : event_level::detail);
    });
    REQUIRE(writer.hear() == "open");
    // Not a pause to wait for something: any moment will do, and a different one each time is better.
    for (std::uint64_t spin = random.below(400'000); spin != 0; --spin) static_cast<void>(random());
    writer.send(SIGKILL);
    REQUIRE(writer.end().killed());
    const upkeep::audit_report report = files.verified();
    CAPTURE(round, report.problem);
    REQUIRE((report.intact() || report.state == audit_state::torn));
    const std::uint64_t sealed = report.lines - report.unsealed;
    audit_log log = opened(files);
    REQUIRE(log.lines() >= sealed);
    REQUIRE(files.verified().intact());
  }
}

TEST_CASE("a full disk stops the writer with the error, and it stays stopped", "[audit][full_disk]") {
  const audit_files files;
  files.write(3);
  const std::uint64_t size = files.log().size();
  for (const std::uint64_t room : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100}, std::uint64_t{500}}) {
    const auto ended = upkeep_test::in_child([&]() -> std::string {
      std::signal(SIGXFSZ, SIG_IGN);
      audit_log log = opened(files);
      rlimit limit{};
      ::getrlimit(RLIMIT_FSIZE, &limit);
      limit.rlim_cur = size + room;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const auto first = failure_of([&] {
        for (std::size_t i = 0; i < 10; ++i) audit_files::tell(log, i, event_level::detail);
      });
      if (first.code != errc::io || !first.names("ulimit -f")) return "no such error: " + first.message;
      limit.rlim_cur = limit.rlim_max;
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const auto second = failure_of([&] { audit_files::tell(log, 1); });
      return second.code == errc::io && second.names("failed before: " + first.message) ? "stopped" : "went on: " + second.message;
    });
    CAPTURE(room);
    CHECK(ended.said == "stopped");
    const auto state = files.verified().state;
    CHECK((state == audit_state::intact || state == audit_state::torn));
    files.put_log(files.log().substr(0, size));
  }
}

TEST_CASE("a folder that is not there, or cannot be written to, is an error that names the file", "[audit]") {
  const audit_files files;
  CHECK(failure_of([&] { audit_log(files.directory / "no/audit.log", audit_key()); }).code == errc::not_found);
  CHECK(failure_of([&] { audit_log("", audit_key()); }).code == errc::invalid_argument);
  CHECK(failure_of([&] { audit_log(files.path, audit_key(), {.head = files.directory / "no/head"}); }).names("no/head"));
}
