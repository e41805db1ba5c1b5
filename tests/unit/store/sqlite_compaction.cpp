#include "upkeep/store/sqlite_compaction.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/sqlite_store.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;
using upkeep::compaction_mode;
using upkeep::compaction_options;
using upkeep::compaction_report;
using upkeep::progress;
using upkeep::sqlite_store;
using upkeep_test::failure_of;
using upkeep_test::open_database;
using upkeep_test::read_all;
using upkeep_test::run_sql;

namespace {

const std::vector<std::string> sound = {"t'ok'"};

/// A database of 400 rows of about a page each, of which most were removed again. `mode` as SQLite writes it: NONE, FULL, INCREMENTAL.
struct purged_store {
  explicit purged_store(const std::string& mode, const std::string& journal = "DELETE", int left = 40) {
    file = run_sql(folder / "a.sqlite", "PRAGMA auto_vacuum = " + mode + "; PRAGMA journal_mode = " + journal +
                                            "; CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB, filler BLOB);"
                                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
                                            "INSERT INTO t SELECT i, x'0000803f00000000', randomblob(3500) FROM n;"
                                            "DELETE FROM t WHERE id % 10 > 0 AND id > " +
                                            std::to_string(left) + "; CREATE TABLE other(x)");
  }
  sqlite_store open() const { return sqlite_store(file, {.table = "t", .vector_column = "v"}); }
  [[nodiscard]] std::uint64_t number(const std::string& pragma) const {
    return static_cast<std::uint64_t>(upkeep::sqlite::select_int64(upkeep::sqlite::connection(file), "PRAGMA " + pragma));
  }
  [[nodiscard]] std::vector<std::string> rows() const { return read_all(fs::path(file), "SELECT * FROM t ORDER BY id"); }

  upkeep_test::temporary_directory folder{};
  std::string file;
};

compaction_report compact(sqlite_store& store, const compaction_options& options = {}, progress p = {}) {
  return store.compact(options, p);
}

compaction_options with_turns(std::function<void()> turn, std::size_t pages = 16) {
  compaction_options o;
  o.slice_pages = pages;
  o.between_slices = std::move(turn);
  return o;
}

}  // namespace

TEST_CASE("an incremental database is cut to the pages it uses, and keeps every row", "[sqlite_compaction]") {
  const std::string journal = GENERATE("DELETE", "WAL");
  const purged_store made("INCREMENTAL", journal);
  const auto rows = made.rows();
  const std::uint64_t pages = made.number("page_count"), free = made.number("freelist_count");
  REQUIRE(free > 200);
  std::uint64_t turns = 0;
  sqlite_store store = made.open();
  const compaction_report r = compact(store, with_turns([&] { ++turns; }));
  CHECK(r.method == "slices");
  CHECK(r.left.empty());
  CHECK(r.page_bytes == made.number("page_size"));
  CHECK(r.free_pages_before == free);
  CHECK(r.free_pages_after == 0);
  CHECK(made.number("freelist_count") == 0);
  // The pages that map the others to their owners go with them.
  CHECK(made.number("page_count") <= pages - free);
  CHECK(r.slices == (free + 15) / 16);
  CHECK(turns == r.slices - 1);
  CHECK(r.file_bytes_before == pages * r.page_bytes);
  CHECK(r.file_bytes_after == made.number("page_count") * r.page_bytes);
  CHECK(fs::file_size(made.file) == r.file_bytes_after);
  CHECK(made.rows() == rows);
  CHECK(read_all(fs::path(made.file), "PRAGMA integrity_check") == sound);
}

TEST_CASE("between any two slices a writer commits, and readers see every row", "[sqlite_compaction]") {
  const std::string journal = GENERATE("DELETE", "WAL");
  const purged_store made("INCREMENTAL", journal);
  const auto rows = made.rows();
  sqlite_store store = made.open();
  upkeep::sqlite::connection application(made.file, {.mode = upkeep::sqlite::open_mode::read_write, .busy_timeout = {}});
  std::uint64_t written = 0;
  const compaction_report r = compact(store, with_turns([&] {
                                        application.execute("INSERT INTO other VALUES (1)");  // would throw at once were it locked
                                        ++written;
                                        CHECK(read_all(application, "SELECT * FROM t ORDER BY id") == rows);
                                      }));
  CHECK(written == r.slices - 1);
  CHECK(written > 10);
  CHECK(read_all(fs::path(made.file), "SELECT count(*) FROM other") == std::vector<std::string>{"i" + std::to_string(written)});
  CHECK(read_all(fs::path(made.file), "PRAGMA integrity_check") == sound);
}

