#pragma once
// The bits of an AVX-512 mask register as an integer, safe from a compiler that forgets to clear those above it.

#include "../config.hpp"

#include <cstdint>

#if defined(__AVX512F__)
#include <immintrin.h>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Bit i is lane i of the mask, all others are 0.
/// GCC 12 takes a 16-bit mask for an integer whose upper half is 0 already; where it then runs out of registers it stores the 16 bits and
/// reads 32 of them back, half of which were there before. An instruction that it cannot see into leaves it nothing to assume.
[[gnu::always_inline]] inline std::uint32_t mask_bits(__mmask16 mask) noexcept {
  std::uint32_t bits;
  __asm__("kmovw %1, %0" : "=r"(bits) : "k"(mask));
  return bits;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
#endif
