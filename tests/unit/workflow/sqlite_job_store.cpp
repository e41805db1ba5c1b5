#include "upkeep/workflow/sqlite_job_store.hpp"

#include "support/job_store_contract.hpp"
#include "support/temporary_directory.hpp"

#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace upkeep;
using namespace std::chrono_literals;

TEST_CASE("a sqlite_job_store keeps what every job_store promises", "[sqlite_job_store]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = (directory / "deeper/jobs.sqlite").string();
  upkeep_test::check_job_store([&] { return sqlite_job_store(path); });
}

TEST_CASE("looking at jobs that nobody made makes nothing; other people's files are left alone", "[sqlite_job_store]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = (directory / "jobs.sqlite").string();
  sqlite_job_store store(path);
  CHECK(store.jobs("nightly", 1).empty());
  CHECK_FALSE(std::filesystem::exists(path));
  {
    sqlite::connection other(path, {.mode = sqlite::open_mode::create});
    other.execute("CREATE TABLE mine(x)");
  }
  CHECK(upkeep_test::failure_of([&] { store.add_job({"a", "nightly", "manual", {}, {}}); }).names("no job store of upkeep"));
  CHECK(upkeep_test::failure_of([&] { static_cast<void>(store.jobs("nightly", 1)); }).code == errc::unsupported);
}

TEST_CASE("what ended long ago, or is one of too many, is forgotten with its steps", "[sqlite_job_store]") {
  struct kept_job {
    std::string id, workflow;
    bool ended = false;
    time_point end{};
  };
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const upkeep_test::temporary_directory directory;
    const std::string path = (directory / "jobs.sqlite").string();
    rng random(seed);
    const job_retention retention{.age = 10h, .most = 3 + random.below(8), .least = random.below(6)};
    sqlite_job_store store(path, retention);
    std::vector<kept_job> expected;  // the oldest first
    time_point now(std::chrono::hours(1000));
    for (int n = 0; n < 40; ++n) {
      const std::string id = std::to_string(n), workflow = random.below(4) == 0 ? "weekly" : "nightly";
      REQUIRE(store.add_job({id, workflow, "schedule", now, now}));
      expected.push_back({id, workflow, false, {}});
      if (random.below(6) == 0) continue;  // never carried out
      store.record_step(id, {.kind = step_event::what::started, .step = "look", .time = now});
      store.record_step(id, {.kind = step_event::what::completed, .step = "look", .time = now, .facts = {{"rows", "1"}, {"safe", "yes"}}});
      if (random.below(6) == 0) continue;
      now += std::chrono::minutes(random.below(200));
      store.end_job(id, {"done", "", now});
      expected.back().ended = true;
      expected.back().end = now;
      std::vector<kept_job> left;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto newer = static_cast<std::size_t>(std::count_if(expected.begin() + static_cast<std::ptrdiff_t>(i) + 1, expected.end(),
                                                                  [&](const kept_job& k) { return k.workflow == expected[i].workflow; }));
        const bool old = now - expected[i].end > retention.age && newer >= retention.least;
        const bool too_many = newer >= std::max(retention.most, retention.least);
        if (expected[i].workflow != workflow || !expected[i].ended || !(old || too_many)) left.push_back(expected[i]);
      }
      expected = left;
      for (const char* name : {"nightly", "weekly"}) {
        std::vector<std::string> wanted, found;
        for (const kept_job& k : expected)
          if (k.workflow == name) wanted.push_back(k.id);
        for (const job_record& r : store.jobs(name, 1000)) found.insert(found.begin(), r.job.id);
        REQUIRE(found == wanted);
      }
    }
    const sqlite::connection database(path);
    CHECK(sqlite::select_int64(database, "SELECT count(*) FROM steps WHERE job NOT IN (SELECT id FROM jobs)") == 0);
    CHECK(sqlite::select_int64(database, "SELECT count(*) FROM facts WHERE step NOT IN (SELECT sequence FROM steps)") == 0);
    CHECK(sqlite::select_int64(database, "SELECT count(*) FROM facts") != 0);
    for (const kept_job& k : expected)
      if (k.ended) CHECK(store.steps(k.id).size() == 2);
  }
}
