#pragma once
// Refuses compilers that cannot carry upkeep, and names the instruction set that this translation unit is compiled for.

#include "version.hpp"

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "upkeep needs C++20: compile with -std=c++20 or later"
#endif
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 12
#error "upkeep needs GCC 12 or later"
#endif
#if defined(__clang__) && __clang_major__ < 14
#error "upkeep needs Clang 14 or later"
#endif
#if !defined(__cpp_exceptions)
#error "upkeep needs exceptions: compile without -fno-exceptions"
#endif
#if defined(__FAST_MATH__)
#error "upkeep's exactness needs IEEE arithmetic: compile without -ffast-math"
#endif

// The instruction set becomes part of the name of everything whose code depends on it, so that translation units compiled for different
// machines can be linked into one program without the linker picking one's code for the other.
#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define UPKEEP_ARCH avx512vnni
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define UPKEEP_ARCH avx512bw
#elif defined(__AVX2__) && defined(__FMA__) && defined(__AVXVNNI__)
#define UPKEEP_ARCH avxvnni
#elif defined(__AVX2__) && defined(__FMA__)
#define UPKEEP_ARCH avx2_fma
#elif defined(__AVX__)
#define UPKEEP_ARCH avx
#elif defined(__SSE4_2__)
#define UPKEEP_ARCH sse4_2
#elif defined(__x86_64__) || defined(__SSE2__)
#define UPKEEP_ARCH sse2
#elif defined(__aarch64__)
#define UPKEEP_ARCH neon64
#else
#define UPKEEP_ARCH generic
#endif

#define UPKEEP_DETAIL_JOIN_(a, b) a##b
#define UPKEEP_DETAIL_JOIN(a, b) UPKEEP_DETAIL_JOIN_(a, b)

/// The inline namespace of code that depends on the instruction set: `namespace upkeep::inline UPKEEP_ARCH_NAMESPACE { … }`. A translation
/// unit that takes its kernels from upkeep::kernels has another one, and so has that library: what the program's compiler may do, it may not.
#if defined(UPKEEP_USE_KERNELS)
#define UPKEEP_ARCH_NAMESPACE UPKEEP_DETAIL_JOIN(v0_kernels_, UPKEEP_ARCH)
#elif defined(UPKEEP_COMPILE_KERNELS)
#define UPKEEP_ARCH_NAMESPACE UPKEEP_DETAIL_JOIN(v0_compiled_, UPKEEP_ARCH)
#else
#define UPKEEP_ARCH_NAMESPACE UPKEEP_DETAIL_JOIN(v0_, UPKEEP_ARCH)
#endif

/// The inline namespace of what a program and the compiled library must agree on to the byte: of another release, it does not link.
#define UPKEEP_RELEASE_NAMESPACE UPKEEP_DETAIL_RELEASE(UPKEEP_VERSION_MAJOR, UPKEEP_VERSION_MINOR, UPKEEP_VERSION_PATCH)
#define UPKEEP_DETAIL_RELEASE(major, minor, patch) UPKEEP_DETAIL_RELEASE_(major, minor, patch)
#define UPKEEP_DETAIL_RELEASE_(major, minor, patch) release_##major##_##minor##_##patch

/// Checks an internal invariant in builds that define UPKEEP_ENABLE_ASSERT; never a user's input, which gets an upkeep::error.
#if defined(UPKEEP_ENABLE_ASSERT)
#include <cassert>
#define UPKEEP_ASSERT(condition) assert(condition)
#else
#define UPKEEP_ASSERT(condition) static_cast<void>(0)
#endif
