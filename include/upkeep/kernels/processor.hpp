#pragma once
// What a processor and its operating system can run, told from the answers of cpuid: the choice of kernels as a pure function.

#include "../config.hpp"

#include <cstdint>
#include <initializer_list>

namespace upkeep::inline v0 {

/// The answers that matter; 0 where the processor does not know the question.
struct processor_answers {
  std::uint32_t leaf_1_ecx = 0, leaf_7_ebx = 0, leaf_7_ecx = 0;
  std::uint32_t leaf_7_1_eax = 0;  ///< leaf 7, subleaf 1
  std::uint32_t leaf_80000001_ecx = 0;
  std::uint64_t saved_registers = 0;  ///< XCR0, which registers the operating system saves; 0 where it saves none beyond SSE
};

/// The instruction sets that upkeep::kernels is compiled for beyond plain x86-64, whether each can be run. `avx2` and `avx512` are all that
/// the levels x86-64-v3 and x86-64-v4 of the System V ABI name, since that is what a compiler may use.
struct processor_offers {
  bool avx2 = false, avxvnni = false, avx512 = false, avx512vnni = false;
};

/// Bit numbers are those of Intel's Software Developer's Manual, volume 2, CPUID.
[[nodiscard]] constexpr processor_offers offers_of(const processor_answers& a) noexcept {
  struct bits {
    static constexpr bool all(std::uint64_t of, std::initializer_list<unsigned> numbers) noexcept {
      for (const unsigned n : numbers)
        if ((of >> n & 1u) == 0) return false;
      return true;
    }
  };
  const bool level_2 = bits::all(a.leaf_1_ecx, {0, 9, 13, 19, 20, 23})           // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT
                       && bits::all(a.leaf_80000001_ecx, {0});                   // LAHF
  const bool level_3 = level_2 && bits::all(a.leaf_1_ecx, {12, 22, 27, 28, 29})  // FMA, MOVBE, OSXSAVE, AVX, F16C
                       && bits::all(a.leaf_7_ebx, {3, 5, 8})                     // BMI1, AVX2, BMI2
                       && bits::all(a.leaf_80000001_ecx, {5})                    // LZCNT
                       && bits::all(a.saved_registers, {1, 2});                  // XMM, YMM
  const bool level_4 = level_3 && bits::all(a.leaf_7_ebx, {16, 17, 28, 30, 31})  // AVX-512 F, DQ, CD, BW, VL
                       && bits::all(a.saved_registers, {5, 6, 7});               // masks, ZMM0 to 15, ZMM16 to 31
  return {level_3, level_3 && bits::all(a.leaf_7_1_eax, {4}), level_4, level_4 && bits::all(a.leaf_7_ecx, {11})};
}

}  // namespace upkeep::inline v0
