// What a table is: compared with how SQLite behaves on it, for tables as odd as SQLite allows.

#include "upkeep/sqlite/table_schema.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using upkeep::errc;
using upkeep::sqlite::column_kind;
using upkeep::sqlite::connection;
using upkeep::sqlite::foreign_key_action;
using upkeep::sqlite::open_mode;
using upkeep::sqlite::quote_identifier;
using upkeep::sqlite::read_table_schema;
using upkeep::sqlite::select_int64;
using upkeep::sqlite::statement;
using upkeep::sqlite::table_kind;
using upkeep::sqlite::table_schema;
using upkeep::sqlite::trigger_event;
using upkeep_test::failure_of;

connection in_memory(const std::string& sql) {
  connection database(":memory:", {.mode = open_mode::create});
  database.execute(sql);
  return database;
}

table_schema schema_of(const std::string& sql, const std::string& table) {
  connection database = in_memory(sql);
  return read_table_schema(database, table);
}

std::vector<std::string> column_names(const table_schema& schema) {
  std::vector<std::string> names;
  for (const auto& column : schema.columns) names.push_back(column.name);
  return names;
}

TEST_CASE("columns as they were declared", "[sqlite]") {
  const table_schema schema = schema_of(
      "CREATE TABLE Notes(id INTEGER PRIMARY KEY, body TEXT NOT NULL COLLATE NOCASE, untyped, price DECIMAL(10, 2),"
      " size AS (length(body)), stored INT AS (length(body) + 1) STORED)",
      "nOTES");
  CHECK(schema.name == "Notes");
  CHECK(schema.kind == table_kind::table);
  CHECK_FALSE(schema.without_rowid);
  CHECK_FALSE(schema.strict);
  REQUIRE(column_names(schema) == std::vector<std::string>{"id", "body", "untyped", "price", "size", "stored"});
  CHECK(schema.columns[1].not_null);
  CHECK_FALSE(schema.columns[2].not_null);
  CHECK(schema.columns[1].collation == "NOCASE");
  CHECK(schema.columns[3].collation == "BINARY");
  CHECK(schema.columns[1].declared_type == "TEXT");
  CHECK(schema.columns[2].declared_type.empty());
  CHECK(schema.columns[3].declared_type == "DECIMAL(10, 2)");
  CHECK(schema.columns[0].kind == column_kind::ordinary);
  CHECK(schema.columns[4].kind == column_kind::generated_virtual);
  CHECK(schema.columns[5].kind == column_kind::generated_stored);
  CHECK(schema.columns[4].generated());
  CHECK_FALSE(schema.columns[3].generated());
  CHECK(schema.columns[0].key_position == 1);
  CHECK(schema.columns[1].key_position == 0);
  REQUIRE(schema.find_column("BODY") != nullptr);
  CHECK(schema.find_column("BODY")->name == "body");
  CHECK(schema.find_column("bod") == nullptr);
  CHECK(schema_of("CREATE TABLE t(x INTEGER) STRICT", "t").strict);
}

TEST_CASE("a table that is not there is refused with the names of those that are", "[sqlite]") {
  connection database = in_memory("CREATE TABLE apples(x); CREATE TABLE pears(x); CREATE INDEX notes ON pears(x)");
  for (const char* absent : {"note", "notes", "apples ", "\"apples\"", "main.apples"}) {
    const auto failure = failure_of([&] { read_table_schema(database, absent); });
    INFO(absent);
    CHECK(failure.code == errc::not_found);
    CHECK(failure.names(absent));
    CHECK(failure.names("apples, pears"));
  }
  CHECK(failure_of([&] { read_table_schema(database, ""); }).code == errc::invalid_argument);
  connection empty = in_memory("");
  CHECK(failure_of([&] { read_table_schema(empty, "t"); }).names("no tables"));
}

