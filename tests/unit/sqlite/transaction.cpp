// Transactions: all or nothing, whoever else is writing.

#include "upkeep/sqlite/transaction.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/sqlite/statement.hpp"

#include <stdexcept>
#include <string>

namespace {

using upkeep::errc;
using upkeep::sqlite::connection;
using upkeep::sqlite::open_mode;
using upkeep::sqlite::select_int64;
using upkeep::sqlite::statement;
using upkeep::sqlite::transaction;
using upkeep::sqlite::transaction_kind;
using upkeep_test::failure_of;

constexpr std::chrono::milliseconds at_once{0};

struct two_connections {
  upkeep_test::temporary_directory directory;
  connection mine;
  connection other;

  explicit two_connections(const char* journal)
      : mine(directory / "shared.db", {.mode = open_mode::create, .busy_timeout = at_once}),
        other(directory / "shared.db", {.mode = open_mode::read_write, .busy_timeout = at_once}) {
    mine.execute(std::string("PRAGMA journal_mode = ") + journal);
    mine.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1)");
  }
};

std::int64_t rows(connection& database) { return select_int64(database, "SELECT count(*) FROM t"); }

TEST_CASE("what is not committed is undone", "[sqlite]") {
  two_connections databases("WAL");
  connection& mine = databases.mine;
  {
    transaction lost(mine, transaction_kind::write);
    mine.execute("INSERT INTO t VALUES (2)");
    CHECK(mine.in_transaction());
  }
  CHECK_FALSE(mine.in_transaction());
  CHECK(rows(mine) == 1);
  CHECK_THROWS_AS(
      [&] {
        transaction thrown(mine, transaction_kind::write);
        mine.execute("INSERT INTO t VALUES (2)");
        throw std::runtime_error("x");
      }(),
      std::runtime_error);
  CHECK(rows(mine) == 1);
  {
    transaction kept(mine, transaction_kind::write);
    mine.execute("INSERT INTO t VALUES (2)");
    kept.commit();
    CHECK_FALSE(kept.active());
  }
  CHECK(rows(databases.other) == 2);
  {
    transaction undone(mine, transaction_kind::write);
    mine.execute("DELETE FROM t");
    undone.rollback();
    CHECK(rows(mine) == 2);
  }
  CHECK(rows(mine) == 2);
}

TEST_CASE("a transaction ends once and does not nest", "[sqlite]") {
  two_connections databases("WAL");
  transaction first(databases.mine, transaction_kind::write);
  const auto nested = failure_of([&] { transaction(databases.mine, transaction_kind::read); });
  CHECK(nested.code == errc::invalid_argument);
  CHECK(nested.names("shared.db"));
  CHECK(first.active());  // the refused one ended nothing
  first.commit();
  CHECK(failure_of([&] { first.commit(); }).code == errc::invalid_argument);
  CHECK(failure_of([&] { first.rollback(); }).code == errc::invalid_argument);
}

TEST_CASE("a write transaction has the write lock from its beginning", "[sqlite]") {
  for (const char* journal : {"WAL", "DELETE"}) {
    two_connections databases(journal);
    transaction mine(databases.mine, transaction_kind::write);
    const auto failure = failure_of([&] { transaction(databases.other, transaction_kind::write); });
    CHECK(failure.code == errc::unavailable);
    CHECK(failure.names("BEGIN IMMEDIATE"));
    CHECK_FALSE(databases.other.in_transaction());
    CHECK(rows(databases.other) == 1);  // reading goes on
    mine.rollback();
    transaction now(databases.other, transaction_kind::write);
    CHECK(now.active());
  }
}

TEST_CASE("a read transaction sees one moment", "[sqlite]") {
  two_connections databases("WAL");
  transaction reading(databases.mine, transaction_kind::read);
  CHECK(rows(databases.mine) == 1);
  databases.other.execute("INSERT INTO t VALUES (2)");
  CHECK(rows(databases.mine) == 1);
  reading.commit();
  CHECK(rows(databases.mine) == 2);
}

TEST_CASE("read first, write later fails at once when another wrote between", "[sqlite]") {
  two_connections databases("WAL");
  // With a time-out of an hour the test would hang if waiting were of any use; SQLite knows that it is not.
  connection patient(databases.directory / "shared.db", {.mode = open_mode::read_write, .busy_timeout = std::chrono::hours(1)});
  {
    transaction upgrading(patient, transaction_kind::read);
    CHECK(rows(patient) == 1);
    databases.other.execute("INSERT INTO t VALUES (2)");
    const auto failure = failure_of([&] { patient.execute("DELETE FROM t"); });
    CHECK(failure.code == errc::unavailable);
    CHECK(failure.names("517"));
    CHECK(failure.names("write transaction"));
    CHECK(upgrading.active());
  }
  transaction from_the_start(patient, transaction_kind::write);
  CHECK(rows(patient) == 2);
  patient.execute("DELETE FROM t");
  from_the_start.commit();
  CHECK(rows(patient) == 0);
}

TEST_CASE("a commit that a reader blocks can be tried again", "[sqlite]") {
  two_connections databases("DELETE");
  statement reader(databases.other, "SELECT x FROM t");
  REQUIRE(reader.step());
  transaction writing(databases.mine, transaction_kind::write);
  databases.mine.execute("INSERT INTO t VALUES (2)");
  CHECK(failure_of([&] { writing.commit(); }).code == errc::unavailable);
  CHECK(writing.active());
  reader.reset();
  writing.commit();
  CHECK(rows(databases.other) == 2);
}

TEST_CASE("a transaction that SQLite ended itself says so", "[sqlite]") {
  two_connections databases("DELETE");
  databases.mine.execute("CREATE TABLE unique_table(x UNIQUE ON CONFLICT ROLLBACK); INSERT INTO unique_table VALUES (1)");
  transaction writing(databases.mine, transaction_kind::write);
  databases.mine.execute("INSERT INTO t VALUES (2)");
  CHECK(failure_of([&] { databases.mine.execute("INSERT INTO unique_table VALUES (1)"); }).happened);
  CHECK_FALSE(writing.active());
  CHECK(failure_of([&] { writing.commit(); }).names("rolled the transaction back"));
  CHECK(rows(databases.mine) == 1);
}

TEST_CASE("a broken deferred foreign key is found at the commit and undone", "[sqlite]") {
  two_connections databases("WAL");
  databases.mine.execute("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
  {
    transaction writing(databases.mine, transaction_kind::write);
    databases.mine.execute("INSERT INTO c VALUES (1)");
    const auto failure = failure_of([&] { writing.commit(); });
    CHECK(failure.code == errc::invalid_argument);
    CHECK(failure.names("FOREIGN KEY"));
  }
  CHECK(select_int64(databases.mine, "SELECT count(*) FROM c") == 0);
  CHECK_FALSE(databases.mine.in_transaction());
}

TEST_CASE("a commit under a running write statement is no lock", "[sqlite]") {
  two_connections databases("WAL");
  transaction writing(databases.mine, transaction_kind::write);
  statement returning(databases.mine, "INSERT INTO t VALUES (2), (3) RETURNING x");
  REQUIRE(returning.step());
  const auto failure = failure_of([&] { writing.commit(); });
  CHECK(failure.code == errc::invalid_argument);
  CHECK(failure.names("reset"));
  returning.reset();
  writing.commit();
  CHECK(rows(databases.other) == 3);
}

}  // namespace
