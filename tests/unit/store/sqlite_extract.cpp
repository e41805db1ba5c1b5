// The extract of sqlite_backup: rows of any table stand in a new database as they stood in theirs, and no file is written over.

#include "upkeep/store/sqlite_extract.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/sqlite_store.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace fs = std::filesystem;
using upkeep::errc;
using upkeep::key;
using upkeep::key_view;
using upkeep::receipt;
using upkeep::sqlite_backup;
using upkeep::sqlite_store;
using upkeep_test::f32;
using upkeep_test::failure_of;
using upkeep_test::read_all;
using upkeep_test::run_sql;
using upkeep_test::temporary_directory;

namespace {

/// A table, a backup of all of its rows but the last, and a place for them.
struct scene {
  explicit scene(const std::string& sql, const upkeep::sqlite_layout& layout = {.table = "t", .vector_column = "v"})
      : path(run_sql(folder / "a.db", sql)), store(path, layout) {
    std::vector<key> keys;
    store.scan(upkeep::field::none, [&](const upkeep::record_batch& b) {
      for (const key_view k : b.keys) keys.emplace_back(k);
    });
    keys.pop_back();
    const std::vector<key_view> views(keys.begin(), keys.end());
    made = sqlite_backup().back_up(store, views, (folder / "x.backup").string());
  }
  [[nodiscard]] std::string into() const { return (folder / "scratch.db").string(); }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
  }

  temporary_directory folder{};
  std::string path;
  sqlite_store store;
  receipt made;
};

}  // namespace

TEST_CASE("sqlite_extract: every value of every kind of row is what it was, and the store is not touched", "[sqlite_extract]") {
  const std::string v = f32({1, 2});
  const std::string values = "(10, " + v +
                             ", NULL, 1.5), (20, NULL, 'text', -0.0), (30, 'no vector', x'00ff00', 9223372036854775807),"
                             "(40, x'', '', 1e300), (50, " +
                             v + ", CAST(x'61006200ff' AS TEXT), '1'), (60, " + v + ", '1', '1');";
  const std::string numbers = "INSERT INTO t(id, v, a, b) VALUES " + values;
  const std::string texts = "CREATE TABLE s(id, v, a, b); INSERT INTO s(id, v, a, b) VALUES " + values +
                            "INSERT INTO t(id, v, a, b) SELECT 'k' || id, v, a, b FROM s;";
  const std::string blobs = std::string(texts).replace(texts.find("'k' || id"), 9, "CAST('k' || id AS BLOB)");
  struct variant {
    std::string sql, columns;
  };
  for (const variant& each : std::vector<variant>{
           {"CREATE TABLE t(id INTEGER PRIMARY KEY, v, a, b);" + numbers, "id, v, a, b"},
           {"CREATE TABLE t(v, a, id INT PRIMARY KEY, b REAL);" + numbers + "UPDATE t SET rowid = rowid + 1000", "rowid, id, v, a, b"},
           {"CREATE TABLE t(v, a, id INT PRIMARY KEY, b) WITHOUT ROWID;" + numbers, "id, v, a, b"},
           {"CREATE TABLE t(id TEXT PRIMARY KEY COLLATE NOCASE, v BLOB, a TEXT, b NUMERIC);" + texts, "rowid, id, v, a, b"},
           {"CREATE TABLE t(id PRIMARY KEY, v, a, b, rowid TEXT DEFAULT 'mine', g AS (a || b) STORED);" + blobs, "oid, id, v, a, b, rowid"},
           {"CREATE TABLE t(id, v, a, b, rowid, oid, _rowid_);" + texts, "id, v, a, b, rowid, oid, _rowid_"},
           {"PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(id TEXT PRIMARY KEY, v, a, b);" +
                std::string(texts).replace(texts.find("6200ff"), 6, "006200"),
            "rowid, id, v, a, b"}}) {
    INFO(each.sql);
    const scene s(each.sql);
    const std::string select = "SELECT " + each.columns + " FROM t ORDER BY id";
    std::vector<std::string> expected = read_all(fs::path(s.path), select);
    REQUIRE(expected.size() == 6);
    const std::string before = upkeep::read_file(s.path);
    CHECK(sqlite_backup().extract(s.made, s.into()) == 5);
    // The last of the ids is the last in every one of these orders.
    expected.pop_back();
    CHECK(read_all(fs::path(s.into()), select) == expected);
    CHECK(read_all(fs::path(s.into()), "PRAGMA encoding") == read_all(fs::path(s.path), "PRAGMA encoding"));
    CHECK(read_all(fs::path(s.into()), "PRAGMA integrity_check") == std::vector<std::string>{"t'ok'"});
    CHECK(upkeep::read_file(s.path) == before);
    struct stat status {};
    REQUIRE(::stat(s.into().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
  }
}

TEST_CASE("sqlite_extract: names of all kinds, and rows that can be taken over by SQL", "[sqlite_extract]") {
  const scene s(
      "CREATE TABLE \"my \"\"notes\"\"\"(\"the id\" TEXT PRIMARY KEY, \"v]\" BLOB, \"a'b\" INTEGER, \"sel;ect\");"
      "INSERT INTO \"my \"\"notes\"\"\" VALUES ('a', " +
          f32({1, 2}) + ", 7, x'00'), ('b', NULL, NULL, 'x'), ('c', NULL, 1, 2);",
      {.table = "my \"notes\"", .id_column = "the id", .vector_column = "v]"});
  CHECK(sqlite_backup().extract(s.made, s.into()) == 2);
  const std::string select = "SELECT * FROM \"my \"\"notes\"\"\" ORDER BY 1";
  const auto before = read_all(fs::path(s.path), select);
  run_sql(s.path, "DELETE FROM \"my \"\"notes\"\"\" WHERE \"the id\" < 'c'; ATTACH '" + s.into() +
                      "' AS scratch; INSERT INTO main.\"my \"\"notes\"\"\" SELECT * FROM scratch.\"my \"\"notes\"\"\"");
  CHECK(read_all(fs::path(s.path), select) == before);
}

TEST_CASE("sqlite_extract: an existing file stays what it is", "[sqlite_extract]") {
  const scene s("CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, NULL), (2, NULL)");
  for (const char* content : {"precious", ""}) {
    s.folder.write("scratch.db", content);
    CHECK(failure_of([&] { sqlite_backup().extract(s.made, s.into()); }).code == errc::invalid_argument);
    CHECK(upkeep::read_file(s.into()) == content);
  }
  CHECK(failure_of([&] { sqlite_backup().extract(s.made, s.path); }).code == errc::invalid_argument);
  CHECK(failure_of([&] { sqlite_backup().extract(s.made, s.made.path); }).code == errc::invalid_argument);
  sqlite_backup().verify(s.made, [](key_view, std::uint64_t) {});
}

TEST_CASE("sqlite_extract: of a damaged or missing backup nothing is written", "[sqlite_extract]") {
  const scene s("CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, NULL), (2, NULL)");
  std::string bytes = upkeep::read_file(s.made.path);
  const std::size_t files = s.files();
  bytes[bytes.size() / 2] ^= 1;
  s.folder.write("x.backup", bytes);
  CHECK(failure_of([&] { sqlite_backup().extract(s.made, s.into()); }).code == errc::corrupt);
  receipt other = s.made;
  other.path += ".none";
  CHECK(failure_of([&] { sqlite_backup().extract(other, s.into()); }).code == errc::not_found);
  CHECK(failure_of([&] { sqlite_backup().extract(s.made, (s.folder / "none/scratch.db").string()); }).happened);
  CHECK(s.files() == files);
}
