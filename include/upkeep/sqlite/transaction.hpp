#pragma once
// A transaction that rolls back unless it was committed.

#include "connection.hpp"

namespace upkeep::inline v0 {
namespace sqlite {

/// Which lock a transaction takes.
enum class transaction_kind {
  read,  ///< BEGIN DEFERRED: a snapshot from the first read on; for reading only
  write  ///< BEGIN IMMEDIATE: the write lock at once, waiting for it within the busy time-out
};

/// One transaction on a connection. Keep it short: a long read keeps the write-ahead log growing and, in the default journal, keeps every
/// writer out.
///
/// A transaction that reads first and writes later must be a `write` one from its start. Begun as `read`, its first write fails at once
/// with SQLITE_BUSY_SNAPSHOT (write-ahead log) when another connection has committed since its first read: no time-out helps, since its
/// snapshot can never become the newest again. It then has to be rolled back and run anew.
/// @par Thread safety
/// That of its connection, which must outlive it.
class transaction {
 public:
  /// @throws error unavailable when the write lock was not free within the busy time-out; invalid_argument when one is open already
  transaction(connection& database, transaction_kind kind) : database_(database.handle()) {
    if (database.in_transaction()) {
      throw error(errc::invalid_argument, "the connection to " + database.file() + " is in a transaction already; finish that one first");
    }
    database.execute(kind == transaction_kind::write ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED");
    open_ = true;
  }

  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  /// Rolls back what was not committed. Never throws: where even the rollback fails, SQLite undoes the transaction when the file is next
  /// opened.
  ~transaction() {
    if (active()) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  }

  /// Makes the changes durable. After `unavailable` (a reader held the file for longer than the busy time-out) the transaction is still
  /// open and commit() may be called again; after every other error it is, or will be, rolled back.
  /// @throws error unavailable, io, invalid_argument (a deferred foreign key is broken)
  void commit() { finish("COMMIT"); }

  /// Undoes the changes now, with an error where the destructor would keep quiet.
  void rollback() { finish("ROLLBACK"); }

  /// Whether there is still something to commit. SQLite ends a transaction by itself after some errors (a full disk, a failed write).
  [[nodiscard]] bool active() const noexcept { return open_ && sqlite3_get_autocommit(database_) == 0; }

 private:
  void finish(const char* sql) {
    if (!active()) {
      const bool ended_by_sqlite = open_;
      open_ = false;
      throw error(errc::invalid_argument, ended_by_sqlite ? "SQLite rolled the transaction back after an earlier error; run it again"
                                                          : "the transaction is finished already; begin another one");
    }
    const int code = sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw diagnose(database_, code, std::string("run ") + sql);
    open_ = false;
  }

  sqlite3* database_;
  bool open_ = false;
};

}  // namespace sqlite
}  // namespace upkeep::inline v0