TEST_CASE("a column is the rowid exactly where SQLite treats it so", "[sqlite]") {
  int aliases = 0;
  for (const std::string type :
       {"INTEGER", "integer", "\"INTEGER\"", "InTeGeR", "INT", "BIGINT", "INTEGER(8)", "UNSIGNED INTEGER", "TEXT", ""}) {
    for (const std::string form :
         {"id % PRIMARY KEY, x", "id % PRIMARY KEY ASC, x", "id % PRIMARY KEY DESC, x", "id %, x, PRIMARY KEY(id)",
          "id %, x, PRIMARY KEY(id DESC)", "x, id % NOT NULL PRIMARY KEY", "id %, x, PRIMARY KEY(id, x)", "id % UNIQUE, x", "id %, x"}) {
      std::string columns = form;
      columns.replace(columns.find('%'), 1, type);
      INFO(columns);
      connection database = in_memory("CREATE TABLE t(" + columns + "); INSERT INTO t(id, x) VALUES (77, 1)");
      const table_schema schema = read_table_schema(database, "t");
      const bool behaves_as_rowid = select_int64(database, "SELECT rowid FROM t") == 77;
      CHECK(schema.rowid_column.has_value() == behaves_as_rowid);
      if (schema.rowid_column) CHECK(schema.columns[*schema.rowid_column].name == "id");
      aliases += behaves_as_rowid ? 1 : 0;
    }
  }
  CHECK(aliases == 5 * 4);  // INTEGER in four spellings; DESC makes it no rowid only within the column definition
  const table_schema keyed = schema_of("CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)", "t");
  CHECK(keyed.rowid_column == 0U);
  const table_schema bare = schema_of("CREATE TABLE t(id INTEGER PRIMARY KEY, x) WITHOUT ROWID", "t");
  CHECK(bare.without_rowid);
  CHECK_FALSE(bare.rowid_column.has_value());
  CHECK(bare.rowid_name.empty());
  CHECK(bare.is_unique("id"));
}

TEST_CASE("the rowid has a name as long as one is free", "[sqlite]") {
  CHECK(schema_of("CREATE TABLE t(x)", "t").rowid_name == "rowid");
  CHECK(schema_of("CREATE TABLE t(RowId, x)", "t").rowid_name == "_rowid_");
  CHECK(schema_of("CREATE TABLE t(rowid, _rowid_)", "t").rowid_name == "oid");
  CHECK(schema_of("CREATE TABLE t(rowid, _ROWID_, oid)", "t").rowid_name.empty());
  CHECK(schema_of("CREATE TABLE t(id INTEGER PRIMARY KEY, rowid AS (id + 1))", "t").rowid_name == "_rowid_");
  CHECK(schema_of("CREATE TABLE t(x); CREATE VIEW v AS SELECT * FROM t", "v").rowid_name.empty());
}

TEST_CASE("keys come in the order of the key, not of the table", "[sqlite]") {
  const table_schema schema = schema_of("CREATE TABLE t(a, b, c, PRIMARY KEY(c, a))", "t");
  CHECK(schema.key_columns() == std::vector<std::string>{"c", "a"});
  CHECK_FALSE(schema.is_unique("a"));
  CHECK_FALSE(schema.is_unique("c"));
  CHECK(schema_of("CREATE TABLE t(a)", "t").key_columns().empty());
}

TEST_CASE("unique means over all rows and by that column alone", "[sqlite]") {
  const table_schema schema = schema_of(
      "CREATE TABLE t(id INT PRIMARY KEY, constrained UNIQUE, indexed, part, pair1, pair2, plain, expression, \"we\"\"ird\");"
      "CREATE UNIQUE INDEX i1 ON t(indexed COLLATE NOCASE DESC); CREATE UNIQUE INDEX i2 ON t(part) WHERE part > 0;"
      "CREATE UNIQUE INDEX i3 ON t(pair1, pair2); CREATE INDEX i4 ON t(plain); CREATE UNIQUE INDEX i5 ON t(abs(expression));"
      "CREATE UNIQUE INDEX i6 ON t(\"we\"\"ird\")",
      "t");
  for (const char* column : {"id", "constrained", "indexed", "we\"ird", "CONSTRAINED"}) CHECK(schema.is_unique(column));
  for (const char* column : {"part", "pair1", "pair2", "plain", "expression", "absent", ""}) CHECK_FALSE(schema.is_unique(column));
  CHECK(schema.indexes.size() == 8);
  const auto indexed = std::find_if(schema.indexes.begin(), schema.indexes.end(), [](const auto& index) { return index.name == "i1"; });
  REQUIRE(indexed != schema.indexes.end());
  REQUIRE(indexed->columns.size() == 1);  // the rowid at the end of every index is no key column
  CHECK(indexed->columns[0].collation == "NOCASE");
  CHECK(indexed->columns[0].descending);
  CHECK(indexed->unique);
  CHECK_FALSE(indexed->primary_key);
}

