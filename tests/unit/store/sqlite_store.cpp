// sqlite_store: its own schema against a plain list of rows, and tables of every shape that an application may have.

#include "upkeep/store/sqlite_store.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/testing/conform_vector_store.hpp"
#include "upkeep/testing/generated_rows.hpp"

using upkeep::errc;
using upkeep::field;
using upkeep::key;
using upkeep::key_view;
using upkeep::no_time;
using upkeep::record_batch;
using upkeep::sqlite_layout;
using upkeep::sqlite_store;
using upkeep::testing::generated_row;
using upkeep::testing::row_generator;
using upkeep_test::f32;
using upkeep_test::failure_of;
using upkeep_test::read_all;
using upkeep_test::run_sql;
using upkeep_test::temporary_directory;

namespace {

const sqlite_layout layout{.table = "t", .vector_column = "v"};

std::vector<generated_row> scanned(sqlite_store& store, field wanted = upkeep::stored_fields) {
  std::vector<generated_row> rows;
  store.scan(wanted, [&](const record_batch& b) {
    for (std::size_t i = 0; i < b.size(); ++i) rows.emplace_back(b[i]);
  });
  return rows;
}

void append(std::vector<key>& to, std::span<const key_view> keys) {
  for (const key_view k : keys) to.emplace_back(k);
}

std::vector<key> scanned_keys(sqlite_store& store) {
  std::vector<key> keys;
  store.scan(field::none, [&](const record_batch& b) { append(keys, b.keys); });
  return keys;
}

std::map<key, std::uint64_t> digests(sqlite_store& store) {
  std::map<key, std::uint64_t> found;
  store.scan(field::digest, [&](const record_batch& b) {
    for (std::size_t i = 0; i < b.size(); ++i) found[key(b.keys[i])] = b.digests[i];
  });
  return found;
}

std::vector<key> fetched_keys(sqlite_store& store, const std::vector<key>& keys) {
  const std::vector<key_view> views(keys.begin(), keys.end());
  std::vector<key> found;
  store.fetch(views, field::none, [&](const record_batch& b) { append(found, b.keys); });
  return found;
}

std::size_t erase(sqlite_store& store, const std::vector<key>& keys) {
  const std::vector<key_view> views(keys.begin(), keys.end());
  return store.erase(views);
}

std::string differences(const std::vector<generated_row>& seen, const std::vector<generated_row>& expected) {
  if (seen.size() != expected.size()) return std::to_string(seen.size()) + " rows, not " + std::to_string(expected.size());
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (auto d = upkeep::testing::difference(seen[i].view(), expected[i].view()); !d.empty()) return "row " + std::to_string(i) + ": " + d;
  return {};
}

std::size_t upsert(sqlite_store& store, const std::vector<generated_row>& rows) {
  upkeep::record_buffer buffer(upkeep::stored_fields, store.dimension());
  return store.upsert(batch_of(rows, buffer));
}

}  // namespace

TEST_CASE("the own schema is a list of rows in the order of their keys", "[sqlite_store]") {
  const temporary_directory folder;
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    row_generator generator(seed, {.dimension = 3});
    sqlite_store store = sqlite_store::create((folder / ("s" + std::to_string(seed))).string(), 3, {.page_rows = 1 + seed % 4});
    std::map<key, generated_row> reference;
    for (int step = 0; step < 12; ++step) {
      INFO("seed " << seed << ", step " << step);
      if (generator.random().chance(0.6)) {
        std::vector<generated_row> rows = generator.next(static_cast<std::size_t>(generator.random().below(6)));
        for (const auto& [k, old] : reference)
          if (generator.random().chance(0.1)) {
            rows.push_back(old);
            generator.refill(rows.back());
          }
        CHECK(upsert(store, rows) == rows.size());
        for (const generated_row& r : rows) reference[r.key] = r;
      } else {
        std::vector<key> keys{generator.next_key()};
        std::size_t there = 0;
        for (const auto& [k, old] : reference)
          if (generator.random().chance(0.2)) keys.push_back(k), ++there;
        if (keys.size() > 1) keys.push_back(keys.back());  // named twice, gone once
        CHECK(erase(store, keys) == there);
        for (const key& k : keys) reference.erase(k);
      }
      std::vector<generated_row> expected;
      std::vector<key> keys;
      for (const auto& [k, r] : reference) expected.push_back(r), keys.push_back(k);
      std::vector<generated_row> seen = scanned(store);
      for (std::size_t i = 0; i < std::min(seen.size(), expected.size()); ++i) {
        // A row that is set aside for its values still shows them.
        REQUIRE(seen[i].vector.size() == 3);
      }
      REQUIRE(differences(seen, expected) == "");
      REQUIRE(store.size() == reference.size());
      std::reverse(keys.begin(), keys.end());
      REQUIRE(fetched_keys(store, keys) == keys);
    }
  }
}

