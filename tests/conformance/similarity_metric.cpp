// The suite for metrics passes the shipped metrics, and catches a metric that breaks any one of its rules.

#include "upkeep/testing/conform_similarity_metric.hpp"

#include <cstdint>

#include "support/catch.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"

using upkeep::testing::conform_similarity_metric;
using row = std::span<const float>;

namespace {

void check(const upkeep::testing::conformance_report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

double squared(row a, row b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
  return s;
}

template <class Metric>
void caught(Metric, const char* rule) {
  const auto report = conform_similarity_metric([] { return Metric(); });
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
  CHECK(report.failures.size() < report.rules.size());
}

struct lopsided {
  static constexpr bool larger_is_closer = false;
  double score(row a, row b) const { return squared(a, b) + double{a[0]}; }
};
struct depends_on_the_address {
  static constexpr bool larger_is_closer = false;
  double score(row a, row b) const { return squared(a, b) * (reinterpret_cast<std::uintptr_t>(a.data()) % 16 == 0 ? 1.0 : 1.0 + 0x1p-40); }
};
struct upside_down {
  static constexpr bool larger_is_closer = true;
  double score(row a, row b) const { return squared(a, b); }
};
struct single_precision {
  static constexpr bool larger_is_closer = false;
  double score(row a, row b) const { return static_cast<double>(static_cast<float>(squared(a, b))); }
};
struct nan_is_far_too_near {
  static constexpr bool larger_is_closer = false;
  double score(row a, row b) const {
    const double s = squared(a, b);
    return s == s ? s : 0;
  }
};
struct wrong_radius {
  static constexpr bool larger_is_closer = false;
  double score(row a, row b) const { return squared(a, b); }
  double radius(double threshold) const { return threshold; }  // forgets the root
};

}  // namespace

TEST_CASE("the shipped metrics conform", "[conformance][similarity_metric]") {
  check(conform_similarity_metric([] { return upkeep::cosine(); }));
  check(conform_similarity_metric([] { return upkeep::dot(); }));
  check(conform_similarity_metric([] { return upkeep::euclidean(); }));
}

TEST_CASE("the suite catches a metric that breaks one rule", "[conformance][similarity_metric]") {
  caught(lopsided(), "is_symmetric");
  caught(depends_on_the_address(), "is_deterministic");
  caught(upside_down(), "closer_is_closer");
  caught(single_precision(), "scores_in_double_precision");
  caught(nan_is_far_too_near(), "nan_is_no_match");
  caught(wrong_radius(), "radius_is_the_distance");
}
