#pragma once
// One open SQLite database: how upkeep opens it, what it sets on it, and how it closes it.

#include "diagnosis.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace upkeep::inline v0 {
namespace sqlite {

/// What a connection may do to the database file.
enum class open_mode {
  read_only,   ///< the file must exist; nothing is written to it
  read_write,  ///< the file must exist and be writable
  create       ///< like read_write, and an absent file is made
};

/// How a database is opened.
struct connection_options {
  open_mode mode = open_mode::read_only;
  /// Reads the file as if nobody could write to it, without locks and without files beside it. Only for a file that is not being written to:
  /// what is read while it changes may be nonsense. Needs read_only.
  bool immutable = false;
  /// How long a statement waits for another connection's lock before it fails with errc::unavailable.
  std::chrono::milliseconds busy_timeout{5000};
  /// Called once with the fresh connection, before anything is read: registers the collations, functions and extensions that the
  /// database's own indexes, triggers and generated columns need. May throw. Must not set an authorizer: write_effects.hpp uses its place.
  std::function<void(sqlite3*)> on_open{};
};

/// An open database, with extended result codes, `foreign_keys=ON` and a busy time-out. Moves, does not copy.
///
/// Never open the same file by other means in the same process while a connection to it is open: POSIX drops SQLite's locks when *any*
/// descriptor of the file is closed.
/// @par Thread safety
/// One thread at a time; give each thread its own connection. interrupt() may be called from any thread.
class connection {
 public:
  /// Opens `file` (`":memory:"` for a database in memory; never a URI) and reads its header, so that a file that is no database, damaged or
  /// locked is refused here.
  /// @throws error not_found (no such file), io (not a file, write-protected), corrupt, unavailable (locked), invalid_argument
  explicit connection(const std::filesystem::path& file, const connection_options& options = {}) : handle_(open(file, options)) {
    sqlite3* database = handle_.get();
    sqlite3_extended_result_codes(database, 1);
    sqlite3_busy_timeout(database,
                         static_cast<int>(std::clamp<std::int64_t>(options.busy_timeout.count(), 0, std::numeric_limits<int>::max())));
    int enforced = 0;
    const int code = sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, &enforced);
    if (code != SQLITE_OK || enforced != 1) {
      throw error(errc::unsupported,
                  "this SQLite was built without foreign keys, so a removal could leave rows that refer to nothing; "
                  "use a complete SQLite library");
    }
    if (options.on_open) options.on_open(database);
    if (options.mode != open_mode::read_only && sqlite3_db_readonly(database, "main") == 1) {
      // SQLite opens a write-protected file for reading without a word; the first write would fail in the middle of a run.
      throw error(errc::io, "cannot open " + file.string() +
                                " for writing: the file is write-protected; open it read-only, or make it writable for this user");
    }
    execute("PRAGMA schema_version");
  }

  connection(connection&&) noexcept = default;
  connection& operator=(connection&&) noexcept = default;

  /// Runs one or more statements to their end and drops their rows. Not atomic: put several into a transaction.
  /// @throws error as diagnose() names it; statements before the failing one stay done
  void execute(std::string_view sql) {
    if (sql.find('\0') != std::string_view::npos) {
      throw error(errc::invalid_argument, "a statement holds a NUL byte, where SQLite would stop reading; bind such values");
    }
    const int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw diagnose(handle_.get(), code, "run \"" + detail::shorten(sql) + '"');
  }

  /// SQLite's own handle, for what this wrapper does not offer. Stays owned by the connection.
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

  /// The absolute path of the database file; empty for a database in memory.
  [[nodiscard]] std::string file() const {
    const char* name = sqlite3_db_filename(handle_.get(), "main");
    return name != nullptr ? name : "";
  }

  /// How many rows the latest INSERT, UPDATE or DELETE changed, without those that triggers and foreign keys changed.
  [[nodiscard]] std::int64_t changes() const noexcept { return sqlite3_changes64(handle_.get()); }

  /// How many rows were changed since the connection was opened, with those that triggers and foreign keys changed. The difference across a
  /// DELETE, compared with changes(), tells whether it removed more than its own rows.
  [[nodiscard]] std::int64_t total_changes() const noexcept { return sqlite3_total_changes64(handle_.get()); }

  /// Also false after SQLite rolled a transaction back by itself, as it does where the disk is full.
  [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }
  /// Whether the file can only be read, however it was opened.
  [[nodiscard]] bool read_only() const noexcept { return sqlite3_db_readonly(handle_.get(), "main") == 1; }

  /// Makes the running statement fail with errc::cancelled as soon as it can.
  void interrupt() const noexcept { sqlite3_interrupt(handle_.get()); }

 private:
  struct closer {
    // close_v2 lets a statement that outlives its connection finish its life instead of leaking both.
    void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
  };
  using owner = std::unique_ptr<sqlite3, closer>;

  static owner open(const std::filesystem::path& file, const connection_options& options) {
    std::string name = file.string();
    if (name.empty() || name.find('\0') != std::string::npos) {
      throw error(errc::invalid_argument, "the path of a database is empty or holds a NUL byte; give the path of a file");
    }
    if (sqlite3_libversion_number() < 3037000) {
      throw error(errc::unsupported, std::string("the SQLite library at run time is ") + sqlite3_libversion() + "; upkeep needs 3.37");
    }
    std::error_code ignored;
    if (name != ":memory:") {
      const auto status = std::filesystem::status(file, ignored);
      if (status.type() == std::filesystem::file_type::directory) {
        throw error(errc::io, "cannot open " + name + ": it is a directory; give the path of a database file");
      }
      if (status.type() == std::filesystem::file_type::not_found && options.mode != open_mode::create) {
        throw error(errc::not_found, "there is no database file " + name + "; check the path");
      }
      // A process may have switched URI file names on for all its connections; a file that is called "file:x" is still a file here.
      if (name.starts_with("file:")) name.insert(0, "./");
    }
    int flags = SQLITE_OPEN_NOMUTEX;
    if (options.immutable) {
      if (options.mode != open_mode::read_only) {
        throw error(errc::invalid_argument, "the database " + name + " cannot be immutable and written to; open it read-only");
      }
      name = immutable_uri(name);
      flags |= SQLITE_OPEN_URI;
    }
    switch (options.mode) {
      case open_mode::read_only: flags |= SQLITE_OPEN_READONLY; break;
      case open_mode::read_write: flags |= SQLITE_OPEN_READWRITE; break;
      case open_mode::create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE; break;
    }
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &raw, flags, nullptr);
    owner opened(raw);
    if (code != SQLITE_OK) {
      const int extended = raw != nullptr ? sqlite3_extended_errcode(raw) : code;
      throw diagnose(name, extended, raw != nullptr ? sqlite3_errmsg(raw) : sqlite3_errstr(code), "open the database");
    }
    return opened;
  }

  static std::string immutable_uri(const std::string& name) {
    std::string uri = "file:";
    for (const char c : name) {
      if (c == '%' || c == '?' || c == '#') {
        constexpr std::string_view digits = "0123456789ABCDEF";
        const auto byte = static_cast<unsigned char>(c);
        uri += '%';
        uri += digits[byte >> 4U];
        uri += digits[byte & 15U];
      } else {
        uri += c;
      }
    }
    return uri + "?immutable=1";
  }

  owner handle_;
};

}  // namespace sqlite
}  // namespace upkeep::inline v0
