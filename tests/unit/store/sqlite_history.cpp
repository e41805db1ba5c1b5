// sqlite_history: what is remembered, and that nothing is made before there is something to remember.

#include "upkeep/store/sqlite_history.hpp"

#include <filesystem>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/memory_history.hpp"
#include "upkeep/testing/generated_rows.hpp"

using upkeep::errc;
using upkeep::key;
using upkeep::key_view;
using upkeep::ledger_entry;
using upkeep::memory_history;
using upkeep::orphan_sighting;
using upkeep::run_summary;
using upkeep::sqlite_history;
using upkeep::time_point;
using upkeep_test::failure_of;
using upkeep_test::run_sql;
using upkeep_test::temporary_directory;

namespace {

time_point at(std::int64_t microseconds) { return time_point(std::chrono::microseconds(microseconds)); }

std::string show(std::string_view text) { return upkeep::is_present(text) ? "'" + std::string(text) + "'" : "absent"; }

template <class History>
std::string describe(History& history) {
  std::string out;
  if (const auto run = history.last_run()) {
    out += run->id + run->phase + run->status + run->receipt + run->report + std::to_string(run->rows) + ' ' +
           std::to_string(run->sources) + ' ' + std::to_string(run->absent_sources) + (run->asked_oracle ? " asked " : " ") +
           std::to_string(run->started.time_since_epoch().count());
  }
  history.visit_orphans([&](const orphan_sighting& s) {
    out += "\norphan " + upkeep::to_string(s.key) + show(s.source) + std::to_string(s.first_seen.time_since_epoch().count());
  });
  history.visit_ledger([&](const ledger_entry& e) {
    out += "\nledger " + upkeep::to_string(e.removed) + show(e.source) + upkeep::to_string(e.witness) + std::to_string(e.score) +
           show(e.receipt) + std::to_string(e.until.time_since_epoch().count());
  });
  history.visit_decisions([&](const upkeep::review_decision& d) {
    out += "\ndecision " + upkeep::to_string(d.removed) + " " + upkeep::to_string(d.survivor) + " " + std::to_string(d.removed_hash) + " " +
           std::to_string(d.survivor_hash) + (d.accepted ? " accepted " : " rejected ") + std::string(d.who) +
           std::to_string(d.when.time_since_epoch().count());
  });
  return out;
}

}  // namespace

TEST_CASE("a sqlite_history remembers what a memory_history remembers", "[sqlite_history]") {
  const temporary_directory folder;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    upkeep::testing::row_generator keys(seed);
    upkeep::rng& random = keys.random();
    std::vector<key> pool;
    for (int i = 0; i < 12; ++i) pool.push_back(keys.next_key());
    const auto any = [&]() -> const key& { return pool[static_cast<std::size_t>(random.below(pool.size()))]; };
    const std::vector<std::string> sources{"a", "", std::string("n\0l", 3), "\xff"};
    const auto source = [&]() -> std::string_view {
      const auto i = static_cast<std::size_t>(random.below(sources.size() + 1));
      return i == sources.size() ? std::string_view() : std::string_view(sources[i]);
    };
    memory_history reference;
    const std::string path = (folder / ("h" + std::to_string(seed))).string() + "/deep/history.sqlite";
    for (int step = 0; step < 12; ++step) {
      sqlite_history history(path);  // another object each time: nothing is kept in it
      switch (random.below(6)) {
        case 0: {
          run_summary run;
          run.id = "run" + std::to_string(random.below(3));
          run.phase = "log";
          run.status = random.chance(0.5) ? "started" : "done";
          run.started = at(random.between(-5, 1000));
          run.rows = random.chance(0.5) ? ~std::uint64_t{0} : random.below(10);
          run.asked_oracle = random.chance(0.5);
          run.receipt = "r'\n";
          run.report = "{}";
          history.record_run(run);
          reference.record_run(run);
          break;
        }
        case 1: {
          std::vector<orphan_sighting> seen;
          for (auto n = random.below(6); n > 0; --n) seen.push_back({any(), source(), at(random.between(0, 100))});
          history.record_orphans(seen);
          reference.record_orphans(seen);
          break;
        }
        case 2: {
          std::vector<ledger_entry> entries;
          for (auto n = random.below(6); n > 0; --n)
            entries.push_back({any(), source(), any(), random.uniform(), source(), at(random.between(0, 100))});
          history.add_to_ledger(entries);
          reference.add_to_ledger(entries);
          break;
        }
        case 3: {
          const upkeep::review_decision d{
              any(), any(), random.below(~std::uint64_t{0}), random.below(9), random.chance(0.5), source(), at(random.between(-5, 100))};
          history.record_decision(d);
          reference.record_decision(d);
          break;
        }
        case 4: {
          const key &a = any(), &b = any();
          REQUIRE(history.forget_decision(a, b) == reference.forget_decision(a, b));
          break;
        }
        default: {
          std::vector<key_view> gone;
          for (auto n = random.below(4); n > 0; --n) gone.push_back(any());
          history.drop_from_ledger(gone);
          reference.drop_from_ledger(gone);
        }
      }
      INFO("seed " << seed << ", step " << step);
      REQUIRE(describe(history) == describe(reference));
      REQUIRE(history.runs().size() == reference.runs().size());
      if (!history.runs().empty()) REQUIRE(history.runs().back().report == "{}");
    }
  }
}

