#pragma once
// Role `similarity_metric` (verb `score`): how alike two vectors are, and which way is closer.

#include "role.hpp"

#include <concepts>
#include <span>
#include <string_view>

namespace upkeep::inline v0 {

// A metric scores a pair of vectors of equal width in double precision and declares its order, so that no algorithm asks whether it deals
// with a similarity or a distance.
//
//   double score(std::span<const float> a, std::span<const float> b) const
//     symmetric, deterministic; NaN is never a match.
//   static constexpr bool larger_is_closer
//     true for similarities (cosine, dot product), false for distances.
//
// Refinement: `double radius(double threshold) const` for metrics whose threshold is a Euclidean distance (of unit rows, for cosine): what
// exact filters by the triangle inequality need. The dot product has none.

template <class T>
concept has_score = requires(const T& t, std::span<const float> v) {
  { t.score(v, v) } -> std::same_as<double>;
};
template <class T>
concept has_order = requires {
  { T::larger_is_closer } -> std::convertible_to<bool>;
};
template <class T>
concept has_radius = requires(const T& t, double threshold) {
  { t.radius(threshold) } -> std::same_as<double>;
};

/// How alike two vectors are.
template <class T>
concept similarity_metric = has_score<T> && has_order<T>;

/// A metric whose threshold is a Euclidean radius.
template <class T>
concept radius_metric = similarity_metric<T> && has_radius<T>;

/// Whether `score` is at least as close as `threshold` under the order of `Metric`; false for NaN.
template <class Metric>
constexpr bool is_within(double score, double threshold) noexcept {
  if constexpr (Metric::larger_is_closer)
    return score >= threshold;
  else
    return score <= threshold;
}

namespace check {

template <class T>
struct similarity_metric {
  static constexpr bool a = has_score<T>, b = a && has_order<T>;
  static constexpr bool fits = b && (!detail::names_radius<T> || has_radius<T>);
  static_assert(a, "upkeep: similarity_metric: write `double score(std::span<const float> a, std::span<const float> b) const`");
  static_assert(!a || b, "upkeep: similarity_metric: write `static constexpr bool larger_is_closer = true;` (or false for a distance)");
  static_assert(!b || !detail::names_radius<T> || has_radius<T>, "upkeep: radius_metric: write `double radius(double threshold) const`");
};

}  // namespace check
}  // namespace upkeep::inline v0
