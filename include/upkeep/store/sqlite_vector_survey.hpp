#pragma once
// Finds out how a table's vectors are stored and how wide they are, from its first rows or from all.

#include "sqlite_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace upkeep::inline v0::detail {

/// Reads the type and size of every vector, and the bytes of some.
///
/// The rule: a blob of `n` bytes is float32 of n/4 components or float64 of n/8; up to 64 blobs of each size are looked into to tell
/// which. All well-formed vectors, blobs and JSON alike, must then have one width. Where they have not, the table is refused unless the
/// user names the dimension; rows of other widths are then set aside. Values that are no vector at all do not count here; a scan reports
/// them as unreadable.
class sqlite_vector_survey {
 public:
  /// How many rows a first look reads. Where it `suffices`, its answer serves until a vector of another width is met.
  static constexpr std::size_t first_look = 512;

  /// @param at_most rows, rounded up to whole pages of 512
  explicit sqlite_vector_survey(const sqlite_table& table, std::size_t at_most = std::numeric_limits<std::size_t>::max()) : table_(&table) {
    const std::string vector = table.column(table.columns.vector);
    // Only texts are loaded; SQLite knows a blob's length without reading it.
    const std::string list = table.column(table.columns.id) + ", typeof(" + vector + "), CASE typeof(" + vector +
                             ") WHEN 'blob' THEN length(" + vector + ") END, CASE typeof(" + vector + ") WHEN 'text' THEN " + vector +
                             " END";
    sqlite_table::pages pages(table, list, 4, 0);
    std::vector<float> components;
    std::vector<std::pair<std::int64_t, key>> samples;
    for (std::size_t read = 0; !is_whole_ && read < at_most; read += page_rows) {
      std::size_t got = 0;
      samples.clear();
      {
        sqlite::statement row = pages.begin(page_rows);
        while (row.step()) {
          ++got;
          pages.note(row);
          if (!row.is_null(2)) {
            const std::int64_t size = row.int64(2);
            if (size == 0 || size % 4 != 0) continue;
            blob_size& seen = blobs_[size];
            if (seen.rows++ < samples_per_size && size % 8 == 0) samples.emplace_back(size, key(read_key(row, 0, table.ids)));
          } else if (!row.is_null(3) && read_json_vector(row.text(3), components)) {
            ++json_[components.size()];
          }
        }
      }
      look_into(samples);
      is_whole_ = got < page_rows;
    }
  }

  /// Whether every row was seen, or all vectors seen have one size and one encoding, so that more of the same would tell nothing new.
  [[nodiscard]] bool suffices(const sqlite_store_options& options) const {
    if (is_whole_) return true;
    if (blobs_.size() + json_.size() != 1) return false;
    if (blobs_.empty() || options.encoding != vector_encoding::automatic) return true;
    const auto& [size, seen] = *blobs_.begin();
    return size % 8 != 0 || seen.evidence.verdict() != vector_encoding::automatic;
  }

  /// @throws error unsupported where the widths are mixed or the encoding cannot be told, saying which option decides
  [[nodiscard]] vector_shape shape(const sqlite_store_options& options) const {
    const std::size_t wanted = options.dimension;
    vector_shape shape;
    std::map<std::size_t, std::uint64_t> widths;
    std::uint64_t float32_rows = 0, float64_rows = 0, json_rows = 0;
    for (const auto& [bytes, seen] : blobs_) {
      const auto size = static_cast<std::size_t>(bytes);
      const vector_encoding encoding = encoding_of(size, seen, options);
      if (encoding == vector_encoding::automatic) continue;
      widths[encoding == vector_encoding::float32 ? size / 4 : size / 8] += seen.rows;
    }
    for (const auto& [width, rows] : json_) widths[width] += rows;
    if (wanted == 0 && widths.size() > 1) refuse_mixed(widths);
    shape.dimension = wanted != 0 || widths.empty() ? wanted : widths.begin()->first;
    for (const auto& [bytes, seen] : blobs_) {
      const auto size = static_cast<std::size_t>(bytes);
      const vector_encoding encoding = encoding_of(size, seen, options);
      if (encoding == vector_encoding::float32 && size == shape.dimension * 4) float32_rows += seen.rows;
      if (encoding == vector_encoding::float64 && size == shape.dimension * 8) float64_rows += seen.rows;
    }
    shape.certain = is_whole_;
    if (const auto json = json_.find(shape.dimension); json != json_.end()) json_rows = json->second;
    const bool undecided = float32_rows == 0 && float64_rows == 0;
    // Where there is no blob yet, the declared encoding is what comes.
    shape.float32 = float32_rows != 0 || (undecided && options.encoding != vector_encoding::float64);
    shape.float64 = float64_rows != 0 || (undecided && options.encoding == vector_encoding::float64);
    if (options.encoding != vector_encoding::automatic) {
      shape.written = options.encoding;
    } else if (json_rows > std::max(float32_rows, float64_rows)) {
      shape.written = vector_encoding::json;
    } else {
      shape.written = float64_rows > float32_rows ? vector_encoding::float64 : vector_encoding::float32;
    }
    return shape;
  }

