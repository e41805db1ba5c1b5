// A janitor that is killed at any step, between any two deletes and within any write of SQLite, loses nothing; the next run says so and
// ends what was begun.

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/fault_scene.hpp"
#include "support/sqlite_calls.hpp"

#include <csignal>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

using upkeep_test::call_fate;
using upkeep_test::ended;
using upkeep_test::fault_scene;
using upkeep_test::in_child;
using upkeep_test::sqlite_calls;
using upkeep_test::steps;

namespace {

constexpr std::size_t stride = UPKEEP_FAULT_STRIDE;  // under a sanitizer not every point is tried: each takes many times as long

/// A cleanup in a child that dies at its n-th step.
ended run_killed_at(const fault_scene& scene, std::size_t n) {
  return in_child([&]() -> std::string {
    steps watch;
    watch.at = [&](const std::string&) {
      if (watch.passed.size() == n + 1) ::kill(::getpid(), SIGKILL);
    };
    return std::string(upkeep::to_string(scene.run(watch).status));
  });
}

std::vector<std::string> steps_of_a_run(const fault_scene& scene) {
  scene.reset();
  steps watch;
  const upkeep::janitor_report report = scene.run(watch);
  REQUIRE(report.status == upkeep::outcome::done);
  REQUIRE(report.removed() == scene.plan().removals.size());
  REQUIRE(scene.nothing_lost() == "");
  REQUIRE(scene.comes_back() == "");
  return watch.passed;
}

/// How many of SQLite's changes to files `action` makes.
template <class Action>
std::size_t count_calls(Action&& action) {
  const ended result = in_child([&]() -> std::string {
    std::size_t calls = 0;
    {
      const sqlite_calls counting([&](const std::string&) {
        ++calls;
        return call_fate::done;
      });
      action();
    }
    return std::to_string(calls);
  });
  return std::stoul(result.said);
}

/// Runs `action` in a child that dies in its n-th change to a file.
template <class Action>
ended killed_in_call(std::size_t n, Action&& action) {
  return in_child([&]() -> std::string {
    std::size_t calls = 0;
    const sqlite_calls dying([&](const std::string&) {
      const bool now = calls++ == n;
      return !now ? call_fate::done : n % 2 == 0 ? call_fate::kill_before : call_fate::kill_half;
    });
    action();
    return "lived";
  });
}

void kill_at_every_step(bool wal) {
  const fault_scene scene({.wal = wal});
  REQUIRE(scene.plan().removals.size() > 3 * fault_scene::batch);
  const std::vector<std::string> all = steps_of_a_run(scene);
  // The steps that the test is about are there: the deletes of a batch, the writes of the history, the proof of the backup.
  const std::set<std::string> kinds(all.begin(), all.end());
  for (const char* step : {"removal deleted", "record_run started before", "record_run started after", "record_run done before",
                           "add_to_ledger before", "backup after", "verify after", "event backup_proven", "event rows_removed",
                           "oracle before", "guard", "finder after", "on_removed", "unlock after", "event run_finished"})
    REQUIRE(kinds.contains(step));
  std::size_t interrupted = 0, partly = 0;
  bool started = false, finished = false;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const bool repeats = n != 0 && all[n] == all[n - 1] && all[n] != "removal deleted";
    started = started || all[n] == "record_run started after";
    finished = finished || all[n] == "record_run done after";
    if (repeats && n % 8 != 0) continue;                                 // one guard is like another
    if (n % stride != 0 || (wal && n % 4 != 0 && n % 4 != 3)) continue;  // of each two in a row by turns the one and the other
    scene.reset();
    const ended run = run_killed_at(scene, n);
    CAPTURE(n, all[n], wal, run.said);
    REQUIRE(run.killed());
    const std::size_t gone = scene.removed().size();
    REQUIRE(scene.nothing_lost() == "");
    REQUIRE((gone == 0 || started));
    REQUIRE(scene.recovers(started && !finished) == "");
    interrupted += started && !finished ? 1 : 0;
    partly += gone != 0 && gone != scene.plan().removals.size() ? 1 : 0;
  }
  CHECK(interrupted > 15 / stride);
  CHECK(partly > 8 / stride);
}

void kill_in_writes(bool wal) {
  const fault_scene scene({.wal = wal});
  const auto action = [&] {
    steps silent;
    static_cast<void>(scene.run(silent));
  };
  scene.reset();
  const std::size_t calls = count_calls(action);
  REQUIRE(calls > 100);
  std::size_t half_written = 0;
  for (std::size_t n = 0; n < calls; n += 3 * stride) {  // by turns before a write and in the middle of it
    scene.reset();
    const ended run = killed_in_call(n, action);
    CAPTURE(n, calls, wal, run.said);
    REQUIRE(run.killed());
    half_written += scene.files(".tmp").empty() ? 0 : 1;
    REQUIRE(scene.nothing_lost() == "");
    REQUIRE(scene.recovers() == "");
    REQUIRE(scene.files(".tmp").empty());
  }
  CHECK(half_written > 2 / stride);
}

void kill_in_undo(bool wal) {
  const fault_scene scene({.wal = wal});
  const auto clean = [&] {
    scene.reset();
    steps silent;
    REQUIRE(scene.run(silent).removed() == scene.plan().removals.size());
  };
  const auto undo = [&] {
    upkeep::sqlite_store store(scene.database(), fault_scene::layout());
    steps silent;
    auto janitor = upkeep_test::watched_janitor(store, silent, fault_scene::options(), scene.clock());
    static_cast<void>(janitor.undo(upkeep::read_receipt(scene.files(".receipt.json").at(0))));
  };
  clean();
  const std::size_t calls = count_calls(undo);
  REQUIRE(calls > 10);
  std::size_t before = 0, after = 0;
  for (std::size_t n = 0; n < calls; n += 3) {
    clean();
    const ended run = killed_in_call(n, undo);
    CAPTURE(n, calls, wal, run.said);
    REQUIRE(run.killed());
    REQUIRE(scene.nothing_lost() == "");
    const std::size_t gone = scene.removed().size();
    REQUIRE((gone == 0 || gone == scene.plan().removals.size()));
    (gone == 0 ? after : before) += 1;
    REQUIRE(scene.comes_back() == "");
  }
  CHECK(before > 0);
  CHECK(after > 0);
}

}  // namespace

TEST_CASE("a kill at every step of a cleanup loses nothing", "[kill]") { kill_at_every_step(false); }
TEST_CASE("a kill at every step of a cleanup loses nothing with a write-ahead log", "[kill]") { kill_at_every_step(true); }
TEST_CASE("a kill within any write of a cleanup loses nothing", "[kill]") { kill_in_writes(false); }
TEST_CASE("a kill within any write of a cleanup loses nothing with a write-ahead log", "[kill]") { kill_in_writes(true); }
TEST_CASE("a kill within any write of an undo leaves all of it undone or nothing", "[kill]") { kill_in_undo(false); }
TEST_CASE("a kill within any write of an undo leaves all or nothing with a write-ahead log", "[kill]") { kill_in_undo(true); }
