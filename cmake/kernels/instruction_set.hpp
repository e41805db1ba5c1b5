#pragma once
// The tables that the library is made of: one for each time that instruction_set.cpp is compiled.

#include <upkeep/kernels/kernel_table.hpp>

namespace upkeep::inline v0 {
inline namespace UPKEEP_RELEASE_NAMESPACE {

#if defined(__x86_64__)
extern const kernel_table kernels_sse2, kernels_avx2, kernels_avxvnni, kernels_avx512, kernels_avx512vnni;
#else
extern const kernel_table kernels_native;
#endif

}  // namespace UPKEEP_RELEASE_NAMESPACE
}  // namespace upkeep::inline v0
