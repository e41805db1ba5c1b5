// Metrics that the sketch join cannot filter: one sentence says why, and what to use instead.
// CASE: 1 the dot product is no distance
// EXPECT: upkeep: sketch_join: this metric has no `double radius\(double threshold\) const`, .*: use exhaustive_join
// CASE: 2 a metric of one's own without a radius
// EXPECT: upkeep: sketch_join: this metric has no `double radius\(double threshold\) const`, .*: use exhaustive_join
// CASE: 3 a radius of another kind
// EXPECT: upkeep: radius_metric: write `double radius\(double threshold\) const`
// CASE: 4 no metric at all
// EXPECT: upkeep: similarity_metric: write `double score\(std::span<const float> a, std::span<const float> b\) const`
#include "upkeep/join/sketch_join.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"

struct plain {
  static constexpr bool larger_is_closer = true;
  double score(std::span<const float>, std::span<const float>) const { return double(); }
};

struct with_radius : plain {
  static constexpr bool larger_is_closer = false;
  double radius(double threshold) const { return threshold; }
};

struct with_another_radius : plain {
  float radius(float threshold) const { return threshold; }
};

struct nothing {};

#if CASE == 0
using mine = with_radius;
#elif CASE == 1
using mine = upkeep::dot;
#elif CASE == 2
using mine = plain;
#elif CASE == 3
using mine = with_another_radius;
#elif CASE == 4
using mine = nothing;
#endif

void use() {
  const upkeep::sketch_join<mine> finder;
  upkeep::progress progress;
  static_cast<void>(finder.find_pairs(
      {}, {}, [](const upkeep::scored_pair&) {}, progress));
}
