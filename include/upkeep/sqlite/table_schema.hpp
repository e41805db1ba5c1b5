#pragma once
// What one table of a database really is: its columns, keys, indexes, triggers, and who refers to it.

#include "identifier.hpp"
#include "statement.hpp"
#include "transaction.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {
namespace sqlite {

/// What stands behind the name of a table.
enum class table_kind {
  table,          ///< an ordinary table, with or without rowid
  view,           ///< a stored SELECT
  virtual_table,  ///< FTS5, R*Tree, vec0 and their like: rows that only an extension understands
  shadow,         ///< an ordinary table that a virtual table keeps its rows in
  system          ///< SQLite's own (sqlite_schema, sqlite_sequence, sqlite_stat1)
};

/// Where the values of a column come from.
enum class column_kind {
  ordinary,
  hidden,             ///< of a virtual table, not in SELECT *
  generated_virtual,  ///< computed on reading; cannot be written
  generated_stored    ///< computed on writing; cannot be written
};

/// One column of a table.
struct column_schema {
  std::string name;
  std::string declared_type;  ///< as written, may be empty
  std::string collation;      ///< the column's own, "BINARY" by default; empty for views and virtual tables
  bool not_null = false;
  int key_position = 0;  ///< 1, 2, … within the primary key; 0 outside it
  column_kind kind = column_kind::ordinary;

  [[nodiscard]] bool generated() const noexcept { return kind == column_kind::generated_virtual || kind == column_kind::generated_stored; }
};

/// One key column of an index.
struct index_column {
  std::string name;  ///< empty for an expression or the rowid
  std::string collation;
  bool descending = false;
};

/// One index of a table, with those that SQLite makes for UNIQUE and PRIMARY KEY.
struct index_schema {
  std::string name;
  bool unique = false;
  bool partial = false;      ///< it covers only the rows of its WHERE
  bool primary_key = false;  ///< it is the primary key's own index
  std::vector<index_column> columns;
};

/// What fires a trigger.
enum class trigger_event { on_delete, on_insert, on_update };

/// One trigger of a table, temporary ones included.
struct trigger_schema {
  std::string name;
  trigger_event event;
  std::string sql;
};

/// What SQLite does to the referring rows when the row they refer to goes or changes its key.
enum class foreign_key_action { no_action, restrict, set_null, set_default, cascade };

/// A foreign key of some table that refers to the table described.
struct reference {
  std::string table;                 ///< the referring table; the table itself where it refers to itself
  std::vector<std::string> columns;  ///< of the referring table
  std::vector<std::string> targets;  ///< of the described table; empty: its primary key
  foreign_key_action on_delete = foreign_key_action::no_action;
  foreign_key_action on_update = foreign_key_action::no_action;
};

/// Equality of names as SQLite sees it: ASCII letters regardless of case, all other characters by byte.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

/// The description of one table in the main database. A plain value: it does not follow later changes of the schema.
struct table_schema {
  std::string name;  ///< as the schema spells it
  table_kind kind = table_kind::table;
  bool without_rowid = false;
  bool strict = false;
  std::vector<column_schema> columns;  ///< in the table's order, hidden and generated ones included
  std::vector<index_schema> indexes;
  std::vector<trigger_schema> triggers;
  std::vector<reference> referenced_by;
  /// The column that is the rowid itself, an `INTEGER PRIMARY KEY`, as an index into columns. `INT PRIMARY KEY` and `INTEGER PRIMARY KEY
  /// DESC` are not: VACUUM may renumber the rowids of such a table.
  std::optional<std::size_t> rowid_column;
  /// A name under which the rowid can be read: rowid, _rowid_ or oid, whichever no column hides; empty when there is none.
  std::string rowid_name;

  /// The column called `column`, or null.
  [[nodiscard]] const column_schema* find_column(std::string_view column) const noexcept {
    for (const column_schema& candidate : columns) {
      if (same_name(candidate.name, column)) return &candidate;
    }
    return nullptr;
  }

  /// The columns of the primary key, in its order; empty when none was declared.
  [[nodiscard]] std::vector<std::string> key_columns() const {
    std::vector<std::string> names;
    for (int position = 1; position <= static_cast<int>(columns.size()); ++position) {
      for (const column_schema& column : columns) {
        if (column.key_position == position) names.push_back(column.name);
      }
    }
    return names;
  }

  /// Whether no two rows can hold the same value in `column`: it alone is the primary key or has a unique index over all rows. NULLs are
  /// not values here: a unique column without NOT NULL may hold many of them, `INT PRIMARY KEY` too.
  [[nodiscard]] bool is_unique(std::string_view column) const noexcept {
    if (rowid_column && same_name(columns[*rowid_column].name, column)) return true;
    return std::any_of(indexes.begin(), indexes.end(), [&](const index_schema& index) {
      return index.unique && !index.partial && index.columns.size() == 1 && !index.columns[0].name.empty() &&
             same_name(index.columns[0].name, column);
    });
  }
};

namespace detail {

/// Walks over the words of a CREATE TRIGGER, past white space, comments and every kind of quote that SQLite takes.
class sql_words {
 public:
  explicit sql_words(std::string_view sql) noexcept : rest_(sql) {}

