// `import`: vectors (.fvecs) and what belongs to them (.jsonl) into a table of a SQLite database, one column per field.
#include "import.hpp"

#include <upkeep/base/file_reader.hpp>
#include <upkeep/sqlite/identifier.hpp>
#include <upkeep/sqlite/statement.hpp>
#include <upkeep/sqlite/table_schema.hpp>
#include <upkeep/sqlite/transaction.hpp>

#include "screen.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace nightly_janitor {
namespace {

/// Reads an .fvecs file (per row a little-endian int32 with the number of components, then as many float32), one row's bytes at a time.
class fvecs_reader {
 public:
  explicit fvecs_reader(const std::string& path) : file_(path) {}

  /// The components' bytes of the next row, valid until the next call; false at the end.
  bool next(std::span<const std::byte>& row) {
    std::byte head[4];
    const std::size_t got = file_.read(head);
    if (got == 0) return false;
    ++number_;
    std::uint32_t width = 0;
    for (std::size_t i = 0; i < 4; ++i) width |= std::to_integer<std::uint32_t>(head[i]) << (8 * i);
    if (got != 4 || width == 0 || width > 1'000'000) refuse("does not begin with a number of components from 1 to 1,000,000");
    bytes_.resize(width * std::size_t{4});
    if (file_.read(bytes_) != bytes_.size()) refuse("is cut");
    row = bytes_;
    return true;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw usage_error("--vectors: row " + std::to_string(number_) + " of '" + file_.path() + "' " + why + ": is this an .fvecs file?");
  }

  upkeep::file_reader file_;
  std::vector<std::byte> bytes_;
  std::uint64_t number_ = 0;
};

/// Calls `visit(object)` for each line of a .jsonl file, `most` at most (0: all).
template <class Visit>
void each_record(const std::string& path, std::int64_t most, Visit&& visit) {
  std::ifstream file(path, std::ios::binary);
  std::int64_t number = 0;
  for (std::string line; (most == 0 || number < most) && std::getline(file, line);) {
    const std::string what = "line " + std::to_string(++number) + " of '" + path + "'";
    const upkeep::json_value value = upkeep::parse_json(line, what);
    const upkeep::json_object* const object = value.if_object();
    if (object == nullptr) throw usage_error("--records: " + what + " is no JSON object");
    visit(*object);
  }
  if (file.bad()) throw upkeep::error(upkeep::errc::io, "cannot read '" + path + "' to its end: nothing was imported");
}

/// A column and which kinds of values its field has.
struct imported_column {
  std::string name;
  bool integers = false, texts = false, others = false;
  [[nodiscard]] std::string type() const { return others || integers == texts ? "" : integers ? " INTEGER" : " TEXT"; }
};

std::string_view view(const boost::json::string_view& text) { return {text.data(), text.size()}; }

/// A field that a record lacks is NULL, as is one that is null; objects and arrays stay JSON text.
void bind_json(upkeep::sqlite::statement& to, int parameter, const upkeep::json_value* value) {
  if (value == nullptr || value->is_null())
    to.bind_null(parameter);
  else if (value->is_string())
    to.bind_text(parameter, {value->get_string().data(), value->get_string().size()});
  else if (value->is_int64())
    to.bind_int64(parameter, value->get_int64());
  else if (value->is_bool())
    to.bind_int64(parameter, value->get_bool() ? 1 : 0);
  else if (value->is_number())
    to.bind_double(parameter, value->to_number<double>());
  else
    to.bind_text(parameter, upkeep::to_json_text(*value));
}

std::vector<imported_column> columns_of(const import_request& r) {
  std::vector<imported_column> columns;
  std::vector<std::size_t> expected;  // fields usually come in the same order: look where the last line had them
  each_record(r.records, r.rows, [&](const upkeep::json_object& object) {
    std::size_t position = 0;
    for (const auto& item : object) {
      const std::string_view name = view(item.key());
      if (position == expected.size()) expected.push_back(columns.size());
      std::size_t& at = expected[position++];
      if (at >= columns.size() || columns[at].name != name) {
        at = static_cast<std::size_t>(
            std::find_if(columns.begin(), columns.end(), [&](const imported_column& c) { return c.name == name; }) - columns.begin());
        if (at == columns.size()) {
          for (const imported_column& c : columns)
            if (upkeep::sqlite::same_name(c.name, name))
              throw usage_error("--records: the fields '" + c.name + "' and '" + std::string(name) + "' would be one column: rename one");
          if (upkeep::sqlite::same_name(r.vector_column, name))
            throw usage_error("--records: there is a field '" + std::string(name) + "' already: give --vector-column another name");
          columns.push_back({std::string(name)});
        }
      }
      const upkeep::json_value& value = item.value();
      (value.is_int64() || value.is_bool() ? columns[at].integers
       : value.is_string()                 ? columns[at].texts
                                           : columns[at].others) |= !value.is_null();
    }
  });
  if (columns.empty()) throw usage_error("--records: '" + r.records + "' holds no record");
  return columns;
}

/// Removes a database that was made for an import which then failed.
struct new_database {
  explicit new_database(const std::string& p) : path(std::filesystem::exists(p) ? std::string() : p) {}
  new_database(const new_database&) = delete;
  new_database& operator=(const new_database&) = delete;
  ~new_database() {
    std::error_code failure;
    if (!path.empty()) std::filesystem::remove(path, failure);
  }
  std::string path;
};

}  // namespace

