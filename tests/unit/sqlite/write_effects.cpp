// What a change would do elsewhere: compared with what it then really does.

#include "upkeep/sqlite/write_effects.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using upkeep::errc;
using upkeep::sqlite::connection;
using upkeep::sqlite::effects_of;
using upkeep::sqlite::missing_kind;
using upkeep::sqlite::missing_name;
using upkeep::sqlite::open_mode;
using upkeep::sqlite::read_table_schema;
using upkeep::sqlite::select_int64;
using upkeep::sqlite::table_action;
using upkeep::sqlite::write_effect;
using upkeep::sqlite::write_effects;
using upkeep_test::failure_of;

int compare_backwards(void*, int a_size, const void* a, int b_size, const void* b) {
  const std::string x(static_cast<const char*>(a), static_cast<std::size_t>(a_size));
  const std::string y(static_cast<const char*>(b), static_cast<std::size_t>(b_size));
  return y.compare(x);
}

void register_all(sqlite3* database) {
  const auto same = [](sqlite3_context* context, int, sqlite3_value** values) { sqlite3_result_value(context, values[0]); };
  sqlite3_create_collation_v2(database, "backwards", SQLITE_UTF8, nullptr, compare_backwards, nullptr);
  sqlite3_create_collation_v2(database, "strange one", SQLITE_UTF8, nullptr, compare_backwards, nullptr);
  sqlite3_create_function_v2(database, "same", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr, same, nullptr, nullptr,
                             nullptr);
}

std::string text_of(const write_effect& effect) {
  const std::string verb = effect.action == table_action::remove   ? "remove "
                           : effect.action == table_action::insert ? "insert "
                                                                   : "update ";
  return verb + effect.table + (effect.column.empty() ? "" : "." + effect.column) + (effect.trigger.empty() ? "" : " by " + effect.trigger);
}

std::multiset<std::string> texts_of(const write_effects& found) {
  std::multiset<std::string> texts;
  for (const write_effect& effect : found.effects) texts.insert(text_of(effect));
  return texts;
}

std::multiset<std::string> effects_on(connection& database, const std::string& table, table_action action, const std::string& column = "") {
  const write_effects found = effects_of(database, read_table_schema(database, table), action, column);
  CHECK(found.missing.empty());
  return texts_of(found);
}

connection in_memory(const std::string& sql) {
  connection database(":memory:", {.mode = open_mode::create});
  database.execute(sql);
  return database;
}

using texts = std::multiset<std::string>;

TEST_CASE("a table by itself has no effects", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, x UNIQUE, y AS (x) STORED); CREATE TABLE w(a PRIMARY KEY, b) WITHOUT ROWID;"
      "CREATE TABLE \"we\"\"ird [t]\"(\"sel\"\"ect\" PRIMARY KEY)");
  for (const char* table : {"t", "w", "we\"ird [t]"}) {
    for (const table_action action : {table_action::read, table_action::insert, table_action::update, table_action::remove}) {
      CHECK(effects_on(database, table, action).empty());
    }
  }
}

TEST_CASE("cascades and triggers are followed to their end", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE p(id INTEGER PRIMARY KEY, body); CREATE TABLE log(x);"
      "CREATE TABLE child(id INTEGER PRIMARY KEY, p REFERENCES p ON DELETE CASCADE);"
      "CREATE TABLE grandchild(c REFERENCES child ON DELETE SET NULL);"
      "CREATE TABLE strict_one(p REFERENCES p ON DELETE RESTRICT);"
      "CREATE TRIGGER logged AFTER DELETE ON child BEGIN INSERT INTO log VALUES (old.id); END;"
      "CREATE VIRTUAL TABLE words USING fts5(body, content = 'p', content_rowid = 'id');"
      "CREATE TRIGGER words_out AFTER DELETE ON p BEGIN INSERT INTO words(words, rowid, body) VALUES ('delete', old.id, old.body); END;"
      "CREATE TRIGGER words_in AFTER INSERT ON p BEGIN INSERT INTO words(rowid, body) VALUES (new.id, new.body); END");
  CHECK(effects_on(database, "p", table_action::remove) ==
        texts{"remove child", "update grandchild.c", "insert log by logged", "insert words by words_out"});
  CHECK(effects_on(database, "p", table_action::insert) == texts{"insert words by words_in"});
  CHECK(effects_on(database, "p", table_action::update).empty());
  CHECK(effects_on(database, "strict_one", table_action::remove).empty());

  // The statement was compiled and not run, and the connection still runs others.
  database.execute("INSERT INTO p VALUES (1, 'x'), (2, 'y'); INSERT INTO child VALUES (5, 1), (6, 2); INSERT INTO grandchild VALUES (5)");
  const auto before = effects_on(database, "p", table_action::remove);
  CHECK(select_int64(database, "SELECT count(*) FROM p") == 2);
  database.execute("DELETE FROM p WHERE id = 1");
  CHECK(select_int64(database, "SELECT count(*) FROM child") == 1);
  CHECK(select_int64(database, "SELECT count(*) FROM grandchild WHERE c IS NULL") == 1);
  CHECK(select_int64(database, "SELECT x FROM log") == 5);
  CHECK(before == effects_on(database, "p", table_action::remove));
}

