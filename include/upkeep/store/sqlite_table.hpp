#pragma once
// One adopted SQLite table, open: what its columns are, how its rows are found one by one and walked through in pages.

#include "../base/key.hpp"
#include "sqlite_row.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace upkeep::inline v0::detail {

/// A column whose value says that a row counts as gone.
struct sqlite_mark {
  std::string column;
  std::variant<std::int64_t, double, std::string> value;
};

inline void bind_key(sqlite::statement& to, int parameter, key_view k, const id_classes& ids) {
  if (k.is_integer()) {
    to.bind_int64(parameter, k.integer());
  } else if (ids.bytes == sqlite::value_type::blob) {
    to.bind_blob(parameter, std::as_bytes(std::span<const char>(k.bytes().data(), k.bytes().size())));
  } else {
    to.bind_text(parameter, k.bytes());
  }
}

/// A table that passed all checks of sqlite_adoption.hpp.
/// @par Thread safety
/// One thread at a time.
class sqlite_table {
 public:
  /// Parameters that the conditions below use in every statement.
  static constexpr int key_parameter = 1, mark_parameter = 2, first_free_parameter = 3;

  /// @param known  the classes of the ids, where they need not be looked for
  sqlite_table(sqlite::connection connection, const sqlite_layout& layout, const std::optional<id_classes>& known = {})
      : database(std::move(connection)), schema(sqlite::read_table_schema(database, layout.table)) {
    refuse_kind(database, schema);
    columns = resolve_columns(database, schema, layout);
    refuse_key(database, schema, columns.id);
    allowed = layout.allow_delete_effects;
    if (!database.read_only()) refuse_effects(database, schema, sqlite::table_action::remove, {}, allowed);
    version_ = sqlite::select_int64(database, "PRAGMA schema_version");
    ids = known ? *known : survey_ids(database, schema, columns.id);
    choose_paths();
  }

  /// The quoted name of the table, for FROM, INSERT, UPDATE and DELETE.
  [[nodiscard]] std::string name() const { return "main." + sqlite::quote_identifier(schema.name); }
  [[nodiscard]] std::string column(std::string_view of) const { return sqlite::quote_column(schema.name, of); }
  [[nodiscard]] std::string rowid() const { return sqlite::quote_identifier(schema.name) + '.' + schema.rowid_name; }

  [[nodiscard]] sqlite_row_reader reader(field wanted) const { return {schema, columns, ids, shape, wanted}; }

  /// Whether an id of this kind can stand in the table at all.
  [[nodiscard]] bool may_hold(key_view k) const noexcept { return k.is_integer() ? ids.integers : ids.bytes.has_value(); }

  /// From now on the ids are of this class: for a table without rows, where the declaration told no more than what to expect. False where it
  /// can hold no such id.
  bool adopt_ids(sqlite::value_type type) {
    const bool integers = type == sqlite::value_type::integer;
    if (is_rowid_ && !integers) return false;
    ids = integers ? id_classes{true, std::nullopt} : id_classes{false, type};
    choose_paths();
    return true;
  }

  /// ` AND <not marked>`, or nothing; parameter mark_parameter.
  [[nodiscard]] std::string and_not_marked() const {
    return mark ? " AND " + column(mark->column) + " IS NOT ?2 COLLATE BINARY" : std::string();
  }
  void bind_mark(sqlite::statement& to) const {
    if (mark) bind_mark_value(to, mark_parameter);
  }
  void bind_mark_value(sqlite::statement& to, int parameter) const {
    if (const auto* integer = std::get_if<std::int64_t>(&mark->value)) to.bind_int64(parameter, *integer);
    if (const auto* real = std::get_if<double>(&mark->value)) to.bind_double(parameter, *real);
    if (const auto* text = std::get_if<std::string>(&mark->value)) to.bind_text(parameter, *text);
  }

  /// The condition that finds one row by its id: exactly this id, whatever collation and affinity the column has. Parameter key_parameter.
  [[nodiscard]] std::string key_condition() const {
    const std::string id = column(columns.id);
    if (is_rowid_) return id + " = ?1";
    return id + " = ?1 AND typeof(" + id + ") = typeof(?1)" + (is_binary_ ? std::string() : " AND " + id + " = ?1 COLLATE BINARY");
  }

