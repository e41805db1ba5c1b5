// No row leaves without its line in the audit log, whenever the process is killed and wherever the disk is full.

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include "support/audit_files.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/failure.hpp"
#include "support/fault_scene.hpp"

using upkeep::audit_log;
using upkeep::outcome;
using upkeep_test::audit_files;
using upkeep_test::audit_key;
using upkeep_test::fault_scene;
using upkeep_test::in_child;
using upkeep_test::lines_of;
using upkeep_test::number_of;
using upkeep_test::steps;

namespace {

std::vector<std::string> lines_with(const audit_files& files, std::string_view event) {
  std::vector<std::string> found;
  for (const std::string& line : lines_of(files.log()))
    if (line.find("\"event\":\"" + std::string(event) + "\"") != std::string::npos) found.push_back(line);
  return found;
}

std::set<std::int64_t> keys_of(const std::vector<std::string>& lines) {
  std::set<std::int64_t> keys;
  for (const std::string& line : lines) keys.insert(std::stoll(line.substr(line.find("\"key\":") + 6)));
  return keys;
}

/// Whether every row that is gone has its line in the part of the log that was sealed.
std::string each_has_its_line(const fault_scene& scene, const audit_files& files) {
  const upkeep::audit_report report = files.verified();
  const std::uint64_t sealed = report.lines - report.unsealed;
  std::vector<std::string> told = lines_with(files, "removing_row");
  std::erase_if(told,
                [&](const std::string& line) { return std::stoull(line.substr(std::string_view("{\"sequence\":").size())) > sealed; });
  const std::set<std::int64_t> keys = keys_of(told);
  for (const std::int64_t id : scene.removed())
    if (!keys.contains(id)) return "row " + std::to_string(id) + " is gone without its line";
  return report.intact() || report.state == upkeep::audit_state::torn ? "" : report.problem;
}

upkeep::janitor_report audited_run(const fault_scene& scene, const audit_files& files, steps& watch) {
  audit_log log(files.path, audit_key(), {.rotate_bytes = 0});
  watch.hears = [&](const upkeep::event& e) { log.observe(e); };
  return scene.run(watch);
}

}  // namespace

TEST_CASE("every removal is told whole, its outcome is told, and no text of a row is", "[audit]") {
  const fault_scene scene;
  const audit_files files;
  steps watch;
  std::size_t looked = 0;
  watch.at = [&](const std::string& step) {
    if (step != "removal before") return;
    const upkeep::audit_report report = files.verified();  // on the disk and sealed, before the first row of the batch goes
    CHECK(report.intact());
    CHECK(report.unsealed == 0);
    CHECK(lines_with(files, "removing_row").size() == std::min(scene.plan().removals.size(), fault_scene::batch * ++looked));
  };
  const upkeep::janitor_report report = audited_run(scene, files, watch);
  REQUIRE(report.status == outcome::done);
  REQUIRE(looked > 3);
  CHECK(files.verified().intact());
  const std::vector<std::string> told = lines_with(files, "removing_row");
  REQUIRE(told.size() == scene.plan().removals.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    const upkeep::planned_removal& r = scene.plan().removals[i];
    std::string fields = "\"fields\":{\"key\":" + std::to_string(number_of(r.key)) + ",\"reason\":\"";
    if (r.reason == upkeep::removal_reason::orphan) {
      fields += "orphan\"";
    } else {
      fields += "duplicate\",\"witness\":" + std::to_string(number_of(r.witness)) + ",\"score\":";
      upkeep::append_json_number(fields, r.score);
    }
    fields += ",\"receipt\":\"" + report.run_id + "\"}";
    CAPTURE(fields, told[i]);
    REQUIRE(told[i].find(fields) != std::string::npos);
  }
  CHECK(lines_with(files, "rows_removed").size() == looked);
  CHECK(lines_with(files, "row_kept").empty());
  CHECK(lines_with(files, "run_finished").size() == 1);
  for (const char* text : {"begins here", "Orphan", "says the opposite", "remark"}) CHECK(files.log().find(text) == std::string::npos);
}

TEST_CASE("a row that was to go and stayed is told", "[audit]") {
  const fault_scene scene;
  const audit_files files;
  steps watch;
  const std::int64_t first = number_of(scene.plan().removals[0].key);
  watch.at = [&](const std::string& step) {
    if (step == "event removing_rows")
      upkeep_test::open_database(scene.database()).execute("UPDATE notes SET rating = 7 WHERE id = " + std::to_string(first));
  };
  const upkeep::janitor_report report = audited_run(scene, files, watch);
  CHECK(report.changed == 1);
  CHECK(keys_of(lines_with(files, "row_kept")) == std::set<std::int64_t>{first});
}