  /// The next word or single sign; a quoted name comes with its quotes. Empty at the end.
  std::string_view next() noexcept {
    skip_blank();
    if (rest_.empty()) return {};
    std::size_t length = 1;
    const char first = rest_[0];
    if (first == '"' || first == '`' || first == '\'' || first == '[') {
      const char closing = first == '[' ? ']' : first;
      // A doubled quote inside a name makes two quoted words of it, and no quoted word is ever taken for a keyword.
      while (length < rest_.size() && rest_[length] != closing) ++length;
      length = std::min(length + 1, rest_.size());
    } else if (in_word(first)) {
      while (length < rest_.size() && in_word(rest_[length])) ++length;
    }
    return take(length);
  }

 private:
  static bool in_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80U;
  }

  std::string_view take(std::size_t length) noexcept {
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(word.size());
    return word;
  }

  void skip_blank() noexcept {
    while (!rest_.empty()) {
      if (rest_.starts_with("--")) {
        take(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const std::size_t end = rest_.find("*/", 2);
        take(end == std::string_view::npos ? rest_.size() : end + 2);
      } else if (std::string_view(" \t\n\f\r").find(rest_[0]) != std::string_view::npos) {
        take(1);
      } else {
        return;
      }
    }
  }

  std::string_view rest_;
};

/// The event that fires a trigger, from the text that sqlite_schema keeps: SQLite has no pragma that tells it.
inline std::optional<trigger_event> trigger_event_of(std::string_view sql) noexcept {
  sql_words words(sql);
  std::string_view word = words.next();
  while (!word.empty() && !same_name(word, "trigger")) word = words.next();
  word = words.next();
  if (same_name(word, "if")) {
    words.next();
    words.next();
    word = words.next();
  }
  // `word` is the trigger's name, which may itself be called "before" or, quoted, "delete": what follows it counts.
  for (word = words.next(); !word.empty(); word = words.next()) {
    if (word == ".") words.next();
    if (same_name(word, "delete")) return trigger_event::on_delete;
    if (same_name(word, "insert")) return trigger_event::on_insert;
    if (same_name(word, "update")) return trigger_event::on_update;
    if (same_name(word, "on")) break;
  }
  return std::nullopt;
}

inline std::string text_or_empty(const statement& row, int column) {
  return row.is_null(column) ? std::string() : std::string(row.text(column));
}

inline foreign_key_action foreign_key_action_of(std::string_view name) noexcept {
  if (same_name(name, "CASCADE")) return foreign_key_action::cascade;
  if (same_name(name, "SET NULL")) return foreign_key_action::set_null;
  if (same_name(name, "SET DEFAULT")) return foreign_key_action::set_default;
  if (same_name(name, "RESTRICT")) return foreign_key_action::restrict;
  return foreign_key_action::no_action;
}

/// Fills name and kind; false when the main database has no such table. Reads sqlite_schema only, so that a virtual table is
/// recognised even where its extension is missing.
inline bool read_name_and_kind(const connection& database, std::string_view table, table_schema& schema) {
  if (same_name(table, "sqlite_schema") || same_name(table, "sqlite_master")) {
    schema.name = "sqlite_schema";
    schema.kind = table_kind::system;
    return true;
  }
  statement entry(database,
                  "SELECT name, type, rootpage FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = ?1 COLLATE NOCASE");
  entry.bind_text(1, table);
  if (!entry.step()) return false;
  schema.name = entry.text(0);
  if (entry.text(1) == "view") {
    schema.kind = table_kind::view;
  } else if (entry.is_null(2) || entry.int64(2) == 0) {
    schema.kind = table_kind::virtual_table;
  } else if (same_name(std::string_view(schema.name).substr(0, 7), "sqlite_")) {
    schema.kind = table_kind::system;
  }
  return true;
}

inline error no_such_table(const connection& database, std::string_view table) {
  std::string known;
  int count = 0;
  statement names(database,
                  "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name");
  while (names.step() && count < 8) {
    known.append(count++ == 0 ? "" : ", ").append(names.text(0));
  }
  std::string sentence = "there is no table " + quote_identifier(table) + " in " + database.file() + "; ";
  return error(errc::not_found, sentence + (known.empty() ? "the database has no tables: check its path" : "its tables are: " + known));
}

inline void read_columns(const connection& database, table_schema& schema) {
  const bool has_collations = schema.kind == table_kind::table || schema.kind == table_kind::shadow || schema.kind == table_kind::system;
  statement info(database, "PRAGMA main.table_xinfo(" + quote_identifier(schema.name) + ")");
  while (info.step()) {
    column_schema column;
    column.name = info.text(1);
    column.declared_type = text_or_empty(info, 2);
    column.not_null = info.int64(3) != 0;
    column.key_position = static_cast<int>(info.int64(5));
    switch (info.int64(6)) {
      case 1: column.kind = column_kind::hidden; break;
      case 2: column.kind = column_kind::generated_virtual; break;
      case 3: column.kind = column_kind::generated_stored; break;
      default: break;
    }
    const char* collation = nullptr;
    if (has_collations &&
        sqlite3_table_column_metadata(database.handle(), "main", schema.name.c_str(), column.name.c_str(), nullptr, &collation, nullptr,
                                      nullptr, nullptr) == SQLITE_OK &&
        collation != nullptr) {
      column.collation = collation;
    }
    schema.columns.push_back(std::move(column));
  }
}

inline void read_indexes(const connection& database, table_schema& schema) {
  statement list(database, "PRAGMA main.index_list(" + quote_identifier(schema.name) + ")");
  while (list.step()) {
    index_schema index;
    index.name = list.text(1);
    index.unique = list.int64(2) != 0;
    index.primary_key = list.text(3) == "pk";
    index.partial = list.int64(4) != 0;
    statement info(database, "PRAGMA main.index_xinfo(" + quote_identifier(index.name) + ")");
    while (info.step()) {
      const bool key_column = info.int64(5) != 0;
      if (key_column) index.columns.push_back({text_or_empty(info, 2), text_or_empty(info, 4), info.int64(3) != 0});
    }
    schema.indexes.push_back(std::move(index));
  }
}

inline void read_rowid(table_schema& schema) {
  if (schema.without_rowid || schema.kind == table_kind::view || schema.kind == table_kind::virtual_table) return;
  const bool key_has_index =
      std::any_of(schema.indexes.begin(), schema.indexes.end(), [](const index_schema& index) { return index.primary_key; });
  std::size_t parts = 0;
  for (std::size_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.columns[i].key_position == 0) continue;
    ++parts;
    schema.rowid_column = i;
  }
  // A primary key without an index of its own is the rowid; that is what sets INTEGER PRIMARY KEY apart from its look-alikes.
  if (parts != 1 || key_has_index) schema.rowid_column.reset();
  for (const char* name : {"rowid", "_rowid_", "oid"}) {
    if (schema.find_column(name) != nullptr) continue;
    schema.rowid_name = name;
    break;
  }
}

inline void read_triggers(const connection& database, table_schema& schema) {
  statement triggers(database,
                     "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE UNION ALL "
                     "SELECT name, sql FROM temp.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE");
  triggers.bind_text(1, schema.name);
  while (triggers.step()) {
    const std::string_view sql = triggers.text(1);
    const std::optional<trigger_event> event = trigger_event_of(sql);
    if (!event) {
      throw error(errc::corrupt, "the trigger " + quote_identifier(triggers.text(0)) + " of " + database.file() +
                                     " has a text that SQLite would not have written; drop it and create it again");
    }
    schema.triggers.push_back({std::string(triggers.text(0)), *event, std::string(sql)});
  }
}

inline void read_references(const connection& database, table_schema& schema) {
  statement tables(database, "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage <> 0");
  while (tables.step()) {
    const std::string referring(tables.text(0));
    statement keys(database, "PRAGMA main.foreign_key_list(" + quote_identifier(referring) + ")");
    std::optional<std::int64_t> current;
    while (keys.step()) {
      if (!same_name(keys.text(2), schema.name)) continue;
      // One row per column; the rows of one key follow each other and share an id.
      if (current != keys.int64(0)) {
        current = keys.int64(0);
        reference key;
        key.table = referring;
        key.on_update = foreign_key_action_of(keys.text(5));
        key.on_delete = foreign_key_action_of(keys.text(6));
        schema.referenced_by.push_back(std::move(key));
      }
      schema.referenced_by.back().columns.emplace_back(keys.text(3));
      if (!keys.is_null(4)) schema.referenced_by.back().targets.emplace_back(keys.text(4));
    }
  }
}

}  // namespace detail