  /// Whether one row is found without reading the whole table.
  [[nodiscard]] bool indexed() const noexcept { return is_rowid_ || is_indexed_; }

  /// Refuses to go on where the table has become another one since it was opened; looks again at what a removal would do.
  void check_schema() {
    const std::int64_t version = sqlite::select_int64(database, "PRAGMA schema_version");
    if (version == version_) return;
    sqlite::table_schema now = sqlite::read_table_schema(database, schema.name);
    const bool same = now.kind == schema.kind && now.without_rowid == schema.without_rowid && now.rowid_column == schema.rowid_column &&
                      std::equal(now.columns.begin(), now.columns.end(), schema.columns.begin(), schema.columns.end(),
                                 [](const sqlite::column_schema& a, const sqlite::column_schema& b) {
                                   return a.name == b.name && a.kind == b.kind && a.collation == b.collation;
                                 });
    if (!same) {
      throw error(errc::changed,
                  name_table(database, schema) + " has got other columns since it was opened: open it again and make a new plan");
    }
    schema = std::move(now);
    if (!database.read_only()) {
      refuse_effects(database, schema, sqlite::table_action::remove, {}, allowed);
      if (mark) refuse_effects(database, schema, sqlite::table_action::update, mark->column, allowed);
    }
    choose_paths();
    version_ = version;
  }

  /// Steps through the table in pages of at most `limit` rows, each read in a statement of its own. Rows come in the order of their ids
  /// where an index has that order, else in that of their rowids.
  class pages {
   public:
    /// @param list   what stands between SELECT and FROM: `count` columns, the id's at `id_column`
    pages(const sqlite_table& table, const std::string& list, int count, int id_column, std::string_view condition = {})
        : table_(&table), id_column_(id_column), rowid_column_(table.pages_by_id_ ? -1 : count) {
      const std::string page = table.pages_by_id_ ? table.column(table.columns.id) : table.rowid();
      const std::string order = page + (table.pages_by_id_ && !table.is_rowid_ && !table.is_binary_ ? " COLLATE BINARY" : "");
      const std::string select = "SELECT " + list + (table.pages_by_id_ ? std::string() : ", " + page) + " FROM " + table.name();
      const std::string rest = std::string(condition) + " ORDER BY " + order + " LIMIT ?3";
      first_ = select + " WHERE 1" + rest;
      next_ = select + " WHERE " + order + " > ?1" + rest;
    }

    /// Begins the next page. The statement is to be stepped and each of its rows noted.
    sqlite::statement begin(std::size_t limit) {
      sqlite::statement page(table_->database, started_ ? next_ : first_);
      if (started_ && rowid_column_ >= 0) page.bind_int64(key_parameter, rowid_);
      if (started_ && rowid_column_ < 0) bind_key(page, key_parameter, last_, table_->ids);
      page.bind_int64(first_free_parameter, static_cast<std::int64_t>(limit));
      return page;
    }

    /// Says that this row was the last one read.
    void note(const sqlite::statement& row) {
      if (rowid_column_ >= 0) {
        rowid_ = row.int64(rowid_column_);
      } else {
        const key_view now = read_key(row, id_column_, table_->ids);
        if (started_ &&
            (table_->is_key_order_ ? now <= last_.view() : now == last_.view())) {  // a page that started there again would never end
          throw error(errc::corrupt, "the id " + to_string(now) + " of " + name_table(table_->database, table_->schema) + " follows " +
                                         to_string(last_.view()) + ": its index and its rows disagree; see PRAGMA integrity_check");
        }
        last_ = key(now);
      }
      started_ = true;
    }

   private:
    const sqlite_table* table_;
    int id_column_, rowid_column_;
    std::string first_, next_;
    bool started_ = false;
    key last_;
    std::int64_t rowid_ = 0;
  };

  /// Finds the rows of some keys one after the other, within one transaction: through the index of the id or, where there is none, through
  /// their rowids, which are looked up for all keys in one pass over the table.
  class lookup {
   public:
    lookup(const sqlite_table& table, std::span<const key_view> keys) : table_(&table), keys_(keys) {
      by_rowid_ = !table.indexed() && !table.schema.rowid_name.empty() && keys.size() > 1;
      if (by_rowid_) find_rowids();
    }

