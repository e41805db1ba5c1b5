// sqlite_backup: whole rows of any table go out and come back byte for byte, and nothing else is touched.

#include "upkeep/store/sqlite_backup.hpp"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/store/sqlite_store.hpp"

using upkeep::errc;
using upkeep::field;
using upkeep::key;
using upkeep::key_view;
using upkeep::receipt;
using upkeep::restore_report;
using upkeep::sqlite_backup;
using upkeep::sqlite_layout;
using upkeep::sqlite_store;
using upkeep_test::f32;
using upkeep_test::failure_of;
using upkeep_test::read_all;
using upkeep_test::run_sql;
using upkeep_test::temporary_directory;

namespace {

const sqlite_layout layout{.table = "t", .vector_column = "v"};
const std::string v = f32({1, 2});

std::vector<key> keys_of(sqlite_store& store) {
  std::vector<key> keys;
  store.scan(field::none, [&](const upkeep::record_batch& b) {
    for (const key_view k : b.keys) keys.emplace_back(k);
  });
  return keys;
}

std::map<key, std::uint64_t> digests_of(sqlite_store& store) {
  std::map<key, std::uint64_t> found;
  store.scan(field::digest, [&](const upkeep::record_batch& b) {
    for (std::size_t i = 0; i < b.size(); ++i) found[key(b.keys[i])] = b.digests[i];
  });
  return found;
}

// A table, a backup of some of its rows, and their removal.
struct scene {
  temporary_directory folder;
  std::string path;
  sqlite_store store;
  sqlite_backup backup;

  explicit scene(const std::string& sql, const sqlite_layout& with = layout) : path(run_sql(folder / "a.db", sql)), store(path, with) {}

  receipt back_up(const std::vector<key>& keys, const std::string& name = "x.backup") {
    const std::vector<key_view> views(keys.begin(), keys.end());
    return backup.back_up(store, views, (folder / name).string());
  }
  std::size_t erase(const std::vector<key>& keys) {
    const std::vector<key_view> views(keys.begin(), keys.end());
    return store.erase(views);
  }
  void sql(const std::string& change) { run_sql(path, change); }
  [[nodiscard]] std::vector<std::string> rows(const std::string& select = "SELECT rowid, * FROM t ORDER BY rowid") const {
    return read_all(path, select);
  }
};

std::string show(const restore_report& r) {
  std::string text =
      std::to_string(r.rows) + " rows, " + std::to_string(r.restored) + " restored, " + std::to_string(r.unchanged) + " unchanged";
  for (const key& k : r.conflicts) text += ", conflict " + upkeep::to_string(k);
  return text;
}

}  // namespace

