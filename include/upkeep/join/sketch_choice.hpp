#pragma once
// Looks at a sample of the rows and chooses the sketch that makes the whole search shortest.

#include "../base/matrix_view.hpp"
#include "../base/parallel.hpp"
#include "../base/progress.hpp"
#include "../simd/count_near.hpp"
#include "../simd/reference.hpp"
#include "find_request.hpp"
#include "principal_basis.hpp"
#include "product_filter.hpp"
#include "row_scaling.hpp"
#include "sketch_space.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {
namespace detail {

/// Some of the rows, scaled, one after the other.
struct row_sample {
  aligned_buffer<float> values;
  std::size_t rows = 0, components = 0;
  [[nodiscard]] matrix_view<const float> view() const { return {values.data(), rows, components, components}; }
};

/// `wanted` rows at even distances, less those that no metric can judge and those that no float can hold once scaled.
/// @param phase  0 to 1, where between two such rows the sample lies
template <class Metric>
row_sample sample_rows(matrix_view<const float> rows, std::size_t wanted, double phase, double scale, const execution& how) {
  const std::size_t n = rows.rows(), count = std::min(n, wanted), d = rows.cols();
  std::vector<float> factors(count);
  const auto row_at = [&](std::size_t k) {
    const double at = (static_cast<double>(k) + phase) * static_cast<double>(n) / static_cast<double>(count);
    return rows[std::min(static_cast<std::size_t>(at), n - 1)].data();
  };
  row_sample sample{aligned_buffer<float>(count * d), 0, d};
  constexpr std::size_t part = 64;
  parallel_for((count + part - 1) / part, how, [&](std::size_t task, std::size_t) {
    for (std::size_t k = task * part; k < std::min(count, (task + 1) * part); ++k) {
      const float* const row = row_at(k);
      const double squared = reference_squared_norm(row, d);
      if (!std::isfinite(squared) || !(squared > 0)) continue;
      const double factor = scale * metric_row_scale<Metric>(std::sqrt(squared));
      if (!(factor * std::sqrt(squared) < 0x1p30) || !(factor > 0x1p-120) || !(factor < 0x1p120)) continue;
      factors[k] = static_cast<float>(factor);
      for (std::size_t j = 0; j < d; ++j) sample.values[k * d + j] = row[j] * factors[k];
    }
  });
  for (std::size_t k = 0; k < count; ++k) {  // close the gaps
    if (factors[k] == 0.0f) continue;
    if (sample.rows != k) std::copy_n(sample.values.data() + k * d, d, sample.values.data() + sample.rows * d);
    ++sample.rows;
  }
  return sample;
}

/// The power of two that suits the rows of a sample, see `common_scale`.
template <class Metric>
double scale_of_sample(matrix_view<const float> rows, std::size_t wanted) {
  std::vector<double> squared;
  const std::size_t n = rows.rows(), count = std::min(n, wanted);
  for (std::size_t k = 0; k < count; ++k) squared.push_back(reference_squared_norm(rows[k * n / count].data(), rows.cols()));
  return common_scale<Metric>(squared);
}

/// What a sketch of 32 codes would look like, in single precision: a row's components along the directions.
struct sketch_preview {
  std::vector<float> values;  ///< component c of row r at [c * rows + r]
  std::size_t rows = 0;
  float largest = 0;
};

inline sketch_preview preview_of(const row_sample& sample, const principal_basis& basis, const execution& how) {
  constexpr std::size_t width = 32, block = row_sums_rows<>;
  sketch_preview p;
  p.rows = sample.rows;
  p.values.resize(width * p.rows);
  aligned_buffer<float> columns(sample.components * width);
  float centre[width] = {};
  for (std::size_t j = 0; j < sample.components; ++j)
    for (std::size_t c = 0; c < width; ++c) {
      const float x = c < basis.directions.size() ? basis.directions[c][j] : 0.0f;
      columns[j * width + c] = x;
      centre[c] += x * basis.mean[j];
    }
  const auto view = sample.view();
  parallel_for((p.rows + block - 1) / block, how, [&](std::size_t task, std::size_t) {
    alignas(64) float sums[block * width];
    const float* pointers[block];
    const std::size_t i = task * block;
    for (std::size_t r = 0; r < block; ++r) pointers[r] = view[std::min(i + r, p.rows - 1)].data();
    row_sums<width>(pointers, 1, sample.components, columns.data(), nullptr, sums);
    for (std::size_t r = 0; r < block && i + r < p.rows; ++r)
      for (std::size_t c = 0; c < width; ++c) p.values[c * p.rows + i + r] = sums[r * width + c] - centre[c];
  });
  for (const float z : p.values) p.largest = std::max(p.largest, std::fabs(z));
  return p;
}

/// The share of all pairs of previewed rows that are within reach by their first 16 and by all 32 components.
struct survivor_shares {
  double of_16 = 0, of_32 = 0;
};

inline survivor_shares count_survivors(const sketch_preview& p, double reach, double step, const execution& how) {
  constexpr std::size_t lanes = default_floats::size;
  const std::size_t half = p.rows / 2 / lanes * lanes;
  if (half == 0) return {1.0, 1.0};
  // The codes' own error, on average step / sqrt(12) in each component.
  const auto bound = [&](double components) { return static_cast<float>(std::pow(reach + 2.1 * step * std::sqrt(components / 12), 2)); };
  const float bound_16 = bound(16), bound_32 = bound(32);
  std::vector<near_counts> counts(worker_count(how));
  constexpr std::size_t part = 32;
  parallel_for((half + part - 1) / part, how, [&](std::size_t task, std::size_t worker) {
    const near_counts near =
        count_near(p.values.data(), p.rows, task * part, std::min(half, (task + 1) * part), half, 2 * half, bound_16, bound_32);
    counts[worker].of_16 += near.of_16;
    counts[worker].of_32 += near.of_32;
  });
  survivor_shares shares;
  const double pairs = static_cast<double>(half) * static_cast<double>(half);
  for (const auto& [of_16, of_32] : counts) {
    shares.of_16 += static_cast<double>(of_16) / pairs;
    shares.of_32 += static_cast<double>(of_32) / pairs;
  }
  return shares;
}

/// Samples the rows, finds their principal directions and chooses the shape of the sketch by what the survivors among rows that the
/// directions were not made from would cost; the rows of the sample itself would promise far too few.
/// @param rows  all rows, or an even selection of them
/// @param count  how many rows there are
/// @param columns  how many rows will be compared with them: `count` where they are compared with each other
/// @param radius  of the metric's threshold
/// @param share  if given, gets what the search will cost as a share of what comparing every pair would: above 1 where so many pairs are
/// within reach that sketches save nothing
/// @param sparing  leaves out 32 codes in one part: putting them in order takes two copies, more than 64 bytes a row
template <class Metric>
sketch_space choose_sketch(matrix_view<const float> rows, std::size_t count, std::size_t columns, double radius, const execution& how,
                           const progress& progress, double* share = nullptr, bool sparing = false) {
  // One row in thirty-two: where there are few, looking for the directions must not take longer than better ones save.
  constexpr std::size_t held_out = 1024;
  const std::size_t sampled = std::clamp<std::size_t>(count / 32, 1024, 2048);
  const double scale = scale_of_sample<Metric>(rows, 256);
  const row_sample sample = sample_rows<Metric>(rows, sampled, 0.0, scale, how),
                   others = sample_rows<Metric>(rows, held_out, 0.7, scale, how);
  basis_search search(sample.view(), how, progress);
  search.find<32>(2);
  const sketch_preview preview = preview_of(others, search.found(), how);
  const double largest = double{preview.largest}, reach = scale * radius;
  const survivor_shares shares = count_survivors(preview, reach, std::max(largest / 127, reach / 64), how);

  // Seconds by rates measured on two cores with AVX-512: elements that a pass over the rows takes, pairs that the kernel takes of those that
  // the boxes leave (about half), what a survivor costs in cache misses and arithmetic. On other machines all of them change together.
  const auto n = static_cast<double>(count), d = static_cast<double>(rows.cols());
  const double pairs = n * static_cast<double>(columns) / 2, compared = 30e-9 + d * 0.03e-9, kernel = pairs * 0.5 / 45e9;
  const double pass_16 = n * d / 4.1e9, pass_32 = n * d / 2.5e9, pass_64 = n * d / 1.6e9;
  // Sixteen components more left this share of the survivors; thirty-two more will leave its square.
  const double left = shares.of_16 > 0 ? shares.of_32 / shares.of_16 : 0.0, of_64 = shares.of_32 * left * left;
  const struct {
    sketch_shape shape;
    double seconds;
  } choices[] = {{{16, 16}, kernel + pairs * shares.of_16 * compared + pass_16},
                 {{32, 16}, kernel + pairs * shares.of_16 * 6e-9 + pairs * shares.of_32 * compared + pass_32},
                 {{32, 32}, sparing ? std::numeric_limits<double>::infinity() : 2 * kernel + pairs * shares.of_32 * compared + pass_32},
                 {{64, 64}, 4 * kernel + pairs * of_64 * compared + pass_64}};
  const auto best =
      std::min_element(std::begin(choices), std::end(choices), [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
  if (best->shape.width == 64) search.find<64>(1);
  if (share != nullptr) *share = best->seconds / (pairs * 2 * d / 4.2e11);
  return sketch_space(search.found(), best->shape, largest, scale, radius);
}

/// Whether sketches save nothing: there is no room for them in single precision, or most rows are within reach of each other.
/// @param share  of choose_sketch
template <class Metric>
bool are_sketches_useless(const sketch_space& space, double share) {
  return !space.usable() || (product_metric<Metric> && share > 1);
}

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