void check_rows(std::int64_t rows) {
  if (rows < 0) throw usage_error("--rows is " + std::to_string(rows) + ": give a number of rows, or 0 for all");
}

import_result import_records(const import_request& r, const std::function<bool(const upkeep::json_object&)>& keep) {
  check_rows(r.rows);
  require_file(r.vectors, "--vectors");
  require_file(r.records, "--records");
  require_folder_of(r.database, "--database");
  const std::vector<imported_column> columns = columns_of(r);
  import_result result;
  result.id_column = r.id_column;
  const auto has_field = [&](const std::string& name) {
    return std::any_of(columns.begin(), columns.end(), [&](const imported_column& c) { return c.name == name; });
  };
  for (const char* usual : {"id", "key", "row"})
    if (result.id_column.empty() && has_field(usual)) result.id_column = usual;
  std::string definition, names, places;
  for (const imported_column& c : columns) {
    result.columns.push_back(c.name);
    const std::string quoted = upkeep::sqlite::quote_identifier(c.name);
    definition += quoted + c.type() + (c.name == result.id_column ? " PRIMARY KEY NOT NULL, " : ", ");
    names += quoted + ", ";
    places += "?, ";
  }
  if (!has_field(result.id_column)) {
    std::string known;
    for (const std::string& name : result.columns) known += (known.empty() ? "" : ", ") + name;
    throw usage_error("--id-column: the records have no field '" + result.id_column + "' to be the id; their fields are: " + known);
  }
  const std::string table = upkeep::sqlite::quote_identifier(r.table), vector = upkeep::sqlite::quote_identifier(r.vector_column);
  new_database fresh(r.database);
  upkeep::sqlite::connection database(r.database, {.mode = upkeep::sqlite::open_mode::create});
  upkeep::sqlite::transaction all(database, upkeep::sqlite::transaction_kind::write);
  upkeep::sqlite::statement there(database, "SELECT 1 FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE");
  there.bind_text(1, r.table);
  if (there.step()) throw usage_error("--table: '" + r.database + "' has a table '" + r.table + "' already: choose another name");
  there.reset();
  database.execute("CREATE TABLE " + table + "(" + definition + vector + " BLOB)");
  upkeep::sqlite::statement insert(database, "INSERT INTO " + table + "(" + names + vector + ") VALUES (" + places + "?)");
  fvecs_reader vectors(r.vectors);
  std::span<const std::byte> row;
  each_record(r.records, r.rows, [&](const upkeep::json_object& object) {
    if (!vectors.next(row)) throw usage_error("--vectors: '" + r.vectors + "' has fewer rows than '" + r.records + "' has lines");
    if (keep && !keep(object)) return;
    int parameter = 0;
    for (const imported_column& c : columns) {
      const upkeep::json_value* const value = object.if_contains({c.name.data(), c.name.size()});
      if (c.name == result.id_column && (value == nullptr || value->is_null()))
        throw usage_error("--id-column: record " + grouped(result.rows + 1) + " has no '" + c.name + "' to be its id");
      bind_json(insert, ++parameter, value);
    }
    insert.bind_blob(++parameter, row, upkeep::sqlite::binding::borrowed);
    insert.run();
    ++result.rows;
    result.dimension = row.size() / 4;
  });
  if (r.rows == 0 && vectors.next(row))
    throw usage_error("--vectors: '" + r.vectors + "' has more rows than '" + r.records + "' has lines");
  all.commit();
  fresh.path.clear();
  return result;
}

}  // namespace nightly_janitor