 private:
  static constexpr std::size_t page_rows = 512;
  static constexpr std::uint64_t samples_per_size = 64;

  struct blob_size {
    std::uint64_t rows = 0;
    encoding_evidence evidence;
  };

  void look_into(const std::vector<std::pair<std::int64_t, key>>& samples) {
    if (samples.empty()) return;
    std::vector<key_view> keys;
    for (const auto& sample : samples) keys.push_back(sample.second);
    const sqlite_table::lookup rows(*table_, keys);
    sqlite::statement query(table_->database,
                            "SELECT " + table_->column(table_->columns.vector) + " FROM " + table_->name() + " WHERE " + rows.condition());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (rows.bind(query, i) && query.step() && query.type(0) == sqlite::value_type::blob) {
        const std::span<const std::byte> blob = query.blob(0);
        if (blob.size() == static_cast<std::size_t>(samples[i].first)) blobs_[samples[i].first].evidence.add(blob);
      }
      query.reset();
    }
  }

  [[nodiscard]] std::string subject() const {
    return "the column " + sqlite::quote_identifier(table_->columns.vector) + " of " + name_table(table_->database, table_->schema);
  }

  /// `automatic` where it does not matter, because the size fits no encoding of the wanted dimension.
  [[nodiscard]] vector_encoding encoding_of(std::size_t size, const blob_size& seen, const sqlite_store_options& options) const {
    if (options.encoding == vector_encoding::float32) return vector_encoding::float32;
    if (options.encoding == vector_encoding::float64) return size % 8 == 0 ? vector_encoding::float64 : vector_encoding::automatic;
    if (size % 8 != 0) return vector_encoding::float32;
    const vector_encoding verdict = seen.evidence.verdict();
    if (verdict != vector_encoding::automatic) return verdict;
    if (options.dimension != 0) {
      if (size == options.dimension * 4) return vector_encoding::float32;
      return size == options.dimension * 8 ? vector_encoding::float64 : vector_encoding::automatic;
    }
    throw error(errc::unsupported, subject() + " holds " + std::to_string(seen.rows) + " blobs of " + std::to_string(size) +
                                       " bytes, which may be " + std::to_string(size / 4) + " numbers of float32 or " +
                                       std::to_string(size / 8) + " of float64: say which with the option encoding or dimension");
  }

  [[noreturn]] void refuse_mixed(const std::map<std::size_t, std::uint64_t>& widths) const {
    std::vector<std::pair<std::uint64_t, std::size_t>> by_rows;
    for (const auto& [width, rows] : widths) by_rows.emplace_back(rows, width);
    std::sort(by_rows.begin(), by_rows.end(),
              [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    constexpr std::size_t longest = 8;
    std::string list;
    for (std::size_t i = 0; i < by_rows.size() && i < longest; ++i) {
      list.append(i == 0 ? "" : ", ").append(std::to_string(by_rows[i].second)).append(" components in ");
      list.append(std::to_string(by_rows[i].first)).append(" rows");
    }
    if (by_rows.size() > longest) list.append(" and ").append(std::to_string(by_rows.size() - longest)).append(" more widths");
    throw error(errc::unsupported,
                subject() + " holds vectors of mixed widths: " + list +
                    "; say which is right with the option dimension (the others are then set aside), or repair the rows");
  }

  const sqlite_table* table_;
  bool is_whole_ = false;
  std::map<std::int64_t, blob_size> blobs_;
  std::map<std::size_t, std::uint64_t> json_;
};

}  // namespace upkeep::inline v0::detail
