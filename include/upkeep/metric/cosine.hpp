#pragma once
// The cosine of the angle between two rows: how most embedding models are meant to be compared.

#include "../base/error.hpp"
#include "../concepts/similarity_metric.hpp"
#include "../simd/reference.hpp"
#include "threshold_text.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Metric: the cosine, -1 to 1, larger is closer. Rows of norm 0 have none: finders set them aside.
/// @par Thread safety  Stateless.
struct cosine {
  static constexpr bool larger_is_closer = true;

  /// A row of zeros cannot be judged by this metric.
  static constexpr bool rejects_zero = true;

  static constexpr std::string_view name() noexcept { return "cosine"; }

  /// `reference_dot` over the root of the product of both `reference_squared_norm`s: the same bits on every machine, exactly 1 for equal
  /// rows. NaN where a row is zero or not finite. Rows have equal width.
  [[nodiscard]] double score(std::span<const float> a, std::span<const float> b) const noexcept {
    UPKEEP_ASSERT(a.size() == b.size());
    return reference_cosine(a.data(), b.data(), a.size());
  }

  /// `score` of two rows whose dot product and squared norms are known, from the same reference formulas: the same bits.
  static double score_of(double dot, double squared_norm_a, double squared_norm_b) noexcept {
    return reference_cosine_of(dot, squared_norm_a, squared_norm_b);
  }

  /// The Euclidean distance of two rows of norm 1 whose cosine is `threshold`: |x - y|^2 = 2 - 2 cos.
  [[nodiscard]] double radius(double threshold) const noexcept { return threshold >= 1.0 ? 0.0 : std::sqrt(2.0 - 2.0 * threshold); }

  /// @throws error invalid_argument where `threshold` is no cosine.
  static void check_threshold(double threshold) {
    if (threshold >= -1.0 && threshold <= 1.0) return;
    std::string message = "cosine: the threshold " + detail::threshold_text(threshold) + " is not between -1 and 1";
    if (threshold > 1.0 && threshold <= 100.0) message += ": did you mean " + detail::threshold_text(threshold / 100.0) + "?";
    throw error(errc::invalid_argument, message);
  }

  /// The form a filter needs (see exhaustive_join.hpp): cos(x, y) >= t  <=>  (x / |x|).(y / |y|) >= t/2 + t/2.
  static double row_scale(double norm) noexcept { return 1.0 / norm; }
  static double half_bound(double /*squared_norm*/, double threshold) noexcept { return threshold / 2.0; }
};

static_assert(radius_metric<cosine>);

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