TEST_CASE("sqlite_store keeps every promise of a vector_store", "[sqlite_store]") {
  const temporary_directory folder;
  int number = 0;
  const auto next = [&] { return (folder / ("c" + std::to_string(number++))).string(); };
  // The suite commits thousands of times; that the disk has it each time is not its question.
  const auto unsynced = [](sqlite3* raw) { sqlite3_exec(raw, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr); };
  const auto own = upkeep::testing::conform_vector_store([&] { return sqlite_store::create(next(), 3, {.on_open = unsynced}); });
  INFO(own.text());
  CHECK(own.ok());
  const auto adopted = upkeep::testing::conform_vector_store(
      [&] {
        return sqlite_store(run_sql(next(), "CREATE TABLE t(id TEXT, v, source, scope, text, model, created, pinned)"),
                            {.table = "t",
                             .vector_column = "v",
                             .source_column = "source",
                             .scope_column = "scope",
                             .text_column = "text",
                             .model_column = "model",
                             .created_column = "created",
                             .pinned_column = "pinned"},
                            {.page_rows = 3, .dimension = 3, .on_open = unsynced});
      },
      {.keys = upkeep::testing::key_kind::texts});
  INFO(adopted.text());
  CHECK(adopted.ok());
  const auto narrow = upkeep::testing::conform_vector_store(
      [&] {
        return sqlite_store(run_sql(next(), "CREATE TABLE t(id INTEGER PRIMARY KEY, v)"), layout, {.dimension = 3, .on_open = unsynced});
      },
      {.keys = upkeep::testing::key_kind::integers, .fields = field::vector});
  INFO(narrow.text());
  CHECK(narrow.ok());
}

