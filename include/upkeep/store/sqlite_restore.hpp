#pragma once
// Brings rows of a backup back into a table, one by one, without touching what is there.

#include "../concepts/backup.hpp"
#include "sqlite_backup_file.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upkeep::inline v0::detail {

/// One restore, inside a write transaction of the table's connection.
class sqlite_restorer {
 public:
  sqlite_restorer(sqlite_table& table, sqlite_backup_reader& backup)
      : table_(&table),
        backup_(&backup),
        hidden_rowid_(sqlite_backup_writer::has_hidden_rowid(table)),
        current_(table.database,
                 "SELECT " + list_of(backup.names()) + marked_of(table) + " FROM " + table.name() + " WHERE " + table.key_condition()),
        insert_(table.database, insert_sql(false)) {
    if (hidden_rowid_) {
      insert_at_.emplace(table.database, insert_sql(true));
      taken_.emplace(table.database, "SELECT 1 FROM " + table.name() + " WHERE " + table.rowid() + " = ?1");
    }
    for (std::size_t i = 0; table.mark && i < backup.names().size(); ++i) {
      if (backup.names()[i] == table.mark->column) mark_column_ = static_cast<int>(i);
    }
    if (mark_column_ >= 0) {
      unmark_.emplace(table.database, "UPDATE " + table.name() + " SET " + sqlite::quote_identifier(table.mark->column) + " = ?3 WHERE " +
                                          table.key_condition());
    }
  }

  restore_report run() {
    restore_report report;
    std::vector<std::int64_t> waiting;
    is_empty_ = sqlite::select_int64(table_->database, "SELECT NOT EXISTS (SELECT 1 FROM " + table_->name() + ')') != 0;
    while (backup_->next()) settle(restore(backup_->row()), backup_->key(), backup_->place(), report, waiting);
    // A row may refer to one that comes later in the backup: again, as long as that helps. A row whose rowid is taken gets a new one when
    // all others have theirs.
    for (bool more = true; more && !waiting.empty();) {
      std::vector<std::int64_t> still;
      for (const std::int64_t place : waiting) {
        const sqlite::statement saved = backup_->again(place);
        settle(restore(saved), backup_->key_of(saved), place, report, still);
      }
      more = still.size() < waiting.size() || !std::exchange(new_rowids_, true);
      waiting = std::move(still);
    }
    for (const std::int64_t place : waiting) report.conflicts.emplace_back(backup_->key_of(backup_->again(place)));
    return report;
  }

 private:
  enum class result { restored, unchanged, conflict, waits };

  static void settle(result r, key_view k, std::int64_t place, restore_report& report, std::vector<std::int64_t>& waiting) {
    switch (r) {
      case result::restored: ++report.restored; break;
      case result::unchanged: ++report.unchanged; break;
      case result::conflict: report.conflicts.emplace_back(k); break;
      case result::waits: waiting.push_back(place); break;
    }
  }

  [[nodiscard]] std::string list_of(const std::vector<std::string>& names) const {
    std::string list;
    for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(table_->column(name));
    return list;
  }
  static std::string marked_of(const sqlite_table& table) {
    return table.mark ? ", " + table.column(table.mark->column) + " IS ?2 COLLATE BINARY" : std::string();
  }

  [[nodiscard]] std::string insert_sql(bool with_rowid) const {
    std::string names, values;
    for (std::size_t i = 0; i < backup_->names().size(); ++i) {
      names.append(i == 0 ? "" : ", ").append(sqlite::quote_identifier(backup_->names()[i]));
      values.append(i == 0 ? "?" : ", ?").append(std::to_string(i + 1));
    }
    if (with_rowid) {
      names.append(", ").append(table_->schema.rowid_name);
      values.append(", ?").append(std::to_string(backup_->names().size() + 1));
    }
    // OR ABORT: a conflict clause of the table's own might replace another row.
    return "INSERT OR ABORT INTO " + table_->name() + '(' + names + ") VALUES (" + values + ')';
  }

