#pragma once
// The file of a SQLite backup: how it is written whole or not at all, and read again.

#include "../base/checksum.hpp"
#include "../base/file.hpp"
#include "../base/file_reader.hpp"
#include "sqlite_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0::detail {

/// A store whose rows stand in a SQLite table.
template <class Store>
concept over_sqlite_table = requires(Store& store, function_ref<void()> action, function_ref<void(sqlite_table&)> use) {
  store.with_table(use);
  store.transact(action);
  { store.identity() } -> std::convertible_to<std::string>;
};

struct sqlite_backup_seal {
  std::uint64_t rows = 0, bytes = 0, checksum = 0;
};

/// Size and checksum of a file.
inline sqlite_backup_seal read_seal(const std::string& path) {
  file_reader file(path);
  std::vector<std::byte> buffer(std::size_t{1} << 20U);
  checksum_stream stream;
  sqlite_backup_seal seal;
  while (const std::size_t got = file.read(buffer)) {
    stream.update(buffer.data(), got);
    seal.bytes += got;
  }
  seal.checksum = stream.digest();
  return seal;
}

/// @throws error corrupt where the file is not the one that was written
inline void check_backup_bytes(const std::string& path, std::uint64_t bytes, std::uint64_t checksum) {
  const sqlite_backup_seal seal = read_seal(path);
  if (seal.bytes == bytes && seal.checksum == checksum) return;
  throw error(errc::corrupt,
              "the backup '" + path + "' is damaged: " +
                  (seal.bytes != bytes ? "it has " + std::to_string(seal.bytes) + " bytes, its receipt says " + std::to_string(bytes)
                                       : "its checksum is " + hex16(seal.checksum) + ", its receipt says " + hex16(checksum)) +
                  "; use another copy of it");
}

inline constexpr std::int64_t backup_application_id = 0x75706B62;  // "upkb"
inline constexpr std::int64_t sqlite_backup_version = 1;

inline std::string saved_column(std::size_t i) { return "c" + std::to_string(i); }

inline std::string encoding_of(const sqlite::connection& database) {
  sqlite::statement encoding(database, "PRAGMA encoding");
  return encoding.step() ? std::string(encoding.text(0)) : "UTF-8";
}

/// Writes a new backup beside its final name.
class sqlite_backup_writer {
 public:
  sqlite_backup_writer(const std::string& path, const std::string& store, const sqlite_table& table)
      : file_(path, {.permissions = 0600, .overwrite = false}) {
    prepare(store, table);
  }
  sqlite_backup_writer(const sqlite_backup_writer&) = delete;
  sqlite_backup_writer& operator=(const sqlite_backup_writer&) = delete;
  ~sqlite_backup_writer() { close(); }