TEST_CASE("tables of every shape", "[sqlite_store]") {
  struct shape {
    std::string table;
    std::vector<std::string> ids;  // as SQL
    std::vector<key> keys;
    std::vector<key> strangers;  // keys that an affinity or a collation could take for one of them
  };
  const std::vector<key> integers{key(7), key(-3), key(0), key(std::numeric_limits<std::int64_t>::min()),
                                  key(std::numeric_limits<std::int64_t>::max())};
  const std::vector<std::string> integer_sql{"7", "-3", "0", "-9223372036854775807 - 1", "9223372036854775807"};
  const std::vector<key> texts{
      key("b"),  key(""), key("O'Brien \"x\"\n;--"), key(std::string("nul\0nul", 7)), key("\xF0\x9F\x98\x80"), key("\xff\xfe"),
      key("12"), key("B")};
  std::vector<std::string> text_sql, blob_sql;
  for (const key& k : texts) text_sql.push_back("CAST(x'" + upkeep_test::hex(k.view().bytes()) + "' AS TEXT)");
  for (const key& k : texts) blob_sql.push_back("x'" + upkeep_test::hex(k.view().bytes()) + "'");
  const std::vector<key> no_integers{key(12), key(0), key("c"), key("12 ")};
  const std::vector<key> no_texts{key("7"), key("-3"), key(""), key(8)};
  const std::vector<shape> shapes{
      {"t(id INTEGER PRIMARY KEY, v)", integer_sql, integers, no_texts},
      {"t(id INT PRIMARY KEY, v)", integer_sql, integers, no_texts},
      {"t(id INTEGER PRIMARY KEY DESC, v)", integer_sql, integers, no_texts},
      {"t(v, id BIGINT NOT NULL UNIQUE)", integer_sql, integers, no_texts},
      {"t(id INT PRIMARY KEY, v) WITHOUT ROWID", integer_sql, integers, no_texts},
      {"t(id, v)", integer_sql, integers, no_texts},
      {"t(id INTEGER, v, rowid, oid, _rowid_)", integer_sql, integers, no_texts},
      {"t(id TEXT PRIMARY KEY, v)", text_sql, texts, no_integers},
      {"t(id TEXT PRIMARY KEY, v) WITHOUT ROWID", text_sql, texts, no_integers},
      {"t(id TEXT, v)", text_sql, texts, no_integers},
      {"t(id TEXT COLLATE NOCASE, v)", text_sql, texts, no_integers},
      {"t(id VARCHAR(3), v, rowid)", text_sql, texts, no_integers},
      {"t(id, v, UNIQUE(id))", text_sql, texts, no_integers},
      {"t(id BLOB PRIMARY KEY, v)", blob_sql, texts, no_integers},
      {"t(id BLOB PRIMARY KEY, v) WITHOUT ROWID", blob_sql, texts, no_integers},
      {"t(id, v)", blob_sql, texts, no_integers},
      {"t(id TEXT, v); CREATE INDEX i ON t(id COLLATE NOCASE)", text_sql, texts, no_integers},
      {"t(id TEXT, v); CREATE INDEX i ON t(id)", text_sql, texts, no_integers},
      {"t(id TEXT, v); CREATE INDEX i ON t(id) WHERE id > 'a'", text_sql, texts, no_integers},
      {"t(id TEXT PRIMARY KEY, v BLOB) STRICT", text_sql, texts, no_integers},
  };
  int number = 0;
  for (const std::string encoding : {"UTF-8", "UTF-16le"}) {
    for (const shape& s : shapes) {
      if (encoding != "UTF-8" && s.ids == text_sql) continue;  // such texts cannot be written to it
      INFO(s.table << " " << encoding << " " << s.ids.size());
      const temporary_directory folder;
      std::string sql = "PRAGMA encoding = '" + encoding + "'; CREATE TABLE " + s.table + ";";
      for (std::size_t i = 0; i < s.ids.size(); ++i) {
        sql += "INSERT INTO t(id, v) VALUES (" + s.ids[i] + ", " + f32({1.0F + static_cast<float>(i), 2}) + ");";
      }
      const std::string path = run_sql(folder / ("a" + std::to_string(number++)), sql);
      for (const std::size_t page : {1U, 2U, 3U, 100U}) {
        sqlite_store store(path, layout, {.page_rows = page});
        std::vector<key> found = scanned_keys(store);
        std::sort(found.begin(), found.end());
        std::vector<key> sorted = s.keys;
        std::sort(sorted.begin(), sorted.end());
        REQUIRE(found == sorted);
      }
      sqlite_store store(path, layout);
      REQUIRE(store.size() == s.keys.size());
      std::vector<key> asked{s.strangers[0], s.keys[1], s.keys[0], s.strangers[1], s.keys[4], s.strangers[2], s.strangers[3]};
      std::vector<key> expected{s.keys[1], s.keys[0], s.keys[4]};
      REQUIRE(fetched_keys(store, asked) == expected);
      std::vector<float> firsts;
      const std::vector<key_view> views(s.keys.begin(), s.keys.end());
      store.fetch(views, field::vector, [&](const record_batch& b) {
        for (std::size_t i = 0; i < b.size(); ++i) firsts.push_back(b.vectors[i][0]);
      });
      REQUIRE(firsts.size() == s.keys.size());
      for (std::size_t i = 0; i < firsts.size(); ++i) REQUIRE(firsts[i] == 1.0F + static_cast<float>(i));
      REQUIRE(erase(store, asked) == 3);
      REQUIRE(erase(store, asked) == 0);
      REQUIRE(read_all(path, "SELECT count(*) FROM t").at(0) == "i" + std::to_string(s.keys.size() - 3));
      std::vector<key> left = scanned_keys(store);
      REQUIRE(left.size() == s.keys.size() - 3);
      for (const key& k : expected) REQUIRE(std::find(left.begin(), left.end(), k) == left.end());
    }
  }
}

