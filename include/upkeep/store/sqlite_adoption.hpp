#pragma once
// What must be true of somebody else's table before upkeep works on it; each refusal is a sentence that names the cause and the remedy.

#include "../sqlite/write_effects.hpp"
#include "sqlite_layout.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0::detail {

/// The columns of a layout as the schema spells them; empty where the table lacks the field.
struct sqlite_columns {
  std::string id, vector, source, scope, text, model, created, pinned;
};

/// Which storage classes the ids of a table have. SQLite orders and compares classes apart: 1 and '1' are two ids.
struct id_classes {
  bool integers = false;
  std::optional<sqlite::value_type> bytes{};  ///< text or blob
};

/// `the table "t" of /path/file`, for sentences.
inline std::string name_table(const sqlite::connection& database, const sqlite::table_schema& schema) {
  return "the table " + sqlite::quote_identifier(schema.name) + " of " + database.file();
}

inline std::string list_columns(const sqlite::table_schema& schema) {
  std::string names;
  for (const sqlite::column_schema& column : schema.columns) names.append(names.empty() ? "" : ", ").append(column.name);
  return names;
}

inline void refuse_kind(const sqlite::connection& database, const sqlite::table_schema& schema) {
  const std::string subject = name_table(database, schema);
  switch (schema.kind) {
    case sqlite::table_kind::table: return;
    case sqlite::table_kind::view:
      throw error(errc::unsupported, subject + " is a view, which has no rows of its own: name the table that the view reads");
    case sqlite::table_kind::virtual_table: {
      sqlite::statement entry(database, "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1");
      entry.bind_text(1, schema.name);
      std::string module = "an extension";
      if (entry.step()) {
        sqlite::detail::sql_words words(entry.text(0));
        for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
          if (!sqlite::same_name(word, "using")) continue;
          module = words.next();
          break;
        }
      }
      throw error(errc::unsupported, subject + " is a virtual table of " + module +
                                         ", whose rows cannot be backed up whole: keep the vectors in an ordinary table and name that");
    }
    case sqlite::table_kind::shadow:
      throw error(errc::unsupported, subject + " belongs to a virtual table, which must write it itself: name an ordinary table");
    case sqlite::table_kind::system: throw error(errc::unsupported, subject + " is SQLite's own: name a table of the application");
  }
}

/// The column called `name`, as the schema spells it; an empty name stays empty.
inline std::string resolve_column(const sqlite::connection& database, const sqlite::table_schema& schema, std::string_view name,
                                  std::string_view field) {
  if (name.empty()) return {};
  if (const sqlite::column_schema* const column = schema.find_column(name)) return column->name;
  throw error(errc::not_found, name_table(database, schema) + " has no column " + sqlite::quote_identifier(name) + " for the " +
                                   std::string(field) + "; its columns are: " + list_columns(schema));
}

inline sqlite_columns resolve_columns(const sqlite::connection& database, const sqlite::table_schema& schema, const sqlite_layout& layout) {
  if (layout.id_column.empty() || layout.vector_column.empty()) {
    throw error(errc::invalid_argument, "the layout of " + name_table(database, schema) + " names no " +
                                            (layout.id_column.empty() ? "id" : "vector") +
                                            " column; its columns are: " + list_columns(schema));
  }
  sqlite_columns columns;
  columns.id = resolve_column(database, schema, layout.id_column, "id");
  columns.vector = resolve_column(database, schema, layout.vector_column, "vector");
  columns.source = resolve_column(database, schema, layout.source_column, "source");
  columns.scope = resolve_column(database, schema, layout.scope_column, "scope");
  columns.text = resolve_column(database, schema, layout.text_column, "text");
  columns.model = resolve_column(database, schema, layout.model_column, "model");
  columns.created = resolve_column(database, schema, layout.created_column, "created time");
  columns.pinned = resolve_column(database, schema, layout.pinned_column, "pin");
  if (columns.id == columns.vector) {
    throw error(errc::invalid_argument, "the layout of " + name_table(database, schema) + " names the column " +
                                            sqlite::quote_identifier(columns.id) + " for both the id and the vector: name two");
  }
  return columns;
}

inline void refuse_key(const sqlite::connection& database, const sqlite::table_schema& schema, const std::string& id) {
  const sqlite::column_schema& column = *schema.find_column(id);
  if (column.generated()) {
    throw error(errc::unsupported, "the id column " + sqlite::quote_identifier(id) + " of " + name_table(database, schema) +
                                       " is generated, so a removed row could not be brought back under its id: name a stored column");
  }
  const std::vector<std::string> key = schema.key_columns();
  if (key.size() > 1 && column.key_position != 0 && !schema.is_unique(id)) {
    std::string names;
    for (const std::string& part : key) names.append(names.empty() ? "" : ", ").append(part);
    throw error(errc::unsupported, name_table(database, schema) + " has the composite primary key (" + names +
                                       "); upkeep needs one column that is unique by itself: name or add such a column");
  }
}

/// How SQLite converts what is written to a column (Datatypes In SQLite, section 3.1).
enum class column_affinity { none, text, integer, real, numeric };

inline column_affinity affinity_of(const sqlite::table_schema& schema, const sqlite::column_schema& column) {
  std::string type = column.declared_type;
  for (char& c : type) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const auto names = [&](std::string_view part) { return type.find(part) != std::string::npos; };
  if (schema.strict && type == "ANY") return column_affinity::none;
  if (names("INT")) return column_affinity::integer;
  if (names("CHAR") || names("CLOB") || names("TEXT")) return column_affinity::text;
  if (names("BLOB") || type.empty()) return column_affinity::none;
  if (names("REAL") || names("FLOA") || names("DOUB")) return column_affinity::real;
  return column_affinity::numeric;
}