TEST_CASE("views, virtual tables, their shadows and SQLite's own tables", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, x); CREATE VIEW v AS SELECT id, x FROM t; CREATE VIEW broken AS SELECT * FROM "
      "gone;"
      "CREATE VIRTUAL TABLE words USING fts5(body); CREATE VIRTUAL TABLE boxes USING rtree(id, low, high)");
  CHECK(read_table_schema(database, "t").kind == table_kind::table);
  CHECK(read_table_schema(database, "v").kind == table_kind::view);
  CHECK(column_names(read_table_schema(database, "v")) == std::vector<std::string>{"id", "x"});
  CHECK(read_table_schema(database, "broken").kind == table_kind::view);
  CHECK(read_table_schema(database, "words").kind == table_kind::virtual_table);
  CHECK(read_table_schema(database, "words").find_column("body") != nullptr);
  CHECK(read_table_schema(database, "boxes").kind == table_kind::virtual_table);
  CHECK(read_table_schema(database, "words_data").kind == table_kind::shadow);
  CHECK(read_table_schema(database, "boxes_node").kind == table_kind::shadow);
  CHECK(read_table_schema(database, "sqlite_sequence").kind == table_kind::system);
  CHECK(read_table_schema(database, "sqlite_schema").kind == table_kind::system);
  CHECK(read_table_schema(database, "sqlite_master").kind == table_kind::system);
}

TEST_CASE("a virtual table whose extension is missing is still recognised", "[sqlite]") {
  connection database = in_memory(
      "CREATE TABLE t(x); PRAGMA writable_schema = 1; INSERT INTO sqlite_schema VALUES "
      "('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0_not_here(embedding float[384])');"
      "PRAGMA writable_schema = reset");
  const table_schema schema = read_table_schema(database, "vectors");
  CHECK(schema.kind == table_kind::virtual_table);
  CHECK(schema.columns.empty());
  CHECK(read_table_schema(database, "t").columns.size() == 1);  // its neighbour is none the worse
}

TEST_CASE("triggers by their event, however they are written", "[sqlite]") {
  const table_schema schema = schema_of(
      "CREATE TABLE t(id, \"delete\"); CREATE TABLE other(x); CREATE VIEW v AS SELECT * FROM t;"
      "CREATE TRIGGER plain AFTER DELETE ON t BEGIN SELECT 1; END;"
      "create trigger /* after insert on */ if not exists -- update\n commented /* x */ before\tinsert on t begin select 1; end;"
      "CREATE TRIGGER \"after delete on\" AFTER UPDATE ON t BEGIN SELECT 1; END;"
      "CREATE TRIGGER [insert] BEFORE UPDATE OF \"delete\", id ON t BEGIN SELECT 1; END;"
      "CREATE TRIGGER `up``date on` DELETE ON t BEGIN INSERT INTO other VALUES (1); END;"
      "CREATE TRIGGER 'quo''ted' AFTER INSERT ON t BEGIN SELECT 1; END;"
      "CREATE TRIGGER main.before AFTER DELETE ON t FOR EACH ROW WHEN old.id > 1 BEGIN DELETE FROM other; END;"
      "CREATE TRIGGER \xf0\x9f\xa6\x89 UPDATE ON t BEGIN SELECT 1; END;"
      "CREATE TEMP TRIGGER temporary AFTER INSERT ON main.t BEGIN SELECT 1; END;"
      "CREATE TRIGGER elsewhere AFTER DELETE ON other BEGIN SELECT 1; END;"
      "CREATE TRIGGER on_view INSTEAD OF DELETE ON v BEGIN SELECT 1; END",
      "t");
  const auto events_of = [&](trigger_event event) {
    std::set<std::string> names;
    for (const auto& trigger : schema.triggers) {
      if (trigger.event == event) names.insert(trigger.name);
    }
    return names;
  };
  CHECK(events_of(trigger_event::on_delete) == std::set<std::string>{"plain", "up`date on", "before"});
  CHECK(events_of(trigger_event::on_insert) == std::set<std::string>{"commented", "quo'ted", "temporary"});
  CHECK(events_of(trigger_event::on_update) == std::set<std::string>{"after delete on", "insert", "\xf0\x9f\xa6\x89"});
  CHECK(schema.triggers.size() == 9);
  const auto before = std::find_if(schema.triggers.begin(), schema.triggers.end(), [](const auto& t) { return t.name == "before"; });
  REQUIRE(before != schema.triggers.end());
  CHECK(before->sql.find("DELETE FROM other") != std::string::npos);
  connection database =
      in_memory("CREATE TABLE t(x); CREATE VIEW v AS SELECT * FROM t; CREATE TRIGGER i INSTEAD OF DELETE ON v BEGIN SELECT 1; END");
  REQUIRE(read_table_schema(database, "v").triggers.size() == 1);
  CHECK(read_table_schema(database, "v").triggers[0].event == trigger_event::on_delete);
}

