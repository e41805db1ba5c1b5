// Only what is gone counts, once, and of every run of the job, for the result of one that got to its end may be lost.

#include "upkeep/janitor/interrupted_runs.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include "upkeep/store/file_backup.hpp"
#include "upkeep/store/memory_history.hpp"
#include "upkeep/store/memory_store.hpp"

#include <chrono>
#include <map>
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
  const auto count = [&] {
    return removed_by_interrupted_runs(history, backup, store, begin, [](const std::string& path) {
      receipt r;
      r.id = path;
      return r;
    });
  };
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
