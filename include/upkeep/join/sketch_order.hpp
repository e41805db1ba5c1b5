#pragma once
// Puts sketches into an order in which near ones stand near each other, so that boxes around neighbours are small.

#include "../base/parallel.hpp"
#include "../base/record.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Sort-tile-recursive order (Leutenegger, Lopez, Edgington, STR: a simple and efficient algorithm for R-tree packing, 1997) on the few
/// leading codes of each row, the widest first: sorted by the first code, cut into slabs, each slab sorted by the second, and so on. More
/// than three or four codes prune less, not more: the cells become long in all of them.
/// @par Thread safety  None; it runs its own threads.
class sketch_order {
 public:
  /// @param codes  `stride` a row, by row number
  /// @param cell  rows of the smallest cell
  sketch_order(const std::uint8_t* codes, std::size_t stride, std::size_t cell) : codes_(codes), stride_(stride), cell_(cell) {}

  /// Orders the row numbers in `rows`.
  void sort(std::vector<row_index>& rows, const execution& how) {
    const std::size_t n = rows.size();
    if (n <= cell_ || stride_ == 0) return;
    dimensions_ = std::min<std::size_t>(n > 500'000 ? 4 : 3, stride_);
    choose_slabs(rows);
    std::vector<row_index> room(n);
    sort_by(rows.data(), room.data(), n, 0);
    if (dimensions_ == 1) return;
    std::vector<std::pair<std::size_t, std::size_t>> slabs;
    cut(n, 0, [&](std::size_t begin, std::size_t end) { slabs.emplace_back(begin, end); });
    parallel_for(slabs.size(), how, [&](std::size_t s, std::size_t) {
      recurse(rows.data() + slabs[s].first, room.data() + slabs[s].first, slabs[s].second - slabs[s].first, 1);
    });
  }

 private:
  // As many slabs along a code as it is wide, so that the cells come out about as long in every one of them.
  void choose_slabs(const std::vector<row_index>& rows) {
    const std::size_t step = std::max<std::size_t>(1, rows.size() / 1024);
    std::vector<double> spread(dimensions_);
    double product = 1;
    for (std::size_t j = 0; j < dimensions_; ++j) {
      double sum = 0, squares = 0, count = 0;
      for (std::size_t i = 0; i < rows.size(); i += step, ++count) {
        const double code = codes_[std::size_t{rows[i]} * stride_ + j];
        sum += code;
        squares += code * code;
      }
      spread[j] = std::sqrt(std::max(squares / count - sum / count * (sum / count), 0.0)) + 1e-3;
      product *= spread[j];
    }
    const double cells = static_cast<double>(rows.size()) / static_cast<double>(cell_);
    const double unit = std::pow(cells / product, 1.0 / static_cast<double>(dimensions_));
    slabs_.clear();
    for (const double s : spread) slabs_.push_back(std::max(1.0, unit * s));
  }

  void sort_by(row_index* rows, row_index* room, std::size_t n, std::size_t code) const {
    std::size_t begins[257] = {};
    const std::uint8_t* const codes = codes_ + code;
    for (std::size_t i = 0; i < n; ++i) ++begins[codes[std::size_t{rows[i]} * stride_] + 1u];
    for (std::size_t b = 0; b < 256; ++b) begins[b + 1] += begins[b];
    for (std::size_t i = 0; i < n; ++i) room[begins[codes[std::size_t{rows[i]} * stride_]]++] = rows[i];
    std::copy_n(room, n, rows);
  }

  // The slabs of `n` rows along a code, in whole cells.
  template <class Use>
  void cut(std::size_t n, std::size_t code, const Use& use) const {
    const std::size_t cells = (n + cell_ - 1) / cell_;
    const std::size_t slabs = std::min(cells, static_cast<std::size_t>(std::max(1.0, std::round(slabs_[code]))));
    for (std::size_t s = 0; s < slabs; ++s) {
      const std::size_t begin = cells * s / slabs * cell_, end = std::min(n, cells * (s + 1) / slabs * cell_);
      if (begin < end) use(begin, end);
    }
  }

  void recurse(row_index* rows, row_index* room, std::size_t n, std::size_t code) const {
    if (n <= 8) return;
    sort_by(rows, room, n, code);
    if (code + 1 < dimensions_)
      cut(n, code, [&](std::size_t begin, std::size_t end) { recurse(rows + begin, room + begin, end - begin, code + 1); });
  }

  const std::uint8_t* codes_;
  std::size_t stride_, cell_, dimensions_ = 0;
  std::vector<double> slabs_;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
