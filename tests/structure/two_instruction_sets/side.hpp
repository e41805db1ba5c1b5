#pragma once
// What each of the two translation units offers to the program that links both.

#include <cstddef>
#include <cstdint>
#include <string>

struct side {
  std::string instruction_set;                                  ///< of upkeep's namespace there
  const void* kernel;                                           ///< the address of the dot product that this side calls
  float (*dot)(const float* a, const float* b, std::size_t n);  ///< by this side's kernel
  std::uint64_t (*checksum)(const std::string& bytes);          ///< must not depend on the instruction set
  void (*fail)();                                               ///< throws upkeep::error with errc::busy
  bool (*catches)(void (*thrower)());                           ///< does this side catch what `thrower` throws, as upkeep::error?
};

side baseline_side();
side native_side();
