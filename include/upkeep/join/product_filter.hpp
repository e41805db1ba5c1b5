#pragma once
// Turns a metric's threshold into one bound per row, safe in single precision: what lets the join drop a pair without looking at it twice.

#include "../config.hpp"
#include "row_scaling.hpp"

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// A metric whose threshold is a bound on the dot product of scaled rows:
///
///     score(x, y) is within t   <=>   row_scale(|x|) row_scale(|y|) x.y >= half_bound(|x|^2, t) + half_bound(|y|^2, t)
///
/// cosine: rows scaled by 1/|x|, halves t/2. Dot product: rows as they are, halves t/2. Euclidean distance, from
/// |x - y|^2 = |x|^2 + |y|^2 - 2 x.y: rows as they are, halves |x|^2/2 - t^2/4. `row_scale(r) r` must not fall as r grows, and `score` must
/// agree with the right-hand side to within n 2^-50 of the magnitudes that enter it, which the double-precision formulas do.
template <class Metric>
concept product_metric = requires(double x) {
  { Metric::row_scale(x) } -> std::same_as<double>;
  { Metric::half_bound(x, x) } -> std::same_as<double>;
};

/// How a row enters the single-precision product: multiplied by `factor`, with `bound` as its half of the bound.
struct filter_row {
  double factor = 0;
  float bound = std::numeric_limits<float>::infinity();  ///< infinity: the row reaches no bound
  bool apart = false;                                    ///< too large for the common scale: to be judged in double with every row
};

/// The single-precision filter of a metric: passes every pair whose double-precision score is within the threshold, and few others.
///
/// Scale. All rows are multiplied by one power of two s that takes the median norm to about 1 (1 where the metric normalises rows), so that
/// data of any magnitude stays clear of overflow and underflow; r_x = s row_scale(|x|) |x| is the norm of a scaled row. Rows with
/// r_x > 2^30 are `apart`; every sum of products then stays below 2^61.
///
/// Slack. Let u = 2^-24 and g(k) = k u / (1 - k u) (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1).
/// (1) A scaled component is rounded once to float, after a double product: relative error u (1 + 2^-28); two of them in each product.
/// (2) A sum of n products, in any order, fused or not, has error at most g(n) sum |p_k q_k| (his equation 3.4).
/// (3) Together the product a that is computed and the true one A satisfy |a - A| <= g(n + 3) sum |A_k| <= g(n + 3) r_x r_y
///     (Cauchy-Schwarz) <= g(n + 3) (r_x^2 + r_y^2) / 2, which falls apart into a part of x and a part of y.
/// (4) Underflow, even to zero, costs each component at most 2^-126, against a factor below 2^31, and each of the 2 n operations at most
///     2^-126: less than n 2^-90 in all.
/// (5) The double-precision score's own rounding is at most n 2^-50 of r_x r_y and of the magnitude of the bounds, |H| and r^2.
/// (6) The bounds are rounded down to float, and their sum once more: at most u (|h_x| + |h_y|).
/// So with H = s^2 half_bound(|x|^2, t) the bound of x is H - g(n + 8) r^2/2 - (n + 16) 2^-49 (|H| + r^2) - 2^-22 |H| - (n + 16) 2^-90,
/// rounded down.
template <product_metric Metric>
class product_filter {
 public:
  /// @param squared_norms  of the rows, as `reference_squared_norm` gives them; rows that take part in nothing have none or NaN
  /// @param components  of a row
  product_filter(std::span<const double> squared_norms, std::size_t components, double threshold) noexcept : threshold_(threshold) {
    const auto n = static_cast<double>(components);
    usable_ = n < 0x1p21;
    growth_ = (n + 8) * 0x1p-24 / (1 - (n + 8) * 0x1p-24);
    relative_ = (n + 16) * 0x1p-49;
    absolute_ = (n + 16) * 0x1p-90;
    scale_ = detail::common_scale<Metric>(squared_norms);
  }

  /// How a row of this squared norm enters; one of norm 0 or NaN is the caller's to keep out.
  [[nodiscard]] filter_row row(double squared_norm) const noexcept {
    const double norm = std::sqrt(squared_norm);
    const double factor = squared_norm > 0 ? scale_ * Metric::row_scale(norm) : scale_;
    const double scaled = factor * norm;
    if (!usable_ || scaled > 0x1p30) return {0, std::numeric_limits<float>::infinity(), true};
    const double exact = scale_ * scale_ * Metric::half_bound(squared_norm, threshold_);
    const double squared = scaled * scaled;
    const double bound = exact - growth_ * squared / 2 - relative_ * (std::fabs(exact) + squared) - 0x1p-22 * std::fabs(exact) - absolute_;
    return {factor, rounded_down(bound), false};
  }

 private:
  static float rounded_down(double x) noexcept {
    constexpr double largest = static_cast<double>(std::numeric_limits<float>::max());
    if (!(x >= -largest)) return -std::numeric_limits<float>::infinity();  // NaN too: the pair is looked at
    if (x >= largest) return std::numeric_limits<float>::max();
    const auto f = static_cast<float>(x);
    return static_cast<double>(f) <= x ? f : std::nextafterf(f, -std::numeric_limits<float>::infinity());
  }

  double threshold_, scale_ = 1, growth_ = 0, relative_ = 0, absolute_ = 0;
  bool usable_ = true;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
