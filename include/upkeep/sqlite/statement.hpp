#pragma once
// One prepared statement: typed binding, stepping, and typed columns that are read in place.

#include "connection.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {
namespace sqlite {

/// The storage class of one value: SQLite types values, not columns.
enum class value_type { null, integer, real, text, blob };

/// Whether SQLite takes a copy of bound bytes or reads them where they are.
enum class binding {
  copied,   ///< the caller's bytes may go at once
  borrowed  ///< the caller's bytes stay as they are until they are bound anew, cleared, or the statement is gone
};

/// A prepared statement, for reuse: bind, step, read, reset. Moves, does not copy. Parameters count from 1, columns from 0, as in SQLite.
///
/// What text(), blob() and value() return is read in place and valid until the next step(), reset() or the statement's end.
/// @par Thread safety
/// That of its connection: one thread at a time.
class statement {
 public:
  /// @param sql exactly one statement; values belong into parameters
  /// @throws error not_found (no such table or column), unsupported (a collation or function is missing), invalid_argument
  statement(const connection& database, std::string_view sql) : handle_(prepare(database.handle(), sql)) {}

  void bind_null(int parameter) { checked(sqlite3_bind_null(handle_.get(), parameter), parameter); }
  void bind_int64(int parameter, std::int64_t value) { checked(sqlite3_bind_int64(handle_.get(), parameter, value), parameter); }
  /// SQLite has no NaN: it stores one as NULL.
  void bind_double(int parameter, double value) { checked(sqlite3_bind_double(handle_.get(), parameter, value), parameter); }

  /// Bytes go in unchecked, with NUL bytes and invalid UTF-8 as they are.
  void bind_text(int parameter, std::string_view value, binding kind = binding::copied) {
    // A null pointer would bind NULL where an empty text is meant.
    const char* bytes = value.data() != nullptr ? value.data() : "";
    checked(sqlite3_bind_text64(handle_.get(), parameter, bytes, value.size(), destructor_for(kind), SQLITE_UTF8), parameter);
  }

  void bind_blob(int parameter, std::span<const std::byte> value, binding kind = binding::copied) {
    const void* bytes = value.data() != nullptr ? static_cast<const void*>(value.data()) : "";
    checked(sqlite3_bind_blob64(handle_.get(), parameter, bytes, value.size(), destructor_for(kind)), parameter);
  }

  /// Binds a value that another statement's value() returned, storage class and bytes unchanged. Takes a copy.
  void bind_value(int parameter, const sqlite3_value* value) { checked(sqlite3_bind_value(handle_.get(), parameter, value), parameter); }

  /// Sets every parameter back to NULL.
  void clear_bindings() noexcept { sqlite3_clear_bindings(handle_.get()); }

  /// Goes to the next row: true when there is one, false at the end. A statement that failed is reset, so that it holds no lock.
  bool step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    const error failure = diagnose(database(), code, "run \"" + detail::shorten(sql()) + '"');
    sqlite3_reset(handle_.get());
    throw failure;
  }

  /// Steps to the end, drops the rows and resets: what INSERT, UPDATE and DELETE need.
  void run() {
    while (step()) {
    }
    reset();
  }

  /// Back to before the first row, ready for other values; what is bound stays bound. Ends the read lock that an unfinished SELECT holds.
  void reset() noexcept { sqlite3_reset(handle_.get()); }

  [[nodiscard]] int column_count() const noexcept { return sqlite3_column_count(handle_.get()); }
  [[nodiscard]] int parameter_count() const noexcept { return sqlite3_bind_parameter_count(handle_.get()); }
  [[nodiscard]] std::string_view column_name(int column) const {
    const char* name = sqlite3_column_name(handle_.get(), column);
    return name != nullptr ? name : "";
  }

  /// The storage class of a column in the current row; null for a column that is not there.
  [[nodiscard]] value_type type(int column) const noexcept {
    switch (sqlite3_column_type(handle_.get(), column)) {
      case SQLITE_INTEGER: return value_type::integer;
      case SQLITE_FLOAT: return value_type::real;
      case SQLITE_TEXT: return value_type::text;
      case SQLITE_BLOB: return value_type::blob;
      default: return value_type::null;
    }
  }
  [[nodiscard]] bool is_null(int column) const noexcept { return type(column) == value_type::null; }

