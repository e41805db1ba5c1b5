#pragma once
// The leading principal directions of a sample of rows, near enough for a filter that any orthonormal basis would keep correct.

#include "../base/matrix_view.hpp"
#include "../base/parallel.hpp"
#include "../base/progress.hpp"
#include "../simd/dot_product.hpp"
#include "../simd/row_sums.hpp"
#include "aligned_buffer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Directions that are orthonormal up to single precision, the leading ones first.
struct principal_basis {
  std::size_t components = 0;
  std::vector<std::vector<float>> directions;  ///< each of `components` numbers; at most `components` of them
  std::vector<float> mean;                     ///< of the sample
};

namespace detail {

// Sums in eight parts, which a compiler may put into registers without reordering anything.
inline double dot_of(const std::vector<double>& a, const std::vector<double>& b) noexcept {
  double s[8] = {};
  std::size_t j = 0;
  for (; j + 8 <= a.size(); j += 8)
    for (std::size_t k = 0; k < 8; ++k) s[k] += a[j + k] * b[j + k];
  for (; j < a.size(); ++j) s[0] += a[j] * b[j];
  return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

// Modified Gram-Schmidt, a second time for each direction that lost much of itself (Giraud, Langou, Rozloznik, 2005: twice is enough). One
// that the directions before it span is replaced by another that they do not. In single precision: what is missing from orthonormal is
// measured afterwards (sketch_space) and costs nothing at that size.
inline void orthonormalise(std::vector<std::vector<float>>& directions) {
  for (std::size_t a = 0; a < directions.size(); ++a) {
    std::vector<float>& own = directions[a];
    const std::size_t d = own.size();
    for (std::uint32_t attempt = 0;; ++attempt) {
      const float before = squared_norm(own.data(), d);
      float after = before;
      for (int pass = 0; pass < 2 && (pass == 0 || after < 0.5f * before); ++pass) {
        for (std::size_t b = 0; b < a; ++b) {
          const float share = dot_product(own.data(), directions[b].data(), d);
          for (std::size_t j = 0; j < d; ++j) own[j] -= share * directions[b][j];
        }
        after = squared_norm(own.data(), d);
      }
      if (after > 1e-9f * before && after > 1e-30f && after < 1e30f) {
        const float factor = 1.0f / std::sqrt(after);
        for (float& x : own) x *= factor;
        break;
      }
      auto state = static_cast<std::uint32_t>(a * 977 + attempt * 7919 + 1);
      for (float& x : own) {
        state = state * 1664525u + 1013904223u;
        x = static_cast<float>(state >> 8) * 0x1p-24f - 0.5f;
      }
    }
  }
}

// Turns `directions` by the eigenvectors of the symmetric matrix `m` (directions x directions, row-major), those of the largest eigenvalues
// first. Jacobi's cyclic method (Golub and Van Loan, Matrix Computations, section 8.5): 32 x 32 needs no library, and its accuracy decides
// about speed only.
inline void turn_by_eigenvectors(std::vector<double> m, std::vector<std::vector<float>>& directions) {
  const std::size_t n = directions.size();
  std::vector<double> v(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) v[i * n + i] = 1.0;
  for (int sweep = 0; sweep < 8; ++sweep) {
    double outside = 0, inside = 0;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = 0; q < n; ++q) (p == q ? inside : outside) += m[p * n + q] * m[p * n + q];
    if (!(outside > 1e-8 * inside)) break;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        const double apq = m[p * n + q];
        if (apq == 0.0) continue;
        const double tau = (m[q * n + q] - m[p * n + p]) / (2.0 * apq);
        const double t = (tau >= 0 ? 1.0 : -1.0) / (std::fabs(tau) + std::sqrt(1.0 + tau * tau));
        const double c = 1.0 / std::sqrt(1.0 + t * t), s = t * c;
        const auto rotate = [&](double& x, double& y) {
          const double old = x;
          x = c * old - s * y;
          y = s * old + c * y;
        };
        for (std::size_t k = 0; k < n; ++k) rotate(m[p * n + k], m[q * n + k]);
        for (std::size_t k = 0; k < n; ++k) rotate(m[k * n + p], m[k * n + q]);
        for (std::size_t k = 0; k < n; ++k) rotate(v[p * n + k], v[q * n + k]);  // eigenvectors in rows
      }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return m[a * n + a] > m[b * n + b]; });
  std::vector<std::vector<float>> turned(n);
  for (std::size_t a = 0; a < n; ++a) {
    turned[a].assign(directions[a].size(), 0.0f);
    for (std::size_t b = 0; b < n; ++b) {
      const auto share = static_cast<float>(v[order[a] * n + b]);
      for (std::size_t j = 0; j < turned[a].size(); ++j) turned[a][j] += share * directions[b][j];
    }
  }
  directions = std::move(turned);
}

/// Subspace iteration on the covariance of a sample (Halko, Martinsson, Tropp, Finding structure with randomness, 2011, section 4.5).
/// @par Thread safety  None: one call at a time.
class basis_search {
 public:
  /// @param sample  rows that are scaled already; borrowed
  basis_search(matrix_view<const float> sample, const execution& how, const progress& progress)
      : sample_(sample), how_(how), progress_(progress) {
    const std::size_t d = sample.cols();
    basis_.components = d;
    basis_.mean.resize(d);
    each_slice([&](std::size_t begin, std::size_t end) {
      double sum[slice] = {};
      for (std::size_t i = 0; i < sample_.rows(); ++i)
        for (std::size_t j = begin; j < end; ++j) sum[j - begin] += double{sample_[i][j]};
      for (std::size_t j = begin; j < end; ++j)
        basis_.mean[j] = sample_.rows() == 0 ? 0.0f : static_cast<float>(sum[j - begin] / static_cast<double>(sample_.rows()));
    });
  }

