#pragma once
// Where logs go: a stdio stream or a file that is appended to, written in whole pieces.

#include "error.hpp"
#include "file.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace upkeep::inline v0 {

/// Writes pieces of text, each with one system call, so that lines of several threads or processes do not tear each other apart. Copies
/// share what they write to.
/// @par Thread safety
/// `write` may be called by several threads at once.
class line_sink {
 public:
  /// Writes to an open stream such as `stderr`, which must outlive the sink and is not closed. What the stream had buffered comes first.
  /// Throws errc::invalid_argument where it is null.
  explicit line_sink(std::FILE* stream) : stream_(stream), path_("the log's stream") {
    if (stream == nullptr) throw error(errc::invalid_argument, "line_sink: the stream is null: check that opening it succeeded");
  }

  /// Appends to the file at `path`, made where there is none. Throws errc::not_found or errc::io where it cannot be opened.
  explicit line_sink(std::string path) : path_(std::move(path)) {
    detail::check_path(path_);
    detail::descriptor opened = detail::open_file(path_, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (!opened.is_open()) detail::throw_file_error("append to", path_, errno);
    file_ = std::make_shared<detail::descriptor>(std::move(opened));
  }
  explicit line_sink(const char* path) : line_sink(std::string(path)) {}

  /// Writes all of `piece`, which ends in a line feed; throws errc::io where that fails.
  void write(std::string_view piece) const {
    if (file_) {
      detail::write_all(file_->number(), std::as_bytes(std::span<const char>(piece)).data(), piece.size(), path_);
      return;
    }
    const stream_lock lock(stream_);
    if (std::fflush(stream_) != 0) detail::throw_file_error("write", path_, errno);
    const int number = ::fileno(stream_);
    if (number >= 0) {  // beside the stream's buffer, which would cut a long line in two
      detail::write_all(number, std::as_bytes(std::span<const char>(piece)).data(), piece.size(), path_);
    } else if (std::fwrite(piece.data(), 1, piece.size(), stream_) != piece.size() || std::fflush(stream_) != 0) {
      detail::throw_file_error("write", path_, errno);  // no file behind it: a stream in memory, say
    }
  }

 private:
  struct stream_lock {
    explicit stream_lock(std::FILE* locked) noexcept : stream(locked) { ::flockfile(stream); }
    stream_lock(const stream_lock&) = delete;
    stream_lock& operator=(const stream_lock&) = delete;
    ~stream_lock() { ::funlockfile(stream); }
    std::FILE* stream;
  };

  std::FILE* stream_ = nullptr;
  std::string path_;  // or what messages call the stream
  std::shared_ptr<detail::descriptor> file_;
};

}  // namespace upkeep::inline v0