  result restore(const sqlite::statement& saved) {
    const key_view k = backup_->key_of(saved);
    const std::uint64_t wanted = backup_->digest_of(saved);
    if (!takes_id(saved)) return result::conflict;
    is_empty_ = false;
    if (const std::optional<std::uint64_t> there = digest_there(k)) {
      if (*there == wanted) return result::unchanged;
      return take_mark_back(k, saved, wanted) ? result::restored : result::conflict;
    }
    return write(k, saved, wanted);
  }

  // SQLite would take any id, and a table with texts and blobs for ids could not be read again. What ids a table without rows has is a guess
  // from its declaration: there the first row that comes back says it.
  bool takes_id(const sqlite::statement& saved) {
    const sqlite::value_type type = saved.type(backup_->id_column());
    const bool fits = type == sqlite::value_type::integer ? table_->ids.integers : table_->ids.bytes == type;
    return fits || (is_empty_ && table_->adopt_ids(type));
  }

  /// The digest of the row that has this id now, marked or not.
  std::optional<std::uint64_t> digest_there(key_view k, const sqlite::statement* instead = nullptr, bool* marked = nullptr) {
    bind_key(current_, sqlite_table::key_parameter, k, table_->ids);
    table_->bind_mark(current_);
    std::optional<std::uint64_t> digest;
    if (current_.step()) {
      const int count = static_cast<int>(backup_->names().size());
      for (int i = 0; i < count; ++i) digest_value(instead != nullptr && i == mark_column_ ? *instead : current_, i, digester_);
      digest = digester_.finish();
      if (marked != nullptr) *marked = table_->mark && current_.int64(count) != 0;
    }
    current_.reset();
    return digest;
  }

  // Only the mark may differ, and what stands there must be the mark itself: a value of the application's own stays.
  bool take_mark_back(key_view k, const sqlite::statement& saved, std::uint64_t wanted) {
    if (mark_column_ < 0) return false;
    bool marked = false;
    if (digest_there(k, &saved, &marked) != wanted || !marked) return false;
    bind_key(*unmark_, sqlite_table::key_parameter, k, table_->ids);
    unmark_->bind_value(3, saved.value(mark_column_));
    return changes_one(*unmark_) == result::restored && digest_there(k) == wanted;
  }

  result write(key_view k, const sqlite::statement& saved, std::uint64_t wanted) {
    const int count = static_cast<int>(backup_->names().size());
    bool at_rowid = false;
    if (hidden_rowid_ && !saved.is_null(count)) {
      taken_->bind_value(1, saved.value(count));
      at_rowid = !taken_->step();
      taken_->reset();
      if (!at_rowid && !new_rowids_) return result::waits;
    }
    sqlite::statement& insert = at_rowid ? *insert_at_ : insert_;
    for (int i = 0; i < count + (at_rowid ? 1 : 0); ++i) insert.bind_value(i + 1, saved.value(i));
    const result r = changes_one(insert);
    if (r != result::restored) return r;
    return digest_there(k) == wanted ? result::restored : result::conflict;
  }

  // A broken rule of the table concerns this row alone; SQLite took the statement back. Every other failure ends the restore.
  result changes_one(sqlite::statement& change) {
    try {
      change.run();
    } catch (const error&) {
      const int code = sqlite3_extended_errcode(table_->database.handle());
      if ((code & 0xff) != SQLITE_CONSTRAINT || !table_->database.in_transaction()) throw;
      return code == SQLITE_CONSTRAINT_FOREIGNKEY ? result::waits : result::conflict;
    }
    return table_->database.changes() == 1 ? result::restored : result::conflict;
  }

  sqlite_table* table_;
  sqlite_backup_reader* backup_;
  bool hidden_rowid_;
  sqlite::statement current_, insert_;
  std::optional<sqlite::statement> insert_at_, taken_, unmark_;
  int mark_column_ = -1;
  bool new_rowids_ = false, is_empty_ = false;
  row_digester digester_;
};

}  // namespace upkeep::inline v0::detail
