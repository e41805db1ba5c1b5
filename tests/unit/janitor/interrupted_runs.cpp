// Only what is gone counts, once, and of every run of the job, for the result of one that got to its end may be lost.

#include "upkeep/janitor/interrupted_runs.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include "upkeep/janitor/report_json.hpp"
#include "upkeep/janitor/report_text.hpp"
#include "upkeep/store/file_backup.hpp"
#include "upkeep/store/memory_history.hpp"
#include "upkeep/store/memory_store.hpp"

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

using namespace upkeep;
using namespace std::chrono_literals;

namespace {

/// A backup that holds the keys that its receipt's id spells, one letter each.
struct spelled_backup {
  void verify(const receipt& r, function_ref<void(key_view, std::uint64_t)> visit) const {
    for (const char& c : r.id) visit(key_view(std::string_view(&c, 1)), 7);
  }
};

receipt receipt_of(const std::string& path) {
  receipt r;
  r.id = path;
  return r;
}

struct compactable_memory : memory_store {
  using memory_store::memory_store;
  compaction_report compact(const compaction_options&, progress&) { return {}; }
};
static_assert(compactable_store<compactable_memory> && !compactable_store<memory_store>);

/// A night of attempts: each with a backup of some rows, of which it removed as many as it says.
struct attempts {
  time_point begin{1'000'000s};
  memory_history history{};

  void add(const std::string& id, const char* status, const char* backup, std::uint64_t removed = 0, bool gave_space_back = true) {
    run_summary run;
    run.id = id;
    run.phase = "cleanup";
    run.status = status;
    run.started = begin;
    run.receipt = backup;
    if (run.status != "started") {
      janitor_report r;
      r.status = run.status == "done" ? outcome::done : outcome::cancelled;
      r.duplicates_removed = removed / 2;
      r.orphans_removed = removed - removed / 2;
      if (run.status == "done" && gave_space_back) r.compaction.emplace();
      run.report = report_as_json(r);
    }
    history.record_run(run);
  }
  template <class Store = compactable_memory>
  interrupted_removals removals(const char* left = "") {
    Store store(1);
    for (const char* c = left; *c != 0; ++c) store.insert({.key = key(std::string_view(c, 1)), .vector = {1}});
    spelled_backup backup;
    return removals_of_interrupted_runs(history, backup, store, begin, receipt_of, parse_report);
  }
};

/// Counts what it was told of, or throws.
struct counting_observer {
  std::uint64_t rows = 0, events = 0;
  bool fails = false;
  void observe(const event& e) {
    if (fails) throw std::runtime_error("no space");
    CHECK(e.name == "interrupted_removals");
    CHECK(std::get<std::string_view>(e.find("store")->value) == "memory:notes");
    rows += std::get<std::uint64_t>(e.find("rows")->value);
    ++events;
  }
};

}  // namespace

TEST_CASE("rows that interrupted runs removed are counted once", "[interrupted_runs]") {
  const time_point begin{1'000'000s};
  memory_history history;
  const auto ran = [&](const char* id, const char* status, std::chrono::seconds after, const char* receipt) {
    run_summary run;
    run.id = id;
    run.phase = "cleanup";
    run.status = status;
    run.started = begin + after;
    run.receipt = receipt;
    history.record_run(run);
  };
  memory_store store(1);
  for (const char* k : {"a", "e"}) store.insert({.key = key(k), .vector = {1}});
  spelled_backup backup;
  const auto count = [&] { return removed_by_interrupted_runs(history, backup, store, begin, receipt_of); };
  CHECK(count() == 0);
  ran("before", "started", -1s, "xyz");
  ran("made no backup", "started", 2s, "");
  CHECK(count() == 0);
  ran("killed", "started", 0s, "abc");
  CHECK(count() == 2);
  ran("killed again", "started", 3s, "acde");
  CHECK(count() == 3);
  ran("stopped", "cancelled", 4s, "f");
  CHECK(count() == 4);
  ran("ended", "done", 5s, "fgh");
  CHECK(count() == 6);
}

TEST_CASE("of what interrupted runs removed, only that of killed ones was told to nobody", "[interrupted_runs]") {
  attempts night;
  CHECK(night.removals().untold == 0);
  night.add("killed", "started", "abcdefgh");
  CHECK(night.removals("cdefgh").rows == 2);
  CHECK(night.removals("cdefgh").untold == 2);
  night.add("stopped", "cancelled", "cdefgh", 3);
  CHECK(night.removals("fgh").rows == 5);
  CHECK(night.removals("fgh").untold == 2);
  night.add("killed again", "started", "fgh");
  CHECK(night.removals("h").rows == 7);
  CHECK(night.removals("h").untold == 4);
  CHECK(night.removals("abcdefgh").untold == 0);  // the application wrote them again
}

TEST_CASE("a run that died while it gave space back has told nobody, although it is recorded as done", "[interrupted_runs]") {
  for (const bool gave_space_back : {false, true}) {
    attempts night;
    night.add("to its end", "done", "abc", 3, gave_space_back);
    CHECK(night.removals().rows == 3);
    CHECK(night.removals().untold == (gave_space_back ? 0 : 3));
    CHECK(night.removals<memory_store>().untold == 0);  // such a store gives nothing back
  }
}

TEST_CASE("what nobody was told of is told by the run that comes to its end", "[interrupted_runs]") {
  janitor_report r;
  r.store = "memory:notes";
  counting_observer observer;
  r.status = outcome::cancelled;
  add_interrupted_removals(r, {.rows = 7, .untold = 4}, observer);
  CHECK(r.interrupted_removed == 7);
  CHECK(observer.events == 0);
  r.status = outcome::done;
  add_interrupted_removals(r, {.rows = 7, .untold = 0}, observer);
  CHECK(observer.events == 0);
  add_interrupted_removals(r, {.rows = 7, .untold = 4}, observer);
  CHECK(observer.rows == 4);
  CHECK(observer.events == 1);
  r.observer_error = "before";
  observer.fails = true;
  add_interrupted_removals(r, {.rows = 7, .untold = 4}, observer);
  CHECK(r.observer_error == "before; no space");
}