TEST_CASE("whole rows go and come back byte for byte", "[sqlite_backup]") {
  const std::string values = "INSERT INTO t(id, v, a, b) VALUES (10, " + v +
                             ", NULL, 1.5), (20, NULL, 'text', -0.0), (30, 'no vector', x'00ff00', 9223372036854775807),"
                             "(40, x'', '', 1e300), (50, " +
                             v + ", CAST(x'61006200ff' AS TEXT), 3), (60, " + v + ", '1', '1');";
  const std::string text_values = "INSERT INTO t(id, v, a, b) SELECT 'k' || id, v, a, b FROM s;";
  const std::string copy = "CREATE TABLE s(id, v, a, b); " + std::string(values).replace(12, 1, "s") + text_values;
  struct variant {
    std::string sql, select;
    bool text_ids;
  };
  const std::vector<variant> variants{
      {"CREATE TABLE t(id INTEGER PRIMARY KEY, v, a, b);" + values, "SELECT * FROM t ORDER BY id", false},
      {"CREATE TABLE t(v, a, id INT PRIMARY KEY, b);" + values, "SELECT rowid, * FROM t ORDER BY id", false},
      {"CREATE TABLE t(v, a, id INT PRIMARY KEY, b) WITHOUT ROWID;" + values, "SELECT * FROM t ORDER BY id", false},
      {"CREATE TABLE t(id TEXT PRIMARY KEY, v BLOB, a, b REAL);" + copy, "SELECT rowid, * FROM t ORDER BY id", true},
      {"CREATE TABLE t(id, v, a TEXT, b NUMERIC, rowid TEXT DEFAULT 'mine', g AS (a || b), h AS (length(v)) STORED);" + copy,
       "SELECT oid, * FROM t ORDER BY id", true},
      {"CREATE TABLE t(id, v, a, b, rowid, oid, _rowid_);" + copy, "SELECT * FROM t ORDER BY id", true},
      {"CREATE TABLE t(id TEXT PRIMARY KEY COLLATE NOCASE, v, a UNIQUE, b, \"or\" DEFAULT (1 + 1));" + copy,
       "SELECT rowid, * FROM t ORDER BY id", true}};
  for (const std::string encoding : {"UTF-8", "UTF-16be"}) {
    for (const variant& each : variants) {
      if (encoding != "UTF-8" && each.sql.find("6200ff") == std::string::npos) continue;
      std::string sql = "PRAGMA encoding = '" + encoding + "';" + each.sql;
      // A text that is no UTF-8 cannot be written to a database in UTF-16.
      if (encoding != "UTF-8") sql.replace(sql.find("6200ff"), 6, "006200");
      INFO(sql);
      scene s(sql);
      const auto before = s.rows(each.select);
      const std::vector<key> all = keys_of(s.store);
      REQUIRE(all.size() == 6);
      std::vector<key> gone{all[4], all[0], all[2], all[0], key("nobody"), key(12345), all[3]};
      const auto digests = digests_of(s.store);
      const receipt made = s.back_up(gone);
      CHECK(made.rows == 4);
      CHECK(made.format == "sqlite_backup 1");
      CHECK(made.store == s.store.identity());
      CHECK(made.bytes == std::filesystem::file_size(made.path));
      std::map<key, std::uint64_t> proven;
      s.backup.verify(made, [&](key_view k, std::uint64_t digest) { proven[key(k)] = digest; });
      REQUIRE(proven.size() == 4);
      for (const auto& [k, digest] : proven) CHECK(digests.at(k) == digest);
      CHECK(show(s.backup.restore(s.store, made)) == "4 rows, 0 restored, 4 unchanged");
      REQUIRE(s.erase(gone) == 4);
      REQUIRE(s.rows(each.select).size() == 2);
      CHECK(show(s.backup.restore(s.store, made)) == "4 rows, 4 restored, 0 unchanged");
      CHECK(s.rows(each.select) == before);
      CHECK(digests_of(s.store) == digests);
      CHECK(show(s.backup.restore(s.store, made)) == "4 rows, 0 restored, 4 unchanged");
      CHECK(s.rows(each.select) == before);
    }
  }
}

TEST_CASE("random tables, random values, random losses", "[sqlite_backup]") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    INFO("seed " << seed);
    upkeep::rng random(seed);
    const bool texts = random.chance(0.5);
    const auto columns = 1 + random.below(5);
    std::string sql = std::string("CREATE TABLE t(id ") + (texts ? "TEXT" : "INTEGER") + (random.chance(0.7) ? " PRIMARY KEY" : "") + ", v";
    constexpr const char* types[] = {"", " TEXT", " INTEGER", " REAL", " BLOB", " NUMERIC"};
    for (std::uint64_t c = 0; c < columns; ++c) sql += ", c" + std::to_string(c) + types[random.below(6)];
    sql += ");";
    const auto value = [&]() -> std::string {
      switch (random.below(6)) {
        case 0: return "NULL";
        case 1: return std::to_string(random.between(-1000, 1000));
        case 2: return std::to_string(random.normal());
        case 3: return "'" + std::to_string(random.below(50)) + "'";
        case 4: return "randomblob(" + std::to_string(random.below(3) == 0 ? 9000 : random.below(40)) + ")";
        default: return "CAST(randomblob(" + std::to_string(random.below(20)) + ") AS TEXT)";
      }
    };
    const auto rows = 1 + random.below(30);
    for (std::uint64_t r = 0; r < rows; ++r) {
      sql += "INSERT INTO t VALUES (" + (texts ? "'k" + std::to_string(r * 7 % 31) + "'" : std::to_string(r * 7 % 31)) + ", " + v;
      for (std::uint64_t c = 0; c < columns; ++c) sql += ", " + value();
      sql += ");";
    }
    scene s(sql);
    const auto before = s.rows();
    std::vector<key> gone;
    for (const key& k : keys_of(s.store))
      if (random.chance(0.5)) gone.push_back(k);
    const receipt made = s.back_up(gone);
    REQUIRE(s.erase(gone) == gone.size());
    std::size_t already = 0;
    if (random.chance(0.5)) {  // an undo that was interrupted and ran again
      const restore_report first = s.backup.restore(s.store, made);
      REQUIRE(first.restored == gone.size());
      already = gone.size() / 2;
      s.erase(std::vector<key>(gone.begin() + static_cast<std::ptrdiff_t>(already), gone.end()));
    }
    const restore_report report = s.backup.restore(s.store, made);
    CHECK(report.restored == gone.size() - already);
    CHECK(report.unchanged == already);
    CHECK(report.conflicts.empty());
    CHECK(s.rows() == before);
  }
}