TEST_CASE("it ends although an application frees pages all the time", "[sqlite_compaction]") {
  const purged_store made("INCREMENTAL");
  sqlite_store store = made.open();
  upkeep::sqlite::connection application(made.file, {.mode = upkeep::sqlite::open_mode::read_write});
  const std::uint64_t free = made.number("freelist_count");
  const compaction_report r =
      compact(store, with_turns([&] { application.execute("INSERT INTO other VALUES (zeroblob(200000)); DELETE FROM other"); }));
  CHECK(r.slices == (free + 15) / 16);
}

TEST_CASE("a stop or the end of its time leaves the rest for the next run, after one slice at least", "[sqlite_compaction]") {
  const purged_store made("INCREMENTAL");
  const auto rows = made.rows();
  const std::uint64_t free = made.number("freelist_count");
  sqlite_store store = made.open();
  compaction_options hurried = with_turns([] { FAIL("there is no second slice"); });
  hurried.budget = {};
  compaction_report r = compact(store, hurried);
  CHECK(r.slices == 1);
  CHECK(r.free_pages_after == free - 16);
  CHECK(r.left.find("next run") != std::string::npos);
  std::stop_source stop;
  std::uint64_t turns = 0;
  r = compact(store, with_turns([&] { ++turns == 3 ? static_cast<void>(stop.request_stop()) : void(); }), progress(stop.get_token()));
  CHECK(r.slices == 4);
  CHECK(r.left == "stopped on request");
  CHECK(r.free_pages_after == free - 5 * 16);
  CHECK(compact(store, with_turns([] {})).free_pages_after == 0);
  CHECK(made.rows() == rows);
}

TEST_CASE("a database that is not incremental is left as it is, and said to be", "[sqlite_compaction]") {
  const purged_store made("NONE");
  const std::string before = upkeep::read_file(made.file);
  sqlite_store store = made.open();
  const compaction_report r = compact(store);
  CHECK(r.method == "none");
  CHECK(r.free_pages_after > 200);
  CHECK(r.free_bytes_after() == r.free_pages_after * made.number("page_size"));
  CHECK(r.left.find("VACUUM") != std::string::npos);
  CHECK(upkeep::read_file(made.file) == before);
  CHECK(compact(store, {.mode = compaction_mode::none}).left == "nobody asked for it");
  const purged_store full("FULL");
  sqlite_store nothing_free = full.open();
  CHECK(compact(nothing_free).left.empty());
}

TEST_CASE("a database is written anew where that was asked for and enough of it is free", "[sqlite_compaction]") {
  const std::string journal = GENERATE("DELETE", "WAL");
  const purged_store made("NONE", journal);
  const auto rows = made.rows();
  sqlite_store store = made.open();
  compaction_report r = compact(store, {.mode = compaction_mode::rewrite, .least_free_share = 0.99});
  CHECK(r.method == "none");
  CHECK(r.left == "too few to write the whole file anew for them");
  r = compact(store, {.mode = compaction_mode::rewrite});
  CHECK(r.method == "rewrite");
  CHECK(r.left.empty());
  CHECK(r.free_pages_after == 0);
  CHECK(r.file_bytes_after < r.file_bytes_before / 2);
  CHECK(fs::file_size(made.file) == r.file_bytes_after);
  CHECK(made.rows() == rows);
  // The store goes on with the file as it is now.
  const upkeep::key_view one[] = {upkeep::key_view(1)};
  CHECK(store.erase(one) == 1);
}

TEST_CASE("a VACUUM is left alone where an index may know rows by numbers that it changes", "[sqlite_compaction]") {
  const purged_store made("NONE");
  const auto rows = made.rows();
  run_sql(made.file, "CREATE VIRTUAL TABLE words USING fts5(text)");
  const auto rewritten = [&] {
    sqlite_store store = made.open();
    return compact(store, {.mode = compaction_mode::rewrite});
  };
  const compaction_report r = rewritten();
  CHECK(r.method != "rewrite");
  CHECK(r.left.find("rowids") != std::string::npos);
  CHECK(r.left.find("\"other\"") != std::string::npos);
  CHECK(r.left.find("\"words\"") != std::string::npos);
  CHECK(made.rows() == rows);
  // Numbers that are keys stay, and a table WITHOUT ROWID has none.
  run_sql(made.file, "DROP TABLE other; CREATE TABLE keyed(k TEXT PRIMARY KEY) WITHOUT ROWID");
  CHECK(rewritten().method == "rewrite");
  CHECK(made.rows() == rows);
  run_sql(made.file, "DELETE FROM t WHERE id < 300; CREATE TABLE pairs(a INTEGER, b INTEGER, PRIMARY KEY(a, b))");
  CHECK(rewritten().left.find("\"pairs\"") != std::string::npos);
}

