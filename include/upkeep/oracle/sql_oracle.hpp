#pragma once
// An oracle that looks sources up in a table of a SQLite database.

#include "../concepts/orphan_oracle.hpp"
#include "../sqlite/table_schema.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// How a sql_oracle asks.
struct sql_oracle_options {
  std::chrono::milliseconds busy_timeout{5000};  ///< how long to wait for the application's locks
  bool allow_empty = false;                      ///< let a table without rows mean that every source is gone
  /// Registers the collations and extensions that the sources table needs. See sqlite::connection_options.
  std::function<void(sqlite3*)> on_open{};
};

/// Oracle: a source is present when a row of the table has it as its id, absent when none has. The table, or view, may stand in the
/// store's own database or in another file; it is opened read-only for each batch and read as of one moment.
///
/// An id equals a source when it reads the same: a text by its bytes, a blob by its bytes, an integer by its decimal digits (7 is "7", not
/// "07"), a real where the source spells the same number. NULL equals nothing. Neither affinity nor collation of the column makes other
/// ids equal.
///
/// Where an index begins with the id, each source is a few look-ups; else each batch is one pass over the table. Memory is that of one
/// batch.
///
/// Every failure (no such file or table, locked, damaged) is an exception, which makes the batch `unknown`. So is a table without any row:
/// it is far likelier a failed import than the end of all sources.
/// @par Thread safety
/// Concurrent questions are safe.
class sql_oracle {
 public:
  /// Looks at the table once, so that a wrong name is said at once.
  /// @throws error not_found (file, table or column; the sentence lists what there is), corrupt, unavailable, io
  sql_oracle(std::string path, std::string table, std::string id_column, sql_oracle_options options = {})
      : path_(std::move(path)), table_(std::move(table)), id_column_(std::move(id_column)), options_(std::move(options)) {
    sqlite::connection database = open();
    const opened checked(database, *this);
  }

  /// @throws error as the constructor does; inconsistent where the table is empty
  void tell_owners(std::span<const std::string_view> sources, std::span<ownership> answers) const {
    sqlite::connection database = open();
    const opened at(database, *this);
    refuse_empty(database, at);
    std::vector<ownership> found(sources.size(), ownership::absent);
    if (at.indexed)
      look_up(database, at, sources, found);
    else
      walk(database, at, sources, found);
    std::copy(found.begin(), found.end(), answers.begin());  // only now: a failure half-way leaves all of them unknown
  }

 private:
  /// The table as it is now, within a read transaction.
  struct opened {
    opened(sqlite::connection& database, const sql_oracle& oracle) : snapshot(database, sqlite::transaction_kind::read) {
      const sqlite::table_schema schema = sqlite::read_table_schema(database, oracle.table_);
      const sqlite::column_schema* const column = schema.find_column(oracle.id_column_);
      if (column == nullptr) {
        std::string names;
        for (const sqlite::column_schema& c : schema.columns) names.append(names.empty() ? "" : ", ").append(c.name);
        throw error(errc::not_found, "the sources table " + sqlite::quote_identifier(schema.name) + " of " + oracle.path_ +
                                         " has no column \"" + oracle.id_column_ + "\"; its columns are: " + names);
      }
      table = "main." + sqlite::quote_identifier(schema.name);
      id = sqlite::quote_column(schema.name, column->name);
      indexed = schema.rowid_column && schema.columns[*schema.rowid_column].name == column->name;
      for (const sqlite::index_schema& index : schema.indexes) {
        if (index.partial || index.columns.empty() || !sqlite::same_name(index.columns[0].name, column->name)) continue;
        indexed = indexed || sqlite::same_name(index.columns[0].collation, "BINARY") ||
                  sqlite::same_name(index.columns[0].collation, column->collation);
      }
    }

    sqlite::transaction snapshot;
    std::string table, id;
    bool indexed = false;
  };

  [[nodiscard]] sqlite::connection open() const {
    return sqlite::connection(path_, {.busy_timeout = options_.busy_timeout, .on_open = options_.on_open});
  }

  void refuse_empty(const sqlite::connection& database, const opened& at) const {
    if (options_.allow_empty) return;
    sqlite::statement any(database, "SELECT 1 FROM " + at.table + " WHERE " + at.id + " IS NOT NULL LIMIT 1");
    if (any.step()) return;
    throw error(errc::inconsistent,
                "the sources table " + at.table + " of " + path_ +
                    " has no ids, so every source would count as gone: fill it first, or set allow_empty if that is meant");
  }

