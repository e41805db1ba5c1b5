// sql_oracle: which sources a table knows, whatever its columns are, and that in doubt it does not answer.

#include "upkeep/oracle/sql_oracle.hpp"

#include <optional>
#include <set>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/oracle_answers.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/rng.hpp"

using upkeep::errc;
using upkeep::ownership;
using upkeep::sql_oracle;
using upkeep_test::ask;
using upkeep_test::failure_of;
using upkeep_test::run_sql;
using upkeep_test::temporary_directory;

TEST_CASE("an id is a source when it reads the same, with an index and without", "[sql_oracle]") {
  const temporary_directory folder;
  const std::vector<std::string> sources{"7",
                                         "07",
                                         " 7",
                                         "7.0",
                                         "-3",
                                         "+7",
                                         "a",
                                         "A",
                                         "a ",
                                         "",
                                         "O'Brien\n",
                                         std::string("n\0l", 3),
                                         std::string("n"),
                                         "\xff\xfe",
                                         "9223372036854775807",
                                         "9223372036854775808",
                                         "NULL",
                                         "7e0",
                                         "1e2",
                                         "2.5",
                                         "-0",
                                         "0"};
  struct table {
    std::string columns, values, answers;
  };
  const std::string texts =
      "('7'), ('a'), (''), ('O''Brien' || char(10)), (CAST(x'6e006c' AS TEXT)), (CAST(x'fffe' AS TEXT)), (NULL), ('x')";
  const std::string blobs = "(x'37'), (x'61'), (x''), (x'4f27427269656e0a'), (x'6e006c'), (x'fffe'), (NULL), (x'78')";
  const std::string integers = "(7), (-3), (9223372036854775807), (100), (NULL), (0)";
  //                     7 07 _7 7.0 -3 +7 a A a_ '' OB n0l n ff max max+1 NULL 7e0 1e2 2.5 -0 0
  const std::string by_text =
      "paaaaa"
      "paa"
      "p"
      "p"
      "p"
      "a"
      "p"
      "aa"
      "a"
      "aaa"
      "aa";
  const std::string by_int =
      "paaapa"
      "aaa"
      "a"
      "a"
      "a"
      "a"
      "a"
      "pa"
      "a"
      "aaa"
      "ap";
  const std::string by_real =
      "ppap"
      "aa"
      "aaa"
      "a"
      "a"
      "a"
      "a"
      "a"
      "aa"
      "a"
      "ppp"
      "aa";
  const std::vector<table> tables{
      {"id TEXT PRIMARY KEY", texts, by_text},
      {"id TEXT", texts, by_text},
      {"id TEXT PRIMARY KEY COLLATE NOCASE", texts, by_text},
      {"id TEXT COLLATE RTRIM", texts, by_text},
      {"id", texts, by_text},
      {"id UNIQUE", texts, by_text},
      {"id BLOB UNIQUE", blobs, by_text},
      {"id BLOB", blobs, by_text},
      {"id INTEGER PRIMARY KEY", "(7), (-3), (9223372036854775807), (100), (0)", by_int},
      {"id INT UNIQUE", integers, by_int},
      {"id INTEGER", integers, by_int},
      {"id UNIQUE", integers, by_int},
      {"id", integers, by_int},
      {"id REAL", "(7.0), (100), (2.5), (NULL)", by_real},
      {"id REAL UNIQUE", "(7.0), (100), (2.5), (NULL)", by_real},
  };
  int number = 0;
  for (const table& t : tables) {
    INFO(t.columns << ": " << t.values);
    const std::string path =
        run_sql(folder / ("s" + std::to_string(number++)), "CREATE TABLE docs(" + t.columns + "); INSERT INTO docs(id) VALUES " + t.values);
    CHECK(ask(sql_oracle(path, "docs", "id"), sources) == t.answers);
  }
}