TEST_CASE("rows that exist again, or collide with others, are left alone", "[sqlite_backup]") {
  scene s(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, v, name UNIQUE ON CONFLICT REPLACE, extra);"
      "INSERT INTO t VALUES (1, " +
      v + ", 'a', 0), (2, " + v + ", 'b', 0), (3, " + v + ", 'c', 0), (4, " + v + ", 'd', 0)");
  const std::vector<key> all{key(1), key(2), key(3), key(4)};
  const receipt made = s.back_up(all);
  CHECK(s.erase(all) == 4);
  s.sql("INSERT INTO t VALUES (1, " + v + ", 'a', 'other'), (9, " + v + ", 'c', 'new owner of the name')");
  CHECK(show(s.backup.restore(s.store, made)) == "4 rows, 2 restored, 0 unchanged, conflict 1, conflict 3");
  const auto rows = s.rows("SELECT id, name, extra FROM t ORDER BY id");
  CHECK(rows == std::vector<std::string>{"i1|t'a'|t'other'", "i2|t'b'|i0", "i4|t'd'|i0", "i9|t'c'|t'new owner of the name'"});
  s.sql("DELETE FROM t WHERE id IN (1, 9)");
  CHECK(show(s.backup.restore(s.store, made)) == "4 rows, 2 restored, 2 unchanged");
}

TEST_CASE("rows that refer to each other come back in whatever order they were saved", "[sqlite_backup]") {
  scene s(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, v, parent REFERENCES t(id), doc REFERENCES docs(id)); CREATE TABLE docs(id INTEGER PRIMARY "
      "KEY);"
      "INSERT INTO docs VALUES (1), (2);"
      "INSERT INTO t VALUES (1, " +
      v + ", NULL, 1), (2, " + v + ", 1, 1), (3, " + v + ", 2, 1), (4, " + v + ", 4, 2), (5, " + v + ", 3, 2)");
  const auto before = s.rows();
  const receipt made = s.back_up({key(5), key(3), key(2), key(4), key(1)});
  CHECK(s.erase({key(5), key(3), key(2), key(1), key(4)}) == 5);
  CHECK(show(s.backup.restore(s.store, made)) == "5 rows, 5 restored, 0 unchanged");
  CHECK(s.rows() == before);
  s.erase({key(5), key(4), key(3), key(2), key(1)});
  s.sql("DELETE FROM docs WHERE id = 2");
  CHECK(show(s.backup.restore(s.store, made)) == "5 rows, 3 restored, 0 unchanged, conflict 5, conflict 4");
  CHECK(s.rows("SELECT id FROM t ORDER BY id") == std::vector<std::string>{"i1", "i2", "i3"});
}

