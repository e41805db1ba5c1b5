// Every table that is refused, and the sentence that says why and what to do.

#include "upkeep/store/sqlite_adoption.hpp"

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/sqlite_store.hpp"

using upkeep::errc;
using upkeep::sqlite_layout;
using upkeep::sqlite_store;
using upkeep_test::failure;
using upkeep_test::failure_of;
using upkeep_test::run_sql;

namespace {

const sqlite_layout layout{.table = "t", .vector_column = "v"};

struct attempt {
  upkeep_test::temporary_directory folder;
  std::string path;

  explicit attempt(const std::string& sql) : path(run_sql(folder / "a.db", sql)) {}
  failure open(const sqlite_layout& with = layout, const upkeep::sqlite_store_options& options = {}) const {
    return failure_of([&] { const sqlite_store store(path, with, options); });
  }
};

// Refused with this code and all of these words.
void refused(const failure& f, errc code, const std::vector<std::string>& words) {
  INFO(f.message);
  CHECK(f.happened);
  CHECK((f.code == code));
  for (const std::string& w : words) {
    INFO("should say: " << w);
    CHECK(f.names(w));
  }
}

}  // namespace

TEST_CASE("names that are not there", "[sqlite_adoption]") {
  const attempt a("CREATE TABLE t(id INTEGER PRIMARY KEY, v, body); CREATE TABLE other(x)");
  refused(a.open({.table = "nots", .vector_column = "v"}), errc::not_found, {"\"nots\"", "other, t"});
  refused(a.open({.table = "t"}), errc::not_found, {"no column \"vector\" for the vector", "id, v, body"});
  refused(a.open({.table = "t", .id_column = "key", .vector_column = "v"}), errc::not_found, {"\"key\" for the id"});
  refused(a.open({.table = "t", .vector_column = "v", .text_column = "bdy"}), errc::not_found, {"\"bdy\" for the text"});
  refused(a.open({.table = "t", .vector_column = "v", .source_column = "x"}), errc::not_found, {"for the source"});
  refused(a.open({.table = "t", .id_column = "", .vector_column = "v"}), errc::invalid_argument, {"names no id column"});
  refused(a.open({.table = "t", .vector_column = "id"}), errc::invalid_argument, {"both the id and the vector"});
  refused(a.open({.table = "", .vector_column = "v"}), errc::invalid_argument, {"empty"});
  CHECK_FALSE(a.open({.table = "T", .id_column = "ID", .vector_column = "V", .text_column = "Body"}).happened);
}

TEST_CASE("files that are no database", "[sqlite_adoption]") {
  const upkeep_test::temporary_directory folder;
  refused(failure_of([&] { const sqlite_store s((folder / "none.db").string()); }), errc::not_found, {"none.db"});
  CHECK_FALSE(std::filesystem::exists(folder / "none.db"));
  const auto text = folder.write("text.db", "this is certainly no database, however long it gets and whatever it says about itself");
  refused(failure_of([&] { const sqlite_store s(text.string(), layout); }), errc::corrupt, {"text.db"});
  refused(failure_of([&] { const sqlite_store s(folder.path().string(), layout); }), errc::io, {"directory"});
}

TEST_CASE("what is no ordinary table", "[sqlite_adoption]") {
  const attempt a(
      "CREATE TABLE base(id INTEGER PRIMARY KEY, v); CREATE VIEW t AS SELECT * FROM base;"
      "CREATE VIRTUAL TABLE words USING fts5(id, v); CREATE VIRTUAL TABLE area USING rtree(id, v, w)");
  refused(a.open(), errc::unsupported, {"\"t\"", "is a view"});
  refused(a.open({.table = "words", .vector_column = "v"}), errc::unsupported, {"virtual table of fts5"});
  refused(a.open({.table = "area", .vector_column = "v"}), errc::unsupported, {"virtual table of rtree"});
  refused(a.open({.table = "words_content", .vector_column = "c0"}), errc::unsupported, {"belongs to a virtual table"});
  refused(a.open({.table = "sqlite_schema", .id_column = "name", .vector_column = "sql"}), errc::unsupported, {"SQLite's own"});
}

