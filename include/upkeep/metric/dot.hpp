#pragma once
// The dot product of two rows: for models trained for it, whose norms mean something.

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

/// Metric: the dot product, any number, larger is closer. Not a distance: a row need not be its own closest, so it has no `radius`.
/// @par Thread safety  Stateless.
struct dot {
  static constexpr bool larger_is_closer = true;

  static constexpr std::string_view name() noexcept { return "dot"; }

  /// `reference_dot`: the same bits on every machine. NaN where a row is not finite. Rows have equal width.
  [[nodiscard]] double score(std::span<const float> a, std::span<const float> b) const noexcept {
    UPKEEP_ASSERT(a.size() == b.size());
    return reference_dot(a.data(), b.data(), a.size());
  }

  /// @throws error invalid_argument where `threshold` is not a finite number.
  static void check_threshold(double threshold) {
    if (!std::isfinite(threshold))
      throw error(errc::invalid_argument, "dot: the threshold " + detail::threshold_text(threshold) + " is not a finite number");
  }

  /// The form a filter needs (see exhaustive_join.hpp): x.y >= t  <=>  x.y >= t/2 + t/2.
  static double row_scale(double /*norm*/) noexcept { return 1.0; }
  static double half_bound(double /*squared_norm*/, double threshold) noexcept { return threshold / 2.0; }
};

static_assert(similarity_metric<dot>);

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