  /// The first `Width` directions, or as many as there are components. Continues from what was found before.
  template <std::size_t Width>
  void find(int passes) {
    if (sample_.cols() == 0) return;
    start(std::min(Width, sample_.cols()));
    for (int pass = 0; pass < passes; ++pass) {
      progress_.check("the search for near-duplicates");
      std::vector<std::vector<float>> image = apply<Width>();
      if (pass + 1 == passes) {  // Rayleigh-Ritz: within the subspace, the directions themselves
        const std::size_t n = image.size();
        std::vector<double> restricted(n * n);
        for (std::size_t a = 0; a < n; ++a)
          for (std::size_t b = 0; b <= a; ++b)
            restricted[a * n + b] = restricted[b * n + a] =
                (double{dot_product(basis_.directions[a].data(), image[b].data(), sample_.cols())} +
                 double{dot_product(basis_.directions[b].data(), image[a].data(), sample_.cols())}) /
                2;
        turn_by_eigenvectors(std::move(restricted), image);
      }
      orthonormalise(image);
      basis_.directions = std::move(image);
    }
  }

  [[nodiscard]] const principal_basis& found() const noexcept { return basis_; }

 private:
  // A sign sketch of the rows to begin with: each is added to one of the directions, or taken from it.
  void start(std::size_t count) {
    const std::size_t known = basis_.directions.size();
    if (count <= known) return;
    basis_.directions.resize(count, std::vector<float>(sample_.cols(), 0.0f));
    each_slice([&](std::size_t begin, std::size_t end) {
      for (std::size_t i = 0; i < sample_.rows(); ++i) {
        const std::uint32_t hash = static_cast<std::uint32_t>(i + known) * 2654435761u;
        std::vector<float>& to = basis_.directions[known + (hash >> 8) % (count - known)];
        const float sign = (hash >> 20 & 1u) != 0 ? 1.0f : -1.0f;
        for (std::size_t j = begin; j < end; ++j) to[j] += sign * (sample_[i][j] - basis_.mean[j]);
      }
    });
    orthonormalise(basis_.directions);
  }

  // Some components at a time, for all rows.
  static constexpr std::size_t slice = 64;
  template <class Work>
  void each_slice(const Work& work) {
    const std::size_t d = sample_.cols();
    parallel_for((d + slice - 1) / slice, how_,
                 [&](std::size_t task, std::size_t) { work(task * slice, std::min(d, (task + 1) * slice)); });
  }

  // The covariance times the directions (times the number of rows), in single precision.
  template <std::size_t Width>
  std::vector<std::vector<float>> apply() {
    constexpr std::size_t block = row_sums_rows<>;
    const std::size_t d = sample_.cols(), s = sample_.rows(), p = basis_.directions.size();
    if (s == 0) return std::vector<std::vector<float>>(p, std::vector<float>(d));  // no rows, and no address to add to
    aligned_buffer<float> columns(d * Width), centred((s + block) * Width), image((d + block) * Width);
    double centre[Width] = {};
    for (std::size_t j = 0; j < d; ++j)
      for (std::size_t c = 0; c < Width; ++c) {
        columns[j * Width + c] = c < p ? basis_.directions[c][j] : 0.0f;
        centre[c] += double{columns[j * Width + c]} * double{basis_.mean[j]};
      }
    constexpr std::size_t blocks_per_task = 8;
    const auto tasks = [](std::size_t count) { return (count + block * blocks_per_task - 1) / (block * blocks_per_task); };
    const auto each_block = [&](std::size_t task, std::size_t count, const auto& work) {
      const std::size_t end = std::min(count, (task + 1) * block * blocks_per_task);
      for (std::size_t i = task * block * blocks_per_task; i < end; i += block) work(i);
    };
    parallel_for(tasks(s), how_, [&](std::size_t task, std::size_t) {
      each_block(task, s, [&](std::size_t i) {
        const float* rows[block];
        for (std::size_t r = 0; r < block; ++r) rows[r] = sample_[std::min(i + r, s - 1)].data();
        float* const out = centred.data() + i * Width;
        row_sums<Width>(rows, 1, d, columns.data(), nullptr, out);
        for (std::size_t r = 0; r < block; ++r)
          for (std::size_t c = 0; c < Width; ++c) out[r * Width + c] -= static_cast<float>(centre[c]);
      });
    });
    // The sample is centred and so is what was made of it: the mean drops out of the second product.
    parallel_for(tasks(d), how_, [&](std::size_t task, std::size_t) {
      each_block(task, d, [&](std::size_t j) {
        const float* rows[block];
        for (std::size_t r = 0; r < block; ++r) rows[r] = sample_.data() + std::min(j + r, d - 1);
        row_sums<Width>(rows, sample_.stride(), s, centred.data(), nullptr, image.data() + j * Width);
      });
    });
    std::vector<std::vector<float>> result(p, std::vector<float>(d));
    for (std::size_t c = 0; c < p; ++c)
      for (std::size_t j = 0; j < d; ++j) result[c][j] = image[j * Width + c];
    return result;
  }

  matrix_view<const float> sample_;
  const execution& how_;
  const progress& progress_;
  principal_basis basis_;
};

}  // namespace detail
}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