TEST_CASE("a VACUUM is not begun without the space for it, in the folder and in the one for temporary files", "[sqlite_compaction]") {
  const purged_store made("NONE");
  sqlite_store store = made.open();
  const std::uint64_t whole = made.number("page_count") * made.number("page_size");
  std::uint64_t free = whole / 2;
  std::vector<std::string> asked;
  compaction_options o{.mode = compaction_mode::rewrite};
  o.free_space = [&](const std::string& folder) {
    asked.push_back(folder);
    return free;
  };
  compaction_report r = compact(store, o);
  CHECK(r.method == "none");
  CHECK(r.left.find("'" + made.folder.path().string() + "'") != std::string::npos);
  CHECK(r.left.find(std::to_string(free / 1024) + " KiB are free") != std::string::npos);
  CHECK(asked == std::vector<std::string>{made.folder.path().string()});
  free = 2 * whole;
  CHECK(compact(store, o).method == "rewrite");
}

TEST_CASE("a VACUUM stops on request, and what an observer throws comes out whole", "[sqlite_compaction]") {
  const purged_store made("NONE", "DELETE", 390);
  const auto rows = made.rows();
  sqlite_store store = made.open();
  std::stop_source stop;
  stop.request_stop();
  const compaction_options o{.mode = compaction_mode::rewrite, .least_free_share = 0};
  const compaction_report r = compact(store, o, progress(stop.get_token()));
  CHECK(r.method == "none");
  CHECK(r.left == "stopped on request");
  const auto refuse = [](const upkeep::event&) { throw std::runtime_error("the observer's own"); };
  CHECK_THROWS_WITH(compact(store, o, progress({}, refuse)), "the observer's own");
  CHECK(made.rows() == rows);
  CHECK(read_all(fs::path(made.file), "PRAGMA integrity_check") == sound);
}

TEST_CASE("an application that holds its lock is told of in the report, and loses nothing", "[sqlite_compaction]") {
  const std::string mode = GENERATE("INCREMENTAL", "NONE");
  const purged_store made(mode);
  const auto rows = made.rows();
  sqlite_store store(made.file, {.table = "t", .vector_column = "v"}, {.busy_timeout = std::chrono::milliseconds(1)});
  upkeep::sqlite::connection application(made.file, {.mode = upkeep::sqlite::open_mode::read_write});
  application.execute("BEGIN IMMEDIATE");
  const compaction_report r = compact(store, {.mode = compaction_mode::rewrite});
  application.execute("ROLLBACK");
  CHECK(r.method == "none");
  CHECK(r.left.find("busy time-out") != std::string::npos);
  CHECK(made.rows() == rows);
}

TEST_CASE("an application that takes its lock right behind the last slice does not hide what was done", "[sqlite_compaction]") {
  const purged_store made("INCREMENTAL");
  sqlite_store store(made.file, {.table = "t", .vector_column = "v"}, {.busy_timeout = std::chrono::milliseconds(1)});
  upkeep::sqlite::connection application(made.file, {.mode = upkeep::sqlite::open_mode::read_write});
  const auto lock = [&](const upkeep::event& e) {
    if (std::get<std::uint64_t>(e.find("done")->value) == std::get<std::uint64_t>(e.find("total")->value))
      application.execute("BEGIN EXCLUSIVE");
  };
  const compaction_report r = compact(store, with_turns([] {}), progress({}, lock));
  application.execute("ROLLBACK");
  CHECK(r.method == "slices");
  CHECK(r.slices > 1);
  CHECK(r.left.find("what became of it could not be read: ") == 0);
  CHECK(made.number("freelist_count") == 0);
}

TEST_CASE("a reader in the write-ahead log is not waited for", "[sqlite_compaction]") {
  const purged_store made("INCREMENTAL", "WAL");
  sqlite_store store = made.open();
  upkeep::sqlite::connection application(made.file, {.mode = upkeep::sqlite::open_mode::read_only});
  application.execute("BEGIN; SELECT count(*) FROM t");
  const compaction_report r = compact(store, with_turns([] {}));
  CHECK(r.free_pages_after == 0);
  CHECK(r.left.find("write-ahead log") != std::string::npos);
  application.execute("COMMIT");
  CHECK(compact(store).left.empty());
  CHECK(fs::file_size(made.file) == made.number("page_count") * made.number("page_size"));
}

TEST_CASE("a store that is open for reading only is not compacted", "[sqlite_compaction]") {
  const purged_store made("INCREMENTAL");
  sqlite_store store(made.file, {.table = "t", .vector_column = "v"}, {.read_only = true});
  CHECK(failure_of([&] { static_cast<void>(compact(store)); }).code == upkeep::errc::io);
}
