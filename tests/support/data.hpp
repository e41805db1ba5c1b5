#pragma once
// Finds the real data that some tests run on, and reads its vectors; says so where it is missing.

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace upkeep_test {

/// Whether a sanitizer watches every read and write, which makes the tile kernel a hundred times slower: tests of large real data then take
/// less of it. What a sanitizer is there to see, small cases show as well.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool slow_build = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool slow_build = true;
#else
inline constexpr bool slow_build = false;
#endif
#else
inline constexpr bool slow_build = false;
#endif

/// The folder of the real data: the environment variable UPKEEP_TEST_DATA, else ../shared/data beside the source tree.
inline std::filesystem::path data_folder() {
  if (const char* named = std::getenv("UPKEEP_TEST_DATA"); named != nullptr && *named != '\0') return named;
  return std::filesystem::path(UPKEEP_SOURCE_DIR).parent_path() / "shared" / "data";
}

/// The path of one file of the real data; nothing, after printing "skipped: no data", where it is missing.
///
///     const auto path = upkeep_test::data_file("notes_bge-micro-v2_384.fvecs");
///     if (!path) return;
inline std::optional<std::filesystem::path> data_file(const std::string& name) {
  auto path = data_folder() / name;
  if (std::filesystem::is_regular_file(path)) return path;
  std::cout << "skipped: no data (" << name << ")\n";
  return std::nullopt;
}

/// Row-major vectors: row i is values[i * dimension] to values[(i + 1) * dimension].
struct vectors {
  std::size_t rows = 0;
  std::size_t dimension = 0;
  std::vector<float> values;

  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * dimension; }
};

/// Reads a .fvecs file (per row a little-endian int32 dimension, then that many float32); throws a sentence naming the file and the row.
inline vectors read_fvecs(const std::filesystem::path& path) {
  static_assert(std::endian::native == std::endian::little, "this reader copies little-endian bytes");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  const auto bytes = std::filesystem::file_size(path);
  vectors result;
  std::int32_t dimension = 0;
  while (file.read(reinterpret_cast<char*>(&dimension), sizeof dimension)) {
    const auto where = path.string() + ", row " + std::to_string(result.rows);
    if (dimension <= 0 || static_cast<std::uintmax_t>(dimension) * sizeof(float) > bytes) {
      throw std::runtime_error(where + ": dimension " + std::to_string(dimension) + " is not possible in this file");
    }
    if (result.rows == 0) {
      result.dimension = static_cast<std::size_t>(dimension);
      result.values.reserve(bytes / (sizeof(float) * (result.dimension + 1)) * result.dimension);
    } else if (static_cast<std::size_t>(dimension) != result.dimension) {
      throw std::runtime_error(where + ": dimension " + std::to_string(dimension) + " after rows of " + std::to_string(result.dimension));
    }
    const auto begin = result.values.size();
    result.values.resize(begin + result.dimension);
    if (!file.read(reinterpret_cast<char*>(result.values.data() + begin), static_cast<std::streamsize>(result.dimension * sizeof(float)))) {
      throw std::runtime_error(where + ": the file ends inside the row");
    }
    ++result.rows;
  }
  if (file.gcount() != 0) throw std::runtime_error(path.string() + ": " + std::to_string(file.gcount()) + " bytes after the last row");
  return result;
}

}  // namespace upkeep_test
