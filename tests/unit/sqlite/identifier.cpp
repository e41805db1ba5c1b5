// Quoted names: whatever the name, SQLite reads back exactly it.

#include "upkeep/sqlite/identifier.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/sqlite/statement.hpp"

#include <rapidcheck.h>

namespace {

using upkeep::errc;
using upkeep::sqlite::connection;
using upkeep::sqlite::open_mode;
using upkeep::sqlite::quote_column;
using upkeep::sqlite::quote_identifier;
using upkeep::sqlite::statement;

TEST_CASE("names that can be written down", "[sqlite]") {
  CHECK(quote_identifier("notes") == "\"notes\"");
  CHECK(quote_identifier("a\"b") == "\"a\"\"b\"");
  CHECK(quote_identifier("\"") == "\"\"\"\"");
  CHECK(quote_column("t", "c\"") == "\"t\".\"c\"\"\"");
}

TEST_CASE("names that cannot be", "[sqlite]") {
  CHECK(upkeep_test::failure_of([] { quote_identifier(""); }).code == errc::invalid_argument);
  CHECK(upkeep_test::failure_of([] { quote_identifier(std::string_view("a\0b", 3)); }).code == errc::invalid_argument);
}

TEST_CASE("any bytes but NUL come back from SQLite as they went in", "[sqlite]") {
  connection database(":memory:", {.mode = open_mode::create});
  CHECK(rc::check("quoted name", [&] {
    const auto name = *rc::gen::nonEmpty(rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::nonZero<char>(), rc::gen::element('"', '\'', '`', '[', ']', ';', '-', '\\', '%', '\n'))));
    const statement query(database, "SELECT 1 AS " + quote_identifier(name));
    RC_ASSERT(query.column_name(0) == name);
  }));
}

TEST_CASE("a qualified name of an absent column is an error, never a string", "[sqlite]") {
  connection database(":memory:", {.mode = open_mode::create});
  database.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  CHECK(upkeep_test::failure_of([&] { statement(database, "SELECT " + quote_column("t", "gone") + " FROM t"); }).code == errc::not_found);
}

}  // namespace