TEST_CASE("ids that are no keys", "[sqlite_adoption]") {
  const auto of = [](const std::string& sql) { return attempt(sql).open(); };
  const std::string v = upkeep_test::f32({1, 2});
  const auto with = [&](const std::string& columns, const std::vector<std::string>& ids) {
    std::string sql = "CREATE TABLE t(" + columns + ", v);";
    for (const std::string& id : ids) sql += "INSERT INTO t(id, v) VALUES (" + id + ", " + v + ");";
    return of(sql);
  };
  refused(with("id", {"1", "NULL", "NULL"}), errc::unsupported, {"\"id\"", "NULL in 2 rows"});
  refused(with("id INT PRIMARY KEY", {"1", "NULL"}), errc::unsupported, {"NULL in 1 rows"});
  refused(with("id", {"1", "2", "2", "3", "3", "3"}), errc::unsupported, {"not unique", "3 stands in 3 rows"});
  refused(with("id", {"'a'", "'a'"}), errc::unsupported, {"not unique", "\"a\" stands in 2 rows"});
  refused(with("id", {"x'00ff'", "x'00ff'"}), errc::unsupported, {"not unique"});
  refused(with("id", {"1", "'1'"}), errc::unsupported, {"mixes ids", "integer (1 rows)", "text (1 rows)"});
  refused(with("id", {"'a'", "'b'", "x'61'"}), errc::unsupported, {"mixes ids", "text (2 rows), blob (1 rows)"});
  refused(with("id REAL", {"1", "2"}), errc::unsupported, {"real numbers (2 rows)"});
  refused(of("CREATE TABLE t(id, part, v, PRIMARY KEY(id, part))"), errc::unsupported, {"composite primary key (id, part)"});
  refused(with("n, id AS (n + 1)", {}), errc::unsupported, {"generated"});
  CHECK_FALSE(with("id COLLATE NOCASE", {"'a'", "'A'"}).happened);  // two ids, byte for byte
  CHECK_FALSE(of("CREATE TABLE t(id UNIQUE, part, v, PRIMARY KEY(id, part))").happened);
  CHECK_FALSE(with("id", {"1", "2"}).happened);
}

TEST_CASE("a removal that would reach beyond its rows is refused, unless it is allowed by name", "[sqlite_adoption]") {
  const std::string table = "CREATE TABLE t(id INTEGER PRIMARY KEY, v, parent REFERENCES t(id));";
  const auto allowing = [](std::vector<std::string> names) {
    sqlite_layout with = layout;
    with.allow_delete_effects = std::move(names);
    return with;
  };
  const attempt trigger(table +
                        "CREATE TABLE log(x); CREATE TRIGGER \"on gone\" AFTER DELETE ON t BEGIN INSERT INTO log VALUES (old.id); END");
  refused(trigger.open(), errc::unsupported,
          {"removing rows", "the trigger \"on gone\" adds rows to the table \"log\"", "allow_delete_effects"});
  CHECK_FALSE(trigger.open(allowing({"ON GONE"})).happened);
  CHECK_FALSE(trigger.open(allowing({"log"})).happened);
  CHECK(trigger.open(allowing({"t", "on_gone"})).happened);
  CHECK_FALSE(trigger.open(layout, {.read_only = true}).happened);

  const attempt cascade(table + "CREATE TABLE child(p REFERENCES t ON DELETE CASCADE)");
  refused(cascade.open(), errc::unsupported, {"a foreign key removes rows of the table \"child\""});
  CHECK_FALSE(cascade.open(allowing({"child"})).happened);
  const attempt set_null(table + "CREATE TABLE child(p REFERENCES t ON DELETE SET NULL)");
  refused(set_null.open(), errc::unsupported, {"a foreign key changes the table \"child\""});
  const attempt self("CREATE TABLE t(id INTEGER PRIMARY KEY, v, p REFERENCES t ON DELETE CASCADE)");
  refused(self.open(), errc::unsupported, {"removes rows of the table \"t\""});
  const attempt chain(table +
                      "CREATE TABLE child(p REFERENCES t ON DELETE CASCADE); CREATE TABLE log(x);"
                      "CREATE TRIGGER c AFTER DELETE ON child BEGIN DELETE FROM log; END");
  refused(chain.open(allowing({"child"})), errc::unsupported, {"the trigger \"c\" removes rows of the table \"log\""});
  CHECK_FALSE(chain.open(allowing({"child", "c"})).happened);
  const attempt restricting(table + "CREATE TABLE child(p REFERENCES t ON DELETE RESTRICT)");
  CHECK_FALSE(restricting.open().happened);
  const attempt inserting(table + "CREATE TABLE log(x); CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END");
  CHECK_FALSE(inserting.open().happened);
}

