// A backup that is not as it was written is refused, or what it says comes back as a whole; no other row of the table is ever touched.
// The input: u8 which table (low bits), whether the receipt is made to fit (32) and its number of rows too (64); then edits of five bytes
// each (what u8, two numbers of 16 bits), behind which stands a value where one is set.

#include "upkeep/store/sqlite_backup.hpp"
#include "support/fuzzing.hpp"
#include "support/sqlite_database.hpp"
#include "upkeep/store/sqlite_store.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using upkeep::key;
using upkeep::key_view;
using upkeep::receipt;
using upkeep_test::must_hold;
using upkeep_test::take_number;

namespace {

const upkeep::sqlite_backup backup;
constexpr std::string_view rows_of_t = "SELECT * FROM t ORDER BY id";

struct kind_of_table {
  std::string_view sql, mark;
};
constexpr std::array<kind_of_table, 5> kinds{{
    {"CREATE TABLE t(id INTEGER PRIMARY KEY, v, a, b);", ""},
    {"CREATE TABLE t(id TEXT PRIMARY KEY COLLATE NOCASE, v BLOB, a UNIQUE, b REAL);", ""},
    {"CREATE TABLE t(v, a, id INT PRIMARY KEY, b) WITHOUT ROWID;", ""},
    {"PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(id BLOB UNIQUE NOT NULL, v, a TEXT, b NUMERIC, g AS (a || b));", ""},
    {"CREATE TABLE t(id INTEGER PRIMARY KEY, v, a, b);", "a"},
}};

/// A table of six rows of which four were backed up and taken out.
struct scene {
  std::string database = upkeep_test::scratch_path("t.db"), path = upkeep_test::scratch_path("t.backup");
  std::string live, saved;  // the bytes of the two files
  std::vector<std::string> all, left;
  receipt made;

  explicit scene(const kind_of_table& kind) {
    clear();
    const bool text = kind.sql.find("TEXT PRIMARY") != std::string_view::npos,
               blob = kind.sql.find("BLOB UNIQUE") != std::string_view::npos;
    std::string sql(kind.sql);
    const std::array<std::string, 6> others{"NULL, 1.5", "'a text', -0.0",     "x'00ff00', 9223372036854775807",
                                            "'', 1e300", "'live ' || 7, '12'", "-3, NULL"};
    std::vector<key> gone;
    for (int i = 1; i <= 6; ++i) {
      const std::string name = "row " + std::to_string(i);
      sql += "INSERT INTO t(id, v, a, b) VALUES (";
      sql += text ? "'" + name + "'" : blob ? "x'" + upkeep_test::hex(name) + "'" : std::to_string(10 * i);
      sql += ", x'0000803f00000040', " + others[static_cast<std::size_t>(i - 1)] + ");";
      if (i <= 4) gone.push_back(text || blob ? key(name) : key(10 * i));
    }
    upkeep_test::run_sql(database, sql);
    all = rows();
    const std::vector<key_view> views(gone.begin(), gone.end());
    {
      const auto store = open(kind);
      made = backup.back_up(*store, views, path);
      const std::size_t went = kind.mark.empty() ? store->erase(views) : store->mark(views);
      must_hold(made.rows == 4 && went == 4, "four rows are saved and gone");
    }
    left = rows();
    live = upkeep::read_file(database);
    saved = upkeep::read_file(path);
  }

  [[nodiscard]] std::unique_ptr<upkeep::sqlite_store> open(const kind_of_table& kind) const {
    auto store = std::make_unique<upkeep::sqlite_store>(database, upkeep::sqlite_layout{.table = "t", .vector_column = "v"});
    if (!kind.mark.empty()) store->attach_mark(std::string(kind.mark), std::string("gone"));
    return store;
  }
  [[nodiscard]] std::vector<std::string> rows() const { return upkeep_test::read_all(database, rows_of_t); }