TEST_CASE("a table that removes its own rows", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE tree(id INTEGER PRIMARY KEY, up REFERENCES tree ON DELETE CASCADE ON UPDATE CASCADE);"
      "CREATE TABLE chain(id, next); CREATE TRIGGER follow AFTER DELETE ON chain BEGIN DELETE FROM chain WHERE id = old.next; END");
  CHECK(effects_on(database, "tree", table_action::remove) == texts{"remove tree"});
  CHECK(effects_on(database, "tree", table_action::update, "id") == texts{"update tree.up"});
  CHECK(effects_on(database, "chain", table_action::remove) == texts{"remove chain by follow"});
}

TEST_CASE("an update has the effects of the column that is set", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE t(a, b, g AS (a)); CREATE TABLE log(x);"
      "CREATE TRIGGER on_a AFTER UPDATE OF a ON t BEGIN INSERT INTO log VALUES (1); END");
  const auto schema = read_table_schema(database, "t");
  CHECK(texts_of(effects_of(database, schema, table_action::update, "a")) == texts{"insert log by on_a"});
  CHECK(texts_of(effects_of(database, schema, table_action::update, "b")).empty());
  CHECK(texts_of(effects_of(database, schema, table_action::update)) == texts{"insert log by on_a"});
  CHECK(failure_of([&] { effects_of(database, schema, table_action::update, "g"); }).code == errc::not_found);
  CHECK(failure_of([&] { effects_of(database, schema, table_action::update, "gone"); }).names("gone"));
}

TEST_CASE("a view's triggers", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE t(id); CREATE VIEW v AS SELECT * FROM t; CREATE VIEW plain AS SELECT * FROM t;"
      "CREATE TRIGGER through INSTEAD OF DELETE ON v BEGIN DELETE FROM t WHERE id = old.id; END");
  CHECK(effects_on(database, "v", table_action::remove) == texts{"remove t by through"});
  const auto refused = effects_of(database, read_table_schema(database, "plain"), table_action::remove);
  REQUIRE(refused.missing.size() == 1);
  CHECK(refused.missing[0].kind == missing_kind::other);
  CHECK(refused.missing[0].name.find("view") != std::string::npos);
}

// Each table is made by a connection that has everything, and asked about by one that has nothing and by one that has everything again. The
// answer is checked against a real statement on a real row.
struct lacking_case {
  const char* what;
  const char* sql;
  missing_kind kind;
  const char* name;
  bool read, insert, update, remove;  // what fails without it
};

TEST_CASE("missing collations and functions are named, and only where they matter", "[sqlite]") {
  const auto collation = missing_kind::collation;
  const auto function = missing_kind::function;
  const std::vector<lacking_case> cases = {
      {"collation of an index", "CREATE TABLE t(a, b); CREATE INDEX i ON t(b COLLATE backwards)", collation, "backwards", false, true, true,
       true},
      {"collation with a space", "CREATE TABLE t(a, b); CREATE INDEX i ON t(b COLLATE \"strange one\")", collation, "strange one", false,
       true, true, true},
      {"collation of an indexed column", "CREATE TABLE t(a, b COLLATE backwards UNIQUE)", collation, "backwards", false, true, true, true},
      {"collation of a column without index", "CREATE TABLE t(a, b COLLATE backwards)", collation, "", false, false, false, false},
      {"collation of a key without rowid", "CREATE TABLE t(a, b COLLATE backwards PRIMARY KEY) WITHOUT ROWID", collation, "backwards", true,
       true, true, true},
      {"collation within a partial index", "CREATE TABLE t(a, b); CREATE INDEX i ON t(b) WHERE b COLLATE backwards > 'a'", collation,
       "backwards", false, true, true, true},
      {"collation within an expression index", "CREATE TABLE t(a, b); CREATE INDEX i ON t((b COLLATE backwards > 'a'))", collation,
       "backwards", false, true, true, true},
      {"function of an expression index", "CREATE TABLE t(a, b); CREATE INDEX i ON t(same(b))", function, "same", false, true, true, true},
      {"function of a partial index", "CREATE TABLE t(a, b); CREATE INDEX i ON t(a) WHERE same(b) > 0", function, "same", false, true, true,
       true},
      {"function of a virtual column", "CREATE TABLE t(a, b, g AS (same(b)))", function, "same", true, true, true, false},
      {"function of a stored column", "CREATE TABLE t(a, b, g AS (same(b)) STORED)", function, "same", false, true, true, false},
      {"function of an indexed virtual column", "CREATE TABLE t(a, b, g AS (same(b))); CREATE INDEX i ON t(g)", function, "same", true,
       true, true, true},
      {"function of a check", "CREATE TABLE t(a, b CHECK(same(b) IS NOT NULL))", function, "same", false, true, true, false},
      {"function of a delete trigger", "CREATE TABLE t(a, b); CREATE TRIGGER x AFTER DELETE ON t BEGIN SELECT same(old.a); END", function,
       "same", false, false, false, true},
  };
  for (const lacking_case& c : cases) {
    INFO(c.what);
    const upkeep_test::temporary_directory directory;
    const auto file = directory / "t.db";
    connection(file, {.mode = open_mode::create, .on_open = register_all})
        .execute(std::string(c.sql) + "; INSERT INTO t(a, b) VALUES ('1', '2')");
    connection with(file, {.mode = open_mode::read_write, .on_open = register_all});
    connection without(file, {.mode = open_mode::read_write});
    const auto schema = read_table_schema(without, "t");
    struct tried {
      table_action action;
      bool fails;
      const char* statement;
    };
    for (const tried& t : {tried{table_action::read, c.read, "SELECT * FROM t"},
                           tried{table_action::insert, c.insert, "BEGIN; INSERT INTO t(a, b) VALUES ('3', '4'); ROLLBACK"},
                           tried{table_action::update, c.update, "BEGIN; UPDATE t SET a = '5', b = '6' WHERE a = '1'; ROLLBACK"},
                           tried{table_action::remove, c.remove, "BEGIN; DELETE FROM t WHERE a = '1'; ROLLBACK"}}) {
      INFO(t.statement);
      const bool really_fails = failure_of([&] { without.execute(t.statement); }).happened;
      if (without.in_transaction()) without.execute("ROLLBACK");
      CHECK(really_fails == t.fails);
      const std::vector<missing_name> missing = effects_of(without, schema, t.action).missing;
      REQUIRE(missing.size() == (t.fails ? 1U : 0U));
      if (t.fails) {
        CHECK(missing[0].kind == c.kind);
        CHECK(missing[0].name == c.name);
      }
      CHECK(effects_of(with, schema, t.action).missing.empty());
    }
    // A read-only connection can be asked the same.
    connection looking(file);
    CHECK(effects_of(looking, schema, table_action::remove).missing.size() == (c.remove ? 1U : 0U));
  }
}

