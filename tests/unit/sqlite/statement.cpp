// Prepared statements: every value comes back as it went in, and misuse is named.

#include "upkeep/sqlite/statement.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include <rapidcheck.h>

#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using upkeep::errc;
using upkeep::sqlite::binding;
using upkeep::sqlite::connection;
using upkeep::sqlite::open_mode;
using upkeep::sqlite::select_int64;
using upkeep::sqlite::statement;
using upkeep::sqlite::value_type;
using upkeep_test::failure_of;

static_assert(!std::is_copy_constructible_v<statement> && std::is_nothrow_move_constructible_v<statement>);

connection in_memory() { return connection(":memory:", {.mode = open_mode::create}); }

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span<const char>(text.data(), text.size())); }

std::string string_of(std::span<const std::byte> bytes) {
  std::string text(bytes.size(), '\0');
  if (!bytes.empty()) std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

TEST_CASE("values of every storage class come back unchanged", "[sqlite]") {
  connection database = in_memory();
  database.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
  statement insert(database, "INSERT OR REPLACE INTO t VALUES (1, ?1)");
  statement select(database, "SELECT v FROM t");
  CHECK(insert.parameter_count() == 1);
  CHECK(select.column_count() == 1);

  CHECK(rc::check("int64", [&](std::int64_t value) {
    insert.bind_int64(1, value);
    insert.run();
    RC_ASSERT(select.step());
    RC_ASSERT(select.type(0) == value_type::integer);
    RC_ASSERT(select.int64(0) == value);
    select.reset();
  }));
  CHECK(rc::check("double", [&](double value) {
    insert.bind_double(1, value);
    insert.run();
    RC_ASSERT(select.step());
    RC_ASSERT(select.type(0) == value_type::real);
    const double read = select.real(0);
    RC_ASSERT(std::memcmp(&read, &value, sizeof value) == 0);
    select.reset();
  }));
  const auto any_bytes = rc::gen::container<std::string>(rc::gen::arbitrary<char>());  // NUL and invalid UTF-8 among them
  CHECK(rc::check("text", [&] {
    const std::string value = *any_bytes;
    insert.bind_text(1, value, *rc::gen::element(binding::copied, binding::borrowed));
    insert.run();
    RC_ASSERT(select.step());
    RC_ASSERT(select.type(0) == value_type::text);
    RC_ASSERT(select.text(0) == value);
    select.reset();
  }));
  CHECK(rc::check("blob", [&] {
    const std::string value = *any_bytes;
    insert.bind_blob(1, bytes_of(value), *rc::gen::element(binding::copied, binding::borrowed));
    insert.run();
    RC_ASSERT(select.step());
    RC_ASSERT(select.type(0) == value_type::blob);
    RC_ASSERT(string_of(select.blob(0)) == value);
    select.reset();
  }));
  insert.bind_null(1);
  insert.run();
  REQUIRE(select.step());
  CHECK(select.is_null(0));
}

TEST_CASE("empty is not NULL, wherever its pointer points", "[sqlite]") {
  connection database = in_memory();
  statement query(database, "SELECT ?1, ?2, ?3, ?4");
  const std::string empty;
  query.bind_text(1, std::string_view());
  query.bind_text(2, empty, binding::borrowed);
  query.bind_blob(3, std::span<const std::byte>());
  query.bind_blob(4, bytes_of(empty), binding::borrowed);
  REQUIRE(query.step());
  CHECK(query.type(0) == value_type::text);
  CHECK(query.text(0).empty());
  CHECK(query.type(1) == value_type::text);
  CHECK(query.type(2) == value_type::blob);
  CHECK(query.blob(2).empty());
  CHECK(query.type(3) == value_type::blob);
}

TEST_CASE("a copied binding does not follow its source", "[sqlite]") {
  connection database = in_memory();
  statement query(database, "SELECT ?1, ?2");
  std::string text(1000, 'a');
  query.bind_text(1, text);
  query.bind_blob(2, bytes_of(text));
  std::fill(text.begin(), text.end(), 'z');
  REQUIRE(query.step());
  CHECK(query.text(0) == std::string(1000, 'a'));
  CHECK(string_of(query.blob(1)) == std::string(1000, 'a'));
}

TEST_CASE("values are copied between databases with class and bytes", "[sqlite]") {
  connection from = in_memory();
  connection to = in_memory();
  to.execute("CREATE TABLE t(v)");
  statement source(
      from,
      "VALUES (1), (-9223372036854775808), (1.0), (-0.0), (9e999), ('text'), (CAST(x'ff00fe' AS TEXT)), (x''), (x'00ff'), (''), "
      "(NULL)");
  statement insert(to, "INSERT INTO t VALUES (?1)");
  int rows = 0;
  while (source.step()) {
    insert.bind_value(1, source.value(0));
    insert.run();
    ++rows;
  }
  CHECK(rows == 11);
  source.reset();
  statement copy(to, "SELECT v FROM t ORDER BY rowid");
  while (source.step()) {
    REQUIRE(copy.step());
    REQUIRE(copy.type(0) == source.type(0));
    switch (source.type(0)) {
      case value_type::integer: CHECK(copy.int64(0) == source.int64(0)); break;
      case value_type::real: CHECK(copy.real(0) == source.real(0)); break;
      case value_type::text: CHECK(copy.text(0) == source.text(0)); break;
      case value_type::blob: CHECK(string_of(copy.blob(0)) == string_of(source.blob(0))); break;
      case value_type::null: CHECK(copy.is_null(0)); break;
    }
  }
}

TEST_CASE("text of a UTF-16 database is read as UTF-8", "[sqlite]") {
  connection database = in_memory();
  database.execute("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(x); INSERT INTO t VALUES ('Grüße 🦉')");
  statement query(database, "SELECT x FROM t");
  REQUIRE(query.step());
  CHECK(query.text(0) == "Grüße 🦉");
}

TEST_CASE("nothing is converted on reading", "[sqlite]") {
  connection database = in_memory();
  statement query(database, "SELECT 'abc' AS word, 7, 1.5, x'00', NULL");
  REQUIRE(query.step());
  const auto failure = failure_of([&] { static_cast<void>(query.int64(0)); });
  CHECK(failure.code == errc::corrupt);
  CHECK(failure.names("word"));
  CHECK(failure.names("integer"));
  CHECK(query.real(1) == 7.0);
  CHECK_FALSE(failure_of([&] { static_cast<void>(query.int64(1)); }).happened);
  CHECK(failure_of([&] { static_cast<void>(query.text(1)); }).code == errc::corrupt);
  CHECK(failure_of([&] { static_cast<void>(query.int64(2)); }).code == errc::corrupt);
  CHECK(failure_of([&] { static_cast<void>(query.blob(0)); }).code == errc::corrupt);
  CHECK(failure_of([&] { static_cast<void>(query.text(3)); }).code == errc::corrupt);
  CHECK(failure_of([&] { static_cast<void>(query.real(4)); }).code == errc::corrupt);
  CHECK(failure_of([&] { static_cast<void>(query.int64(99)); }).code == errc::corrupt);
}

TEST_CASE("NaN is stored as NULL, as SQLite says", "[sqlite]") {
  connection database = in_memory();
  statement query(database, "SELECT ?1");
  query.bind_double(1, std::numeric_limits<double>::quiet_NaN());
  REQUIRE(query.step());
  CHECK(query.is_null(0));
}

TEST_CASE("reset keeps the bindings, clear_bindings drops them", "[sqlite]") {
  connection database = in_memory();
  statement query(database, "SELECT ?1");
  query.bind_int64(1, 5);
  REQUIRE(query.step());
  query.reset();
  REQUIRE(query.step());
  CHECK(query.int64(0) == 5);
  query.reset();
  query.clear_bindings();
  REQUIRE(query.step());
  CHECK(query.is_null(0));
  CHECK_FALSE(query.step());
}

TEST_CASE("exactly one statement can be prepared", "[sqlite]") {
  connection database = in_memory();
  for (const char* sql : {"", "  ", "-- nothing", "SELECT 1; SELECT 2", "SELECT 1; /* x */ SELECT 2"}) {
    CHECK(failure_of([&] { statement(database, sql); }).code == errc::invalid_argument);
  }
  CHECK(failure_of([&] { statement(database, std::string_view("SELECT 1\0garbage", 16)); }).code == errc::invalid_argument);
  for (const char* sql : {"SELECT 1;", "SELECT 1; -- done", "/* a */ SELECT 1 ; /* b */ ;"}) {
    CHECK_FALSE(failure_of([&] { statement(database, sql); }).happened);
  }
}

TEST_CASE("a parameter that is not there is named", "[sqlite]") {
  connection database = in_memory();
  statement query(database, "SELECT ?1");
  const auto failure = failure_of([&] { query.bind_int64(2, 1); });
  CHECK(failure.code == errc::invalid_argument);
  CHECK(failure.names("parameter 2"));
  REQUIRE(query.step());
  CHECK(failure_of([&] { query.bind_int64(1, 1); }).happened);  // while a row is being read
}

TEST_CASE("a statement that failed holds no lock and can be used again", "[sqlite]") {
  connection database = in_memory();
  database.execute("CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES (1)");
  statement insert(database, "INSERT INTO t VALUES (?1)");
  insert.bind_int64(1, 1);
  const auto failure = failure_of([&] { insert.run(); });
  CHECK(failure.code == errc::invalid_argument);
  CHECK(failure.names("UNIQUE constraint failed: t.x"));
  CHECK(sqlite3_stmt_busy(insert.handle()) == 0);
  insert.bind_int64(1, 2);
  insert.run();
  CHECK(select_int64(database, "SELECT count(*) FROM t") == 2);
}

TEST_CASE("a statement may outlive its connection", "[sqlite]") {
  auto database = std::make_unique<connection>(in_memory());
  statement query(*database, "SELECT 3");
  database.reset();
  REQUIRE(query.step());
  CHECK(query.int64(0) == 3);
}

TEST_CASE("select_int64 wants one integer", "[sqlite]") {
  connection database = in_memory();
  CHECK(select_int64(database, "SELECT 12") == 12);
  CHECK(failure_of([&] { select_int64(database, "SELECT 1 WHERE 0"); }).code == errc::not_found);
  CHECK(failure_of([&] { select_int64(database, "SELECT 'x'"); }).code == errc::corrupt);
}

}  // namespace