TEST_CASE("whenever a run is killed, each row that is gone has its line, and the next run goes on with the log", "[audit][kill]") {
  const fault_scene scene;
  steps silent;
  scene.reset();
  static_cast<void>(scene.run(silent));
  const std::vector<std::string> all = silent.passed;
  std::size_t partly = 0, tried = 0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (all[n] != "event removing_rows" && all[n] != "event rows_removed" && n % 23 != 0) continue;
    scene.reset();
    const audit_files files;
    const auto killed = in_child([&]() -> std::string {
      steps watch;
      std::size_t passed = 0;
      watch.at = [&](const std::string&) {
        if (passed++ == n) ::raise(SIGKILL);
      };
      static_cast<void>(audited_run(scene, files, watch));
      return "lived";
    });
    CAPTURE(n, all[n], killed.said);
    REQUIRE(killed.killed());
    ++tried;
    const std::size_t gone = scene.removed().size();
    partly += gone != 0 && gone != scene.plan().removals.size() ? 1 : 0;
    if (std::filesystem::exists(files.path))
      REQUIRE(each_has_its_line(scene, files) == "");
    else
      REQUIRE(gone == 0);
    steps again;
    REQUIRE(audited_run(scene, files, again).status == outcome::done);
    REQUIRE(files.verified().intact());
    REQUIRE(scene.removed().size() == scene.plan().removals.size());
    REQUIRE(each_has_its_line(scene, files) == "");
  }
  CHECK(tried > 15);
  CHECK(partly > 5);
}

TEST_CASE("where the audit log's disk is full, nothing is removed without its line", "[audit][full_disk]") {
  const fault_scene scene;
  scene.reset();
  std::uint64_t needed = 0;
  {
    const audit_files files;
    steps watch;
    static_cast<void>(audited_run(scene, files, watch));
    needed = files.log().size();
  }
  std::size_t partly = 0;
  for (std::uint64_t room = 600; room < needed; room += needed / 24) {
    scene.reset();
    const audit_files files;
    const auto ended = in_child([&]() -> std::string {
      std::signal(SIGXFSZ, SIG_IGN);
      audit_log log(files.path, audit_key());
      rlimit limit{};
      ::getrlimit(RLIMIT_FSIZE, &limit);
      steps watch;
      watch.hears = [&](const upkeep::event& e) {
        struct restored {
          rlimit full;
          ~restored() { ::setrlimit(RLIMIT_FSIZE, &full); }
        } const at_end{limit};
        rlimit small = limit;
        small.rlim_cur = room;
        ::setrlimit(RLIMIT_FSIZE, &small);  // for the audit log alone
        log.observe(e);
      };
      try {
        const upkeep::janitor_report report = scene.run(watch);
        if (report.status != outcome::failed && report.observer_error.empty()) return "ended " + std::string(to_string(report.status));
        const std::string& why = report.status == outcome::failed ? report.error : report.observer_error;
        return why.find(files.path) != std::string::npos ? "reported" : why;
      } catch (const upkeep::error& e) {
        return std::string(e.what()).find(files.path) != std::string::npos ? "thrown" : e.what();
      }
    });
    CAPTURE(room, needed);
    const std::size_t gone = scene.removed().size();
    REQUIRE((ended.said == "reported" || (ended.said == "thrown" && gone == 0)));
    REQUIRE(each_has_its_line(scene, files) == "");
    REQUIRE(scene.nothing_lost() == "");
    partly += gone != 0 && gone != scene.plan().removals.size() ? 1 : 0;
  }
  CHECK(partly > 5);
}

TEST_CASE("an undo is told before and after", "[audit]") {
  const fault_scene scene;
  scene.reset();
  steps silent;
  const upkeep::janitor_report report = scene.run(silent);
  REQUIRE(report.receipt);
  const audit_files files;
  {
    audit_log log(files.path, audit_key());
    steps watch;
    watch.hears = [&](const upkeep::event& e) { log.observe(e); };
    upkeep::sqlite_store store(scene.database(), fault_scene::layout());
    auto janitor = upkeep_test::watched_janitor(store, watch, fault_scene::options(), scene.clock());
    static_cast<void>(janitor.undo(*report.receipt));
  }
  CHECK(lines_with(files, "undo_started").size() == 1);
  REQUIRE(lines_with(files, "undone").size() == 1);
  CHECK(lines_with(files, "undone")[0].find("\"receipt\":\"" + report.run_id + "\"") != std::string::npos);
}