    [[nodiscard]] std::string condition() const { return by_rowid_ ? table_->rowid() + " = ?1" : table_->key_condition(); }

    /// Binds key `i`; false where there is no such row.
    bool bind(sqlite::statement& to, std::size_t i) const {
      if (!table_->may_hold(keys_[i])) return false;
      if (!by_rowid_) {
        bind_key(to, key_parameter, keys_[i], table_->ids);
        return true;
      }
      const auto found = rowids_.find(keys_[i]);
      if (found == rowids_.end()) return false;
      if (found->second.second) {
        throw error(errc::inconsistent, "the id " + to_string(keys_[i]) + " stands in more than one row of " +
                                            name_table(table_->database, table_->schema) + ": ids must be unique");
      }
      to.bind_int64(key_parameter, found->second.first);
      return true;
    }

   private:
    void find_rowids() {
      const std::string id = table_->column(table_->columns.id);
      std::string marks;
      int parameters = 0;
      for (const key_view k : keys_) {
        rowids_.emplace(k, std::pair(std::int64_t{0}, true));
        if (table_->may_hold(k)) marks.append(parameters == 0 ? "?" : ", ?").append(std::to_string(parameters + 1)), ++parameters;
      }
      sqlite::statement query(table_->database, "SELECT " + id + ", " + table_->rowid() + " FROM " + table_->name() + " WHERE " + id +
                                                    " COLLATE BINARY IN (" + marks + ")");
      int parameter = 0;
      for (const key_view k : keys_) {
        if (table_->may_hold(k)) bind_key(query, ++parameter, k, table_->ids);
      }
      std::unordered_map<key_view, std::pair<std::int64_t, bool>, key_hash> found;
      while (query.step()) {
        const sqlite::value_type type = query.type(0);
        if (!(type == sqlite::value_type::integer && table_->ids.integers) && table_->ids.bytes != type) continue;
        const auto wanted = rowids_.find(read_key(query, 0, table_->ids));
        if (wanted == rowids_.end()) continue;  // an affinity made another value of it
        const auto [at, is_new] = found.emplace(wanted->first, std::pair(query.int64(1), false));
        if (!is_new) at->second.second = true;
      }
      rowids_ = std::move(found);
    }

    const sqlite_table* table_;
    std::span<const key_view> keys_;
    bool by_rowid_ = false;
    std::unordered_map<key_view, std::pair<std::int64_t, bool>, key_hash> rowids_;  // and whether there are more
  };

  sqlite::connection database;
  sqlite::table_schema schema;
  sqlite_columns columns;
  id_classes ids;
  vector_shape shape;
  std::vector<std::string> allowed;
  std::optional<sqlite_mark> mark;

 private:
  void choose_paths() {
    const sqlite::column_schema& id = *schema.find_column(columns.id);
    is_rowid_ = schema.rowid_column && schema.columns[*schema.rowid_column].name == id.name;
    is_binary_ = sqlite::same_name(id.collation, "BINARY");
    is_indexed_ = false;
    bool ordered = is_rowid_;
    for (const sqlite::index_schema& index : schema.indexes) {
      if (index.partial || index.columns.empty() || !sqlite::same_name(index.columns[0].name, id.name)) continue;
      const bool binary = sqlite::same_name(index.columns[0].collation, "BINARY");
      ordered = ordered || binary;
      is_indexed_ = is_indexed_ || binary || sqlite::same_name(index.columns[0].collation, id.collation);
    }
    // A page that starts behind a text needs that text back unchanged, which a database in UTF-16 does not promise for malformed ones.
    const bool exact = !ids.bytes || *ids.bytes == sqlite::value_type::blob || is_utf8();
    is_key_order_ = exact;
    pages_by_id_ = (ordered && exact) || schema.rowid_name.empty();
  }

  bool is_utf8() const {
    sqlite::statement encoding(database, "PRAGMA encoding");
    return !encoding.step() || encoding.text(0) == "UTF-8";
  }

  std::int64_t version_ = 0;
  bool is_rowid_ = false, is_binary_ = true, is_indexed_ = false, pages_by_id_ = false, is_key_order_ = false;
};

}  // namespace upkeep::inline v0::detail