  void clear() const {
    for (const std::string& file : {database, path})
      for (const char* const end : {"", "-journal", "-wal", "-shm"}) std::filesystem::remove(file + end);
  }
};

void set_value(upkeep::sqlite::statement& statement, int parameter, std::string_view& rest) {
  const auto take_bytes = [&] {
    const std::string_view bytes = rest.substr(0, std::min<std::size_t>(take_number<std::uint8_t>(rest), rest.size()));
    rest.remove_prefix(bytes.size());
    return bytes;
  };
  switch (take_number<std::uint8_t>(rest) % 5) {
    case 0: statement.bind_null(parameter); break;
    case 1: statement.bind_int64(parameter, take_number<std::int64_t>(rest)); break;
    case 2: statement.bind_double(parameter, take_number<double>(rest)); break;
    case 3: statement.bind_text(parameter, take_bytes()); break;
    default: statement.bind_blob(parameter, std::as_bytes(std::span(take_bytes()))); break;
  }
}

/// One edit of what the backup says; of a file that is none any more, nothing.
void edit_rows(const std::string& path, unsigned what, std::uint16_t a, std::uint16_t b, std::string_view& rest) {
  static constexpr std::array<std::string_view, 3> tables{"backup", "saved_columns", "saved_rows"};
  const std::string table(tables[b % tables.size()]);
  upkeep::sqlite::connection database(path, {.mode = upkeep::sqlite::open_mode::read_write});
  const std::string row = " WHERE rowid = (SELECT rowid FROM " + table + " LIMIT 1 OFFSET " + std::to_string((a >> 8U) % 8U) + ")";
  std::vector<std::string> names;
  {
    upkeep::sqlite::statement column(database, "SELECT name FROM pragma_table_info('" + table + "')");
    while (column.step()) names.emplace_back(column.text(0));
  }
  if (names.empty()) return;
  const std::string name = names[(a & 255U) % names.size()];
  switch (what) {
    case 0: {
      upkeep::sqlite::statement change(database, "UPDATE " + table + " SET " + name + " = ?1" + row);
      set_value(change, 1, rest);
      change.run();
      break;
    }
    case 1: database.execute("DELETE FROM " + table + row); break;
    case 2: database.execute("INSERT INTO " + table + " SELECT * FROM " + table + row); break;
    case 3: database.execute((a % 2 == 0 ? "PRAGMA application_id = " : "PRAGMA user_version = ") + std::to_string(b)); break;
    case 4:
      database.execute("ALTER TABLE " + table + (a % 2 == 0 ? " DROP COLUMN " : " RENAME COLUMN ") + name + (a % 2 == 0 ? "" : " TO x"));
      break;
    default: database.execute("DROP TABLE " + table); break;
  }
}

std::string edited(const scene& s, std::string_view edits) {
  std::string bytes = s.saved;
  for (int i = 0; i < 16 && edits.size() >= 5; ++i) {
    const unsigned what = take_number<std::uint8_t>(edits) % 9U;
    const auto a = take_number<std::uint16_t>(edits), b = take_number<std::uint16_t>(edits);
    if (what == 0) {
      if (!bytes.empty()) bytes[a % bytes.size()] = static_cast<char>(b);
    } else if (what == 1) {
      bytes.resize(a % (bytes.size() + 5000) % 40'000);
    } else if (what == 2) {
      if (!bytes.empty()) bytes[(std::size_t{a} << 3U | b >> 13U) % bytes.size()] ^= static_cast<char>(b);
    } else {
      s.clear();
      upkeep_test::put_file(s.path, bytes);
      static_cast<void>(upkeep_test::accepted([&] { edit_rows(s.path, what - 3, a, b, edits); }));
      bytes = upkeep::read_file(s.path);
    }
  }
  return bytes;
}

/// What the three tables of a backup hold, read without the code under test; nothing where they cannot be read.
std::vector<std::string> told(const std::string& path) {
  std::vector<std::string> all;
  const auto read = [&] {
    const upkeep::sqlite::connection database(path);
    for (const char* const sql : {"SELECT table_name, id_column, row_count FROM backup", "SELECT * FROM saved_columns ORDER BY position",
                                  "SELECT * FROM saved_rows ORDER BY rowid"})
      for (const std::string& row : upkeep_test::read_all(database, sql)) all.push_back(row);
  };
  if (!upkeep_test::accepted(read)) all.clear();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::map<std::size_t, scene> scenes;
  std::string_view rest = upkeep_test::input(data, size);
  const auto flags = take_number<std::uint8_t>(rest);
  const std::size_t which = (flags & 31U) % kinds.size();
  const kind_of_table& kind = kinds[which];
  const scene& s = scenes.try_emplace(which, kind).first->second;

  const std::string bytes = edited(s, rest);
  s.clear();
  upkeep_test::put_file(s.database, s.live);
  upkeep_test::put_file(s.path, s.saved);
  const std::vector<std::string> sound = told(s.path);
  upkeep_test::put_file(s.path, bytes);
  const std::vector<std::string> now = told(s.path);
  receipt r = s.made;
  const bool fitting = (flags & 32U) != 0;
  if (fitting) {
    r.bytes = bytes.size();
    r.checksum = upkeep::checksum(std::as_bytes(std::span(bytes.data(), bytes.size())));
  }
  if ((flags & 64U) != 0) {
    const auto count = [&] {
      r.rows =
          static_cast<std::uint64_t>(upkeep::sqlite::select_int64(upkeep::sqlite::connection(s.path), "SELECT count(*) FROM saved_rows"));
    };
    static_cast<void>(upkeep_test::accepted(count));
  }

  std::vector<std::pair<key, std::uint64_t>> proven;
  const bool whole =
      upkeep_test::accepted([&] { backup.verify(r, [&](key_view k, std::uint64_t digest) { proven.emplace_back(k, digest); }); });
  must_hold(!whole || proven.size() == r.rows, "a backup has the rows that its receipt says");
  must_hold(!whole || fitting || bytes == s.saved, "no change of a backup goes unseen");
  must_hold(whole || bytes != s.saved || r.rows != s.made.rows, "a backup that is as it was written is whole");

  const std::string extracted = upkeep_test::scratch_path("t.extracted");
  std::filesystem::remove(extracted);
  std::uint64_t written = 0;
  const bool out = upkeep_test::accepted([&] { written = backup.extract(r, extracted); });
  must_hold(out == std::filesystem::exists(extracted), "a database with the rows is there, or nothing");
  must_hold(!out || (whole && written == r.rows), "only what was verified is extracted, and all of it");

  const auto store = s.open(kind);
  upkeep::restore_report report;
  const bool restored = upkeep_test::accepted([&] { report = backup.restore(*store, r); });
  const std::vector<std::string> after = s.rows();
  must_hold(upkeep::read_file(s.path) == bytes, "who reads a backup does not change it");
  must_hold(whole || !restored, "only what was verified is restored");
  if (!restored) {
    must_hold(after == s.left, "a table into which nothing is restored is as it was");
    return 0;
  }
  must_hold(report.rows == r.rows && report.restored + report.unchanged + report.conflicts.size() == r.rows, "every row has a fate");
  must_hold(now != sound || after == s.all, "what was backed up comes back as it was");
  if (!kind.mark.empty()) {
    must_hold(after.size() >= s.left.size() && after.size() <= s.left.size() + report.restored + report.conflicts.size(), "no row goes");
    return 0;
  }
  must_hold(
      std::all_of(s.left.begin(), s.left.end(), [&](const std::string& row) { return std::count(after.begin(), after.end(), row) == 1; }),
      "no row that stands there is touched");
  std::map<key, std::uint64_t> there;
  const auto look = [&] {
    store->scan(upkeep::field::digest, [&](const upkeep::record_batch& b) {
      for (std::size_t i = 0; i < b.size(); ++i) there.emplace(b.keys[i], b.digests[i]);
    });
  };
  must_hold(upkeep_test::accepted(look), "a table can be read after a restore");
  const auto same = std::count_if(proven.begin(), proven.end(), [&](const auto& row) {
    const auto found = there.find(row.first);
    return found != there.end() && found->second == row.second;
  });
  must_hold(static_cast<std::uint64_t>(same) == report.restored + report.unchanged,
            "what is called restored stands there as the backup says");
  return 0;
}
