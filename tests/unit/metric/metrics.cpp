// The three metrics: their formulas, their order, what thresholds they refuse, and the form that filters use.

#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

std::vector<float> random_row(upkeep::rng& random, std::size_t n) {
  std::vector<float> row(n);
  for (float& x : row) x = static_cast<float>(random.normal());
  return row;
}

template <class Metric>
std::string refusal(double threshold) {
  try {
    Metric::check_threshold(threshold);
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::invalid_argument);
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("metrics score small rows as one does by hand", "[metric]") {
  const std::vector<float> a = {3, 4}, b = {4, 3}, zero = {0, 0};
  CHECK(upkeep::cosine{}.score(a, b) == 24.0 / 25.0);
  CHECK(upkeep::cosine{}.score(a, a) == 1.0);
  CHECK(std::isnan(upkeep::cosine{}.score(a, zero)));
  CHECK(upkeep::dot{}.score(a, b) == 24.0);
  CHECK(upkeep::euclidean{}.score(a, b) == std::sqrt(2.0));
  CHECK(upkeep::euclidean{}.score(a, a) == 0.0);
  CHECK(upkeep::euclidean{}.score(a, zero) == 5.0);
}

TEST_CASE("metrics declare which way is closer", "[metric]") {
  CHECK(upkeep::is_within<upkeep::cosine>(0.98, 0.98));
  CHECK_FALSE(upkeep::is_within<upkeep::cosine>(0.97, 0.98));
  CHECK(upkeep::is_within<upkeep::dot>(3.0, 2.0));
  CHECK(upkeep::is_within<upkeep::euclidean>(1.0, 2.0));
  CHECK_FALSE(upkeep::is_within<upkeep::euclidean>(2.1, 2.0));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(upkeep::is_within<upkeep::cosine>(nan, -1.0));
  CHECK_FALSE(upkeep::is_within<upkeep::euclidean>(nan, 2.0));
}

TEST_CASE("a threshold that cannot be meant is refused with a sentence", "[metric]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK(refusal<upkeep::cosine>(98).find("did you mean 0.98?") != std::string::npos);
  CHECK(refusal<upkeep::cosine>(98).find("cosine: the threshold 98 ") == 0);
  CHECK_FALSE(refusal<upkeep::cosine>(1.0000001).empty());
  CHECK(refusal<upkeep::cosine>(-1.5).find("did you mean") == std::string::npos);
  CHECK_FALSE(refusal<upkeep::cosine>(nan).empty());
  CHECK_FALSE(refusal<upkeep::cosine>(infinity).empty());
  CHECK(refusal<upkeep::cosine>(1.0).empty());
  CHECK(refusal<upkeep::cosine>(-1.0).empty());
  CHECK(refusal<upkeep::euclidean>(0.0).empty());
  CHECK_FALSE(refusal<upkeep::euclidean>(-0.1).empty());
  CHECK_FALSE(refusal<upkeep::euclidean>(nan).empty());
  CHECK_FALSE(refusal<upkeep::euclidean>(infinity).empty());
  CHECK(refusal<upkeep::dot>(-1e30).empty());
  CHECK_FALSE(refusal<upkeep::dot>(nan).empty());
  CHECK_FALSE(refusal<upkeep::dot>(-infinity).empty());
}

TEST_CASE("the radius is the distance of unit rows at the threshold", "[metric]") {
  CHECK(upkeep::cosine{}.radius(0.98) == Approx(0.2));
  CHECK(upkeep::cosine{}.radius(1.0) == 0.0);
  CHECK(upkeep::cosine{}.radius(-1.0) == 2.0);
  CHECK(upkeep::euclidean{}.radius(0.7) == 0.7);
  STATIC_REQUIRE(upkeep::radius_metric<upkeep::cosine>);
  STATIC_REQUIRE(upkeep::radius_metric<upkeep::euclidean>);
  STATIC_REQUIRE_FALSE(upkeep::radius_metric<upkeep::dot>);
}

TEMPLATE_TEST_CASE("the filter's form says the same as the score", "[metric]", upkeep::cosine, upkeep::dot, upkeep::euclidean) {
  upkeep::rng random(21);
  const TestType metric;
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = 1 + random.below(40);
    const auto a = random_row(random, n);
    auto b = random_row(random, n);
    if (round % 2 == 0)
      for (std::size_t i = 0; i < n; ++i) b[i] = 2 * a[i] + 0.1f * b[i];
    const double score = metric.score(a, b);
    const double na = upkeep::reference_squared_norm(a.data(), n), nb = upkeep::reference_squared_norm(b.data(), n);
    const double scaled =
        TestType::row_scale(std::sqrt(na)) * TestType::row_scale(std::sqrt(nb)) * upkeep::reference_dot(a.data(), b.data(), n);
    for (const double off : {-0.01, -1e-6, 1e-6, 0.01}) {
      const double threshold = score + off;
      if (!TestType::larger_is_closer && threshold < 0) continue;
      CAPTURE(n, score, off);
      CHECK((scaled >= TestType::half_bound(na, threshold) + TestType::half_bound(nb, threshold)) ==
            upkeep::is_within<TestType>(score, threshold));
    }
  }
}
