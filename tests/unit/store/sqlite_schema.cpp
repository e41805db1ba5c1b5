// upkeep's own table: made once, recognised, versioned.

#include "upkeep/store/sqlite_schema.hpp"

#include <filesystem>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/sqlite_store.hpp"

using upkeep::errc;
using upkeep::sqlite_store;
using upkeep_test::failure_of;
using upkeep_test::run_sql;

TEST_CASE("a store that was made is opened again by its path alone", "[sqlite_schema]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = (folder / "own.db").string();
  { const sqlite_store made = sqlite_store::create(path, 5); }
  const sqlite_store again(path);
  CHECK(again.dimension() == 5);
  CHECK(upkeep::has(again.fields(), upkeep::stored_fields));
  const sqlite_store made_again = sqlite_store::create(path, 5);
  CHECK(made_again.dimension() == 5);
  const auto other = failure_of([&] { sqlite_store::create(path, 6); });
  CHECK(other.code == errc::invalid_argument);
  CHECK(other.names("5 components, not of 6"));
  CHECK(failure_of([&] { sqlite_store::create((folder / "none.db").string(), 0); }).names("dimension is 0"));
  CHECK_FALSE(std::filesystem::exists(folder / "none.db"));
}

TEST_CASE("a newer schema is refused", "[sqlite_schema]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = (folder / "own.db").string();
  { const sqlite_store made = sqlite_store::create(path, 5); }
  run_sql(path, "PRAGMA user_version = 2");
  for (const auto& f : {failure_of([&] { const sqlite_store s(path); }), failure_of([&] { sqlite_store::create(path, 5); })}) {
    CHECK(f.code == errc::unsupported);
    CHECK(f.names("schema version 2"));
    CHECK(f.names("use a newer one"));
  }
}

TEST_CASE("nothing is added to an application's database", "[sqlite_schema]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = run_sql(folder / "app.db", "CREATE TABLE notes(id INTEGER PRIMARY KEY)");
  const auto f = failure_of([&] { sqlite_store::create(path, 5); });
  CHECK(f.code == errc::unsupported);
  CHECK(f.names("sqlite_layout"));
  CHECK(upkeep_test::read_all(path, "SELECT name FROM sqlite_schema") == std::vector<std::string>{"t'notes'"});
}