  /// Copies the rows of those keys that exist, marked ones left out.
  void add(sqlite_table& from, std::span<const key_view> keys) {
    std::optional<sqlite::transaction> snapshot;
    if (!from.database.in_transaction()) snapshot.emplace(from.database, sqlite::transaction_kind::read);
    const sqlite_table::lookup rows(from, keys);
    const std::vector<std::string> names = stored_columns(from.schema);
    std::string list;
    for (const std::string& name : names) list.append(from.column(name)).append(", ");
    sqlite::statement row(from.database, "SELECT " + list + (has_hidden_rowid(from) ? from.rowid() : std::string("NULL")) + " FROM " +
                                             from.name() + " WHERE " + rows.condition() + from.and_not_marked());
    from.bind_mark(row);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (rows.bind(row, i) && row.step()) {
        for (int column = 0; column <= static_cast<int>(names.size()); ++column) insert_->bind_value(column + 1, row.value(column));
        insert_->run();
        ++rows_;
      }
      row.reset();
    }
  }

  /// Puts the file in its place, durably.
  sqlite_backup_seal commit() {
    {
      sqlite::statement count(*database_, "UPDATE backup SET row_count = ?1");
      count.bind_int64(1, static_cast<std::int64_t>(rows_));
      count.run();
    }
    all_->commit();
    close();
    sqlite_backup_seal seal = read_seal(file_.temporary_path());
    seal.rows = rows_;
    file_.commit();
    return seal;
  }

  static bool has_hidden_rowid(const sqlite_table& table) { return !table.schema.rowid_column && !table.schema.rowid_name.empty(); }

 private:
  void prepare(const std::string& store, const sqlite_table& table) {
    database_.emplace(file_.temporary_path(), sqlite::connection_options{.mode = sqlite::open_mode::read_write});
    // The file is nobody's until it is renamed, so a journal would protect nothing; one transaction keeps it quick.
    database_->execute("PRAGMA encoding = '" + encoding_of(table.database) +
                       "'; PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE");
    all_.emplace(*database_, sqlite::transaction_kind::write);
    const std::vector<std::string> names = stored_columns(table.schema);
    std::string columns, parameters;
    for (std::size_t i = 0; i < names.size(); ++i) {
      columns.append(saved_column(i)).append(", ");
      parameters.append("?").append(std::to_string(i + 1)).append(", ");
    }
    database_->execute(
        "CREATE TABLE backup(store TEXT, table_name TEXT, id_column INTEGER, row_count INTEGER);"
        "CREATE TABLE saved_columns(position INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE saved_rows(" +
        columns + "hidden_rowid);PRAGMA application_id = " + std::to_string(backup_application_id) +
        ";PRAGMA user_version = " + std::to_string(sqlite_backup_version));
    sqlite::statement description(*database_, "INSERT INTO backup VALUES (?1, ?2, ?3, 0)");
    sqlite::statement column(*database_, "INSERT INTO saved_columns VALUES (?1, ?2)");
    for (std::size_t i = 0; i < names.size(); ++i) {
      column.bind_int64(1, static_cast<std::int64_t>(i));
      column.bind_text(2, names[i]);
      column.run();
      if (names[i] == table.columns.id) description.bind_int64(3, static_cast<std::int64_t>(i));
    }
    description.bind_text(1, store);
    description.bind_text(2, table.schema.name);
    description.run();
    insert_.emplace(*database_, "INSERT INTO saved_rows VALUES (" + parameters + "?" + std::to_string(names.size() + 1) + ")");
  }

  void close() {
    insert_.reset();
    all_.reset();
    database_.reset();
  }
  atomic_file file_;
  std::optional<sqlite::connection> database_;
  std::optional<sqlite::transaction> all_;
  std::optional<sqlite::statement> insert_;
  std::uint64_t rows_ = 0;
};

/// Reads a backup whose bytes were checked, row by row.
class sqlite_backup_reader {
 public:
  explicit sqlite_backup_reader(std::string path) : path_(std::move(path)), database_(path_) {
    if (sqlite::select_int64(database_, "PRAGMA application_id") != backup_application_id) {
      throw error(errc::unsupported, "'" + path_ + "' is a database, but no backup of upkeep");
    }
    const std::int64_t version = sqlite::select_int64(database_, "PRAGMA user_version");
    if (version > sqlite_backup_version) {
      throw error(errc::unsupported, "the backup '" + path_ + "' has format " + std::to_string(version) + "; this upkeep reads up to " +
                                         std::to_string(sqlite_backup_version) + ": use a newer one");
    }
    sqlite::statement description(database_, "SELECT table_name, id_column, row_count FROM backup");
    if (!description.step()) throw error(errc::corrupt, "the backup '" + path_ + "' does not say what it holds");
    table_ = description.text(0);
    const std::int64_t id = description.int64(1);
    count_ = static_cast<std::uint64_t>(description.int64(2));
    sqlite::statement column(database_, "SELECT name FROM saved_columns ORDER BY position");
    while (column.step()) names_.emplace_back(column.text(0));
    if (id < 0 || static_cast<std::uint64_t>(id) >= names_.size()) {
      throw error(errc::corrupt, "the backup '" + path_ + "' names no id column");
    }
    id_column_ = static_cast<int>(id);
    std::string list;
    for (std::size_t i = 0; i < names_.size(); ++i) list.append(saved_column(i)).append(", ");
    rows_.emplace(database_, "SELECT " + list + "hidden_rowid, rowid FROM saved_rows ORDER BY rowid");
    by_rowid_ = "SELECT " + list + "hidden_rowid, rowid FROM saved_rows WHERE rowid = ?1";
  }

