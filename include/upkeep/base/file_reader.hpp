#pragma once
// Reads a file from front to back in pieces, so that a file larger than memory can be checked and parsed.

#include "error.hpp"
#include "file.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace upkeep::inline v0 {

/// An open file that is read in order. It stays the file that was opened, whatever becomes of its name.
/// @par Thread safety
/// None; one thread at a time.
class file_reader {
 public:
  /// @throws error not_found where there is no such file, io where it cannot be read.
  explicit file_reader(std::string path) : path_(std::move(path)) {
    detail::check_path(path_);
    file_ = detail::open_file(path_, O_RDONLY | O_NOCTTY);
    if (!file_.is_open()) detail::throw_file_error("open", path_, errno);
    struct stat status {};
    if (::fstat(file_.number(), &status) != 0) detail::throw_file_error("read", path_, errno);
    if (!S_ISREG(status.st_mode)) throw error(errc::invalid_argument, "'" + path_ + "' is not a regular file");
    size_ = static_cast<std::uint64_t>(status.st_size);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Bytes of the file when it was opened.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Fills `out` as far as the file goes; returns how many bytes it got, 0 at the end.
  std::size_t read(std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const auto got = ::pread(file_.number(), out.data() + done, out.size() - done, static_cast<off_t>(position_));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) detail::throw_file_error("read", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
      position_ += static_cast<std::uint64_t>(got);
    }
    return done;
  }

  /// Starts again at the first byte.
  void rewind() noexcept { position_ = 0; }
  /// Goes on at byte `position`, which may lie beyond the end: then nothing is read there.
  void seek(std::uint64_t position) noexcept { position_ = position; }

 private:
  std::string path_;
  detail::descriptor file_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace upkeep::inline v0
