// An application's writer never waits for more than one page of rows, whatever the janitor is doing: counted in rows and not in time.

#include "support/catch.hpp"
#include "support/fault_scene.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <string>

using upkeep_test::fault_scene;
using upkeep_test::run_sql;
using upkeep_test::steps;

namespace {

constexpr std::size_t page_rows = 16;

/// Counts the rows that a connection steps to in each of its transactions, and lets a writer in wherever it has none.
class transaction_watch {
 public:
  explicit transaction_watch(std::string path) : path_(std::move(path)) {}

  void attach(sqlite3* database) {
    database_ = database;
    sqlite3_trace_v2(database, SQLITE_TRACE_STMT | SQLITE_TRACE_ROW, &traced, this);
  }
  void forget() {
    most_ = transactions_ = 0;
    where_.clear();
  }
  [[nodiscard]] std::size_t most_rows() const noexcept { return most_; }
  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  [[nodiscard]] std::size_t transactions() const noexcept { return transactions_; }

  /// Where nothing is read, a writer that does not wait gets through.
  bool writes() {
    if (sqlite3_txn_state(database_, "main") != SQLITE_TXN_NONE) return false;
    run_sql(path_, "PRAGMA busy_timeout = 0; UPDATE application SET written = written + 1");
    return true;
  }

 private:
  static int traced(unsigned what, void* self, void* statement, void*) {
    static_cast<transaction_watch*>(self)->note(what, static_cast<sqlite3_stmt*>(statement));
    return 0;
  }

  void note(unsigned what, sqlite3_stmt* statement) {
    if (what == SQLITE_TRACE_STMT) {
      if (sqlite3_txn_state(database_, "main") == SQLITE_TXN_NONE) {
        rows_ = 0;
        ++transactions_;
      }
    } else if (what == SQLITE_TRACE_ROW) {
      if (++rows_ <= most_) return;
      most_ = rows_;
      const char* const sql = sqlite3_sql(statement);
      where_ = sql != nullptr ? sql : "SQLite's own";
    }
  }

  std::string path_, where_;
  sqlite3* database_ = nullptr;
  std::size_t rows_ = 0, most_ = 0, transactions_ = 0;
};

}  // namespace

TEST_CASE("a janitor never reads more than a page of rows in one transaction", "[short_reads]") {
  const bool wal = GENERATE(false, true);
  const fault_scene scene({.groups = 200, .wal = wal});
  CAPTURE(wal, scene.original().size());
  REQUIRE(scene.original().size() > 20 * page_rows);
  run_sql(scene.database(), "CREATE TABLE application(written INTEGER); INSERT INTO application VALUES (0)");
  transaction_watch watch(scene.database());
  // Who opens a store surveys its ids and vectors, in pages of another size.
  upkeep::sqlite_store store(scene.database(), fault_scene::layout(),
                             {.page_rows = page_rows, .on_open = [&](sqlite3* database) { watch.attach(database); }});
  watch.forget();
  steps watched;
  std::size_t written = 0, looked = 0;
  watched.at = [&](const std::string&) {
    ++looked;
    written += watch.writes() ? 1 : 0;
  };
  auto janitor = upkeep_test::watched_janitor(store, watched, fault_scene::options(), scene.clock());
  const upkeep::plan plan = janitor.analyse();
  CHECK(plan.removals.size() == scene.plan().removals.size());
  CAPTURE(watch.where());
  CHECK(watch.most_rows() <= page_rows);
  CHECK(watch.transactions() > scene.original().size() / page_rows);
  CHECK(looked > 10);
  CHECK(written == looked);  // at every step, and each of them at once
}
