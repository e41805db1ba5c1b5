#pragma once
// The kernel of the projection: a few rows times a matrix of few columns, in registers.

#include "batch.hpp"
#include "tile_dot.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Rows that one call of `row_sums` works on.
template <class Floats = default_floats>
inline constexpr std::size_t row_sums_rows = tile_shape<Floats>::rows;

namespace detail {

template <class Floats, std::size_t... Row, std::size_t... Vector>
[[gnu::always_inline]] inline void sums_in_registers(const float* const* rows, std::size_t step, std::size_t n, const float* columns,
                                                     std::size_t width, const float* const* next, float* sums, std::index_sequence<Row...>,
                                                     std::index_sequence<Vector...>) noexcept {
  constexpr std::size_t vectors = sizeof...(Vector), lanes = Floats::size, line = 16;
  Floats s[sizeof...(Row)][vectors];
  const auto clear = [&](Floats(&row)[vectors]) __attribute__((always_inline)) { ((row[Vector] = Floats::zero()), ...); };
  (clear(s[Row]), ...);
  for (std::size_t k = 0; k < n;) {
    if (next != nullptr) (__builtin_prefetch(next[Row] + k), ...);
    for (const std::size_t end = k + line < n ? k + line : n; k < end; ++k) {
      const Floats y[vectors] = {Floats::load(columns + k * width + Vector * lanes)...};
      const auto advance = [&](float factor, Floats(&row)[vectors]) __attribute__((always_inline)) {
        const Floats x = Floats::set(factor);
        ((row[Vector] = multiply_add(x, y[Vector], row[Vector])), ...);
      };
      (advance(rows[Row][k * step], s[Row]), ...);
    }
  }
  const auto keep = [&](float* out, const Floats(&row)[vectors]) __attribute__((always_inline)) {
    (row[Vector].store(out + Vector * lanes), ...);
  };
  (keep(sums + Row * width, s[Row]), ...);
}

}  // namespace detail

/// sums[r][c] = the sum over k < `n` of rows[r][k * step] * columns[k][c], for `row_sums_rows` rows and `Width` columns, in single precision
/// from k = 0 to n - 1: error at most g(n) times the sum of the products' absolute values. A row's sums depend on nothing but that row.
/// @param columns  n x Width, row-major
/// @param next  rows that will be wanted next and are fetched on the way, or nullptr; they have as many components
/// @param sums  `row_sums_rows` x Width, written
template <std::size_t Width, class Floats = default_floats>
[[gnu::noinline]] void row_sums(const float* const* rows, std::size_t step, std::size_t n, const float* columns, const float* const* next,
                                float* sums) noexcept {
  if constexpr (std::is_same_v<Floats, run_time_floats>) {
    kernels().template of_width<Width>().row_sums(rows, step, n, columns, next, sums);
  } else {
    constexpr std::size_t available = Width / Floats::size, vectors = available < 2 ? available : 2;
    static_assert(Width % (vectors * Floats::size) == 0);
    for (std::size_t c = 0; c < Width; c += vectors * Floats::size)
      detail::sums_in_registers<Floats>(rows, step, n, columns + c, Width, c == 0 ? next : nullptr, sums + c,
                                        std::make_index_sequence<row_sums_rows<Floats>>(), std::make_index_sequence<vectors>());
  }
}

/// The same for a width known at run time: 16, 32 or 64.
inline void row_sums_of_width(std::size_t width, const float* const* rows, std::size_t n, const float* columns, const float* const* next,
                              float* sums) noexcept {
  if (width == 16)
    row_sums<16>(rows, 1, n, columns, next, sums);
  else if (width == 32)
    row_sums<32>(rows, 1, n, columns, next, sums);
  else
    row_sums<64>(rows, 1, n, columns, next, sums);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
