#pragma once
// A database file that is upkeep's alone: made when it is first written to, and told from other people's.

#include "../base/file.hpp"
#include "../base/function_ref.hpp"
#include "statement.hpp"
#include "transaction.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep::inline v0 {
namespace sqlite {

/// What stands in an own_file. All borrowed for ever: string literals.
struct own_format {
  const char* what;             ///< for sentences: "history"
  std::int32_t application_id;  ///< four letters
  std::int64_t newest_version;
  const char* tables;  ///< the statements that make them
};

/// Opened for each call and kept by nobody. Reading a file that does not exist finds nothing and makes nothing; the first write makes the file
/// and its directory, for this user alone. Each write is one transaction that is on the disk when the call returns.
/// @par Thread safety
/// Anyone, in any process, may call anything at any time; copies are one file.
class own_file {
 public:
  own_file(std::string path, const own_format& format) : path_(std::move(path)), format_(format) { v0::detail::check_path(path_); }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Whether there is anything to read; an empty file counts as none.
  [[nodiscard]] bool exists() const { return file_size(path_).value_or(0) != 0; }

  /// Calls `action` within one snapshot, unless there is nothing.
  /// @throws error unsupported where the file is something else or of a newer version; io, corrupt, unavailable
  void read(function_ref<void(connection&)> action) const {
    if (!exists()) return;
    connection database = open_for_reading();
    const transaction snapshot(database, transaction_kind::read);
    if (check_version(database)) action(database);
  }

  /// Calls `action` within one transaction and commits it.
  /// @throws error as read(), and what the action throws: then nothing was changed
  void change(function_ref<void(connection&)> action) const {
    create_directories_durably(v0::detail::directory_of(path_));
    if (!file_size(path_)) make_private_file();
    connection database(path_, {.mode = open_mode::create});
    // FULL leaves it open whether the journal of the last transaction comes back after a power cut, and takes that transaction back with it.
    database.execute("PRAGMA synchronous = EXTRA");
    transaction all(database, transaction_kind::write);
    if (!check_version(database)) {
      database.execute(format_.tables);
      database.execute("PRAGMA application_id = " + std::to_string(format_.application_id) +
                       ";PRAGMA user_version = " + std::to_string(format_.newest_version));
    }
    action(database);
    all.commit();
  }

 private:
  // SQLite would make a file that others can read. Put there closed: to close one that is open elsewhere in this process frees SQLite's locks.
  void make_private_file() const {
    try {
      write_file_atomically(path_, std::string_view(), {.permissions = 0600, .overwrite = false});
    } catch (const error& failure) {
      if (failure.code() != errc::invalid_argument || !file_size(path_)) throw;  // else another one was quicker
    }
  }

  /// False for a file that nothing was written to yet: a process died between making it and its first transaction.
  [[nodiscard]] bool check_version(const connection& database) const {
    const std::string what = format_.what;
    const std::int64_t owner = select_int64(database, "PRAGMA application_id");
    if (owner != format_.application_id) {
      if (owner == 0 && select_int64(database, "SELECT count(*) FROM main.sqlite_schema") == 0) return false;
      throw error(errc::unsupported, path_ + " is a database, but no " + what + " of upkeep: move it away");
    }
    const std::int64_t version = select_int64(database, "PRAGMA user_version");
    if (version > format_.newest_version) {
      throw error(errc::unsupported, path_ + " is a " + what + " of format " + std::to_string(version) + "; this upkeep reads up to " +
                                         std::to_string(format_.newest_version) + ": use a newer one");
    }
    return true;
  }

  // A process that died while it wrote leaves a journal, which must be rolled back before anything can be read.
  [[nodiscard]] connection open_for_reading() const {
    try {
      return connection(path_);
    } catch (const error& failure) {
      if (failure.code() != errc::io) throw;
    }
    return connection(path_, {.mode = open_mode::read_write});
  }

  std::string path_;
  own_format format_;
};

}  // namespace sqlite
}  // namespace upkeep::inline v0
