// Opening databases: what is set on them, and what is refused with which code and which words.

#include "upkeep/sqlite/connection.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/sqlite/statement.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <type_traits>

namespace {

using upkeep::errc;
using upkeep::sqlite::connection;
using upkeep::sqlite::open_mode;
using upkeep::sqlite::select_int64;
using upkeep_test::failure_of;

static_assert(!std::is_copy_constructible_v<connection> && std::is_nothrow_move_constructible_v<connection>);

TEST_CASE("a new database is made only when asked for", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  for (const open_mode mode : {open_mode::read_only, open_mode::read_write}) {
    const auto failure = failure_of([&] { connection(directory / "absent.db", {.mode = mode}); });
    CHECK(failure.code == errc::not_found);
    CHECK(failure.names("absent.db"));
    CHECK_FALSE(std::filesystem::exists(directory / "absent.db"));
  }
  connection made(directory / "absent.db", {.mode = open_mode::create});
  made.execute("CREATE TABLE t(x)");
  CHECK(std::filesystem::exists(directory / "absent.db"));
  CHECK(std::filesystem::equivalent(made.file(), directory / "absent.db"));
}

TEST_CASE("what every connection has set", "[sqlite]") {
  connection database(":memory:", {.mode = open_mode::create, .busy_timeout = std::chrono::milliseconds(1234)});
  CHECK(select_int64(database, "PRAGMA foreign_keys") == 1);
  CHECK(select_int64(database, "PRAGMA busy_timeout") == 1234);
  CHECK(database.file().empty());
  connection defaults(":memory:", {.mode = open_mode::create});
  CHECK(select_int64(defaults, "PRAGMA busy_timeout") == 5000);
  connection patient(":memory:", {.mode = open_mode::create, .busy_timeout = std::chrono::hours(24 * 365)});
  CHECK(select_int64(patient, "PRAGMA busy_timeout") > 24 * 3600 * 1000);
  database.execute("CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES (1)");
  const auto failure = failure_of([&] { database.execute("INSERT INTO t VALUES (1)"); });
  CHECK(failure.names("2067"));  // SQLITE_CONSTRAINT_UNIQUE: the extended code, not 19
  CHECK(failure.names("an in-memory database"));
}

TEST_CASE("paths that are no database file", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  CHECK(failure_of([&] { connection(directory.path(), {.mode = open_mode::create}); }).code == errc::io);
  CHECK(failure_of([&] { connection(directory.path(), {.mode = open_mode::create}); }).names("directory"));
  CHECK(failure_of([&] { connection("", {.mode = open_mode::create}); }).code == errc::invalid_argument);
  CHECK(failure_of([&] { connection(std::string("a\0b", 3), {.mode = open_mode::create}); }).code == errc::invalid_argument);
  const auto nowhere = failure_of([&] { connection(directory / "no/such/folder.db", {.mode = open_mode::create}); });
  CHECK(nowhere.code == errc::io);
  CHECK(nowhere.names("folder.db"));

  const auto text = directory.write("notes.txt", std::string(4096, 'x'));
  const auto failure = failure_of([&] { connection{text}; });
  CHECK(failure.code == errc::corrupt);
  CHECK(failure.names("notes.txt"));
  CHECK(failure.names("no SQLite database"));
}

TEST_CASE("an empty file is an empty database", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  connection database(directory.write("empty.db", ""));
  CHECK(select_int64(database, "SELECT count(*) FROM sqlite_schema") == 0);
}

TEST_CASE("a file name is never read as a URI", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  {
    connection database("file:odd?mode=memory", {.mode = open_mode::create});
    database.execute("CREATE TABLE t(x)");
  }
  std::filesystem::current_path(before);
  CHECK(std::filesystem::exists(directory / "file:odd?mode=memory"));
}

TEST_CASE("a damaged file is called damaged", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  const auto file = directory / "damaged.db";
  {
    connection database(file, {.mode = open_mode::create});
    database.execute(
        "PRAGMA page_size=1024; CREATE TABLE t(id INTEGER PRIMARY KEY, x); "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 500) INSERT INTO t SELECT i, hex(i) FROM n");
  }
  {
    std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
    bytes.seekp(1024);
    bytes << std::string(3 * 1024, '\xff');
  }
  connection database(file);
  const auto failure = failure_of([&] { select_int64(database, "SELECT sum(length(x)) FROM t"); });
  CHECK(failure.code == errc::corrupt);
  CHECK(failure.names("damaged.db"));
  CHECK(failure.names("restore a backup"));
}

TEST_CASE("a read-only connection reads and does not write", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  const auto file = directory / "kept.db";
  connection(file, {.mode = open_mode::create}).execute("CREATE TABLE t(x); INSERT INTO t VALUES (41)");
  connection database(file);
  CHECK(database.read_only());
  CHECK(select_int64(database, "SELECT x FROM t") == 41);
  const auto failure = failure_of([&] { database.execute("UPDATE t SET x = 42"); });
  CHECK(failure.code == errc::io);
  CHECK(failure.names("kept.db"));
  CHECK(failure.names("writable"));
  CHECK(select_int64(database, "SELECT x FROM t") == 41);
}

TEST_CASE("a write-protected file is refused when opened for writing", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  const auto file = directory / "protected.db";
  connection(file, {.mode = open_mode::create}).execute("CREATE TABLE t(x)");
  using std::filesystem::perms;
  std::filesystem::permissions(file, perms::owner_read | perms::group_read | perms::others_read);
  std::filesystem::permissions(directory.path(),
                               perms::owner_all | perms::group_read | perms::group_exec | perms::others_read | perms::others_exec);
  // Root writes through every permission, so the test becomes nobody for a while.
  const bool was_root = ::geteuid() == 0;
  if (was_root) REQUIRE(::seteuid(65534) == 0);
  const auto for_writing = failure_of([&] { connection(file, {.mode = open_mode::read_write}); });
  const auto for_creating = failure_of([&] { connection(file, {.mode = open_mode::create}); });
  const auto for_reading = failure_of([&] { connection{file}; });
  if (was_root) REQUIRE(::seteuid(0) == 0);
  for (const auto& failure : {for_writing, for_creating}) {
    CHECK(failure.code == errc::io);
    INFO(failure.message);
    CHECK(failure.names("protected.db"));
    CHECK(failure.names("write-protected"));
  }
  INFO(for_reading.message);
  CHECK_FALSE(for_reading.happened);
}

TEST_CASE("a full database is an io error", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  connection database(directory / "full.db", {.mode = open_mode::create});
  database.execute("CREATE TABLE t(x); PRAGMA max_page_count = 3");
  const auto failure = failure_of([&] { database.execute("INSERT INTO t VALUES (zeroblob(100000))"); });
  CHECK(failure.code == errc::io);
  CHECK(failure.names("full"));
  CHECK(select_int64(database, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("a lock that another connection holds is unavailable, not busy", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  const auto file = directory / "locked.db";
  connection holder(file, {.mode = open_mode::create});
  holder.execute("CREATE TABLE t(x)");
  const std::chrono::milliseconds at_once{0};
  connection waiting(file, {.mode = open_mode::read_write, .busy_timeout = at_once});
  holder.execute("BEGIN EXCLUSIVE");
  for (const char* sql : {"SELECT * FROM t", "INSERT INTO t VALUES (1)", "BEGIN IMMEDIATE"}) {
    const auto failure = failure_of([&] { waiting.execute(sql); });
    CHECK(failure.code == errc::unavailable);
    CHECK(failure.names("locked.db"));
    CHECK(failure.names("time-out"));
  }
  CHECK(failure_of([&] { connection(file, {.busy_timeout = at_once}); }).code == errc::unavailable);
  holder.execute("COMMIT");
  CHECK(select_int64(waiting, "SELECT count(*) FROM t") == 0);
}

TEST_CASE("on_open makes users' functions known before anything is read", "[sqlite]") {
  const auto twice = [](sqlite3_context* context, int, sqlite3_value** values) {
    sqlite3_result_int64(context, 2 * sqlite3_value_int64(values[0]));
  };
  int calls = 0;
  connection database(":memory:", {.mode = open_mode::create, .on_open = [&](sqlite3* raw) {
                                     ++calls;
                                     sqlite3_create_function_v2(raw, "twice", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, twice,
                                                                nullptr, nullptr, nullptr);
                                   }});
  CHECK(calls == 1);
  CHECK(select_int64(database, "SELECT twice(21)") == 42);
  CHECK_THROWS_AS(connection(":memory:", {.mode = open_mode::create, .on_open = [](sqlite3*) { throw std::logic_error("mine"); }}),
                  std::logic_error);
}

TEST_CASE("statements that fail say which, why and what to do", "[sqlite]") {
  connection database(":memory:", {.mode = open_mode::create});
  struct expectation {
    const char* sql;
    errc code;
    const char* word;
  };
  for (const expectation& expected :
       {expectation{"SELECT * FROM nowhere", errc::not_found, "no such table: nowhere"},
        expectation{"SELECT absent FROM sqlite_schema", errc::not_found, "no such column: absent"},
        expectation{"SELECT no_such(1)", errc::unsupported, "on_open"},
        expectation{"SELECT 'a' = 'b' COLLATE strange", errc::unsupported, "on_open"},
        expectation{"CREATE VIRTUAL TABLE v USING no_such_module(x)", errc::unsupported, "extension"},
        expectation{"SELEKT 1", errc::invalid_argument, "syntax error"},
        expectation{"CREATE TABLE t(x NOT NULL); INSERT INTO t VALUES (NULL)", errc::invalid_argument, "NOT NULL"}}) {
    const auto failure = failure_of([&] { database.execute(expected.sql); });
    INFO(expected.sql << " -> " << failure.message);
    CHECK(failure.code == expected.code);
    CHECK(failure.names(expected.word));
    CHECK(failure.names(expected.sql));
  }
  CHECK(failure_of([&] { database.execute(std::string_view("SELECT 1\0; DROP TABLE t", 23)); }).code == errc::invalid_argument);
}

TEST_CASE("a long statement is cut at a character in messages", "[sqlite]") {
  connection database(":memory:", {.mode = open_mode::create});
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string sql = "SELECT gone." + std::string(shift, 'x');
    for (int i = 0; i < 100; ++i) sql += "\xf0\x9f\xa6\x89";  // an owl, four bytes
    const auto failure = failure_of([&] { database.execute(sql); });
    const std::size_t cut = failure.message.find("...");
    REQUIRE(cut != std::string::npos);
    CHECK(failure.message.substr(cut - 4, 4) == "\xf0\x9f\xa6\x89");
  }
}

TEST_CASE("changes() counts a statement's own rows, total_changes() those of cascades too", "[sqlite]") {
  connection database(":memory:", {.mode = open_mode::create});
  database.execute(
      "CREATE TABLE parent(id INTEGER PRIMARY KEY); CREATE TABLE child(p REFERENCES parent ON DELETE CASCADE);"
      "INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1), (1), (2)");
  const auto before = database.total_changes();
  database.execute("DELETE FROM parent WHERE id = 1");
  CHECK(database.changes() == 1);
  CHECK(database.total_changes() - before == 3);
}

TEST_CASE("an interrupted statement is cancelled", "[sqlite]") {
  const auto stop = [](sqlite3_context* context, int, sqlite3_value**) { sqlite3_interrupt(sqlite3_context_db_handle(context)); };
  connection database(":memory:", {.mode = open_mode::create, .on_open = [&](sqlite3* raw) {
                                     sqlite3_create_function_v2(raw, "stop", 0, SQLITE_UTF8, nullptr, stop, nullptr, nullptr, nullptr);
                                   }});
  const auto failure = failure_of([&] {
    select_int64(database, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 100000) SELECT count(stop()) FROM n");
  });
  CHECK(failure.code == errc::cancelled);
}

TEST_CASE("a connection moves", "[sqlite]") {
  connection first(":memory:", {.mode = open_mode::create});
  first.execute("CREATE TABLE t(x); INSERT INTO t VALUES (7)");
  connection second(std::move(first));
  CHECK(select_int64(second, "SELECT x FROM t") == 7);
}

}  // namespace