TEST_CASE("several missing names are listed once each", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  connection(directory / "t.db", {.mode = open_mode::create, .on_open = register_all})
      .execute(
          "CREATE TABLE t(a, b); CREATE INDEX i ON t(a COLLATE backwards, b COLLATE backwards); CREATE INDEX j ON t(a COLLATE \"strange "
          "one\");"
          "CREATE INDEX k ON t(same(a))");
  connection without(directory / "t.db");
  const write_effects found = effects_of(without, read_table_schema(without, "t"), table_action::remove);
  std::multiset<std::string> names;
  for (const missing_name& name : found.missing) names.insert(name.name);
  CHECK(names.count("backwards") == 1);
  CHECK(names.count("strange one") == 1);
}

TEST_CASE("a collation that is provided on demand is not missing", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  connection(directory / "t.db", {.mode = open_mode::create, .on_open = register_all})
      .execute("CREATE TABLE t(a, b); CREATE INDEX i ON t(a COLLATE backwards)");
  connection lazy(directory / "t.db", {.on_open = [](sqlite3* database) {
                    sqlite3_collation_needed(database, nullptr, [](void*, sqlite3* asking, int, const char* name) {
                      sqlite3_create_collation_v2(asking, name, SQLITE_UTF8, nullptr, compare_backwards, nullptr);
                    });
                  }});
  CHECK(effects_of(lazy, read_table_schema(lazy, "t"), table_action::remove).missing.empty());
}

TEST_CASE("what else would make a removal fail is told in SQLite's words", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE t(x); CREATE TRIGGER broken AFTER DELETE ON t BEGIN DELETE FROM vanished; END;"
      "CREATE TABLE u(x); CREATE TABLE c(y REFERENCES u(x));"
      "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema VALUES "
      "('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0_not_here(embedding float[384])');"
      "PRAGMA writable_schema = reset");
  struct expectation {
    const char* table;
    missing_kind kind;
    const char* words;
  };
  for (const expectation& expected :
       {expectation{"t", missing_kind::other, "vanished"}, expectation{"u", missing_kind::other, "foreign key mismatch"},
        expectation{"vectors", missing_kind::module, "vec0_not_here"}}) {
    INFO(expected.table);
    const auto found = effects_of(database, read_table_schema(database, expected.table), table_action::remove);
    REQUIRE(found.missing.size() == 1);
    CHECK(found.missing[0].kind == expected.kind);
    CHECK(found.missing[0].name.find(expected.words) != std::string::npos);
  }
}

TEST_CASE("a locked database is an error of the asking, not an answer", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  connection holder(directory / "t.db", {.mode = open_mode::create});
  holder.execute("CREATE TABLE t(x)");
  const std::chrono::milliseconds at_once{0};
  connection fresh(directory / "t.db", {.busy_timeout = at_once});
  const auto schema = read_table_schema(holder, "t");
  holder.execute("BEGIN EXCLUSIVE");
  CHECK(failure_of([&] { effects_of(fresh, schema, table_action::remove); }).code == errc::unavailable);
  CHECK(failure_of([&] { read_table_schema(fresh, "t"); }).code == errc::unavailable);
}

}  // namespace
