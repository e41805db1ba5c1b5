// A store that has been kept for nights, with remembered sketches, old backups, decisions and free pages: a janitor that is killed before any
// change to any file loses nothing, and the next night finishes what was begun.

#include "support/catch.hpp"
#include "support/fault_scene.hpp"
#include "support/file_changes.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using upkeep_test::fault_scene;
using upkeep_test::file_changes;
using upkeep_test::steps;
using upkeep_test::traced_run;

namespace {

constexpr std::size_t stride = UPKEEP_FAULT_STRIDE;  // under a sanitizer not every point is tried: each takes many times as long

/// One night on a scene; what it does is what the test is about.
void look_at_a_night(const fault_scene& scene) {
  steps watch;
  const upkeep::janitor_report report = scene.run(watch);
  REQUIRE(report.status == upkeep::outcome::done);
  REQUIRE(report.removed() == scene.plan().removals.size());
  REQUIRE(report.accepted_pairs == 1);
  REQUIRE(report.rejected_pairs == 1);
  REQUIRE(report.backups);
  REQUIRE(report.backups->error == "");
  REQUIRE(report.backups->deleted == 2);
  REQUIRE(report.backups->kept == 2);  // that of the young night, and its own
  REQUIRE(report.compaction);
  CHECK(report.compaction->method == "slices");
  CHECK(report.compaction->slices > 3);
  const std::set<std::string> kinds(watch.passed.begin(), watch.passed.end());
  for (const char* step : {"finder after", "visit_decisions after", "visit_runs after", "event deleting_backup", "event store_compacted"})
    REQUIRE(kinds.contains(step));
  REQUIRE(scene.nothing_lost() == "");
  REQUIRE(scene.recovers(false) == "");
}

/// How much of the old is left, in places where a kill can fall.
struct places_seen {
  std::size_t sketches_changed = 0, backup_without_receipt = 0, one_backup_gone = 0, both_gone = 0, rows_partly = 0, pages_partly = 0;

  void look(const fault_scene& scene, std::uint64_t sketches, std::int64_t free_pages) {
    const auto there = [](const std::string& path) { return std::filesystem::exists(path); };
    sketches_changed += there(scene.folder() / "sketches") && std::filesystem::file_size(scene.folder() / "sketches") != sketches ? 1 : 0;
    std::size_t gone = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string& night = scene.earlier_nights()[i];
      backup_without_receipt += there(night + ".backup") && !there(night + ".receipt.json") ? 1 : 0;
      gone += there(night + ".backup") ? 0 : 1;
    }
    one_backup_gone += gone == 1 ? 1 : 0;
    both_gone += gone == 2 ? 1 : 0;
    const std::size_t removed = scene.removed().size();
    rows_partly += removed != 0 && removed != scene.plan().removals.size() ? 1 : 0;
    const std::int64_t left = free_pages_of(scene);
    pages_partly += removed == scene.plan().removals.size() && left != 0 && left < free_pages ? 1 : 0;
  }

  static std::int64_t free_pages_of(const fault_scene& scene) {
    const upkeep::sqlite::connection looked(scene.database(), {.mode = upkeep::sqlite::open_mode::read_write});
    return upkeep::sqlite::select_int64(looked, "PRAGMA freelist_count");
  }
};

/// @param writes  every so many writes at a place one is tried
/// @param others  and every so many of all other changes
void kill_before_changes(bool wal, std::size_t writes, std::size_t others) {
  const fault_scene scene({.wal = wal, .kept = true});
  REQUIRE(scene.plan().removals.size() > 3 * fault_scene::batch);
  REQUIRE(scene.earlier_nights().size() == 3);
  scene.reset();
  look_at_a_night(scene);
  const auto night = [&] {
    steps silent;
    static_cast<void>(scene.run(silent));
  };
  scene.reset();
  const std::uint64_t sketches = std::filesystem::file_size(scene.folder() / "sketches");
  const std::int64_t free_pages = places_seen::free_pages_of(scene);
  REQUIRE(free_pages > 60);
  const traced_run whole = file_changes::run(night);
  REQUIRE_FALSE(whole.failed);
  REQUIRE(whole.changes > 300);
  std::set<std::size_t> tried;
  for (std::size_t n = 0; n < whole.changes; n += writes) tried.insert(n);
  for (std::size_t i = 0; i < whole.seldom.size(); i += others) tried.insert(whole.seldom[i]);
  places_seen seen;
  for (const std::size_t n : tried) {
    scene.reset();
    const traced_run run = file_changes::run(night, n);
    CAPTURE(n, whole.changes, wal);
    REQUIRE(run.killed);
    REQUIRE(scene.nothing_lost() == "");
    seen.look(scene, sketches, free_pages);
    REQUIRE(scene.recovers() == "");
  }
  // The kills fell where they should.
  CHECK(seen.rows_partly > 4 / (stride * others));
  if (others > 1) return;
  CHECK(seen.sketches_changed > 0);
  CHECK(seen.backup_without_receipt > 0);
  CHECK(seen.one_backup_gone > 0);
  CHECK(seen.both_gone > 0);
  CHECK(seen.pages_partly > 0);
}

}  // namespace

TEST_CASE("a kill before a change to a file of a store that was kept for nights loses nothing", "[kill]") {
  kill_before_changes(false, 8 * stride, stride);
}
TEST_CASE("a kill before a change to a file of a store that was kept for nights loses nothing with a write-ahead log", "[kill]") {
  kill_before_changes(true, 24 * stride, 3 * stride);
}
TEST_CASE("a kill before any change to a file of a store that was kept for nights loses nothing", "[kill][long]") {
  for (const bool wal : {false, true}) kill_before_changes(wal, 1, 1);
}