/// The classes of ids that a table without rows will hold.
inline id_classes expected_ids(const sqlite::table_schema& schema, const std::string& id) {
  const sqlite::column_schema& column = *schema.find_column(id);
  switch (affinity_of(schema, column)) {
    case column_affinity::text: return {false, sqlite::value_type::text};
    case column_affinity::none:
      if (column.declared_type.empty()) return {true, sqlite::value_type::text};
      return {false, sqlite::value_type::blob};
    default: return {true, std::nullopt};
  }
}

/// Looks at all ids: one short pass over the id column or its index.
/// @throws error unsupported for NULL, real, mixed or repeated ids, with how many there are or which
inline id_classes survey_ids(const sqlite::connection& database, const sqlite::table_schema& schema, const std::string& id) {
  if (schema.rowid_column && schema.columns[*schema.rowid_column].name == id) return {true, std::nullopt};
  const std::string column = sqlite::quote_column(schema.name, id), table = "main." + sqlite::quote_identifier(schema.name);
  const std::string subject = "the id column " + sqlite::quote_identifier(id) + " of " + name_table(database, schema);
  std::string seen;
  int kinds = 0;
  id_classes classes;
  sqlite::statement types(database, "SELECT typeof(" + column + "), count(*) FROM " + table + " GROUP BY 1 ORDER BY 2 DESC");
  while (types.step()) {
    const std::string type(types.text(0)), count = std::to_string(types.int64(1));
    if (type == "null") {
      throw error(errc::unsupported, subject + " is NULL in " + count + " rows: give them ids, or name a column that has none");
    }
    if (type == "real") {
      throw error(errc::unsupported, subject + " holds real numbers (" + count + " rows), which are no exact ids: name another column");
    }
    if (type == "integer") classes.integers = true;
    if (type == "text") classes.bytes = sqlite::value_type::text;
    if (type == "blob") classes.bytes = sqlite::value_type::blob;
    seen.append(kinds++ == 0 ? "" : ", ").append(type).append(" (" + count + " rows)");
  }
  if (kinds > 1) {
    throw error(errc::unsupported, subject + " mixes ids of different types: " + seen + ": make them all of one type");
  }
  if (kinds == 0) return expected_ids(schema, id);
  if (schema.is_unique(id)) return classes;
  sqlite::statement repeated(database, "SELECT " + column + ", count(*) FROM " + table + " GROUP BY " + column +
                                           " COLLATE BINARY HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 1");
  if (repeated.step()) {
    const key_view k = classes.integers ? key_view(repeated.int64(0))
                       : repeated.type(0) == sqlite::value_type::text
                           ? key_view(repeated.text(0))
                           : key_view(std::string_view(reinterpret_cast<const char*>(repeated.blob(0).data()), repeated.blob(0).size()));
    throw error(errc::unsupported, subject + " is not unique: " + to_string(k) + " stands in " + std::to_string(repeated.int64(1)) +
                                       " rows: name a column whose values differ in every row");
  }
  return classes;
}

inline std::string_view describe(sqlite::table_action action) noexcept {
  switch (action) {
    case sqlite::table_action::insert: return "adds rows to";
    case sqlite::table_action::update: return "changes";
    case sqlite::table_action::remove: return "removes rows of";
    case sqlite::table_action::read: break;
  }
  return "reads";
}

/// Refuses a change whose triggers and foreign keys reach beyond its own rows, other than by the names allowed, or that this connection
/// cannot make.
/// @param column of an update; empty for a removal
inline void refuse_effects(sqlite::connection& database, const sqlite::table_schema& schema, sqlite::table_action action,
                           std::string_view column, const std::vector<std::string>& allowed) {
  const sqlite::write_effects found = sqlite::effects_of(database, schema, action, column);
  const std::string subject = name_table(database, schema);
  if (!found.missing.empty()) {
    std::string names;
    for (const sqlite::missing_name& lack : found.missing) {
      const std::string_view kind = lack.kind == sqlite::missing_kind::collation  ? "the collation "
                                    : lack.kind == sqlite::missing_kind::function ? "the function "
                                    : lack.kind == sqlite::missing_kind::module   ? "the extension "
                                                                                  : "";
      names.append(names.empty() ? "" : ", ").append(kind).append(lack.name);
    }
    throw error(errc::unsupported, subject + " cannot be changed here, because its indexes, triggers or foreign keys need " + names +
                                       ": register it in on_open, as the application does");
  }
  const auto is_allowed = [&](const sqlite::write_effect& effect) {
    return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& name) {
      return sqlite::same_name(name, effect.table) || (!effect.trigger.empty() && sqlite::same_name(name, effect.trigger));
    });
  };
  for (const sqlite::write_effect& effect : found.effects) {
    if (is_allowed(effect)) continue;
    const std::string cause = effect.trigger.empty() ? "a foreign key" : "the trigger " + sqlite::quote_identifier(effect.trigger);
    const std::string& name = effect.trigger.empty() ? effect.table : effect.trigger;
    throw error(errc::unsupported, std::string(action == sqlite::table_action::remove ? "removing" : "marking") + " rows of " + subject +
                                       " would do more than that: " + cause + ' ' + std::string(describe(effect.action)) + " the table " +
                                       sqlite::quote_identifier(effect.table) +
                                       ", which an undo would not take back; if that is meant, put " + sqlite::quote_identifier(name) +
                                       " into allow_delete_effects");
  }
}

}  // namespace upkeep::inline v0::detail