  /// The columns of a row; the hidden rowid, or NULL, follows them.
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The name of the table that the rows came from, and the place of its id among the columns.
  [[nodiscard]] const std::string& table() const noexcept { return table_; }
  [[nodiscard]] int id_column() const noexcept { return id_column_; }
  /// Of its texts, as PRAGMA encoding names it: that of the database that the rows came from.
  [[nodiscard]] std::string encoding() const { return encoding_of(database_); }

  bool next() {
    if (!rows_->step()) return false;
    ++seen_;
    return true;
  }
  /// The current row.
  [[nodiscard]] const sqlite::statement& row() const noexcept { return *rows_; }
  [[nodiscard]] key_view key() const { return read_key(*rows_, id_column_, any_id(*rows_, id_column_)); }
  [[nodiscard]] std::uint64_t digest() { return digest_of(*rows_); }
  /// The place of the current row in the backup, for `again`.
  [[nodiscard]] std::int64_t place() const { return rows_->int64(static_cast<int>(names_.size()) + 1); }

  /// Another look at the row of one place, with a statement of its own; stepped to the row.
  [[nodiscard]] sqlite::statement again(std::int64_t place) const {
    sqlite::statement one(database_, by_rowid_);
    one.bind_int64(1, place);
    if (!one.step()) throw error(errc::corrupt, "the backup '" + path_ + "' lost a row while it was read");
    return one;
  }
  [[nodiscard]] key_view key_of(const sqlite::statement& saved) const { return read_key(saved, id_column_, any_id(saved, id_column_)); }
  [[nodiscard]] std::uint64_t digest_of(const sqlite::statement& saved) {
    for (std::size_t i = 0; i < names_.size(); ++i) digest_value(saved, static_cast<int>(i), digester_);
    return digester_.finish();
  }

  void check_count(std::uint64_t expected) const {
    if (seen_ == expected && seen_ == count_) return;
    throw error(errc::corrupt,
                "the backup '" + path_ + "' holds " + std::to_string(seen_) + " rows instead of " + std::to_string(expected));
  }

  /// @throws error changed where the table is another one, or has other columns, than when the backup was made
  void check_table(const sqlite_table& table) const {
    const std::string subject = name_table(table.database, table.schema);
    if (!sqlite::same_name(table.schema.name, table_)) {
      throw error(errc::changed, "the backup '" + path_ + "' holds rows of the table \"" + table_ + "\", not of " + subject);
    }
    if (stored_columns(table.schema) == names_ && names_[static_cast<std::size_t>(id_column_)] == table.columns.id) return;
    std::string were, id = names_[static_cast<std::size_t>(id_column_)];
    for (const std::string& name : names_) were.append(were.empty() ? "" : ", ").append(name);
    throw error(errc::changed, subject + " has other columns than the backup '" + path_ + "', whose rows have " + were +
                                   " with the id in " + id + ": take that change back first");
  }

 private:
  static id_classes any_id(const sqlite::statement& row, int column) {
    const bool blob = row.type(column) == sqlite::value_type::blob;
    return {true, blob ? sqlite::value_type::blob : sqlite::value_type::text};
  }

  std::string path_;
  sqlite::connection database_;
  std::string table_, by_rowid_;
  int id_column_ = 0;
  std::uint64_t count_ = 0, seen_ = 0;
  std::vector<std::string> names_;
  std::optional<sqlite::statement> rows_;
  row_digester digester_;
};

}  // namespace upkeep::inline v0::detail