  /// The accessors convert nothing (an integer read as real excepted): SQLite would turn 'abc' into 0 without a word.
  /// @throws error corrupt when the column holds another storage class; ask type() first where a table is not one's own
  [[nodiscard]] std::int64_t int64(int column) const {
    expect(column, type(column) == value_type::integer, "an integer");
    return sqlite3_column_int64(handle_.get(), column);
  }
  [[nodiscard]] double real(int column) const {
    expect(column, type(column) == value_type::real || type(column) == value_type::integer, "a number");
    return sqlite3_column_double(handle_.get(), column);
  }
  [[nodiscard]] std::string_view text(int column) const {
    expect(column, type(column) == value_type::text, "text");
    // The order matters: column_text may convert from UTF-16, and column_bytes counts what it left.
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    return {in_memory(bytes), bytes_of(column)};
  }
  [[nodiscard]] std::span<const std::byte> blob(int column) const {
    expect(column, type(column) == value_type::blob, "a blob");
    const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
    const std::size_t size = bytes_of(column);
    return {size == 0 ? nullptr : in_memory(bytes), size};
  }

  /// The value as SQLite holds it, for bind_value() of another statement.
  [[nodiscard]] const sqlite3_value* value(int column) const noexcept { return sqlite3_column_value(handle_.get(), column); }

  /// As it was prepared, without the values that were bound.
  [[nodiscard]] std::string_view sql() const noexcept { return sqlite3_sql(handle_.get()); }
  /// Stays the property of this statement.
  [[nodiscard]] sqlite3_stmt* handle() const noexcept { return handle_.get(); }

 private:
  struct finalizer {
    void operator()(sqlite3_stmt* prepared) const noexcept { sqlite3_finalize(prepared); }
  };
  using owner = std::unique_ptr<sqlite3_stmt, finalizer>;

  // The one place that spells SQLITE_STATIC and SQLITE_TRANSIENT, whose macros are old-style casts.
  static sqlite3_destructor_type destructor_for(binding kind) noexcept {
    return kind == binding::borrowed ? nullptr : reinterpret_cast<sqlite3_destructor_type>(std::intptr_t{-1});
  }

  static owner prepare(sqlite3* database, std::string_view sql) {
    const std::string text(sql);
    if (text.find('\0') != std::string::npos) {
      throw error(errc::invalid_argument, "a statement holds a NUL byte, where SQLite would stop reading; bind such values");
    }
    const char* rest = nullptr;
    owner prepared = prepare_first(database, text.c_str(), rest);
    // Only white space and comments may follow; whatever else does would silently never run.
    const bool alone = prepared != nullptr && prepare_first(database, rest, rest) == nullptr;
    if (!alone) {
      throw error(errc::invalid_argument, "exactly one SQL statement is needed here, not \"" + detail::shorten(sql) + "\"; use execute()");
    }
    return prepared;
  }

  static owner prepare_first(sqlite3* database, const char* sql, const char*& rest) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(database, sql, -1, &raw, &rest);
    if (code != SQLITE_OK) throw diagnose(database, code, "prepare \"" + detail::shorten(sql) + '"');
    return owner(raw);
  }

  [[nodiscard]] sqlite3* database() const noexcept { return sqlite3_db_handle(handle_.get()); }

  void checked(int code, int parameter) const {
    if (code != SQLITE_OK)
      throw diagnose(database(), code, "bind parameter " + std::to_string(parameter) + " of \"" + detail::shorten(sql()) + '"');
  }

  void expect(int column, bool right, const char* wanted) const {
    if (right) return;
    throw error(errc::corrupt, "column " + std::to_string(column) + " (" + std::string(column_name(column)) + ") of \"" +
                                   detail::shorten(sql()) + "\" does not hold " + wanted + "; check the column's contents");
  }

  [[nodiscard]] std::size_t bytes_of(int column) const noexcept {
    return static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  }

  template <class Byte>
  const Byte* in_memory(const Byte* bytes) const {
    if (bytes == nullptr) throw diagnose(database(), SQLITE_NOMEM, "read a value");
    return bytes;
  }

  owner handle_;
};

/// The one integer that `sql` selects.
/// @throws error not_found when it selects no row; corrupt when it selects something else
inline std::int64_t select_int64(const connection& database, std::string_view sql) {
  statement query(database, sql);
  if (!query.step()) throw error(errc::not_found, "\"" + detail::shorten(sql) + "\" selects no row; check the statement");
  return query.int64(0);
}

}  // namespace sqlite
}  // namespace upkeep::inline v0