TEST_CASE("reading makes nothing, writing makes the file for this user alone", "[sqlite_history]") {
  const temporary_directory folder;
  sqlite_history history((folder / "a.db.upkeep/history.sqlite").string());
  CHECK(describe(history).empty());
  CHECK(history.runs().empty());
  const std::vector<key_view> one{1};
  history.drop_from_ledger(one);
  history.add_to_ledger({});
  CHECK_FALSE(std::filesystem::exists(folder / "a.db.upkeep"));
  run_summary run;
  run.id = "x";
  history.record_run(run);
  CHECK((std::filesystem::status(folder / "a.db.upkeep").permissions() & std::filesystem::perms{077}) == std::filesystem::perms::none);
  CHECK(history.last_run()->id == "x");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder / "a.db.upkeep")) ++files;
  CHECK(files == 1);
}

TEST_CASE("a visitor may write to the history that it visits", "[sqlite_history]") {
  const temporary_directory folder;
  sqlite_history history((folder / "history.sqlite").string());
  const std::vector<ledger_entry> entries{{1, "s", 2, .99, "r", at(1)}, {3, "s", 4, .99, "r", at(1)}};
  history.add_to_ledger(entries);
  int visited = 0;
  history.visit_ledger([&](const ledger_entry& e) {
    const std::vector<key_view> gone{e.removed};
    history.drop_from_ledger(gone);
    ++visited;
  });
  CHECK(visited == 2);
  CHECK(describe(history).empty());
}

TEST_CASE("a history of a newer format, or of somebody else, is left alone", "[sqlite_history]") {
  const temporary_directory folder;
  sqlite_history history((folder / "history.sqlite").string());
  run_summary run;
  run.id = "x";
  history.record_run(run);
  run_sql(history.path(), "PRAGMA user_version = 2");
  for (const auto& f : {failure_of([&] { static_cast<void>(history.last_run()); }), failure_of([&] { history.record_run(run); })}) {
    CHECK(f.code == errc::unsupported);
    CHECK(f.names("format 2"));
  }
  sqlite_history foreign(run_sql(folder / "app.db", "CREATE TABLE runs(x)"));
  CHECK(failure_of([&] { static_cast<void>(foreign.last_run()); }).names("no history of upkeep"));
  CHECK(failure_of([&] { foreign.record_run(run); }).code == errc::unsupported);
  sqlite_history text(
      folder.write("text", "this is no database, but a text of more than a hundred bytes, which should be seen and said so at once")
          .string());
  CHECK(failure_of([&] { static_cast<void>(text.last_run()); }).code == errc::corrupt);
  sqlite_history empty(folder.write("empty", "").string());
  CHECK_FALSE(empty.last_run().has_value());
  empty.record_run(run);
  CHECK(empty.last_run()->id == "x");
}