TEST_CASE("no collation and no affinity makes one key of another", "[sqlite_store]") {
  const temporary_directory folder;
  int number = 0;
  for (const std::string id :
       {"TEXT PRIMARY KEY COLLATE NOCASE", "TEXT COLLATE NOCASE", "TEXT COLLATE RTRIM UNIQUE", "NUMERIC PRIMARY KEY", "NUMERIC"}) {
    INFO(id);
    const std::string path =
        run_sql(folder / ("a" + std::to_string(number++)),
                "CREATE TABLE t(id " + id + ", v); INSERT INTO t VALUES ('b', " + f32({1, 2}) + "), ('c', " + f32({1, 2}) + ")");
    sqlite_store store(path, layout);
    if (id.starts_with("NUMERIC")) run_sql(path, "INSERT INTO t VALUES ('12', NULL)");  // has become the integer 12
    const std::vector<key> strangers{key("B"), key("b "), key("12"), key(12), key("C")};
    CHECK(fetched_keys(store, strangers).empty());
    CHECK(erase(store, strangers) == 0);
    for (const key& k : strangers) CHECK(erase(store, {k}) == 0);
    CHECK(fetched_keys(store, {key("c"), key("B"), key("b")}) == std::vector<key>{key("c"), key("b")});
  }
}

TEST_CASE("a database in UTF-16 orders its texts in its own way", "[sqlite_store]") {
  for (const std::string encoding : {"UTF-16le", "UTF-16be"}) {
    for (const std::string rest : {"", " WITHOUT ROWID"}) {
      INFO(encoding << rest);
      const temporary_directory folder;
      const std::string path =
          run_sql(folder / "a.db", "PRAGMA encoding = '" + encoding + "'; CREATE TABLE t(id TEXT PRIMARY KEY, v)" + rest +
                                       "; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 40 FROM n WHERE i < 3000)"
                                       "INSERT INTO t SELECT 'a' || char(i), " +
                                       f32({1, 2}) + " FROM n");
      sqlite_store store(path, layout, {.page_rows = 7});
      std::vector<key> keys = scanned_keys(store);
      CHECK(keys.size() == 76);
      CHECK(fetched_keys(store, keys) == keys);
      std::sort(keys.begin(), keys.end());
      CHECK(std::unique(keys.begin(), keys.end()) == keys.end());
      CHECK(erase(store, keys) == 76);
    }
  }
}

TEST_CASE("names that are SQL, or hold quotes, are names all the same", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string path =
      run_sql(folder / "a.db",
              "CREATE TABLE \"select\"(\"from\" TEXT PRIMARY KEY, \"a\"\"b'c\" , \"group\", \"x;y\"); CREATE TABLE \"SELECT1\"(x);"
              "INSERT INTO \"select\" VALUES ('k', " +
                  f32({1, 2}) + ", 'scope', 'text')");
  sqlite_store store(path,
                     {.table = "SELECT", .id_column = "FROM", .vector_column = "a\"b'c", .scope_column = "GROUP", .text_column = "x;y"});
  const auto rows = scanned(store);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].scope == "scope");
  CHECK(rows[0].text == "text");
  CHECK(store.identity().ends_with("a.db#select(from)"));
  CHECK(erase(store, {key("k")}) == 1);
}

