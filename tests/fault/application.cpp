// An application goes on inserting, changing, pinning and deleting rows while the janitor works: nothing it wrote is lost, what it touched
// is left alone, and it never waits.

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/fault_scene.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/sqlite/transaction.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using upkeep::errc;
using upkeep::outcome;
using upkeep_test::failure;
using upkeep_test::failure_of;
using upkeep_test::fault_scene;
using upkeep_test::number_of;
using upkeep_test::steps;
using upkeep_test::table_rows;

namespace {

/// The application: a connection of its own, and what it believes its table to be.
class application {
 public:
  /// @param patience  how long it waits for a lock; a write that then fails throws
  application(const fault_scene& scene, std::chrono::milliseconds patience)
      : database_(scene.database(), {.mode = upkeep::sqlite::open_mode::read_write, .busy_timeout = patience}), rows_(scene.original()) {}

  void insert(std::int64_t id, const std::string& body) {
    execute(id, "INSERT INTO notes(id, vector, source, scope, body, made, pinned) SELECT " + std::to_string(id) +
                    ", vector, source, scope, '" + body + "', made, 0 FROM notes LIMIT 1");
  }
  /// Each change takes effect only where the row is still there; whether it was.
  bool change(std::int64_t id, const std::string& body) {
    return execute(id, "UPDATE notes SET body = '" + body + "' WHERE id = " + std::to_string(id));
  }
  bool touch_extra(std::int64_t id) {
    return execute(id, "UPDATE notes SET rating = coalesce(rating, 0) + 1 WHERE id = " + std::to_string(id));
  }
  bool pin(std::int64_t id) { return execute(id, "UPDATE notes SET pinned = 1 WHERE id = " + std::to_string(id)); }
  bool remove(std::int64_t id) { return execute(id, "DELETE FROM notes WHERE id = " + std::to_string(id)); }

  /// Every row with the state in which the application left it, those left out that it deleted itself.
  [[nodiscard]] const table_rows& rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t writes() const noexcept { return writes_; }

 private:
  bool execute(std::int64_t id, const std::string& sql) {
    upkeep::sqlite::transaction all(database_, upkeep::sqlite::transaction_kind::write);
    database_.execute(sql);
    const bool changed = database_.changes() != 0;
    const auto now = upkeep_test::read_all(database_, "SELECT * FROM notes WHERE id = " + std::to_string(id));
    all.commit();
    ++writes_;
    if (!changed) return false;
    if (now.empty()) {
      rows_.erase(id);
    } else {
      rows_[id] = now.front();
    }
    return true;
  }

  upkeep::sqlite::connection database_;
  table_rows rows_;
  std::size_t writes_ = 0;
};

/// Every row that the application did not delete is there as the application left it, or in a verified backup just so.
std::string nothing_of_it_lost(const fault_scene& scene, const application& app) {
  upkeep_test::problem_list problems;
  const table_rows now = scene.rows();
  const upkeep_test::saved_rows saved = scene.saved(problems);
  for (const auto& [id, row] : app.rows()) {
    const auto there = now.find(id);
    if (there != now.end())
      problems.expect(there->second == row, "row " + std::to_string(id) + " is not as the application left it");
    else
      problems.expect(upkeep_test::holds(saved, id, row), "row " + std::to_string(id) + " is lost");
  }
  for (const auto& [id, row] : now) problems.expect(app.rows().contains(id), "row " + std::to_string(id) + " came back by itself");
  const auto ledger = scene.ledger();
  for (const auto& [removed, witness] : ledger)
    problems.expect(!now.contains(removed), "the ledger names row " + std::to_string(removed) + ", which is there");
  return problems.text();
}

enum class action { change_row, change_witness, pin_row, pin_witness, delete_row, delete_witness, replace_row, touch_row, insert_row };
constexpr action all_actions[] = {action::change_row,  action::change_witness, action::pin_row,
                                  action::pin_witness, action::delete_row,     action::delete_witness,
                                  action::replace_row, action::touch_row,      action::insert_row};

/// Does it to the row of a removal, or its witness, if that is still there.
void act(application& app, action what, const upkeep::planned_removal& removal, std::int64_t fresh) {
  const std::int64_t row = number_of(removal.key);
  const bool duplicate = removal.reason == upkeep::removal_reason::duplicate;
  const std::int64_t witness = duplicate ? number_of(removal.witness) : row;
  switch (what) {
    case action::change_row: app.change(row, "changed"); break;
    case action::change_witness: app.change(witness, "changed"); break;
    case action::pin_row: app.pin(row); break;
    case action::pin_witness: app.pin(witness); break;
    case action::delete_row: app.remove(row); break;
    case action::delete_witness: app.remove(witness); break;
    case action::touch_row: app.touch_extra(row); break;
    case action::replace_row:
      if (app.remove(row)) app.insert(row, "written again");
      break;
    case action::insert_row: app.insert(fresh, "new"); break;
  }
}

}  // namespace

