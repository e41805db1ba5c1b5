#pragma once
// Names of the instruction sets that a program with upkeep::kernels can choose between, and the choice by name.

#include "../base/error.hpp"
#include "kernel_table.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// The instruction sets that upkeep::kernels has and this machine can run, the fastest first.
[[nodiscard]] inline std::vector<std::string_view> runnable_instructions() {
  std::vector<std::string_view> names;
  while (const kernel_table* const table = runnable_kernels(names.size())) names.emplace_back(table->instructions);
  return names;
}

namespace detail {

[[noreturn]] inline void refuse_instructions(const std::string& who, std::string_view name) {
  std::string message = who + " \"" + std::string(name) + "\", which upkeep::kernels cannot run here: use one of ";
  for (const std::string_view known : runnable_instructions()) message += std::string(known) + ", ";
  message.resize(message.size() - 2);
  throw error(errc::invalid_argument, message);
}

}  // namespace detail

/// Has all kernels from now on taken from the instruction set of this name. Results stay the same: use it to look for a fault, or to see what
/// a lesser machine would do.
/// @throws error invalid_argument where there is none of this name, or the machine cannot run it
/// @par Thread safety  Not while another thread searches: it would go on with either.
inline void select_instructions(std::string_view name) {
  for (std::size_t number = 0; const kernel_table* const table = runnable_kernels(number); ++number)
    if (name == table->instructions) return detail::use_kernels(*table);
  detail::refuse_instructions("select_instructions was asked for", name);
}

/// @throws error invalid_argument where the environment variable UPKEEP_INSTRUCTIONS names what this machine cannot run, and
/// `select_instructions` has not decided otherwise
inline void check_instructions() {
  static_cast<void>(kernels());
  if (const char* const name = detail::refused_instructions())
    detail::refuse_instructions("the environment variable UPKEEP_INSTRUCTIONS is", name);
}

}  // namespace upkeep::inline v0
