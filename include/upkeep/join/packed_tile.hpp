#pragma once
// Rows copied, scaled and interleaved into the layout that the tile kernel reads in one stream.

#include "../base/matrix_view.hpp"
#include "aligned_buffer.hpp"

#include <cstddef>
#include <limits>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
/// Some rows of a matrix as groups of `Lanes` interleaved rows: component k of row l of a group at [k * Lanes + l]. The last group is
/// filled up with rows that reach no bound.
/// @par Thread safety  None: each worker packs its own.
template <std::size_t Lanes>
class packed_tile {
 public:
  /// Packs rows `first` to `first + count`; `row_of(i)` tells the factor and the bound of row i.
  template <class RowOf>
  void pack(matrix_view<const float> rows, std::size_t first, std::size_t count, const RowOf& row_of) {
    first_ = first;
    components_ = rows.cols();
    groups_ = (count + Lanes - 1) / Lanes;
    values_.reserve(groups_ * Lanes * components_);
    bounds_.reserve(groups_ * Lanes);
    for (std::size_t g = 0; g < groups_; ++g) {
      const float* source[Lanes] = {};
      double factor[Lanes] = {};
      for (std::size_t l = 0; l < Lanes; ++l) {
        const std::size_t i = first + g * Lanes + l;
        float bound = std::numeric_limits<float>::infinity();
        if (i < first + count) {
          const auto row = row_of(i);
          bound = row.bound;
          if (row.factor != 0) {
            source[l] = rows[i].data();
            factor[l] = row.factor;
          }
        }
        bounds_.data()[g * Lanes + l] = bound;
      }
      interleave(source, factor, values_.data() + g * Lanes * components_);
    }
  }

  [[nodiscard]] std::size_t groups() const noexcept { return groups_; }
  [[nodiscard]] std::size_t first_of(std::size_t group) const noexcept { return first_ + group * Lanes; }
  [[nodiscard]] const float* values(std::size_t group) const noexcept { return values_.data() + group * Lanes * components_; }
  [[nodiscard]] const float* bounds(std::size_t group) const noexcept { return bounds_.data() + group * Lanes; }

 private:
  // In pieces of 32 components, so that the lines written stay in the first-level cache until all lanes have been there.
  void interleave(const float* const* source, const double* factor, float* out) const noexcept {
    constexpr std::size_t piece = 32;
    float scaled[piece];
    for (std::size_t begin = 0; begin < components_; begin += piece) {
      const std::size_t size = components_ - begin < piece ? components_ - begin : piece;
      float* const to = out + begin * Lanes;
      for (std::size_t l = 0; l < Lanes; ++l) {
        if (source[l] == nullptr) {
          for (std::size_t k = 0; k < size; ++k) to[k * Lanes + l] = 0.0f;
          continue;
        }
        const float* const from = source[l] + begin;
        if (size == piece)  // a constant count is what both compilers vectorise
          for (std::size_t k = 0; k < piece; ++k) scaled[k] = static_cast<float>(static_cast<double>(from[k]) * factor[l]);
        else
          for (std::size_t k = 0; k < size; ++k) scaled[k] = static_cast<float>(static_cast<double>(from[k]) * factor[l]);
        for (std::size_t k = 0; k < size; ++k) to[k * Lanes + l] = scaled[k];
      }
    }
  }

  detail::aligned_buffer<float> values_, bounds_;
  std::size_t first_ = 0, groups_ = 0, components_ = 0;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
