#pragma once
// A stdio stream whose text a test can read back, and a folder that is gone when the test is.

#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <stdlib.h>

namespace upkeep_test {

/// A stream on a file without a name.
class captured_stream {
 public:
  captured_stream() : file_(std::tmpfile()) {
    if (file_ == nullptr) throw std::runtime_error("cannot make a temporary file");
  }
  captured_stream(const captured_stream&) = delete;
  captured_stream& operator=(const captured_stream&) = delete;
  ~captured_stream() { std::fclose(file_); }

  [[nodiscard]] std::FILE* get() const { return file_; }

  /// All that was written so far.
  [[nodiscard]] std::string text() const {
    std::fflush(file_);
    std::rewind(file_);
    std::string all;
    char buffer[4096];
    while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file_)) all.append(buffer, got);
    std::fseek(file_, 0, SEEK_END);
    return all;
  }

 private:
  std::FILE* file_;
};

/// A new folder under the system's folder for temporary files.
class temporary_folder {
 public:
  temporary_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "upkeep-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make the folder " + name);
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// The path of a file of that name in the folder.
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace upkeep_test