TEST_CASE("who refers to a table", "[sqlite]") {
  const table_schema schema = schema_of(
      "CREATE TABLE Parent(id INTEGER PRIMARY KEY, a, b, up REFERENCES parent(id) ON DELETE SET NULL, UNIQUE(a, b));"
      "CREATE TABLE child(x REFERENCES parent ON DELETE CASCADE, y, z, w REFERENCES unrelated(id) ON DELETE CASCADE,"
      "FOREIGN KEY(y, z) REFERENCES \"PARENT\"(a, b) ON DELETE RESTRICT ON UPDATE CASCADE);"
      "CREATE TABLE \"chi\"\"ld 2\"(x DEFAULT 1 REFERENCES Parent(id) ON DELETE SET DEFAULT, y REFERENCES Parent(id));"
      "CREATE TABLE unrelated(id PRIMARY KEY)",
      "parent");
  REQUIRE(schema.referenced_by.size() == 5);
  const auto find = [&](const std::string& table, const std::string& column) {
    for (const auto& key : schema.referenced_by) {
      if (key.table == table && key.columns[0] == column) return key;
    }
    FAIL("no foreign key of " << table << '.' << column);
    return upkeep::sqlite::reference{};
  };
  CHECK(find("Parent", "up").on_delete == foreign_key_action::set_null);
  CHECK(find("child", "x").on_delete == foreign_key_action::cascade);
  CHECK(find("child", "x").targets.empty());
  CHECK(find("child", "y").on_delete == foreign_key_action::restrict);
  CHECK(find("child", "y").on_update == foreign_key_action::cascade);
  CHECK(find("child", "y").columns == std::vector<std::string>{"y", "z"});
  CHECK(find("child", "y").targets == std::vector<std::string>{"a", "b"});
  CHECK(find("chi\"ld 2", "x").on_delete == foreign_key_action::set_default);
  CHECK(find("chi\"ld 2", "y").on_delete == foreign_key_action::no_action);
}

TEST_CASE("hostile names of tables and columns", "[sqlite]") {
  const std::vector<std::string> names = {"select",
                                          "a b",
                                          "a\"b",
                                          "a'b",
                                          "a`b",
                                          "a]b",
                                          "[x]",
                                          "\"",
                                          "'",
                                          "--",
                                          "/*",
                                          ";",
                                          "); DROP TABLE x; --",
                                          "\xf0\x9f\xa6\x89",
                                          "ä",
                                          "1",
                                          "%",
                                          "?1",
                                          "\n",
                                          "\xff\xfe",
                                          "main",
                                          "temp",
                                          "rowid",
                                          "pragma_table_xinfo"};
  for (const std::string& name : names) {
    INFO(name);
    connection database = in_memory("CREATE TABLE " + quote_identifier(name) + "(" + quote_identifier(name) + " TEXT PRIMARY KEY, other)");
    const table_schema schema = read_table_schema(database, name);
    CHECK(schema.name == name);
    REQUIRE(schema.columns.size() == 2);
    CHECK(schema.columns[0].name == name);
    CHECK(schema.key_columns() == std::vector<std::string>{name});
    CHECK(schema.is_unique(name));
    CHECK(schema.columns[0].collation == "BINARY");
  }
}

TEST_CASE("any table made under a quoted name is found under it", "[sqlite]") {
  CHECK(rc::check("table names", [] {
    const auto name = *rc::gen::suchThat(rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::nonZero<char>())),
                                         [](const std::string& s) { return !upkeep::sqlite::same_name(s.substr(0, 7), "sqlite_"); });
    connection database = in_memory("CREATE TABLE " + quote_identifier(name) + "(a, b UNIQUE)");
    RC_ASSERT(read_table_schema(database, name).name == name);
    RC_ASSERT(read_table_schema(database, name).is_unique("b"));
  }));
}

TEST_CASE("names are the same as SQLite says they are", "[sqlite]") {
  connection database = in_memory("");
  CHECK(rc::check("same_name", [&] {
    const auto letters = rc::gen::container<std::string>(rc::gen::element('a', 'A', 'z', 'Z', '@', '[', '`', '{', '\xc3', '\xa4'));
    const std::string a = *letters;
    const std::string b = *letters;
    RC_ASSERT(upkeep::sqlite::same_name(a, b) == (sqlite3_stricmp(a.c_str(), b.c_str()) == 0));
    RC_ASSERT(upkeep::sqlite::same_name(a, a));
  }));
}

TEST_CASE("the description is of one moment and takes part in an open transaction", "[sqlite]") {
  const upkeep_test::temporary_directory directory;
  connection database(directory / "t.db", {.mode = open_mode::create});
  database.execute("CREATE TABLE t(x); BEGIN IMMEDIATE; ALTER TABLE t ADD COLUMN y");
  CHECK(read_table_schema(database, "t").columns.size() == 2);
  CHECK(database.in_transaction());
  database.execute("ROLLBACK");
  CHECK(read_table_schema(database, "t").columns.size() == 1);
  CHECK_FALSE(database.in_transaction());
  connection reader(directory / "t.db");
  CHECK(read_table_schema(reader, "t").columns.size() == 1);
}

}  // namespace
