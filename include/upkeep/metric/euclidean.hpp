#pragma once
// The Euclidean distance of two rows.

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

/// Metric: the Euclidean distance (not squared), 0 and up, smaller is closer.
/// @par Thread safety  Stateless.
struct euclidean {
  static constexpr bool larger_is_closer = false;

  static constexpr std::string_view name() noexcept { return "euclidean"; }

  /// The root of `reference_squared_distance`: the same bits on every machine, 0 for equal rows only. NaN where a row is not
  /// finite. Rows have equal width.
  [[nodiscard]] double score(std::span<const float> a, std::span<const float> b) const noexcept {
    UPKEEP_ASSERT(a.size() == b.size());
    return std::sqrt(reference_squared_distance(a.data(), b.data(), a.size()));
  }

  /// The threshold itself.
  [[nodiscard]] double radius(double threshold) const noexcept { return threshold; }

  /// @throws error invalid_argument where `threshold` is no distance.
  static void check_threshold(double threshold) {
    if (!(threshold >= 0.0 && std::isfinite(threshold)))
      throw error(errc::invalid_argument, "euclidean: the threshold " + detail::threshold_text(threshold) +
                                              " is not a distance: give a finite number that is not negative");
  }

  /// The form a filter needs (see exhaustive_join.hpp): |x - y| <= t  <=>  x.y >= (|x|^2/2 - t^2/4) + (|y|^2/2 - t^2/4).
  static double row_scale(double /*norm*/) noexcept { return 1.0; }
  static double half_bound(double squared_norm, double threshold) noexcept { return squared_norm / 2.0 - threshold * threshold / 4.0; }
};

static_assert(radius_metric<euclidean>);

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