TEST_CASE("an application that writes at every step of a run never waits and loses nothing", "[application]") {
  const bool wal = GENERATE(false, true);
  const fault_scene scene({.wal = wal});
  std::size_t kept = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed, wal);
    scene.reset();
    upkeep::rng random(seed);
    application app(scene, std::chrono::milliseconds(0));  // not even for a moment
    std::int64_t fresh = 1'000'000;
    std::optional<table_rows> at_scan;
    steps watch;
    watch.at = [&](const std::string& step) {
      if (step == "finder before") at_scan = app.rows();
      if (watch.in_transaction || (step == "guard" && !random.chance(.05))) return;
      const auto& removals = scene.plan().removals;
      act(app, all_actions[random.below(std::size(all_actions))], removals[random.below(removals.size())], ++fresh);
    };
    const upkeep::janitor_report report = scene.run(watch);
    CAPTURE(report.error);
    REQUIRE(app.writes() > 60);
    // Witnesses of rows that are gone were deleted or not; there is no third way to end.
    REQUIRE((report.status == outcome::done || report.status == outcome::inconsistent));
    REQUIRE(nothing_of_it_lost(scene, app) == "");
    // Rows that changed before the plan was made are counted as well.
    REQUIRE(report.planned <= report.removed() + report.changed);
    const table_rows now = scene.rows();
    REQUIRE(at_scan);
    for (const auto& [id, row] : app.rows()) {
      const auto before = at_scan->find(id);
      if (before == at_scan->end() || before->second != row) REQUIRE(now.contains(id));  // written since the scan: left alone
    }
    kept += report.changed;
    if (report.status == outcome::inconsistent) {
      REQUIRE(report.error.find("undo with the receipt " + report.receipt_path) != std::string::npos);
      REQUIRE(report.witnesses_lost > 0);
    }
  }
  CHECK(kept > 30);
}

TEST_CASE("each change of a row that is to go, at each moment, leaves it alone", "[application]") {
  const fault_scene scene;
  const auto& removals = scene.plan().removals;
  const std::size_t target = removals.size() - 1;  // in the last batch
  for (const char* moment : {"finder after", "event backup_started", "backup after", "verify after", "event backup_proven",
                             "record_run started after", "add_to_ledger before", "add_to_ledger after", "event rows_removed", "on_removed"})
    for (const action what : all_actions) {
      if (what == action::insert_row || what == action::pin_witness) continue;
      for (const std::size_t i : {std::size_t{0}, target}) {
        const std::string now = moment;
        if (i == 0 && (now.starts_with("add_to") || now == "event rows_removed" || now == "on_removed")) continue;  // it is gone by then
        const bool of_witness = what == action::change_witness || what == action::delete_witness;
        if (of_witness && removals[i].reason != upkeep::removal_reason::duplicate) continue;
        CAPTURE(moment, static_cast<int>(what), i);
        scene.reset();
        application app(scene, std::chrono::milliseconds(0));
        bool done = false;
        steps watch;
        watch.at = [&](const std::string& step) {
          if (step == moment && !std::exchange(done, true)) act(app, what, removals[i], 0);
        };
        const upkeep::janitor_report report = scene.run(watch);
        REQUIRE(done);
        REQUIRE(nothing_of_it_lost(scene, app) == "");
        const std::uint64_t left_alone = report.planned - report.removed();
        REQUIRE((moment == std::string("finder after") ? left_alone <= report.changed : left_alone == report.changed));
        // Earlier duplicates of the same witness may be gone when it is touched.
        const bool witness_gone = what == action::delete_witness && report.status == outcome::inconsistent;
        REQUIRE((report.status == outcome::done || witness_gone));
        const bool there = scene.rows().contains(number_of(removals[i].key));
        // Before the guard has judged, another witness may be found.
        if (!of_witness || moment != std::string("finder after")) REQUIRE(there == (what != action::delete_row));
        REQUIRE(report.changed >= 1);
      }
    }
}

TEST_CASE("a witness that the application deletes right after the batch is told with the way back", "[application]") {
  const bool wal = GENERATE(false, true);
  const fault_scene scene({.wal = wal});
  application app(scene, std::chrono::milliseconds(0));
  const upkeep::planned_removal* duplicate = nullptr;
  for (const auto& removal : scene.plan().removals)
    if (removal.reason == upkeep::removal_reason::duplicate) duplicate = &removal;
  REQUIRE(duplicate != nullptr);
  const auto seen = [&] { return !scene.rows().contains(number_of(duplicate->key)); };
  bool done = false;
  steps watch;
  watch.at = [&](const std::string& step) {
    if (step == "on_removed" && !done && seen()) done = app.remove(number_of(duplicate->witness));
  };
  const upkeep::janitor_report report = scene.run(watch);
  REQUIRE(done);
  CHECK(report.status == outcome::inconsistent);
  CHECK(report.witnesses_lost >= 1);
  CHECK(report.error.find("have no witness any more") != std::string::npos);
  CHECK(report.error.find("undo with the receipt " + report.receipt_path) != std::string::npos);
  CHECK(nothing_of_it_lost(scene, app) == "");
  upkeep::sqlite_store store(scene.database(), fault_scene::layout());
  steps silent;
  auto janitor = upkeep_test::watched_janitor(store, silent, fault_scene::options(), scene.clock());
  const upkeep::restore_report undone = janitor.undo(upkeep::read_receipt(report.receipt_path));
  CHECK(undone.restored == report.removed());
  table_rows expected = scene.original();
  expected.erase(number_of(duplicate->witness));
  CHECK(scene.rows() == expected);
}

