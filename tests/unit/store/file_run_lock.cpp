// The run lock over a lock file.

#include "upkeep/store/file_run_lock.hpp"

#include <utility>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using upkeep::file_run_lock;

TEST_CASE("two file_run_locks of one file exclude each other", "[file_run_lock]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "db.upkeep.lock";
  file_run_lock a(path), b(path), elsewhere(directory / "other.lock");
  REQUIRE(a.try_lock("host a, process 1").acquired);
  for (file_run_lock* who : {&b, &a}) {
    const upkeep::lock_answer refused = who->try_lock("b");
    CHECK_FALSE(refused.acquired);
    CHECK(refused.owner == "host a, process 1");
    CHECK(upkeep::parse_iso8601(refused.since).has_value());
  }
  CHECK(elsewhere.try_lock("c").acquired);
  b.unlock();
  CHECK_FALSE(b.try_lock("b").acquired);
  a.unlock();
  CHECK(b.try_lock("b").acquired);
}

TEST_CASE("a file_run_lock ends with its object, wherever it was moved", "[file_run_lock]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "l";
  file_run_lock contender(path);
  {
    file_run_lock holder(path);
    REQUIRE(holder.try_lock("x").acquired);
    const file_run_lock moved = std::move(holder);
    CHECK_FALSE(contender.try_lock("y").acquired);
  }
  CHECK(contender.try_lock("y").acquired);
}

TEST_CASE("a lock file that cannot be made is an error that names it", "[file_run_lock]") {
  const upkeep_test::temporary_directory directory;
  file_run_lock lock(directory / "no such folder/l");
  CHECK_THROWS_WITH(lock.try_lock("x"), Catch::Contains("no such folder/l"));
}
