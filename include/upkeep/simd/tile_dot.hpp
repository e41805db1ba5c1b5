#pragma once
// The register-blocked kernel of the exhaustive join: which pairs of a small block of rows and columns reach a bound.

#include "batch.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// How many rows and columns one call of `tile_dot` works on: as many sums as the registers hold beside one row of columns and a factor.
/// The shapes were chosen by measurement with GCC 12 and Clang 14, none of which may spill (benchmarks/README.md).
template <class Floats>
struct tile_shape {
  static constexpr std::size_t rows = Floats::registers >= 32 ? 12 : Floats::registers >= 16 ? 6 : 2;
  static constexpr std::size_t vectors = 2;
  static constexpr std::size_t columns = vectors * Floats::size;
  static_assert(columns <= 32, "a row of hits has 32 bits");
};

namespace detail {

// Index packs instead of loops: both compilers then keep the sums in registers without being asked to unroll.
template <class Floats, std::size_t... Row, std::size_t... Vector>
[[gnu::always_inline]] inline std::uint32_t tile_dot(const float* rows, const float* columns, std::size_t n, const float* row_bounds,
                                                     const float* column_bounds, std::uint32_t* hits, std::size_t row_stride,
                                                     std::size_t column_stride, std::index_sequence<Row...>,
                                                     std::index_sequence<Vector...>) noexcept {
  constexpr std::size_t width = Floats::size, height = sizeof...(Row), vectors = sizeof...(Vector);
  Floats sums[height][vectors];
  const auto clear_row = [&](Floats(&s)[vectors]) __attribute__((always_inline)) { ((s[Vector] = Floats::zero()), ...); };
  (clear_row(sums[Row]), ...);
  for (std::size_t k = 0; k < n; ++k, rows += row_stride, columns += column_stride) {
    const Floats y[vectors] = {Floats::load(columns + Vector * width)...};
    const auto add_row = [&](float factor, Floats(&s)[vectors]) __attribute__((always_inline)) {
      const Floats x = Floats::set(factor);
      ((s[Vector] = multiply_add(x, y[Vector], s[Vector])), ...);
    };
    (add_row(rows[Row], sums[Row]), ...);
  }
  const Floats bounds[vectors] = {Floats::load(column_bounds + Vector * width)...};
  const auto compare_row = [&](float row_bound, Floats(&s)[vectors]) __attribute__((always_inline)) {
    const Floats bound = Floats::set(row_bound);
    return ((at_least(s[Vector], bounds[Vector] + bound) << (Vector * width)) | ...);
  };
  ((hits[Row] = compare_row(row_bounds[Row], sums[Row])), ...);
  return (hits[Row] | ...);
}

}  // namespace detail

/// For `tile_shape::rows` packed rows and `tile_shape::columns` packed columns of `n` components: bit c of `hits[r]` says whether
/// fl(x_r . y_c) >= fl(row_bounds[r] + column_bounds[c]), sums in single precision from component 0 to n - 1, one rounding (two where the
/// machine has no fused multiply-add) a component. False where one side is NaN. The products are compared in registers and never stored.
/// @param rows  component k of row r at [k * shape::rows + r]
/// @param columns  component k of column c at [k * shape::columns + c]
/// @return  all hits joined: 0 where no pair reaches its bound, by far the most frequent answer
/// @tparam Floats  the register type, for tests of the fallback
template <class Floats = default_floats>
inline std::uint32_t tile_dot(const float* rows, const float* columns, std::size_t n, const float* row_bounds, const float* column_bounds,
                              std::uint32_t* hits) noexcept {
  using shape = tile_shape<Floats>;
  return detail::tile_dot<Floats>(rows, columns, n, row_bounds, column_bounds, hits, shape::rows, shape::columns,
                                  std::make_index_sequence<shape::rows>(), std::make_index_sequence<shape::vectors>());
}

/// The compiled library's, chosen at run time.
template <>
inline std::uint32_t tile_dot<run_time_floats>(const float* rows, const float* columns, std::size_t n, const float* row_bounds,
                                               const float* column_bounds, std::uint32_t* hits) noexcept {
  return kernels().tile_dot(rows, columns, n, row_bounds, column_bounds, hits);
}

/// `tile_dot` for the blocks of another register type, in as many parts as it takes: what a lesser machine does with the blocks that
/// `run_time_floats` asks for.
template <class Blocks, class Floats>
inline std::uint32_t tile_dot_in_parts(const float* rows, const float* columns, std::size_t n, const float* row_bounds,
                                       const float* column_bounds, std::uint32_t* hits) noexcept {
  using whole = tile_shape<Blocks>;
  using part = tile_shape<Floats>;
  static_assert(whole::rows % part::rows == 0 && whole::columns % part::columns == 0);
  std::uint32_t all = 0;
  for (std::size_t r = 0; r < whole::rows; r += part::rows) {
    for (std::size_t k = 0; k < part::rows; ++k) hits[r + k] = 0;
    for (std::size_t c = 0; c < whole::columns; c += part::columns) {
      std::uint32_t own[part::rows];
      all |= detail::tile_dot<Floats>(rows + r, columns + c, n, row_bounds + r, column_bounds + c, own, whole::rows, whole::columns,
                                      std::make_index_sequence<part::rows>(), std::make_index_sequence<part::vectors>())
             << c;
      for (std::size_t k = 0; k < part::rows; ++k) hits[r + k] |= own[k] << c;
    }
  }
  return all;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
