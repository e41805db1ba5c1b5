#include "upkeep/workflow/sqlite_job_store.hpp"

#include "support/job_store_contract.hpp"
#include "support/temporary_directory.hpp"

using namespace upkeep;

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