TEST_CASE("what the application's own functions are needed for", "[sqlite_adoption]") {
  const upkeep_test::temporary_directory folder;
  const auto reverse = [](sqlite3* raw) {
    sqlite3_create_collation(raw, "backwards", SQLITE_UTF8, nullptr, [](void*, int m, const void* a, int n, const void* b) {
      const std::string_view x(static_cast<const char*>(a), static_cast<std::size_t>(m));
      const std::string_view y(static_cast<const char*>(b), static_cast<std::size_t>(n));
      return y.compare(x);
    });
  };
  const std::string path = (folder / "a.db").string();
  {
    upkeep::sqlite::connection app(path, {.mode = upkeep::sqlite::open_mode::create, .on_open = reverse});
    app.execute(
        "CREATE TABLE t(id TEXT PRIMARY KEY, v, name); CREATE INDEX by_name ON t(name COLLATE backwards);"
        "INSERT INTO t VALUES ('a', " +
        upkeep_test::f32({1, 2}) + ", 'x')");
  }
  refused(failure_of([&] { const sqlite_store s(path, layout); }), errc::unsupported, {"the collation backwards", "on_open"});
  sqlite_store with(path, layout, {.on_open = reverse});
  CHECK(with.erase(std::vector<upkeep::key_view>{"a"}) == 1);

  const std::string other = (folder / "b.db").string();
  const auto function = [](sqlite3* raw) {
    sqlite3_create_function(
        raw, "stem", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
        [](sqlite3_context* c, int, sqlite3_value** v) { sqlite3_result_value(c, v[0]); }, nullptr, nullptr);
  };
  {
    upkeep::sqlite::connection app(other, {.mode = upkeep::sqlite::open_mode::create, .on_open = function});
    app.execute("CREATE TABLE t(id TEXT PRIMARY KEY, v, name); CREATE INDEX by_stem ON t(stem(name))");
  }
  refused(failure_of([&] { const sqlite_store s(other, layout); }), errc::unsupported, {"stem", "on_open"});
  CHECK_FALSE(failure_of([&] { const sqlite_store s(other, layout, {.on_open = function}); }).happened);
}

TEST_CASE("a write-protected file is opened for reading only", "[sqlite_adoption]") {
  const attempt a("CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, " + upkeep_test::f32({1, 2}) + ")");
  std::filesystem::permissions(a.path, std::filesystem::perms{0444});
  std::filesystem::permissions(a.folder.path(), std::filesystem::perms{0755});
  // The superuser may write everywhere, so another user is asked.
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::seteuid(65534) == 0);
  const failure writing = a.open();
  std::size_t rows = 0;
  const failure reading = failure_of([&] {
    sqlite_store store(a.path, layout, {.read_only = true});
    store.scan(upkeep::field::vector | upkeep::field::digest, [&](const upkeep::record_batch& b) { rows += b.size(); });
  });
  if (root) REQUIRE(::seteuid(0) == 0);
  refused(writing, errc::io, {"write-protected", "read-only"});
  CHECK_FALSE(reading.happened);
  CHECK(rows == 1);
  sqlite_store store(a.path, layout, {.read_only = true});
  const std::vector<upkeep::key_view> one{1};
  refused(failure_of([&] { store.erase(one); }), errc::io, {"read-only"});
  refused(failure_of([&] { store.transact([] {}); }), errc::io, {"read-only"});
}

TEST_CASE("a write-protected directory keeps nobody from reading, in either journal", "[sqlite_adoption]") {
  const std::string table = "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, " + upkeep_test::f32({1, 2}) + ")";
  for (const std::string journal : {"DELETE", "WAL"}) {
    for (const bool in_use : {false, true}) {
      INFO(journal << (in_use ? ", in use" : ", not in use"));
      const attempt a("PRAGMA journal_mode = " + journal + ";" + table);
      std::optional<upkeep::sqlite::connection> application;
      if (in_use) {
        application.emplace(upkeep_test::open_database(a.path));
        application->execute("INSERT INTO t(v) SELECT v FROM t");
      }
      std::filesystem::permissions(a.folder.path(), std::filesystem::perms{0755});
      const bool root = ::geteuid() == 0;
      if (root) REQUIRE(::seteuid(65534) == 0);
      std::size_t rows = 0;
      std::unique_ptr<sqlite_store> store;
      const failure reading = failure_of([&] {
        store = std::make_unique<sqlite_store>(a.path, layout, upkeep::sqlite_store_options{.read_only = true});
        store->scan(upkeep::field::digest, [&](const upkeep::record_batch& b) { rows += b.size(); });
      });
      if (root) REQUIRE(::seteuid(0) == 0);
      INFO(reading.message);
      CHECK_FALSE(reading.happened);
      CHECK(rows == (in_use ? 2 : 1));
      if (!root || in_use) continue;
      // Read without a lock, in the write-ahead mode only: what is written meanwhile is noticed.
      run_sql(a.path, "INSERT INTO t(v) SELECT v FROM t");
      const failure again = failure_of([&] { store->scan(upkeep::field::digest, [](const upkeep::record_batch&) {}); });
      CHECK(again.happened == (journal == "WAL"));
      if (again.happened) refused(again, errc::unavailable, {"began to write", "run again"});
    }
  }
}