TEST_CASE("a view, a generated column and hostile names will do", "[sql_oracle]") {
  const temporary_directory folder;
  const std::string path = run_sql(folder / "a.db",
                                   "CREATE TABLE \"order\"(\"a\"\"b\" TEXT, gone, up AS (upper(\"a\"\"b\")));"
                                   "INSERT INTO \"order\" VALUES ('a', 0), ('b', 1), ('c', 0);"
                                   "CREATE VIEW live AS SELECT \"a\"\"b\" AS id FROM \"order\" WHERE NOT gone");
  CHECK(ask(sql_oracle(path, "order", "a\"b"), {"a", "b", "x"}) == "ppa");
  CHECK(ask(sql_oracle(path, "live", "id"), {"a", "b", "c", "a"}) == "papp");
  CHECK(ask(sql_oracle(path, "ORDER", "up"), {"A", "a"}) == "pa");
}

TEST_CASE("where it cannot be known there is no answer", "[sql_oracle]") {
  const temporary_directory folder;
  const std::string path =
      run_sql(folder / "a.db",
              "CREATE TABLE docs(id TEXT); INSERT INTO docs VALUES ('a'); CREATE TABLE empty(id); CREATE TABLE nulls(id);"
              "INSERT INTO nulls VALUES (NULL)");
  const auto refused = [&](const std::string& file, const std::string& table, const std::string& column) {
    return failure_of([&] { const sql_oracle o(file, table, column); });
  };
  CHECK(refused((folder / "none").string(), "docs", "id").code == errc::not_found);
  CHECK(refused(path, "doc", "id").names("docs, empty, nulls"));
  CHECK(refused(path, "docs", "key").names("its columns are: id"));
  CHECK(refused(folder.write("text", "no database: a text of more than a hundred bytes, so that its header cannot be mistaken for anything")
                    .string(),
                "docs", "id")
            .code == errc::corrupt);
  for (const char* table : {"empty", "nulls"}) {
    const sql_oracle none(path, table, "id");
    const auto f = failure_of([&] { ask(none, {"a"}); });
    CHECK(f.code == errc::inconsistent);
    CHECK(f.names("allow_empty"));
    CHECK(ask(sql_oracle(path, table, "id", {.allow_empty = true}), {"a"}) == "a");
  }
  const sql_oracle oracle(path, "docs", "id", {.busy_timeout = std::chrono::milliseconds(0)});
  CHECK(ask(oracle, {"a", "b"}) == "pa");
  std::vector<ownership> answers(1, ownership::unknown);
  const std::vector<std::string_view> one{"b"};
  {
    auto application = upkeep_test::open_database(path);
    application.execute("BEGIN EXCLUSIVE");
    CHECK(failure_of([&] { oracle.tell_owners(one, answers); }).code == errc::unavailable);
    CHECK(answers[0] == ownership::unknown);
    application.execute("INSERT INTO docs VALUES ('b'); COMMIT");
  }
  CHECK(ask(oracle, {"b"}) == "p");  // as it is now, not as it was
  run_sql(path, "DROP TABLE docs");
  CHECK(failure_of([&] { oracle.tell_owners(one, answers); }).code == errc::not_found);
  CHECK(answers[0] == ownership::unknown);
}

TEST_CASE("many sources against many ids", "[sql_oracle]") {
  const temporary_directory folder;
  upkeep::rng random(11);
  for (const std::string column : {"id INTEGER PRIMARY KEY", "id TEXT PRIMARY KEY", "id TEXT", "id BLOB PRIMARY KEY"}) {
    std::set<std::string> known;
    std::string sql = "CREATE TABLE docs(" + column + "); BEGIN;";
    const bool blob = column.starts_with("id BLOB");
    for (int i = 0; i < 3000; ++i) {
      const std::string id = std::to_string(random.below(6000));
      if (!known.insert(id).second) continue;
      sql += "INSERT INTO docs VALUES (" + (blob ? "x'" + upkeep_test::hex(id) + "'" : "'" + id + "'") + ");";
    }
    const std::string path = run_sql(folder / ("m" + std::to_string(random())), sql + "COMMIT");
    std::vector<std::string> sources;
    std::string expected;
    for (int i = 0; i < 6000; ++i) {
      sources.push_back(std::to_string(i));
      expected += known.contains(sources.back()) ? 'p' : 'a';
    }
    CHECK(ask(sql_oracle(path, "docs", "id"), sources) == expected);
    CHECK(ask(sql_oracle(path, "docs", "id"), {}).empty());
  }
}
