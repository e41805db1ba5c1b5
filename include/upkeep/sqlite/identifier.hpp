#pragma once
// Names of tables and columns as SQL: quoted, so that any name a database really has can be used and none can become code.

#include "../base/error.hpp"

#include <string>
#include <string_view>

namespace upkeep::inline v0 {
namespace sqlite {

/// `name` in double quotes, inner ones doubled.
///
/// SQLite reads a double-quoted name that matches no column as a *string*, unless it is qualified: check names against a table_schema, and
/// use quote_column() where a column could vanish between the check and the use.
/// @throws error invalid_argument for an empty name and for one with a NUL byte, which no SQL text can hold
inline std::string quote_identifier(std::string_view name) {
  if (name.empty()) throw error(errc::invalid_argument, "a table or column name is empty; give its name");
  std::string quoted;
  quoted.reserve(name.size() + 2);
  quoted += '"';
  for (const char c : name) {
    if (c == '\0') throw error(errc::invalid_argument, "a table or column name holds a NUL byte; SQLite has no such names");
    if (c == '"') quoted += '"';
    quoted += c;
  }
  quoted += '"';
  return quoted;
}

/// `"table"."column"`: an unknown column is an error in this form, never a string.
inline std::string quote_column(std::string_view table, std::string_view column) {
  return quote_identifier(table) + '.' + quote_identifier(column);
}

}  // namespace sqlite
}  // namespace upkeep::inline v0
