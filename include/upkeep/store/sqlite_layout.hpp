#pragma once
// Where the fields of a record stand in a SQLite table, and how the table is opened.

#include "../sqlite/connection.hpp"
#include "stored_vector.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace upkeep::inline v0 {

/// The names of a table and its columns. An aggregate for designated initialisers: name what the table has, leave the rest.
///
/// Names are compared as SQLite does (ASCII letters regardless of case) and always quoted. Columns that are not named here are carried
/// along by digest, backup and undo, and never looked into.
struct sqlite_layout {
  std::string table = "records";
  std::string id_column = "id";          ///< integers, texts or blobs, all of one kind; unique and never NULL
  std::string vector_column = "vector";  ///< see vector_encoding
  std::string source_column{};           ///< empty, here and below: the table has no such field
  std::string scope_column{};
  std::string text_column{};
  std::string model_column{};
  std::string created_column{};  ///< integers as they are, reals cut to integers, ISO 8601 texts as microseconds; all else is no_time
  std::string pinned_column{};   ///< NULL, 0, '', 'false', 'no', 'off', 'f' and 'n' do not pin a row; every other value does

  /// What a removal may change beyond its own rows: names of triggers, or of tables that triggers and cascading foreign keys change.
  std::vector<std::string> allow_delete_effects{};
};

/// How a table is opened.
struct sqlite_store_options {
  bool read_only = false;                                 ///< for `detect`, on files that must not be written to
  std::chrono::milliseconds busy_timeout{5000};           ///< how long to wait for the application's locks
  std::size_t page_rows = 2048;                           ///< rows read in one transaction by a scan, at least 1
  std::size_t dimension = 0;                              ///< 0: found out; else rows of another width are set aside instead of refused
  vector_encoding encoding = vector_encoding::automatic;  ///< of blobs where their sizes and bytes do not tell, and of what is written
  /// Registers the collations, functions and extensions that the application's own schema needs. See sqlite::connection_options.
  std::function<void(sqlite3*)> on_open{};
};

}  // namespace upkeep::inline v0
