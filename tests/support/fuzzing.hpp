#pragma once
// What the fuzzers of tests/fuzz share: what ends one, what an input may bring about, and files of theirs.

#include "support/temporary_directory.hpp"
#include "upkeep/base/error.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep_test {

/// A contract that an input breaks ends the process, so that the fuzzer keeps the input.
inline void must_hold(bool holds, const char* contract) {
  if (holds) return;
  static_cast<void>(std::fprintf(stderr, "broken: %s\n", contract));
  std::abort();
}

/// Whether `action` goes through. The one thing that may leave it otherwise is an upkeep::error that says something.
template <class Action>
bool accepted(Action&& action) {
  try {
    std::forward<Action>(action)();
    return true;
  } catch (const upkeep::error& refused) {
    must_hold(std::string_view(refused.what()).size() > 10, "an error is a sentence");
    return false;
  }
}

/// A path for a reader that wants a file; in memory where there is room for files.
inline std::string scratch_path(std::string_view name) {
  static const temporary_directory directory = [] {
    prefer_memory_for_temporary_files();
    return temporary_directory();
  }();
  return directory / name;
}

/// Puts a file in the place of the one at `path`, without a sync.
inline void put_file(const std::string& path, std::string_view bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  must_hold(file != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size(), "there is room for a fuzzer's file");
  static_cast<void>(std::fclose(file));
}

inline std::string_view input(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

/// Takes a number off the front of an input; 0 where it is too short.
template <class Number>
Number take_number(std::string_view& rest) {
  Number number{};
  if (rest.size() < sizeof number) return number;
  std::memcpy(&number, rest.data(), sizeof number);
  rest.remove_prefix(sizeof number);
  return number;
}

}  // namespace upkeep_test