/// Reads what `table` is, as of one moment: within the transaction that is open, or else within a read transaction of its own.
///
/// A virtual table whose extension is not loaded, and a view of something that is gone, are described without columns.
/// @throws error not_found naming the tables there are; corrupt; unavailable
inline table_schema read_table_schema(connection& database, std::string_view table) {
  quote_identifier(table);  // refuses what cannot be a name before anything is read
  std::optional<transaction> snapshot;
  if (!database.in_transaction()) snapshot.emplace(database, transaction_kind::read);
  table_schema schema;
  if (!detail::read_name_and_kind(database, table, schema)) throw detail::no_such_table(database, table);
  if (schema.kind == table_kind::table || schema.kind == table_kind::system) {
    statement list(database, "PRAGMA main.table_list(" + quote_identifier(schema.name) + ")");
    while (list.step()) {
      if (list.text(0) != "main" || !same_name(list.text(1), schema.name)) continue;
      if (list.text(2) == "shadow") schema.kind = table_kind::shadow;
      schema.without_rowid = list.int64(4) != 0;
      schema.strict = list.int64(5) != 0;
    }
  }
  try {
    detail::read_columns(database, schema);
  } catch (const error&) {
    if (schema.kind != table_kind::virtual_table && schema.kind != table_kind::view) throw;
  }
  detail::read_indexes(database, schema);
  detail::read_rowid(schema);
  detail::read_triggers(database, schema);
  detail::read_references(database, schema);
  return schema;
}

}  // namespace sqlite
}  // namespace upkeep::inline v0
