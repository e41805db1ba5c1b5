#pragma once
// The one door to xsimd: a register of floats with the few operations that the kernels need, the same for xsimd from 8.1 on (8.1 and 13 are tried).

#include "../config.hpp"
#include "mask_bits.hpp"
#include "run_time_kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <xsimd/xsimd.hpp>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

// Every function here is always_inline: a kernel that is compiled without optimisation must not leave wrappers behind that a translation
// unit for another instruction set would then call.

/// Four floats without any vector instruction: what the kernels use where xsimd knows no instruction set, and what tests compare with.
struct portable_floats {
  static constexpr std::size_t size = 4;
  static constexpr std::size_t registers = 8;  ///< how many of them a tile kernel may count on
  float lane[size];

  [[gnu::always_inline]] static inline portable_floats zero() noexcept { return {{0, 0, 0, 0}}; }
  [[gnu::always_inline]] static inline portable_floats set(float x) noexcept { return {{x, x, x, x}}; }
  [[gnu::always_inline]] static inline portable_floats load(const float* p) noexcept { return {{p[0], p[1], p[2], p[3]}}; }

  /// The first `count` <= size floats at `p`, zero in the other lanes; reads no byte beyond them.
  [[gnu::always_inline]] static inline portable_floats load_first(const float* p, std::size_t count) noexcept {
    portable_floats r = zero();
    for (std::size_t i = 0; i < count; ++i) r.lane[i] = p[i];
    return r;
  }

  /// a * b + c, fused or not.
  [[gnu::always_inline]] friend inline portable_floats multiply_add(portable_floats a, portable_floats b, portable_floats c) noexcept {
    for (std::size_t i = 0; i < size; ++i) c.lane[i] += a.lane[i] * b.lane[i];
    return c;
  }

  [[gnu::always_inline]] friend inline portable_floats operator+(portable_floats a, portable_floats b) noexcept {
    for (std::size_t i = 0; i < size; ++i) a.lane[i] += b.lane[i];
    return a;
  }

  [[gnu::always_inline]] friend inline portable_floats operator-(portable_floats a, portable_floats b) noexcept {
    for (std::size_t i = 0; i < size; ++i) a.lane[i] -= b.lane[i];
    return a;
  }

  [[gnu::always_inline]] friend inline portable_floats operator*(portable_floats a, portable_floats b) noexcept {
    for (std::size_t i = 0; i < size; ++i) a.lane[i] *= b.lane[i];
    return a;
  }

  [[gnu::always_inline]] inline void store(float* p) const noexcept {
    for (std::size_t i = 0; i < size; ++i) p[i] = lane[i];
  }

  [[gnu::always_inline]] friend inline float sum(portable_floats a) noexcept { return (a.lane[0] + a.lane[2]) + (a.lane[1] + a.lane[3]); }

  /// Bit i is set where lane i of `a` is at least that of `b`; never where one of them is NaN.
  [[gnu::always_inline]] friend inline std::uint32_t at_least(portable_floats a, portable_floats b) noexcept {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < size; ++i) bits |= static_cast<std::uint32_t>(a.lane[i] >= b.lane[i]) << i;
    return bits;
  }
};

#if defined(XSIMD_NO_SUPPORTED_ARCHITECTURE)

/// The widest register there is.
using native_floats = portable_floats;

#else

/// One register of floats of the instruction set that this translation unit is compiled for.
struct native_floats {
  using batch = xsimd::batch<float>;
  static constexpr std::size_t size = batch::size;
#if defined(__AVX512F__) || defined(__aarch64__)
  static constexpr std::size_t registers = 32;  ///< how many of them a tile kernel may count on
#else
  static constexpr std::size_t registers = 16;  ///< how many of them a tile kernel may count on
#endif
  batch lanes;

  [[gnu::always_inline]] static inline native_floats zero() noexcept { return {batch(0.0f)}; }
  [[gnu::always_inline]] static inline native_floats set(float x) noexcept { return {batch(x)}; }
  [[gnu::always_inline]] static inline native_floats load(const float* p) noexcept { return {batch::load_unaligned(p)}; }

  /// The first `count` <= size floats at `p`, zero in the other lanes; reads no byte beyond them.
  [[gnu::always_inline]] static inline native_floats load_first(const float* p, std::size_t count) noexcept {
#if defined(__AVX512F__)
    if constexpr (size == 16) return {batch(_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1u), p))};
#endif
    float padded[size] = {};
    for (std::size_t i = 0; i < count; ++i) padded[i] = p[i];
    return load(padded);
  }

  /// a * b + c, fused where the machine can. xsimd 8.1 writes a multiplication and an addition for AVX-512, which Clang leaves apart.
  [[gnu::always_inline]] friend inline native_floats multiply_add(native_floats a, native_floats b, native_floats c) noexcept {
#if defined(__AVX512F__)
    if constexpr (size == 16) return {batch(_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes))};
#elif defined(__FMA__)
    if constexpr (size == 8) return {batch(_mm256_fmadd_ps(a.lanes, b.lanes, c.lanes))};
#endif
    return {xsimd::fma(a.lanes, b.lanes, c.lanes)};
  }

  [[gnu::always_inline]] friend inline native_floats operator+(native_floats a, native_floats b) noexcept { return {a.lanes + b.lanes}; }
  [[gnu::always_inline]] friend inline native_floats operator-(native_floats a, native_floats b) noexcept { return {a.lanes - b.lanes}; }
  [[gnu::always_inline]] friend inline native_floats operator*(native_floats a, native_floats b) noexcept { return {a.lanes * b.lanes}; }
  [[gnu::always_inline]] inline void store(float* p) const noexcept { lanes.store_unaligned(p); }

  // GCC 12 takes what its own _mm512_undefined_ps() leaves open for a mistake of ours (https://gcc.gnu.org/PR105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
  [[gnu::always_inline]] friend inline float sum(native_floats a) noexcept {
#if XSIMD_VERSION_MAJOR >= 9
    return xsimd::reduce_add(a.lanes);
#else
    return xsimd::hadd(a.lanes);
#endif
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  /// Bit i is set where lane i of `a` is at least that of `b`; never where one of them is NaN.
  [[gnu::always_inline]] friend inline std::uint32_t at_least(native_floats a, native_floats b) noexcept {
#if defined(__AVX512F__)
    if constexpr (size == 16) return mask_bits(_mm512_cmp_ps_mask(a.lanes, b.lanes, _CMP_GE_OQ));
#elif defined(__AVX__)
    if constexpr (size == 8) return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a.lanes, b.lanes, _CMP_GE_OQ)));
#elif defined(__SSE2__)
    if constexpr (size == 4) return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_cmpge_ps(a.lanes, b.lanes)));
#endif
    bool held[size];
    (a.lanes >= b.lanes).store_unaligned(held);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < size; ++i) bits |= static_cast<std::uint32_t>(held[i]) << i;
    return bits;
  }
};

#endif

/// What the kernels work with where nothing else is asked for.
using default_floats = std::conditional_t<kernels_at_run_time, run_time_floats, native_floats>;

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
