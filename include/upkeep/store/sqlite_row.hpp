#pragma once
// Turns rows of a SELECT into records: which columns are read, and what their values mean.

#include "../base/clock.hpp"
#include "../base/record_batch.hpp"
#include "../base/row_digest.hpp"
#include "sqlite_adoption.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0::detail {

inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The names of the columns that hold a row: all but generated ones, which follow from the others.
inline std::vector<std::string> stored_columns(const sqlite::table_schema& schema) {
  std::vector<std::string> names;
  for (const sqlite::column_schema& column : schema.columns) {
    if (column.kind == sqlite::column_kind::ordinary) names.push_back(column.name);
  }
  return names;
}

/// Adds a value under its storage class; returns its logical bytes.
inline std::uint64_t digest_value(const sqlite::statement& row, int column, row_digester& digester) {
  switch (row.type(column)) {
    case sqlite::value_type::integer: digester.add_integer(row.int64(column)); return 8;
    case sqlite::value_type::real: digester.add_real(row.real(column)); return 8;
    case sqlite::value_type::text: {
      const std::string_view text = row.text(column);
      digester.add_text(text);
      return text.size();
    }
    case sqlite::value_type::blob: {
      const std::span<const std::byte> blob = row.blob(column);
      digester.add_blob(blob);
      return blob.size();
    }
    case sqlite::value_type::null: break;
  }
  digester.add_null();
  return 0;
}

/// The id in a column. @throws error changed where it is none of `classes`: the application has put in another kind of id meanwhile.
inline key_view read_key(const sqlite::statement& row, int column, const id_classes& classes) {
  const sqlite::value_type type = row.type(column);
  if (type == sqlite::value_type::integer && classes.integers) return row.int64(column);
  if (classes.bytes == type && type == sqlite::value_type::text) return row.text(column);
  if (classes.bytes == type && type == sqlite::value_type::blob) return as_text(row.blob(column));
  throw error(errc::changed, "the id column " + sqlite::quote_identifier(row.column_name(column)) +
                                 " has got an id of another type than it had when the store was opened: open it again");
}

/// The wanted columns of a table, as a SELECT names them and as a record holds them.
class sqlite_row_reader {
 public:
  sqlite_row_reader(const sqlite::table_schema& schema, const sqlite_columns& columns, const id_classes& ids, const vector_shape& shape,
                    field wanted)
      : ids_(ids), shape_(shape), wanted_(wanted) {
    if (has(wanted, field::digest) || has(wanted, field::row_bytes)) {
      for (const std::string& name : stored_columns(schema)) add(schema.name, name);
    }
    digested_ = static_cast<int>(names_.size());
    id_ = add(schema.name, columns.id);
    const auto role = [&](field f, const std::string& name) { return has(wanted, f) && !name.empty() ? add(schema.name, name) : -1; };
    vector_ = role(field::vector, columns.vector);
    source_ = role(field::source, columns.source);
    scope_ = role(field::scope, columns.scope);
    model_ = role(field::model, columns.model);
    created_ = role(field::created, columns.created);
    pinned_ = role(field::pinned, columns.pinned);
    text_ = role(field::text, columns.text);
    text_size_ = text_ >= 0 ? text_ : role(field::text_size, columns.text);
  }

  /// What stands between SELECT and FROM.
  [[nodiscard]] const std::string& list() const noexcept { return list_; }
  /// How many columns that names.
  [[nodiscard]] int count() const noexcept { return static_cast<int>(names_.size()); }
  [[nodiscard]] int id_column() const noexcept { return id_; }
  /// Whether a vector of another width was among the rows read, and the shape is that of the first rows only: all of them must be asked.
  [[nodiscard]] bool is_in_doubt() const noexcept { return is_in_doubt_; }