  /// The integer that is written exactly so.
  static std::optional<std::int64_t> integer_of(std::string_view source) noexcept {
    std::int64_t value = 0;
    const auto [end, failure] = std::from_chars(source.data(), source.data() + source.size(), value);
    if (failure != std::errc() || end != source.data() + source.size()) return std::nullopt;
    char digits[24];
    const auto written = std::to_chars(digits, digits + sizeof digits, value);
    return std::string_view(digits, static_cast<std::size_t>(written.ptr - digits)) == source ? std::optional(value) : std::nullopt;
  }

  static std::optional<double> real_of(std::string_view source) noexcept {
    double value = 0;
    const auto [end, failure] = std::from_chars(source.data(), source.data() + source.size(), value);
    if (failure != std::errc() || source.empty() || end != source.data() + source.size()) return std::nullopt;
    return value;
  }

  static void look_up(const sqlite::connection& database, const opened& at, std::span<const std::string_view> sources,
                      std::vector<ownership>& found) {
    // One statement per storage class: typeof() keeps affinity from making 7 of '07'.
    const auto select = [&](const char* type, const char* more) {
      return sqlite::statement(database, "SELECT 1 FROM " + at.table + " WHERE " + at.id + " = ?1 AND typeof(" + at.id + ") = '" + type +
                                             '\'' + (*more != '\0' ? " AND " + at.id + more : std::string()) + " LIMIT 1");
    };
    sqlite::statement text = select("text", " = ?1 COLLATE BINARY"), blob = select("blob", ""), integer = select("integer", ""),
                      real = select("real", "");
    const auto hit = [](sqlite::statement& query) {
      const bool there = query.step();
      query.reset();
      return there;
    };
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const std::string_view source = sources[i];
      text.bind_text(1, source, sqlite::binding::borrowed);
      bool there = hit(text);
      if (const auto value = integer_of(source); !there && value) {
        integer.bind_int64(1, *value);
        there = hit(integer);
      }
      if (const auto value = real_of(source); !there && value) {
        real.bind_double(1, *value);
        there = hit(real);
      }
      if (!there) {
        blob.bind_blob(1, std::as_bytes(std::span<const char>(source.data(), source.size())), sqlite::binding::borrowed);
        there = hit(blob);
      }
      if (there) found[i] = ownership::present;
    }
  }

  static void walk(const sqlite::connection& database, const opened& at, std::span<const std::string_view> sources,
                   std::vector<ownership>& found) {
    std::unordered_map<std::string_view, std::size_t> by_text;
    std::unordered_multimap<double, std::size_t> by_number;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      by_text.emplace(sources[i], i);
      if (const auto value = real_of(sources[i])) by_number.emplace(*value, i);
    }
    const auto meet = [&](std::string_view id) {
      if (const auto at_id = by_text.find(id); at_id != by_text.end()) found[at_id->second] = ownership::present;
    };
    sqlite::statement row(database, "SELECT " + at.id + " FROM " + at.table);
    while (row.step()) {
      switch (row.type(0)) {
        case sqlite::value_type::text: meet(row.text(0)); break;
        case sqlite::value_type::blob: {
          const std::span<const std::byte> bytes = row.blob(0);
          meet({bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data()), bytes.size()});
          break;
        }
        case sqlite::value_type::integer: {
          char digits[24];
          const auto written = std::to_chars(digits, digits + sizeof digits, row.int64(0));
          meet({digits, static_cast<std::size_t>(written.ptr - digits)});
          break;
        }
        case sqlite::value_type::real: {
          const auto [first, last] = by_number.equal_range(row.real(0));
          for (auto same = first; same != last; ++same) found[same->second] = ownership::present;
          break;
        }
        case sqlite::value_type::null: break;
      }
    }
    // A source that is asked twice in one batch gets one answer.
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (found[by_text.find(sources[i])->second] == ownership::present) found[i] = ownership::present;
    }
  }

  std::string path_, table_, id_column_;
  sql_oracle_options options_;
};
static_assert(orphan_oracle<sql_oracle>);

}  // namespace upkeep::inline v0
