#pragma once
// Whether a stream is a terminal that people look at, and how wide it is.

#include "../config.hpp"

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace upkeep::inline v0 {

/// True for a terminal that can move its cursor: not for files, pipes, closed streams, nor where TERM is `dumb`.
inline bool is_terminal(std::FILE* stream) noexcept {
  const int number = ::fileno(stream);
  if (number < 0 || ::isatty(number) == 0) return false;
  const char* const kind = std::getenv("TERM");
  return kind == nullptr || std::string_view(kind) != "dumb";
}

/// Columns of the terminal behind `stream`; where it does not say, those of the variable COLUMNS (1 to 9,999), else 80.
inline std::size_t terminal_columns(std::FILE* stream) noexcept {
  winsize size{};
  if (::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col != 0) return size.ws_col;
  const char* const named = std::getenv("COLUMNS");
  const long columns = named != nullptr ? std::strtol(named, nullptr, 10) : 0;
  return columns > 0 && columns < 10'000 ? static_cast<std::size_t>(columns) : 80;
}

}  // namespace upkeep::inline v0
