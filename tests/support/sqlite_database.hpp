#pragma once
// Databases for tests: made by SQL, and read back byte for byte without the code under test.

#include "upkeep/sqlite/statement.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep_test {

inline upkeep::sqlite::connection open_database(const std::filesystem::path& file) {
  return upkeep::sqlite::connection(file, {.mode = upkeep::sqlite::open_mode::create});
}

/// Runs `sql` on a connection of its own and returns the path as text.
inline std::string run_sql(const std::filesystem::path& file, std::string_view sql) {
  open_database(file).execute(sql);
  return file.string();
}

inline std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(2 * bytes.size(), ' ');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = digits[byte >> 4U];
    text[2 * i + 1] = digits[byte & 15U];
  }
  return text;
}

template <class Number, class Word>
std::string blob_of(const std::vector<Number>& values) {
  std::string bytes;
  for (const Number value : values) {
    const Word word = std::bit_cast<Word>(value);
    for (std::size_t i = 0; i < sizeof(Word); ++i) bytes += static_cast<char>((word >> (8 * i)) & 0xffU);
  }
  return "x'" + hex(bytes) + "'";
}
/// An SQL literal: little-endian float32.
inline std::string f32(const std::vector<float>& values) { return blob_of<float, std::uint32_t>(values); }
/// An SQL literal: little-endian float64.
inline std::string f64(const std::vector<double>& values) { return blob_of<double, std::uint64_t>(values); }

/// Every row that `sql` selects, every value with its storage class and bytes.
inline std::vector<std::string> read_all(const upkeep::sqlite::connection& database, std::string_view sql) {
  using upkeep::sqlite::value_type;
  std::vector<std::string> rows;
  upkeep::sqlite::statement row(database, sql);
  while (row.step()) {
    std::string line;
    for (int c = 0; c < row.column_count(); ++c) {
      if (c != 0) line += '|';
      switch (row.type(c)) {
        case value_type::null: line += "null"; break;
        case value_type::integer: line += "i" + std::to_string(row.int64(c)); break;
        case value_type::real: line += "r" + std::to_string(std::bit_cast<std::uint64_t>(row.real(c))); break;
        case value_type::text: line += "t'" + std::string(row.text(c)) + "'"; break;
        case value_type::blob: {
          const auto blob = row.blob(c);
          line += "x" + hex({reinterpret_cast<const char*>(blob.data()), blob.size()});
          break;
        }
      }
    }
    rows.push_back(line);
  }
  return rows;
}
inline std::vector<std::string> read_all(const std::filesystem::path& file, std::string_view sql) {
  return read_all(upkeep::sqlite::connection(file), sql);
}

}  // namespace upkeep_test