  /// Appends the current row; returns about how many bytes it took.
  std::size_t read(const sqlite::statement& row, record_buffer& out) {
    record_view r;
    r.key = read_key(row, id_, ids_);
    set_aside health = set_aside::no;
    if (has(wanted_, field::vector)) {
      health = read_vector(row);
      is_in_doubt_ = is_in_doubt_ || (health == set_aside::wrong_width && !shape_.certain);
      r.vector = components_;
    }
    r.source = text_of(row, source_, 0);
    r.scope = text_of(row, scope_, 1);
    r.model = text_of(row, model_, 2);
    const std::string_view text = text_of(row, text_size_, 3);
    if (text_ >= 0) r.text = text;
    r.text_size = text.size();
    r.created = time_of(row);
    r.pinned = is_pinned(row);
    std::uint64_t digest = 0, bytes = 0;
    if (digested_ != 0) {
      for (int column = 0; column < digested_; ++column) bytes += digest_value(row, column, digester_);
      digest = digester_.finish();
    }
    out.push_back(r, digest, bytes, health);
    return 64 + components_.size() * sizeof(float) + r.text.size() + r.source.size() + r.scope.size() + r.model.size();
  }

 private:
  int add(const std::string& table, const std::string& name) {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == name) return static_cast<int>(i);
    }
    list_.append(list_.empty() ? "" : ", ").append(sqlite::quote_column(table, name));
    names_.push_back(name);
    return static_cast<int>(names_.size() - 1);
  }

  set_aside read_vector(const sqlite::statement& row) {
    components_.clear();
    switch (row.type(vector_)) {
      case sqlite::value_type::blob: return shape_.read_blob(row.blob(vector_), components_);
      case sqlite::value_type::text: return shape_.read_text(row.text(vector_), components_);
      default: return set_aside::unreadable;
    }
  }

  std::string_view text_of(const sqlite::statement& row, int column, std::size_t slot) {
    if (column < 0) return {};
    switch (row.type(column)) {
      case sqlite::value_type::text: return row.text(column);
      case sqlite::value_type::blob: return as_text(row.blob(column));
      case sqlite::value_type::integer: return spell(row.int64(column), slot);
      case sqlite::value_type::real: return spell(row.real(column), slot);
      case sqlite::value_type::null: break;
    }
    return {};
  }

  template <class Number>
  std::string_view spell(Number value, std::size_t slot) {
    std::array<char, 32>& digits = digits_[slot];
    const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), static_cast<std::size_t>(written.ptr - digits.data())};
  }

  [[nodiscard]] std::int64_t time_of(const sqlite::statement& row) const {
    if (created_ < 0) return no_time;
    switch (row.type(created_)) {
      case sqlite::value_type::integer: return row.int64(created_);
      case sqlite::value_type::real: {
        const double value = row.real(created_);
        return value > -9.2e18 && value < 9.2e18 ? static_cast<std::int64_t>(value) : no_time;
      }
      case sqlite::value_type::text: {
        const std::optional<time_point> instant = parse_iso8601(row.text(created_));
        return instant ? instant->time_since_epoch().count() : no_time;
      }
      default: return no_time;
    }
  }

  // In doubt a row is pinned: an application that writes 'yes' meant something by it.
  [[nodiscard]] bool is_pinned(const sqlite::statement& row) const {
    if (pinned_ < 0) return false;
    switch (row.type(pinned_)) {
      case sqlite::value_type::integer: return row.int64(pinned_) != 0;
      case sqlite::value_type::real: return row.real(pinned_) != 0.0;
      case sqlite::value_type::text: {
        const std::string_view text = row.text(pinned_);
        for (const std::string_view no : {"", "0", "false", "no", "off", "f", "n"}) {
          if (sqlite::same_name(text, no)) return false;
        }
        return true;
      }
      case sqlite::value_type::blob: {
        for (const std::byte b : row.blob(pinned_)) {
          if (b != std::byte{0}) return true;
        }
        return false;
      }
      case sqlite::value_type::null: break;
    }
    return false;
  }

  id_classes ids_;
  vector_shape shape_;
  field wanted_;
  std::vector<std::string> names_;
  std::string list_;
  int digested_ = 0, id_ = -1, vector_ = -1, source_ = -1, scope_ = -1, text_ = -1, text_size_ = -1, model_ = -1, created_ = -1,
      pinned_ = -1;
  bool is_in_doubt_ = false;
  std::vector<float> components_;
  std::array<std::array<char, 32>, 4> digits_{};
  row_digester digester_;
};

}  // namespace upkeep::inline v0::detail
