#pragma once
// What a change to a table would do elsewhere, and what it lacks on this connection, without making the change.

#include "table_schema.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {
namespace sqlite {

/// What one wants to do with rows of a table.
enum class table_action { read, insert, update, remove };

/// What a database needs and this connection has not; registering it in connection_options::on_open is the remedy.
enum class missing_kind {
  collation,
  function,
  module,  ///< the extension of a virtual table
  other    ///< a trigger that names an absent table, a foreign key that refers to nothing unique; name is SQLite's sentence
};

/// One thing that is missing.
struct missing_name {
  missing_kind kind;
  std::string name;
};

/// One kind of change that SQLite would make on its own, on account of a trigger or of a foreign key's action.
struct write_effect {
  table_action action;  ///< insert, update or remove
  std::string table;    ///< the table changed, which may be the one acted on
  std::string column;   ///< the column changed, for update
  std::string trigger;  ///< the trigger (or view) that does it; empty: a foreign key's action
};

/// What effects_of() found.
struct write_effects {
  std::vector<missing_name> missing;
  /// Chains included: what a cascade's own triggers and cascades do. Complete only while `missing` is empty.
  std::vector<write_effect> effects;
};

namespace detail {

/// Records, while it lives, what the statements prepared on a connection would write.
class write_recorder {
 public:
  explicit write_recorder(const connection& database) : database_(database.handle()) {
    sqlite3_set_authorizer(database_, &write_recorder::note, this);
  }
  write_recorder(const write_recorder&) = delete;
  write_recorder& operator=(const write_recorder&) = delete;
  ~write_recorder() { sqlite3_set_authorizer(database_, nullptr, nullptr); }

  std::vector<write_effect> take() { return std::move(effects_); }

 private:
  static int note(void* self, int code, const char* table, const char* column, const char*, const char* trigger) noexcept {
    auto& recorder = *static_cast<write_recorder*>(self);
    try {
      switch (code) {
        case SQLITE_INSERT: recorder.add(table_action::insert, table, nullptr, trigger); break;
        case SQLITE_UPDATE: recorder.add(table_action::update, table, column, trigger); break;
        case SQLITE_DELETE: recorder.add(table_action::remove, table, nullptr, trigger); break;
        default: break;
      }
      return SQLITE_OK;
    } catch (...) {
      // Nothing may pass through SQLite's C code; a refusal makes the statement, and so the question, fail.
      return SQLITE_DENY;
    }
  }

  void add(table_action action, const char* table, const char* column, const char* trigger) {
    const auto text = [](const char* s) { return s != nullptr ? std::string(s) : std::string(); };
    effects_.push_back({action, text(table), text(column), text(trigger)});
  }