TEST_CASE("an oracle that changes its mind keeps what it speaks for", "[application]") {
  const fault_scene scene;
  const auto run = [&](const std::string& from, std::function<std::optional<upkeep::ownership>(std::string_view)> mind) {
    scene.reset();
    steps watch;
    bool changed = false;
    watch.at = [&](const std::string& step) { changed = changed || step == from; };
    upkeep::sqlite_store store(scene.database(), fault_scene::layout());
    auto janitor = upkeep_test::watched_janitor(store, watch, fault_scene::options(), scene.clock(),
                                                [&](std::string_view source) { return changed ? mind(source) : std::nullopt; });
    return janitor.run();
  };
  std::size_t orphans = 0;
  for (const auto& removal : scene.plan().removals) orphans += removal.reason == upkeep::removal_reason::orphan ? 1 : 0;
  REQUIRE(orphans > 3);
  const std::size_t duplicates = scene.plan().removals.size() - orphans;
  for (const upkeep::ownership now : {upkeep::ownership::present, upkeep::ownership::unknown}) {  // the sources of orphans come back
    const auto report = run("record_run started after",
                            [&](std::string_view source) { return source.starts_with("gone") ? std::optional(now) : std::nullopt; });
    CHECK(report.status == outcome::done);
    CHECK(report.orphans_removed == 0);
    CHECK(report.duplicates_removed == duplicates);
    CHECK(report.changed == orphans);
    CHECK(scene.recovers(false) == "");
  }
  for (const upkeep::ownership now : {upkeep::ownership::absent, upkeep::ownership::unknown}) {  // those of witnesses go
    const auto report = run("record_run started after",
                            [&](std::string_view source) { return source.starts_with("doc") ? std::optional(now) : std::nullopt; });
    CHECK(report.status == outcome::done);
    CHECK(report.orphans_removed == orphans);
    CHECK(report.duplicates_removed == 0);
    CHECK(report.changed == duplicates);
    CHECK(scene.ledger().empty());
    CHECK(scene.recovers(false) == "");
  }
}

TEST_CASE("an application in a thread of its own writes all the time and loses nothing", "[application]") {
  const bool wal = GENERATE(false, true);
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}}) {
    CAPTURE(wal, seed);
    const fault_scene scene({.groups = 60, .wal = wal});
    std::vector<std::int64_t> ids;
    for (const auto& [id, row] : scene.original())
      if (id % 3 != 0) ids.push_back(id);  // it leaves some alone, so that there is something to remove
    application app(scene, std::chrono::milliseconds(5000));
    std::atomic<bool> stop{false};
    std::atomic<std::size_t> writes{0};
    std::string broke;
    std::thread writer([&] {
      try {
        upkeep::rng random(seed);
        std::int64_t fresh = 1'000'000;
        while (!stop) {
          const std::int64_t id = ids[random.below(ids.size())];
          switch (random.below(12)) {
            case 0:
              if (fresh < 1'000'100) app.insert(++fresh, "new");  // they are all alike: more of them would be more pairs than rows
              break;
            case 1: app.pin(id); break;
            case 2: app.remove(id); break;
            case 3: app.change(id, "changed"); break;
            default: app.touch_extra(id); break;
          }
          ++writes;
          // What a real one does between two writes. One that holds the lock all the time would starve anybody else, as SQLite only tries again
          // from time to time.
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
      } catch (const std::exception& e) {
        broke = e.what();
      }
    });
    std::size_t removed = 0;
    std::string failed;
    for (int night = 0; night < 4; ++night) {
      const std::size_t before = writes;
      while (writes < before + 5) std::this_thread::yield();  // it is at work
      steps watch;
      try {
        const upkeep::janitor_report report = scene.run(watch);
        removed += report.removed();
        if (report.status == outcome::failed) failed += report.error + '\n';
      } catch (const std::exception& e) {
        failed += std::string(e.what()) + '\n';
      }
    }
    stop = true;
    writer.join();
    CHECK(broke == "");
    CHECK(failed == "");
    CHECK(removed > 0);
    CHECK(nothing_of_it_lost(scene, app) == "");
  }
}