TEST_CASE("a full-text index that triggers keep follows removal and undo", "[sqlite_backup]") {
  sqlite_layout with = layout;
  with.allow_delete_effects = {"t_gone"};
  scene s(
      "CREATE TABLE t(id TEXT PRIMARY KEY, v, body); CREATE VIRTUAL TABLE words USING fts5(body, content='t', content_rowid='rowid');"
      "CREATE TRIGGER t_new AFTER INSERT ON t BEGIN INSERT INTO words(rowid, body) VALUES (new.rowid, new.body); END;"
      "CREATE TRIGGER t_gone AFTER DELETE ON t BEGIN INSERT INTO words(words, rowid, body) VALUES ('delete', old.rowid, old.body); END;"
      "INSERT INTO t VALUES ('a', " +
          v + ", 'one fish'), ('b', " + v + ", 'two fish'), ('c', " + v + ", 'red bird')",
      with);
  const auto before = s.rows();
  const std::string search = "SELECT rowid FROM words WHERE words MATCH 'fish' ORDER BY rowid";
  const auto found = s.rows(search);
  REQUIRE(found.size() == 2);
  const receipt made = s.back_up({key("b"), key("c")});
  CHECK(s.erase({key("b"), key("c")}) == 2);
  CHECK(s.rows(search) == std::vector<std::string>{found[0]});
  CHECK(show(s.backup.restore(s.store, made)) == "2 rows, 2 restored, 0 unchanged");
  CHECK(s.rows() == before);  // the rowid, by which the index finds its rows, included
  CHECK(s.rows(search) == found);
  s.sql("INSERT INTO words(words, rank) VALUES ('integrity-check', 1)");
}

TEST_CASE("a rowid that somebody else has by now is not taken from them", "[sqlite_backup]") {
  scene s("CREATE TABLE t(id TEXT PRIMARY KEY, v); INSERT INTO t(rowid, id, v) VALUES (1, 'a', " + v + "), (2, 'b', " + v + ")");
  const receipt made = s.back_up({key("a"), key("b")});
  s.erase({key("a"), key("b")});
  s.sql("INSERT INTO t(rowid, id, v) VALUES (1, 'c', " + v + ")");
  CHECK(show(s.backup.restore(s.store, made)) == "2 rows, 2 restored, 0 unchanged");
  CHECK(s.rows("SELECT id FROM t WHERE rowid = 1") == std::vector<std::string>{"t'c'"});
  CHECK(s.rows("SELECT id FROM t WHERE rowid = 2") == std::vector<std::string>{"t'b'"});
  CHECK(keys_of(s.store).size() == 3);
}

TEST_CASE("rows come back into a table that was emptied, whatever their ids are", "[sqlite_backup]") {
  for (const std::string type : {"", "TEXT", "BLOB", "INTEGER"}) {
    for (const std::string ids : {"x'0001', x'02'", "'one', 'two'", "7, 8"}) {
      const std::string first = ids.substr(0, ids.find(',')), second = ids.substr(ids.find(',') + 1);
      INFO(type << " " << ids);
      const scene made("CREATE TABLE t(id " + type + " UNIQUE NOT NULL, v); INSERT INTO t VALUES (" + first + ", " + v + "), (" + second +
                       ", " + v + ")");
      const auto before = made.rows();
      sqlite_store store(made.path, layout);
      const std::vector<key> all = keys_of(store);
      const std::vector<key_view> views(all.begin(), all.end());
      const receipt r = made.backup.back_up(store, views, (made.folder / "x.backup").string());
      REQUIRE(store.erase(views) == 2);
      sqlite_store later(made.path, layout);  // which cannot know what ids there were
      CHECK(show(made.backup.restore(later, r)) == "2 rows, 2 restored, 0 unchanged");
      CHECK(made.rows() == before);
      CHECK(keys_of(later) == all);
    }
  }
}

TEST_CASE("a row whose id is of another kind than those of the table stays away", "[sqlite_backup]") {
  // With both kinds of ids in it, the table could not be opened again.
  for (const std::string other : {"TEXT", "BLOB"}) {
    const std::string one = other == "TEXT" ? "x'31'" : "'1'", two = other == "TEXT" ? "x'32'" : "'2'";
    scene s("CREATE TABLE t(id UNIQUE NOT NULL, v); INSERT INTO t VALUES (" + one + ", " + v + "), (" + two + ", " + v + ")");
    const receipt made = s.back_up({key("1")});
    REQUIRE(s.erase({key("1")}) == 1);
    s.sql("UPDATE t SET id = CAST(id AS " + other + ")");
    const auto before = s.rows();
    sqlite_store later(s.path, layout);
    CHECK(show(s.backup.restore(later, made)) == "1 rows, 0 restored, 0 unchanged, conflict \"1\"");
    CHECK(s.rows() == before);
    CHECK(keys_of(later) == std::vector<key>{key("2")});
  }
}