TEST_CASE("what the values of a field mean", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string v = f32({1, 2});
  const std::string path = run_sql(folder / "a.db",
                                   "CREATE TABLE t(id INTEGER PRIMARY KEY, v, text, created, pinned, extra);"
                                   "INSERT INTO t VALUES (1, " +
                                       v + ", 'h\xC3\xA4', 5, 1, NULL), (2, " + v + ", 17, -2.9, 0, NULL), (3, " + v +
                                       ", x'6100', '1970-01-01T00:00:01Z', 'true', 1),"
                                       "(4, " +
                                       v + ", NULL, 'yesterday', NULL, 2), (5, " + v + ", '', NULL, '0', 3), (6, " + v +
                                       ", 1.5, 1e300, 'False', 4), (7, " + v + ", 'x', x'01', 'yes', 5)");
  sqlite_store store(path,
                     {.table = "t", .vector_column = "v", .text_column = "text", .created_column = "created", .pinned_column = "pinned"});
  CHECK(store.fields() ==
        (field::vector | field::text | field::created | field::pinned | field::text_size | field::digest | field::row_bytes));
  const auto rows = scanned(store);
  REQUIRE(rows.size() == 7);
  const auto text = [&](std::size_t i) { return rows[i].text; };
  CHECK(text(0) == "h\xC3\xA4");
  CHECK(text(1) == "17");
  CHECK(text(2) == std::string("a\0", 2));
  CHECK(text(3) == std::nullopt);
  CHECK(text(4) == "");
  CHECK(text(5) == "1.5");
  std::vector<std::int64_t> created;
  std::vector<bool> pinned;
  for (const generated_row& r : rows) created.push_back(r.created), pinned.push_back(r.pinned);
  CHECK(created == std::vector<std::int64_t>{5, -2, 1'000'000, no_time, no_time, no_time, no_time});
  CHECK(pinned == std::vector<bool>{true, false, true, false, false, false, true});
  std::vector<std::uint64_t> sizes, bytes;
  store.scan(field::text_size | field::row_bytes, [&](const record_batch& b) {
    sizes.assign(b.text_sizes.begin(), b.text_sizes.end());
    bytes.assign(b.row_bytes.begin(), b.row_bytes.end());
    CHECK(b.texts.empty());
  });
  CHECK(sizes == std::vector<std::uint64_t>{3, 2, 2, 0, 0, 3, 1});
  CHECK(bytes[0] == 8 + 8 + 3 + 8 + 8 + 0);
  CHECK(bytes[2] == 8 + 8 + 2 + 20 + 4 + 8);
}

TEST_CASE("the digest sees every stored column and its type, and nothing else", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string path = run_sql(folder / "a.db",
                                   "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB, extra, more, double_extra AS (extra || extra));"
                                   "INSERT INTO t VALUES (1, " +
                                       f32({1, 2}) + ", '1', 'ab')");
  sqlite_store store(path, layout);
  std::vector<std::uint64_t> seen;
  const auto note = [&] { seen.push_back(digests(store).at(key(1))); };
  note();
  for (const char* change : {"extra = 1", "extra = 1.0", "extra = x'31'", "extra = NULL", "extra = ''", "extra = x''",
                             "extra = '1a', more = 'b'", "extra = '1', more = 'ab ', v = x'0000803f00000041'", "v = NULL"}) {
    run_sql(path, std::string("UPDATE t SET ") + change);
    note();
  }
  std::vector<std::uint64_t> sorted = seen;
  std::sort(sorted.begin(), sorted.end());
  CHECK(std::unique(sorted.begin(), sorted.end()) == sorted.end());
  run_sql(path, "UPDATE t SET extra = '1', more = 'ab', v = " + f32({1, 2}));
  note();
  CHECK(seen.back() == seen.front());
  std::uint64_t fetched = 0;
  const std::vector<key_view> one{1};
  store.fetch(one, field::digest | field::vector, [&](const record_batch& b) { fetched = b.digests[0]; });
  CHECK(fetched == seen.front());
  run_sql(path, "CREATE INDEX i ON t(more); VACUUM");
  CHECK(digests(store).at(key(1)) == seen.front());
}

