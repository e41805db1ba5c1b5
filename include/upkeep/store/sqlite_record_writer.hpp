#pragma once
// Writes records into an adopted table: as much of them as its columns can hold.

#include "sqlite_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace upkeep::inline v0::detail {

/// Inserts records and replaces those whose id exists, within the transaction that is open.
class sqlite_record_writer {
 public:
  explicit sqlite_record_writer(sqlite_table& table) : table_(&table) {
    const auto add = [&](field f, const std::string& name) {
      if (!name.empty() && !table.schema.find_column(name)->generated()) fields_.emplace_back(f, name);
    };
    add(field::vector, table.columns.vector);
    add(field::source, table.columns.source);
    add(field::scope, table.columns.scope);
    add(field::text, table.columns.text);
    add(field::model, table.columns.model);
    add(field::created, table.columns.created);
    add(field::pinned, table.columns.pinned);
  }

  void write(const record_batch& rows) {
    check(rows);
    std::string assignments, names = sqlite::quote_identifier(table_->columns.id), values = "?1";
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const std::string name = sqlite::quote_identifier(fields_[i].second), parameter = "?" + std::to_string(i + 3);
      assignments.append(i == 0 ? "" : ", ").append(name).append(" = ").append(parameter);
      names.append(", ").append(name);
      values.append(", ").append(parameter);
    }
    times_as_text_ = times_are_texts();
    sqlite::statement update(table_->database, "UPDATE " + table_->name() + " SET " + assignments + " WHERE " + table_->key_condition());
    std::optional<sqlite::statement> insert;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const record_view r = rows[i];
      bind(update, r);
      update.run();
      if (table_->database.changes() != 0) continue;
      if (!insert) {
        refuse_unknown_columns();
        insert.emplace(table_->database, "INSERT INTO " + table_->name() + '(' + names + ") VALUES (" + values + ')');
      }
      bind(*insert, r);
      insert->run();
    }
  }

 private:
  void check(const record_batch& rows) const {
    const std::string subject = name_table(table_->database, table_->schema);
    if (rows.size() != 0 && (rows.vectors.rows() != rows.size() || rows.vectors.cols() != table_->shape.dimension)) {
      throw error(errc::invalid_argument, "the vector of the row " + to_string(rows.keys[0]) + " has " +
                                              std::to_string(rows.vectors.cols()) + " components; the vectors of " + subject + " have " +
                                              std::to_string(table_->shape.dimension));
    }
    for (std::size_t i = 0; i < rows.health.size(); ++i) {
      if (rows.health[i] != set_aside::wrong_width && rows.health[i] != set_aside::unreadable) continue;
      throw error(errc::invalid_argument, "the row " + to_string(rows.keys[i]) + " comes without a vector of " +
                                              std::to_string(table_->shape.dimension) + " components; nothing was written");
    }
    std::unordered_set<key_view, key_hash> seen;
    for (const key_view k : rows.keys) {
      if (!seen.insert(k).second)
        throw error(errc::invalid_argument, "the batch holds the key " + to_string(k) + " twice; nothing was written");
      if (!table_->may_hold(k)) {
        throw error(errc::invalid_argument, "the key " + to_string(k) + " is " + (k.is_integer() ? "an integer" : "a byte string") +
                                                "; the ids of " + subject + " are not");
      }
    }
  }

  void bind(sqlite::statement& to, const record_view& r) {
    bind_key(to, sqlite_table::key_parameter, r.key, table_->ids);
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const int parameter = static_cast<int>(i) + 3;
      const auto text = [&](std::string_view value) {
        is_present(value) ? to.bind_text(parameter, value, sqlite::binding::borrowed) : to.bind_null(parameter);
      };
      switch (fields_[i].first) {
        case field::vector: bind_vector(to, parameter, r.vector); break;
        case field::source: text(r.source); break;
        case field::scope: text(r.scope); break;
        case field::text: text(r.text); break;
        case field::model: text(r.model); break;
        case field::created: bind_time(to, parameter, r.created); break;
        case field::pinned: to.bind_int64(parameter, r.pinned ? 1 : 0); break;
        default: break;
      }
    }
  }

  void bind_vector(sqlite::statement& to, int parameter, std::span<const float> vector) {
    if (table_->shape.written == vector_encoding::json) {
      json_.clear();
      append_json_vector(json_, vector);
      to.bind_text(parameter, json_);
      return;
    }
    bytes_.clear();
    for (const float x : vector) {
      if (table_->shape.written == vector_encoding::float64) {
        append_little_endian(bytes_, std::bit_cast<std::uint64_t>(static_cast<double>(x)));
      } else {
        append_little_endian(bytes_, std::bit_cast<std::uint32_t>(x));
      }
    }
    to.bind_blob(parameter, bytes_);
  }

  void bind_time(sqlite::statement& to, int parameter, std::int64_t time) const {
    if (time == no_time) {
      to.bind_null(parameter);
    } else if (times_as_text_) {
      to.bind_text(parameter, to_iso8601(time_point(std::chrono::microseconds(time))));
    } else {
      to.bind_int64(parameter, time);
    }
  }

  // New times are written the way the table has them already.
  [[nodiscard]] bool times_are_texts() const {
    if (table_->columns.created.empty()) return false;
    const std::string created = table_->column(table_->columns.created);
    sqlite::statement first(table_->database,
                            "SELECT " + created + " FROM " + table_->name() + " WHERE " + created + " IS NOT NULL LIMIT 1");
    return first.step() && first.type(0) == sqlite::value_type::text;
  }

  void refuse_unknown_columns() const {
    sqlite::statement info(table_->database, "PRAGMA main.table_xinfo(" + sqlite::quote_identifier(table_->schema.name) + ")");
    while (info.step()) {
      const std::string name(info.text(1));
      const bool known =
          name == table_->columns.id || std::any_of(fields_.begin(), fields_.end(), [&](const auto& f) { return f.second == name; });
      if (known || info.int64(3) == 0 || !info.is_null(4) || info.int64(6) != 0) continue;
      throw error(errc::unsupported, "a new row of " + name_table(table_->database, table_->schema) + " needs a value for its column " +
                                         sqlite::quote_identifier(name) +
                                         " (NOT NULL without a default), which no field of a record holds: "
                                         "let the application insert rows, or give the column a default");
    }
  }

  sqlite_table* table_;
  std::vector<std::pair<field, std::string>> fields_;
  std::vector<std::byte> bytes_;
  std::string json_;
  bool times_as_text_ = false;
};

}  // namespace upkeep::inline v0::detail
