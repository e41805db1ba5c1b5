#pragma once
// Whether the kernels of this translation unit are chosen at run time, and what stands for their registers then.

#include "../kernels/kernel_table.hpp"

#include <cstddef>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// True in translation units that link upkeep::kernels: whoever asks for a kernel without naming a register type gets that of the table.
#if defined(UPKEEP_USE_KERNELS)
inline constexpr bool kernels_at_run_time = true;
#else
inline constexpr bool kernels_at_run_time = false;
#endif

/// Stands for the floats of a machine that is not known yet. Rows and columns are put together in blocks that every machine's registers
/// divide (see tile_dot.hpp), the same for all of them.
struct run_time_floats {
  static constexpr std::size_t size = 16, registers = 32;
};

/// Stands for the code registers of a machine that is not known yet.
struct run_time_codes {};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
