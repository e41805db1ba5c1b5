#include "upkeep/janitor/space_check.hpp"

#include "support/catch.hpp"
#include "support/janitor_world.hpp"

#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace fs = std::filesystem;
using namespace upkeep;
using namespace upkeep_test;

namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

plan plan_of(std::size_t rows, std::uint64_t bytes) {
  plan p;
  p.removals.resize(rows);
  for (planned_removal& r : p.removals) r.bytes = bytes;
  return p;
}

/// A store that says that it is a file in a folder of the test's.
struct filed_store : transacting_store {
  using transacting_store::transacting_store;
  [[nodiscard]] const std::string& file() const { return path; }
  std::string path = "/proc/notes.sqlite";  // another file system than the backups'
};
static_assert(file_store<filed_store> && !file_store<transacting_store>);

struct small_world : basic_world<filed_store> {
  small_world() {
    insert(row(1, 0));
    insert(row(2, 0));
    options.backup_directory = (folder / "backups").string();
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(options.backup_directory), fs::directory_iterator()));
  }
};

}  // namespace

TEST_CASE("space_check: the estimate grows with the rows and their sizes, and knows nothing of an empty plan", "[space_check]") {
  CHECK(estimate_space(plan(), 200, 10, 1000).backup == 0);
  CHECK(estimate_space(plan(), 200, 10, 1000).store == 0);
  const space_needed some = estimate_space(plan_of(1000, 2000), 200, 5000, 20'000'000);
  CHECK(some.backup >= 2 * 1000 * 2000);
  CHECK(some.backup < 3 * 1000 * 2000);
  CHECK(some.store > 200 * 2000);
  CHECK(some.store < some.backup + (4096 * 1024));
  CHECK(estimate_space(plan_of(2000, 2000), 200, 5000, 20'000'000).backup > some.backup);
  // A batch of all of them; and a log that cannot be longer than what there is to write.
  CHECK(estimate_space(plan_of(10, 2000), 200, 10, 20'000).store < 100'000);
}

TEST_CASE("space_check: rows without a size count as the store's mean", "[space_check]") {
  CHECK(estimate_space(plan_of(100, 0), 200, 1000, 5'000'000).backup == estimate_space(plan_of(100, 5000), 200, 1000, 5'000'000).backup);
  CHECK(estimate_space(plan_of(100, 0), 200, 0, 0).backup > 0);
}

TEST_CASE("space_check: a cleanup without space is aborted before it writes, and everybody hears of it", "[space_check]") {
  small_world w;
  std::uint64_t free = 1000;
  const bool dry_run = GENERATE(false, true);
  w.options.dry_run = dry_run;
  w.options.free_space = [&](const std::string&) { return free; };
  auto j = w.janitor();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::aborted);
  CHECK(r.aborted_reason == "not_enough_space");
  CHECK(r.error.find("'" + w.options.backup_directory + "'") != std::string::npos);
  CHECK(r.error.find(" 0 KiB are free") != std::string::npos);
  CHECK(r.removed() == 0);
  CHECK_FALSE(r.receipt);
  CHECK(w.files() == 0);
  CHECK(w.rows().size() == 2);
  REQUIRE(w.notifier.messages.size() == 1);
  CHECK(w.notifier.messages[0].level == message::urgency::alert);
  CHECK(w.notifier.messages[0].text.find("not enough space") != std::string::npos);
  CHECK(w.observer.named("backup_started").empty());
  CHECK(w.observer.named("run_finished").at(0).fields.at("aborted_reason") == "not_enough_space");
  const auto last = w.store.inner.history().last_run();
  CHECK(last.has_value() == !dry_run);
  if (last) CHECK(last->status == "aborted");
  free = endless;
  CHECK(j.run().status == outcome::done);
}

TEST_CASE("space_check: folders of two file systems are asked apart, of one together", "[space_check]") {
  small_world w;
  std::map<std::string, std::uint64_t> asked;
  std::uint64_t free_for_backup = endless, free_for_store = endless;
  w.options.free_space = [&](const std::string& folder) {
    ++asked[folder];
    return folder == "/proc" ? free_for_store : free_for_backup;
  };
  const auto run = [&] {
    w.insert(row(2, 0));
    auto j = w.janitor();
    return j.run();
  };
  CHECK(run().status == outcome::done);
  CHECK(asked == std::map<std::string, std::uint64_t>{{"/proc", 1}, {w.options.backup_directory, 1}});
  free_for_store = 0;
  const janitor_report r = run();
  CHECK(r.aborted_reason == "not_enough_space");
  CHECK(r.error.find("'/proc'") != std::string::npos);
  // Enough for either, not for both.
  w.store.path = w.options.backup_directory + "/notes.sqlite";
  auto looking = w.janitor();
  w.insert(row(2, 0));
  const space_needed needed = estimate_space(looking.analyse(), w.options.batch, w.store.size(), w.store.bytes());
  free_for_backup = std::max(needed.backup, needed.store);
  CHECK(run().aborted_reason == "not_enough_space");
  free_for_backup = needed.backup + needed.store;
  asked.clear();
  CHECK(run().status == outcome::done);
  CHECK(asked.size() == 1);
}

TEST_CASE("space_check: nothing to remove needs no space, and where no limit lets it go none is asked for", "[space_check]") {
  small_world w;
  std::size_t asked = 0;
  w.options.free_space = [&](const std::string&) { return ++asked, std::uint64_t{0}; };
  SECTION("no duplicate") { w.erase(2); }
  SECTION("a limit") { w.options.limits.fraction = 0; }
  SECTION("detect") { w.options.phase = phase::detect; }
  auto j = w.janitor();
  CHECK(j.run().aborted_reason != "not_enough_space");
  CHECK(asked == 0);
}

TEST_CASE("space_check: a history that does not fit either does not hide why", "[space_check]") {
  small_world w;
  w.options.free_space = [](const std::string&) { return std::uint64_t{0}; };
  struct full_history : memory_history {
    void record_run(const run_summary&) { throw error(errc::io, "cannot write the history: No space left on device"); }
  };
  auto j = w.janitor(full_history());
  const janitor_report r = j.run();
  CHECK(r.aborted_reason == "not_enough_space");
  CHECK(r.error.find("the history could not be written") != std::string::npos);
}