TEST_CASE("what the application's triggers do to restored rows is told", "[sqlite_backup]") {
  scene s("CREATE TABLE t(id INTEGER PRIMARY KEY, v, touched); INSERT INTO t VALUES (1, " + v + ", 0), (2, " + v + ", 0), (3, " + v +
          ", 0)");
  const receipt made = s.back_up({key(1), key(2), key(3)});
  s.erase({key(1), key(2), key(3)});
  s.sql(
      "CREATE TRIGGER touch AFTER INSERT ON t WHEN new.id = 2 BEGIN UPDATE t SET touched = 1 WHERE id = 2; END;"
      "CREATE TRIGGER never BEFORE INSERT ON t WHEN new.id = 3 BEGIN SELECT RAISE(IGNORE); END");
  CHECK(show(s.backup.restore(s.store, made)) == "3 rows, 1 restored, 0 unchanged, conflict 2, conflict 3");
  CHECK(s.rows("SELECT id, touched FROM t") == std::vector<std::string>{"i1|i0", "i2|i1"});
  s.sql("DROP TRIGGER never; CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'no'); END");
  CHECK(show(s.backup.restore(s.store, made)) == "3 rows, 0 restored, 1 unchanged, conflict 2, conflict 3");
  s.sql("DROP TRIGGER no; DELETE FROM t; CREATE TRIGGER end_all AFTER INSERT ON t WHEN new.id = 3 BEGIN SELECT RAISE(ROLLBACK, 'no'); END");
  CHECK(failure_of([&] { s.backup.restore(s.store, made); }).happened);
  CHECK(s.rows("SELECT id FROM t").empty());  // whole or not at all
}

TEST_CASE("a mark is taken back, and only a mark", "[sqlite_backup]") {
  scene s("CREATE TABLE t(id INTEGER PRIMARY KEY, v, state, extra); INSERT INTO t VALUES (1, " + v + ", 'live', 0), (2, " + v +
          ", NULL, 0), (3, " + v + ", 'live', 0), (4, " + v + ", 'live', 0), (5, " + v + ", 'live', 0)");
  s.store.attach_mark("state", std::string("gone"));
  const std::vector<key> all{key(1), key(2), key(3), key(4), key(5)};
  const auto before = s.rows();
  const receipt made = s.back_up(all);
  const std::vector<key_view> views(all.begin(), all.end());
  CHECK(s.store.mark(views) == 5);
  CHECK(s.store.size() == 0);
  CHECK(show(s.backup.restore(s.store, made)) == "5 rows, 5 restored, 0 unchanged");
  CHECK(s.rows() == before);
  CHECK(s.store.mark(views) == 5);
  s.sql("UPDATE t SET extra = 1 WHERE id = 3; UPDATE t SET state = 'archived' WHERE id = 4; DELETE FROM t WHERE id = 5");
  CHECK(show(s.backup.restore(s.store, made)) == "5 rows, 3 restored, 0 unchanged, conflict 3, conflict 4");
  CHECK(s.rows("SELECT state, extra FROM t") ==
        std::vector<std::string>{"t'live'|i0", "null|i0", "t'gone'|i1", "t'archived'|i0", "t'live'|i0"});
}