  sqlite3* database_;
  std::vector<write_effect> effects_;
};

struct write_probe {
  std::string sql;
  std::size_t own_writes;  ///< how many writes SQLite reports for the statement itself, before those that follow from it
};

/// A statement that makes SQLite compile every index, trigger and foreign key that `action` involves. It is never run; its form keeps
/// SQLite from taking short cuts (a DELETE without WHERE empties the table without a look at its indexes).
inline write_probe probe_of(const table_schema& schema, table_action action, std::string_view column) {
  const std::string table = "main." + quote_identifier(schema.name);
  switch (action) {
    case table_action::insert: return {"INSERT INTO " + table + " DEFAULT VALUES", 1};
    case table_action::remove: return {"DELETE FROM " + table + " WHERE 0", 1};
    case table_action::update: {
      std::string assignments;
      std::size_t count = 0;
      for (const column_schema& candidate : schema.columns) {
        if (candidate.kind != column_kind::ordinary || !(column.empty() || same_name(column, candidate.name))) continue;
        assignments.append(count++ == 0 ? "" : ", ").append(quote_identifier(candidate.name)).append(" = NULL");
      }
      if (count == 0) {
        throw error(errc::not_found, "the table " + quote_identifier(schema.name) + " has no column \"" + std::string(column) +
                                         "\" that can be written; name one of its own that is not generated");
      }
      return {"UPDATE " + table + " SET " + assignments + " WHERE 0", count};
    }
    case table_action::read: break;
  }
  return {"SELECT * FROM " + table, 0};
}

/// Takes the name out of SQLite's sentence ("no such collation sequence: x", "unknown function: x()").
inline missing_name missing_in(std::string_view message) {
  struct form {
    std::string_view text;
    missing_kind kind;
  };
  for (const form& known :
       {form{"no such collation sequence: ", missing_kind::collation}, form{"no such function: ", missing_kind::function},
        form{"unknown function: ", missing_kind::function}, form{"no such module: ", missing_kind::module}}) {
    if (!message.starts_with(known.text)) continue;
    std::string name(message.substr(known.text.size()));
    if (known.kind == missing_kind::function && name.ends_with("()")) name.resize(name.size() - 2);
    return {known.kind, std::move(name)};
  }
  return {missing_kind::other, std::string(message)};
}

/// Prepares without throwing: SQLite's sentence, empty when all is well.
inline std::string complaint_about(const connection& database, const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(database.handle(), sql.c_str(), -1, &raw, nullptr);
  sqlite3_finalize(raw);
  if (code == SQLITE_OK) return {};
  // Only a complaint about the statement is an answer; a lock, a damaged file or a full memory is an error of the asking itself.
  if ((code & 0xff) != SQLITE_ERROR) throw diagnose(database.handle(), code, "prepare \"" + shorten(sql) + '"');
  return sqlite3_errmsg(database.handle());
}

}  // namespace detail

/// Tells what `action` on rows of `schema`'s table would change beyond those rows, and which collations, functions or extensions it lacks
/// on this connection. Nothing is run: SQLite compiles a statement of that kind and names what it would touch.
///
/// `missing` is empty where the action can be done. Otherwise all missing collations of the table's indexes are in it, but only the first
/// missing function: SQLite stops there. An application that
/// *replaced* a built-in collation or function (NOCASE, lower) cannot be told from one that did not.
/// @param column for `update`, the column to be set; empty: any
/// @throws error as for preparing a statement on a locked or damaged database; not_found for an update of an absent or generated column
inline write_effects effects_of(connection& database, const table_schema& schema, table_action action, std::string_view column = {}) {
  const detail::write_probe probe = detail::probe_of(schema, action, column);
  write_effects found;
  std::string complaint;
  {
    detail::write_recorder recorder(database);
    complaint = detail::complaint_about(database, probe.sql);
    found.effects = recorder.take();
  }
  // What the statement itself writes is named first.
  const std::size_t own = std::min(probe.own_writes, found.effects.size());
  found.effects.erase(found.effects.begin(), found.effects.begin() + static_cast<std::ptrdiff_t>(own));
  if (complaint.empty()) return found;

  const auto add = [&](missing_name name) {
    const bool known = std::any_of(found.missing.begin(), found.missing.end(),
                                   [&](const missing_name& other) { return other.kind == name.kind && same_name(other.name, name.name); });
    if (!known) found.missing.push_back(std::move(name));
  };
  for (const index_schema& index : schema.indexes) {
    for (const index_column& part : index.columns) {
      if (part.collation.empty()) continue;
      // By use and not from the list of collations: a callback may provide them only when they are needed.
      const std::string lack = detail::complaint_about(database, "SELECT 'a' = 'b' COLLATE " + quote_identifier(part.collation));
      if (!lack.empty()) add(detail::missing_in(lack));
    }
  }
  // "no query solution" is how a table whose own key lacks its collation answers a SELECT; the collation itself is listed by now.
  if (found.missing.empty() || complaint != "no query solution") add(detail::missing_in(complaint));
  return found;
}

}  // namespace sqlite
}  // namespace upkeep::inline v0
