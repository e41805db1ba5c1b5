#pragma once
// A vector store in a SQLite table: upkeep's own, or one that an application already has.

#include "../base/file.hpp"
#include "../concepts/backup.hpp"
#include "../concepts/defaults.hpp"
#include "../concepts/history.hpp"
#include "../concepts/run_lock.hpp"
#include "../concepts/vector_store.hpp"
#include "file_run_lock.hpp"
#include "mark.hpp"
#include "sqlite_backup.hpp"
#include "sqlite_compaction.hpp"
#include "sqlite_history.hpp"
#include "sqlite_record_writer.hpp"
#include "sqlite_schema.hpp"
#include "sqlite_table.hpp"
#include "sqlite_vector_survey.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Rows of one table of a SQLite database, which the application goes on using. Nothing is ever added to an application's database: lock,
/// history and backups stand beside it, in `<database>.upkeep.lock` and `<database>.upkeep/`.
///
/// A scan reads pages of 2,048 rows, each in one short statement, and calls the visitor between them, so that it neither keeps the
/// write-ahead log growing nor starves a writer in the default journal. Opening reads the ids and the sizes of the first 4,096 vectors
/// (the vectors themselves where they are JSON); those of all rows only where these differ, where a vector of another width is met later,
/// or before the first upsert.
///
/// `digest` covers every column but generated ones, by storage class and bytes; `row_bytes` is the sum of their values' sizes (8 for a
/// number). `created` is compared only within one store: integers as they are, reals cut to integers, ISO 8601 texts as microseconds since
/// 1970. Texts are read as UTF-8, integers and reals in text fields as decimal digits, blobs as their bytes.
/// @par Thread safety
/// All members may be called by any thread; they wait for each other, and for `transact` of another thread to end. Visitors are called
/// outside the lock and outside any read transaction, but for those called within `transact`.
class sqlite_store {
 public:
  /// Opens upkeep's own schema (made by `create`) or adopts the table that `layout` names.
  /// @throws error not_found (no such file, table or column: the sentence lists what there is), unsupported (what sqlite_adoption.hpp and
  ///         sqlite_vector_survey.hpp refuse), corrupt (no database), io (write-protected, and not opened `read_only`), unavailable
  ///         (locked)
  explicit sqlite_store(const std::string& path, const sqlite_layout& layout = {}, const sqlite_store_options& options = {})
      : file_(canonical(path)), options_(checked(options)), table_(open(layout)) {
    if (const std::optional<std::size_t> own = detail::own_dimension(table_.database, table_.schema.name)) {
      table_.shape = {.dimension = *own, .float32 = true, .float64 = false, .written = vector_encoding::float32, .certain = true};
    } else {
      const detail::sqlite_vector_survey first(table_, detail::sqlite_vector_survey::first_look);
      table_.shape = first.suffices(options_) ? first.shape(options_) : detail::sqlite_vector_survey(table_).shape(options_);
    }
  }
  sqlite_store(const sqlite_store&) = delete;
  sqlite_store& operator=(const sqlite_store&) = delete;

  /// Opens upkeep's own schema for vectors of `dimension` components, and makes the database where there is no file. Its keys may be
  /// integers and byte strings, mixed.
  /// @throws error invalid_argument (dimension 0, or the database is for another one), unsupported (a database of an application)
  static sqlite_store create(const std::string& path, std::size_t dimension, const sqlite_store_options& options = {}) {
    detail::create_own_schema(path, dimension, options.busy_timeout);
    return sqlite_store(path, {}, options);
  }

  [[nodiscard]] std::size_t dimension() const {
    const std::lock_guard guard(mutex_);
    return table_.shape.dimension;
  }
  [[nodiscard]] field fields() const {
    field all = field::vector | field::text_size | field::digest | field::row_bytes;
    const auto add = [&](const std::string& column, field f) { all = column.empty() ? all : all | f; };
    add(table_.columns.source, field::source);
    add(table_.columns.scope, field::scope);
    add(table_.columns.text, field::text);
    add(table_.columns.model, field::model);
    add(table_.columns.created, field::created);
    add(table_.columns.pinned, field::pinned);
    return all;
  }
  /// `sqlite:<canonical path>#<table>(<id column>)`. A database that is moved is another store.
  [[nodiscard]] std::string identity() const { return "sqlite:" + file_ + '#' + table_.schema.name + '(' + table_.columns.id + ')'; }
  /// The canonical path of the database file.
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