TEST_CASE("a backup that is not what was written is found out before it is used", "[sqlite_backup]") {
  scene s("CREATE TABLE t(id INTEGER PRIMARY KEY, v, extra); INSERT INTO t VALUES (1, " + v + ", 'one'), (2, " + v + ", randomblob(5000))");
  const receipt made = s.back_up({key(1), key(2)});
  s.erase({key(1), key(2)});
  const auto check = [&](const receipt& r, errc code, const std::string& words) {
    const auto verified = failure_of([&] { s.backup.verify(r, [](key_view, std::uint64_t) {}); });
    const auto restored = failure_of([&] { s.backup.restore(s.store, r); });
    for (const auto& f : {verified, restored}) {
      INFO(f.message);
      CHECK(f.happened);
      CHECK((f.code == code));
      CHECK(f.names(words));
    }
    CHECK(s.store.size() == 0);
  };
  std::string bytes;
  {
    std::ifstream file(made.path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  REQUIRE(bytes.size() == made.bytes);
  const std::string other = (s.folder / "other.backup").string();
  receipt moved = made;
  moved.path = other;
  upkeep::rng random(3);
  for (int round = 0; round < 60; ++round) {
    std::string damaged = bytes;
    const auto at = static_cast<std::size_t>(round < 20 ? static_cast<std::uint64_t>(round) : random.below(bytes.size()));
    damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1U << random.below(8)));
    s.folder.write("other.backup", damaged);
    INFO("byte " << at);
    check(moved, errc::corrupt, other);
  }
  s.folder.write("other.backup", bytes.substr(0, bytes.size() - 1));
  check(moved, errc::corrupt, "bytes");
  s.folder.write("other.backup", bytes + "x");
  check(moved, errc::corrupt, "bytes");
  std::filesystem::remove(other);
  check(moved, errc::not_found, other);
  receipt wrong = made;
  wrong.rows = 3;
  check(wrong, errc::corrupt, "2 rows instead of 3");
  wrong = made;
  wrong.format = "file_backup 1";
  check(wrong, errc::unsupported, "file_backup 1");
  for (const std::string id : {"-1", "3", "4294967296"}) {  // of a file that fits its receipt
    s.folder.write("other.backup", bytes);
    run_sql(other, "UPDATE backup SET id_column = " + id);
    const upkeep::detail::sqlite_backup_seal seal = upkeep::detail::read_seal(other);
    receipt fitting = moved;
    fitting.bytes = seal.bytes;
    fitting.checksum = seal.checksum;
    check(fitting, errc::corrupt, "names no id column");
  }
  CHECK(show(s.backup.restore(s.store, made)) == "2 rows, 2 restored, 0 unchanged");
}

TEST_CASE("a table that is another one by now is refused", "[sqlite_backup]") {
  scene s("CREATE TABLE t(id INTEGER PRIMARY KEY, v, extra); INSERT INTO t VALUES (1, " + v +
          ", 'one'); CREATE TABLE u(id INTEGER PRIMARY KEY, v, extra)");
  const receipt made = s.back_up({key(1)});
  sqlite_store other(s.path, {.table = "u", .vector_column = "v"});
  const auto another = failure_of([&] { s.backup.restore(other, made); });
  CHECK(another.code == errc::changed);
  CHECK(another.names("rows of the table \"t\""));
  s.sql("ALTER TABLE t RENAME COLUMN extra TO more");
  sqlite_store again(s.path, layout);
  const auto renamed = failure_of([&] { s.backup.restore(again, made); });
  CHECK(renamed.code == errc::changed);
  CHECK(renamed.names("id, v, extra"));
}

TEST_CASE("a backup never replaces a file, and a full disk leaves none", "[sqlite_backup]") {
  scene s(
      "CREATE TABLE t(id INTEGER PRIMARY KEY, v, extra);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO t SELECT i, " +
      v + ", randomblob(50000) FROM n");
  const std::vector<key> all = keys_of(s.store);
  const receipt made = s.back_up({all[0]});
  const auto twice = failure_of([&] { s.back_up({all[1]}); });
  CHECK(twice.code == errc::invalid_argument);
  CHECK(twice.names("exists already"));
  s.backup.verify(made, [&](key_view k, std::uint64_t) { CHECK(k == all[0].view()); });
  CHECK(failure_of([&] { s.back_up(all, "nowhere/x.backup"); }).code == errc::not_found);

  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  for (const rlim_t limit : {rlim_t{0}, rlim_t{4096}, rlim_t{1'000'000}, rlim_t{2'500'000}}) {
    rlimit small = before;
    small.rlim_cur = limit;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto full = failure_of([&] { s.back_up(all, "full.backup"); });
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    INFO(full.message);
    CHECK(full.happened);
    CHECK(full.code == errc::io);
  }
  std::signal(SIGXFSZ, old_handler);
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(s.folder.path())) files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  CHECK(files == std::vector<std::string>{"a.db", "x.backup"});
  CHECK(s.back_up(all, "full.backup").rows == 60);
}
