#pragma once
// Writes the rows of a backup into a database of their own, to be looked into: the store they came from is not touched.

#include "../base/file.hpp"
#include "sqlite_backup_file.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0::detail {

/// One table of the name that the rows came from, with the columns that were saved. The columns have no types: an affinity would change values
/// that the application's own table took as they are.
class sqlite_extraction {
 public:
  /// @param backup  of which nothing was read yet, and whose bytes were checked
  /// @throws error invalid_argument where the path exists, io where it cannot be written; nothing is left there
  sqlite_extraction(sqlite_backup_reader& backup, const std::string& path) : backup_(backup), file_(path, {.overwrite = false}) {
    if (file_size(path))
      throw error(errc::invalid_argument, "'" + path + "' exists already, and nothing is written over it: name a file that does not exist");
    for (const char* const name : {"rowid", "_rowid_", "oid"})
      if (rowid_.empty() && !has_column(name)) rowid_ = name;
    table_ = "main." + sqlite::quote_identifier(backup.table());
  }

  /// Writes all rows, opens the file anew, and compares every row with the backup before the file gets its name.
  /// @throws error corrupt where the backup holds other rows than it says, inconsistent where the new file does not hold what was written
  std::uint64_t run() {
    const std::uint64_t written = write();
    sqlite_backup_reader again(backup_.path());
    compare(again, written);
    file_.commit();
    return written;
  }

 private:
  [[nodiscard]] bool has_column(std::string_view name) const {
    for (const std::string& column : backup_.names())
      if (sqlite::same_name(column, name)) return true;
    return false;
  }
  // Where every name of the rowid is a column of the application's, no rowid was saved.
  [[nodiscard]] int value_count() const { return static_cast<int>(backup_.names().size()) + (rowid_.empty() ? 0 : 1); }

  std::uint64_t write() {
    sqlite::connection database(file_.temporary_path(), {.mode = sqlite::open_mode::read_write});
    database.execute("PRAGMA encoding = '" + backup_.encoding() + "'; PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL");
    sqlite::transaction all(database, sqlite::transaction_kind::write);
    std::string columns, names, values;
    for (std::size_t i = 0; i < backup_.names().size(); ++i) {
      const std::string name = sqlite::quote_identifier(backup_.names()[i]);
      columns.append(i == 0 ? "" : ", ").append(name).append(static_cast<int>(i) == backup_.id_column() ? " NOT NULL PRIMARY KEY" : "");
      names.append(i == 0 ? "" : ", ").append(name);
      values.append(i == 0 ? "?" : ", ?").append(std::to_string(i + 1));
    }
    database.execute("CREATE TABLE " + table_ + '(' + columns + ')');
    if (!rowid_.empty()) {
      names.append(", ").append(rowid_);
      values.append(", ?").append(std::to_string(value_count()));
    }
    sqlite::statement insert(database, "INSERT INTO " + table_ + '(' + names + ") VALUES (" + values + ')');
    std::uint64_t rows = 0;
    for (; backup_.next(); ++rows) {
      for (int i = 0; i < value_count(); ++i) insert.bind_value(i + 1, backup_.row().value(i));
      insert.run();
    }
    all.commit();
    return rows;
  }

  void compare(sqlite_backup_reader& saved, std::uint64_t rows) {
    const sqlite::connection database(file_.temporary_path());
    const auto refuse = [&](const std::string& what) {
      throw error(errc::inconsistent, "the rows of the backup '" + saved.path() + "' could not be written down as they are: " + what);
    };
    if (static_cast<std::uint64_t>(sqlite::select_int64(database, "SELECT count(*) FROM " + table_)) != rows)
      refuse("their number differs");
    std::string list;
    for (const std::string& name : saved.names()) list.append(sqlite::quote_column(saved.table(), name)).append(", ");
    const std::string id = sqlite::quote_column(saved.table(), saved.names()[static_cast<std::size_t>(saved.id_column())]);
    sqlite::statement find(database, "SELECT " + list + (rowid_.empty() ? "NULL" : rowid_) + " FROM " + table_ + " WHERE " + id +
                                         " = ?1 AND typeof(" + id + ") = typeof(?1)");
    const int hidden = static_cast<int>(saved.names().size());
    while (saved.next()) {
      find.bind_value(1, saved.row().value(saved.id_column()));
      if (!find.step() || saved.digest_of(find) != saved.digest()) refuse("the row " + to_string(saved.key()) + " differs");
      if (!saved.row().is_null(hidden) && saved.row().int64(hidden) != find.int64(hidden))
        refuse("the row " + to_string(saved.key()) + " has another rowid");
      find.reset();
    }
  }

  sqlite_backup_reader& backup_;
  atomic_file file_;
  std::string table_, rowid_;
};

}  // namespace upkeep::inline v0::detail