TEST_CASE("an application writes while a scan runs, in either journal", "[sqlite_store]") {
  for (const std::string journal : {"DELETE", "WAL"}) {
    INFO(journal);
    const temporary_directory folder;
    const std::string path = run_sql(folder / "a.db", "PRAGMA journal_mode = " + journal +
                                                          "; CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                                                          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
                                                          "INSERT INTO t SELECT i * 10, " +
                                                          f32({1, 2}) + " FROM n");
    sqlite_store store(path, layout, {.page_rows = 10});
    auto application = upkeep_test::open_database(path);
    application.execute("PRAGMA busy_timeout = 0");  // a lock held by the scan would fail at once
    std::vector<key> seen;
    int batches = 0;
    store.scan(field::digest, [&](const record_batch& b) {
      append(seen, b.keys);
      ++batches;
      const std::string last = std::to_string(seen.back().view().integer());
      application.execute("BEGIN IMMEDIATE; DELETE FROM t WHERE id = " + last + " + 10; INSERT INTO t SELECT " + last +
                          " + 15, v FROM t LIMIT 1;"
                          "UPDATE t SET v = x'00' WHERE id = " +
                          last + "; COMMIT");
      std::size_t within = 0;  // and the visitor may use the store
      const std::vector<key_view> one{b.keys[0]};
      store.fetch(one, field::vector, [&](const record_batch& again) { within += again.size(); });
      CHECK(within == 1);
    });
    CHECK(batches == 11);
    CHECK(std::adjacent_find(seen.begin(), seen.end(), [](const key& a, const key& b) { return a >= b; }) == seen.end());
    CHECK(seen.size() == 101);  // one goes and one comes before each page; before the last one only comes
    CHECK(read_all(path, "SELECT count(*) FROM t").at(0) == "i102");
  }
}

TEST_CASE("sqlite_store keeps a transaction whole or not at all", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string path = run_sql(folder / "a.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, " + f32({1, 2}) +
                                                        "), (2, " + f32({3, 4}) + "), (3, " + f32({3, 4}) + ")");
  sqlite_store store(path, layout, {.busy_timeout = std::chrono::milliseconds(0)});
  CHECK_THROWS_AS(store.transact([&] {
    CHECK(erase(store, {key(1), key(2)}) == 2);
    CHECK(store.size() == 1);
    CHECK(scanned_keys(store) == std::vector<key>{key(3)});
    CHECK(fetched_keys(store, {key(1), key(3)}) == std::vector<key>{key(3)});
    throw std::runtime_error("no");
  }),
                  std::runtime_error);
  CHECK(store.size() == 3);
  store.transact([&] {
    CHECK(failure_of([&] { store.transact([] {}); }).code == errc::invalid_argument);
    CHECK(failure_of([&] { run_sql(path, "PRAGMA busy_timeout = 0; DELETE FROM t"); }).code == errc::unavailable);
    CHECK(erase(store, {key(1)}) == 1);
  });
  CHECK(scanned_keys(store) == std::vector<key>{key(2), key(3)});
  auto application = upkeep_test::open_database(path);
  application.execute("BEGIN IMMEDIATE");
  CHECK(failure_of([&] { erase(store, {key(2)}); }).code == errc::unavailable);
  application.execute("ROLLBACK");
  CHECK(erase(store, {key(2)}) == 1);
}

TEST_CASE("an id that came to stand in two rows is not removed", "[sqlite_store]") {
  for (const std::string index : {"", "; CREATE INDEX i ON t(id)"}) {
    const temporary_directory folder;
    const std::string path = run_sql(
        folder / "a.db", "CREATE TABLE t(id, v); INSERT INTO t VALUES ('a', " + f32({1, 2}) + "), ('b', " + f32({1, 2}) + ")" + index);
    sqlite_store store(path, layout);
    run_sql(path, "INSERT INTO t SELECT * FROM t WHERE id = 'b'");
    const auto f = failure_of([&] { erase(store, {key("a"), key("b")}); });
    CHECK(f.code == errc::inconsistent);
    CHECK(f.names("\"b\""));
    CHECK(store.size() == 3);
    CHECK(erase(store, {key("a")}) == 1);
  }
}

