#pragma once
// upkeep's own table of records: how it is made, recognised and versioned.

#include "../sqlite/statement.hpp"
#include "../sqlite/transaction.hpp"
#include "sqlite_layout.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upkeep::inline v0::detail {

inline constexpr std::int64_t own_application_id = 0x75706B72;  // "upkr"
inline constexpr std::int64_t own_schema_version = 1;

inline bool is_own_schema(const sqlite::connection& database) {
  return sqlite::select_int64(database, "PRAGMA application_id") == own_application_id;
}

inline void refuse_newer_schema(const sqlite::connection& database) {
  const std::int64_t version = sqlite::select_int64(database, "PRAGMA user_version");
  if (version <= own_schema_version) return;
  throw error(errc::unsupported, database.file() + " has the schema version " + std::to_string(version) +
                                     " of upkeep's records; this upkeep knows " + std::to_string(own_schema_version) + ": use a newer one");
}

/// The dimension that upkeep's own schema was made for; nothing where `table` is an application's.
inline std::optional<std::size_t> own_dimension(const sqlite::connection& database, std::string_view table) {
  if (!is_own_schema(database) || table != "records") return std::nullopt;
  return static_cast<std::size_t>(sqlite::select_int64(database, "SELECT dimension FROM main.upkeep_store"));
}

/// The layout, with the columns of upkeep's own schema where the database has that and the layout names no others.
inline sqlite_layout complete(const sqlite::connection& database, sqlite_layout layout) {
  if (!is_own_schema(database) || layout.table != "records") return layout;
  refuse_newer_schema(database);
  const auto fill = [](std::string& column, const char* name) {
    if (column.empty()) column = name;
  };
  fill(layout.source_column, "source");
  fill(layout.scope_column, "scope");
  fill(layout.text_column, "text");
  fill(layout.model_column, "model");
  fill(layout.created_column, "created");
  fill(layout.pinned_column, "pinned");
  return layout;
}

/// Makes upkeep's own schema in a new or empty database, or accepts the one that is there.
inline void create_own_schema(const std::string& path, std::size_t dimension, std::chrono::milliseconds busy_timeout) {
  if (dimension == 0 || dimension > 1'000'000) {
    throw error(errc::invalid_argument, "sqlite_store: the dimension is " + std::to_string(dimension) +
                                            "; give the number of components of a vector, 1 to 1,000,000");
  }
  sqlite::connection database(path, {.mode = sqlite::open_mode::create, .busy_timeout = busy_timeout});
  sqlite::transaction all(database, sqlite::transaction_kind::write);
  if (is_own_schema(database)) {
    refuse_newer_schema(database);
    const std::size_t there = own_dimension(database, "records").value_or(0);
    if (there == dimension) return;
    throw error(errc::invalid_argument, database.file() + " was made for vectors of " + std::to_string(there) + " components, not of " +
                                            std::to_string(dimension) + ": use another file");
  }
  if (sqlite::select_int64(database, "SELECT count(*) FROM main.sqlite_schema") != 0) {
    throw error(errc::unsupported, database.file() +
                                       " is a database of an application, to which nothing is added: give a new file, or open "
                                       "it with a sqlite_layout that names its table and columns");
  }
  // The id has no type, so that integers and texts stay what they are.
  database.execute(
      "CREATE TABLE records(id NOT NULL PRIMARY KEY, vector BLOB NOT NULL, source TEXT, scope TEXT, text TEXT, model TEXT, created "
      "INTEGER, "
      "pinned INTEGER NOT NULL DEFAULT 0);"
      "CREATE TABLE upkeep_store(dimension INTEGER NOT NULL);"
      "PRAGMA application_id = " +
      std::to_string(own_application_id) + ";PRAGMA user_version = " + std::to_string(own_schema_version));
  sqlite::statement insert(database, "INSERT INTO upkeep_store VALUES (?1)");
  insert.bind_int64(1, static_cast<std::int64_t>(dimension));
  insert.run();
  all.commit();
}

}  // namespace upkeep::inline v0::detail