  /// Rows that are not marked.
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard guard(mutex_);
    sqlite::statement count(table_.database, "SELECT count(*) FROM " + table_.name() + " WHERE 1" + table_.and_not_marked());
    table_.bind_mark(count);
    return count.step() ? static_cast<std::size_t>(count.int64(0)) : 0;
  }
  /// Of the database file and its write-ahead log.
  [[nodiscard]] std::uint64_t bytes() const { return file_size(file_).value_or(0) + file_size(file_ + "-wal").value_or(0); }

  /// @throws error also what opening throws of the vectors, where the first rows did not show it; changed where they got another width
  void scan(field wanted, record_visitor visit) {
    std::unique_lock guard(mutex_);
    detail::sqlite_row_reader reader = table_.reader(wanted);
    detail::sqlite_table::pages pages(table_, reader.list(), reader.count(), reader.id_column(), table_.and_not_marked());
    record_buffer buffer(wanted, table_.shape.dimension);
    for (bool more = true; more;) {
      buffer.clear();
      std::size_t bytes = 0;
      const detail::sqlite_table::pages here = pages;
      {
        sqlite::statement row = pages.begin(options_.page_rows);
        table_.bind_mark(row);
        while (bytes < page_bytes && (more = row.step())) {
          pages.note(row);
          bytes += reader.read(row, buffer);
        }
        more = more || buffer.size() == options_.page_rows;
      }
      check_unwritten();
      if (reader.is_in_doubt()) {
        reader = sure_reader(wanted);
        pages = here;
        more = true;
        continue;
      }
      if (buffer.empty()) break;
      guard.unlock();
      visit(buffer.batch());
      guard.lock();
    }
    if (has(wanted, field::vector)) table_.shape.certain = true;  // no row left its reader in doubt
  }

  void fetch(std::span<const key_view> keys, field wanted, record_visitor visit) {
    std::unique_lock guard(mutex_);
    detail::sqlite_row_reader reader = table_.reader(wanted);
    record_buffer buffer(wanted, table_.shape.dimension);
    while (!keys.empty()) {
      buffer.clear();
      const std::span<const key_view> part = keys.first(std::min(keys.size(), fetched_rows));
      std::size_t bytes = 0, done = 0;
      {
        std::optional<sqlite::transaction> snapshot;
        if (!table_.database.in_transaction()) snapshot.emplace(table_.database, sqlite::transaction_kind::read);
        const detail::sqlite_table::lookup rows(table_, part);
        sqlite::statement row(
            table_.database, "SELECT " + reader.list() + " FROM " + table_.name() + " WHERE " + rows.condition() + table_.and_not_marked());
        table_.bind_mark(row);
        for (; done < part.size() && bytes < page_bytes; ++done) {
          if (rows.bind(row, done) && row.step()) bytes += reader.read(row, buffer);
          row.reset();
        }
      }
      check_unwritten();
      if (reader.is_in_doubt()) {
        reader = sure_reader(wanted);
        continue;
      }
      keys = keys.subspan(done);
      if (buffer.empty()) continue;
      guard.unlock();
      visit(buffer.batch());
      guard.lock();
    }
  }

  /// Fields that the batch lacks become NULL, also in a row that is replaced; columns that are no fields keep their values.
  /// @throws error invalid_argument naming the key of a vector of another width, of a kind of key the table does not have, or that the
  /// batch         holds twice; unsupported where the table has a NOT NULL column without default that is no field
  std::size_t upsert(const record_batch& rows) {
    const std::lock_guard guard(mutex_);
    make_certain();
    const std::size_t before = table_.shape.dimension;
    if (before == 0) table_.shape.dimension = rows.vectors.cols();
    try {
      change([&] { detail::sqlite_record_writer(table_).write(rows); });
    } catch (...) {
      table_.shape.dimension = before;
      throw;
    }
    return rows.size();
  }

  /// @throws error inconsistent where one id stood in more than one row; unsupported where the table got triggers or foreign keys meanwhile
  ///         that would remove more
  std::size_t erase(std::span<const key_view> keys) {
    return change_rows(keys, "DELETE FROM " + table_.name() + " WHERE ", [](sqlite::statement&) {});
  }

  /// `BEGIN IMMEDIATE`, the action, `COMMIT`. The action's own thread may call everything but `transact`.
  /// @throws error unavailable where the application held its lock for longer than the busy time-out; io where the store is read-only
  void transact(function_ref<void()> action) {
    const std::lock_guard guard(mutex_);
    refuse_read_only();
    sqlite::transaction all(table_.database, sqlite::transaction_kind::write);
    table_.check_schema();
    action();
    all.commit();
  }

  /// From now on rows whose `column` holds `value` count as gone: scan, fetch, size and erase leave them out.
  /// @throws error not_found where there is no such column; invalid_argument where it cannot be marked; unsupported where setting it does
  ///         more
  void attach_mark(const std::string& column, const mark_value& value) {
    const std::lock_guard guard(mutex_);
    table_.check_schema();
    detail::sqlite_mark mark{detail::resolve_column(table_.database, table_.schema, column, "mark"), value};
    const double* const real = std::get_if<double>(&value);
    if (mark.column.empty() || mark.column == table_.columns.id || mark.column == table_.columns.vector ||
        table_.schema.find_column(mark.column)->generated() || (real != nullptr && std::isnan(*real))) {
      throw error(errc::invalid_argument,
                  "the column \"" + column + "\" of " + detail::name_table(table_.database, table_.schema) +
                      " cannot be a mark: name a column of its own, neither id nor vector, and a value that is not NaN");
    }
    if (!table_.database.read_only()) {
      detail::refuse_effects(table_.database, table_.schema, sqlite::table_action::update, mark.column, table_.allowed);
    }
    table_.mark = std::move(mark);
  }

  /// Marks the rows of those keys that are not marked yet; changes nothing else of them.
  /// @throws error invalid_argument where attach_mark was not called
  std::size_t mark(std::span<const key_view> keys) {
    if (!table_.mark) throw error(errc::invalid_argument, "sqlite_store: mark was called before attach_mark: say which column is the mark");
    return change_rows(keys, "UPDATE " + table_.name() + " SET " + sqlite::quote_identifier(table_.mark->column) + " = ?3 WHERE ",
                       [&](sqlite::statement& row) { table_.bind_mark_value(row, detail::sqlite_table::first_free_parameter); });
  }

  /// Gives free pages of the database back, and empties the write-ahead log into it. Where the application chose `auto_vacuum =
  /// INCREMENTAL`, in slices; else only with `compaction_mode::rewrite`, by VACUUM, which renumbers the rowids of tables without an INTEGER
  /// PRIMARY KEY, keeps writers out, and needs up to twice the size of the file. Not within `transact`.
  compaction_report compact(const compaction_options& options, progress& progress) {
    refuse_read_only();
    return detail::sqlite_compaction(*this, options, progress).run();
  }

  /// Hands the table to a backup of this store, while other threads wait. Within `transact` the action runs inside its transaction.
  void with_table(function_ref<void(detail::sqlite_table&)> action) {
    const std::lock_guard guard(mutex_);
    action(table_);
  }

 private:
  static constexpr std::size_t fetched_rows = 1000;
  static constexpr std::size_t page_bytes = std::size_t{32} << 20U;

  static std::string canonical(const std::string& path) {
    std::error_code failure;
    const std::filesystem::path found = std::filesystem::canonical(path, failure);
    return failure ? path : found.string();  // the connection says what is wrong with it
  }

  static sqlite_store_options checked(const sqlite_store_options& options) {
    if (options.page_rows == 0)
      throw error(errc::invalid_argument, "sqlite_store_options: page_rows is 0: read at least one row at a time");
    if (options.page_rows > 1'000'000)
      throw error(errc::invalid_argument, "sqlite_store_options: page_rows is above 1,000,000: that is no short read");
    return options;
  }

  // The first rows do not tell whether a table mixes widths or encodings. All of them do.
  void make_certain() {
    if (table_.shape.certain) return;
    const detail::vector_shape all = detail::sqlite_vector_survey(table_).shape(options_);
    if (all.dimension != table_.shape.dimension) {
      throw error(errc::changed, "the vectors of " + detail::name_table(table_.database, table_.schema) + " have " +
                                     std::to_string(all.dimension) + " components now, and had " + std::to_string(table_.shape.dimension) +
                                     " when it was opened: open it again and make a new plan");
    }
    table_.shape = all;
  }

  // For rows that have to be read again, because a reader that knew only the first met a vector of another width.
  detail::sqlite_row_reader sure_reader(field wanted) {
    make_certain();
    return table_.reader(wanted);
  }

  [[nodiscard]] detail::sqlite_table open(const sqlite_layout& layout) {
    sqlite::connection database = connect();
    const sqlite_layout whole = detail::complete(database, layout);
    std::optional<detail::id_classes> ids;
    if (detail::own_dimension(database, whole.table)) ids = {true, sqlite::value_type::text};
    return detail::sqlite_table(std::move(database), whole, ids);
  }

  // A database in write-ahead mode that nobody has open, in a directory that we may not write to, can only be read as if it were immutable.
  [[nodiscard]] sqlite::connection connect() {
    sqlite::connection_options how{.mode = options_.read_only ? sqlite::open_mode::read_only : sqlite::open_mode::read_write,
                                   .busy_timeout = options_.busy_timeout,
                                   .on_open = options_.on_open};
    try {
      return sqlite::connection(file_, how);
    } catch (const error& failure) {
      if (failure.code() != errc::io || !options_.read_only || file_size(file_ + "-wal") || file_size(file_ + "-journal")) throw;
    }
    how.immutable = true;
    stamp_ = stamp_of(file_);
    return sqlite::connection(file_, how);
  }

  using stamp = std::pair<std::uint64_t, std::filesystem::file_time_type>;
  static stamp stamp_of(const std::string& file) { return {file_size(file).value_or(0), std::filesystem::last_write_time(file)}; }

  // What was read without locks is believed only if nobody wrote meanwhile.
  void check_unwritten() const {
    if (!stamp_ || (stamp_of(file_) == *stamp_ && !file_size(file_ + "-wal"))) return;
    throw error(errc::unavailable,
                "the application began to write to " + file_ +
                    " while it was read without a lock (its directory is write-protected): run again while the application "
                    "has it open, or on a copy");
  }

  void refuse_read_only() const {
    if (options_.read_only) throw error(errc::io, "the store " + identity() + " was opened read-only: open it for writing to change rows");
  }

  // Within transact: a part of it that is undone alone where it fails. Else: a transaction of its own.
  template <class Action>
  void change(Action&& action) {
    const std::lock_guard guard(mutex_);
    refuse_read_only();
    if (!table_.database.in_transaction()) {
      transact(action);
      return;
    }
    table_.database.execute("SAVEPOINT upkeep_change");
    try {
      action();
    } catch (...) {
      if (table_.database.in_transaction()) table_.database.execute("ROLLBACK TO upkeep_change; RELEASE upkeep_change");
      throw;
    }
    table_.database.execute("RELEASE upkeep_change");
  }

  template <class Bind>
  std::size_t change_rows(std::span<const key_view> keys, const std::string& sql, Bind&& bind) {
    std::size_t changed = 0;
    change([&] {
      changed = 0;
      for (std::size_t begin = 0; begin < keys.size(); begin += fetched_rows) {
        const std::span<const key_view> part = keys.subspan(begin, std::min(fetched_rows, keys.size() - begin));
        const detail::sqlite_table::lookup rows(table_, part);
        sqlite::statement row(table_.database, sql + rows.condition() + table_.and_not_marked());
        table_.bind_mark(row);
        bind(row);
        for (std::size_t i = 0; i < part.size(); ++i) {
          if (!rows.bind(row, i)) continue;
          row.run();
          if (table_.database.changes() > 1) {
            throw error(errc::inconsistent, "the id " + to_string(part[i]) + " stands in " + std::to_string(table_.database.changes()) +
                                                " rows of " + detail::name_table(table_.database, table_.schema) +
                                                ": ids must be unique; nothing was changed");
          }
          changed += static_cast<std::size_t>(table_.database.changes());
        }
      }
    });
    return changed;
  }

  mutable std::recursive_mutex mutex_;
  std::string file_;
  sqlite_store_options options_;
  std::optional<stamp> stamp_;  // of a file that is read without locks
  detail::sqlite_table table_;
};
static_assert(vector_store<sqlite_store> && transactional_store<sqlite_store> && sized_store<sqlite_store>);
static_assert(compactable_store<sqlite_store> && file_store<sqlite_store>);
static_assert(markable_store<sqlite_store> && backup<sqlite_backup, sqlite_store>);

/// What fits a sqlite_store: whole rows in a SQLite file, a lock file beside the database, a history in a database of its own.
template <>
struct defaults<sqlite_store> {
  static sqlite_backup make_backup(sqlite_store&) { return {}; }
  static file_run_lock make_lock(sqlite_store& store) { return file_run_lock(store.file() + ".upkeep.lock"); }
  static sqlite_history make_history(sqlite_store& store) { return sqlite_history(directory(store) + "/history.sqlite"); }
  static std::string directory(const sqlite_store& store) { return store.file() + ".upkeep"; }
};
static_assert(has_defaults<sqlite_store>);

}  // namespace upkeep::inline v0