TEST_CASE("a schema that changes meanwhile is looked at again", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string path =
      run_sql(folder / "a.db", "CREATE TABLE log(x); CREATE TABLE t(id INTEGER PRIMARY KEY, v, w); INSERT INTO t VALUES (1, " +
                                   f32({1, 2}) + ", 0), (2, " + f32({1, 2}) + ", 0)");
  sqlite_store store(path, layout);
  run_sql(path, "CREATE INDEX i ON t(w)");
  CHECK(erase(store, {key(1)}) == 1);
  run_sql(path, "CREATE TRIGGER g AFTER DELETE ON t BEGIN INSERT INTO log VALUES (1); END");
  CHECK(failure_of([&] { erase(store, {key(2)}); }).names("the trigger \"g\""));
  run_sql(path, "DROP TRIGGER g; ALTER TABLE t ADD COLUMN later");
  const auto f = failure_of([&] { erase(store, {key(2)}); });
  CHECK(f.code == errc::changed);
  CHECK(f.names("open it again"));
  CHECK(store.size() == 1);
}

TEST_CASE("writing records into an application's table", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string path = run_sql(folder / "a.db",
                                   "CREATE TABLE t(id TEXT, v, body TEXT, made TEXT, keep, extra DEFAULT 'x', n AS (length(body)));"
                                   "INSERT INTO t VALUES ('a', " +
                                       f32({1, 2}) + ", 'old', '2026-01-02T03:04:05Z', 1, 'mine')");
  sqlite_store store(path, {.table = "t", .vector_column = "v", .text_column = "body", .created_column = "made", .pinned_column = "keep"});
  std::vector<generated_row> rows(2);
  rows[0].key = key("a");
  rows[0].vector = {5, 6};
  rows[0].text = "new";
  rows[0].created = 1'000'000;
  rows[1].key = key("12");
  rows[1].vector = {7, 8};
  rows[1].pinned = true;
  CHECK(upsert(store, rows) == 2);
  CHECK(read_all(path, "SELECT id, hex(v), body, made, keep, extra, n FROM t ORDER BY rowid") ==
        std::vector<std::string>{"t'a'|t'0000A0400000C040'|t'new'|t'1970-01-01T00:00:01Z'|i0|t'mine'|i3",
                                 "t'12'|t'0000E04000000041'|null|null|i1|t'x'|null"});
  rows[1].key = key(12);
  const auto wrong_kind = failure_of([&] { upsert(store, rows); });
  CHECK(wrong_kind.code == errc::invalid_argument);
  CHECK(wrong_kind.names("the key 12 is an integer"));
  rows[1].key = rows[0].key;
  CHECK(failure_of([&] { upsert(store, rows); }).names("\"a\" twice"));
  upkeep::record_buffer wide(upkeep::stored_fields, 3);
  rows[0].vector = {1, 2, 3};
  CHECK(failure_of([&] { store.upsert(batch_of(std::span(rows).first(1), wide)); }).names("3 components"));
  run_sql(path, "ALTER TABLE t ADD COLUMN needed NOT NULL DEFAULT 0");
  run_sql(path, "CREATE TABLE u(id INTEGER PRIMARY KEY, v, needed NOT NULL)");
  sqlite_store strict(path, {.table = "u", .vector_column = "v"});
  std::vector<generated_row> one(1);
  one[0].key = key(1);
  one[0].vector = {1, 2};
  upkeep::record_buffer buffer(upkeep::stored_fields, 2);
  const auto f = failure_of([&] { strict.upsert(batch_of(one, buffer)); });
  CHECK(f.code == errc::unsupported);
  CHECK(f.names("\"needed\""));
}

TEST_CASE("marked rows count as gone", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string v = f32({1, 2});
  const std::string path = run_sql(folder / "a.db",
                                   "CREATE TABLE t(id INTEGER PRIMARY KEY, v, deleted INTEGER, state TEXT COLLATE NOCASE);"
                                   "INSERT INTO t VALUES (1, " +
                                       v + ", NULL, 'x'), (2, " + v + ", 0, 'x'), (3, " + v + ", 1, 'GONE'), (4, " + v + ", 2, 'gone')");
  sqlite_store store(path, layout);
  const std::vector<key_view> keys{1, 3, 4, 99};
  CHECK(failure_of([&] { store.mark(keys); }).names("attach_mark"));
  upkeep::mark removal{"Deleted", std::int64_t{1}};
  removal.attach(store);
  CHECK(store.size() == 3);
  CHECK(scanned_keys(store) == std::vector<key>{key(1), key(2), key(4)});
  CHECK(fetched_keys(store, {key(3), key(4)}) == std::vector<key>{key(4)});
  CHECK(erase(store, {key(3)}) == 0);
  CHECK(removal.take_out(store, keys) == 2);
  CHECK(read_all(path, "SELECT id, deleted, state FROM t") ==
        std::vector<std::string>{"i1|i1|t'x'", "i2|i0|t'x'", "i3|i1|t'GONE'", "i4|i1|t'gone'"});
  CHECK(scanned_keys(store) == std::vector<key>{key(2)});
  CHECK(removal.take_out(store, keys) == 0);
  store.attach_mark("state", std::string("gone"));
  CHECK(scanned_keys(store) == std::vector<key>{key(1), key(2), key(3)});
  CHECK(failure_of([&] { store.attach_mark("nothing", std::int64_t{1}); }).code == errc::not_found);
  CHECK(failure_of([&] { store.attach_mark("id", std::int64_t{1}); }).code == errc::invalid_argument);
  CHECK(failure_of([&] { store.attach_mark("v", std::int64_t{1}); }).code == errc::invalid_argument);
  run_sql(path, "CREATE TABLE log(x); CREATE TRIGGER u AFTER UPDATE OF deleted ON t BEGIN INSERT INTO log VALUES (1); END");
  CHECK(failure_of([&] { store.attach_mark("deleted", std::int64_t{1}); }).names("marking rows"));
}

TEST_CASE("a store names itself and what stands beside it", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string path =
      run_sql(folder / "a.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, " + f32({1, 2}) + ")");
  std::filesystem::create_symlink("a.db", folder / "link.db");
  sqlite_store store(path, layout), linked((folder / "link.db").string(), layout);
  CHECK(store.identity() == linked.identity());
  const std::string real = std::filesystem::canonical(path).string();
  CHECK(upkeep::defaults<sqlite_store>::directory(linked) == real + ".upkeep");
  CHECK(upkeep::defaults<sqlite_store>::make_lock(linked).path() == real + ".upkeep.lock");
  CHECK(upkeep::defaults<sqlite_store>::make_history(store).path() == real + ".upkeep/history.sqlite");
  CHECK(store.bytes() == std::filesystem::file_size(path));
  run_sql(path, "PRAGMA journal_mode = WAL");
  auto application = upkeep_test::open_database(path);
  application.execute("INSERT INTO t(v) SELECT v FROM t");
  CHECK(store.bytes() == std::filesystem::file_size(path) + std::filesystem::file_size(path + "-wal"));
  CHECK(failure_of([&] { const sqlite_store s(path, layout, {.page_rows = 0}); }).names("page_rows"));
}

TEST_CASE("nothing is added to the application's database, and reading writes nothing at all", "[sqlite_store]") {
  const temporary_directory folder;
  const std::string path = run_sql(folder / "a.db", "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, " + f32({1, 2}) +
                                                        "), (2, " + f32({1, 2}) + ")");
  const auto bytes = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = bytes();
  {
    sqlite_store store(path, layout);
    CHECK(scanned(store).size() == 2);
    CHECK_FALSE(upkeep::defaults<sqlite_store>::make_history(store).last_run().has_value());
  }
  CHECK(bytes() == before);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++files;
  CHECK(files == 1);
  sqlite_store store(path, layout);
  CHECK(erase(store, {key(1)}) == 1);
  CHECK(read_all(path, "SELECT name FROM sqlite_schema") == std::vector<std::string>{"t't'"});
}
