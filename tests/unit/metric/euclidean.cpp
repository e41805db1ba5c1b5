// The Euclidean metric: its formula, its order, the thresholds it refuses, its radius, and the form that filters use.

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

std::string refusal(double threshold) {
  try {
    upkeep::euclidean::check_threshold(threshold);
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::invalid_argument);
    return e.what();
  }
  return {};
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("euclidean: small rows are scored as by hand", "[metric]") {
  const std::vector<float> a = {3, 4}, b = {4, 3}, zero = {0, 0};
  CHECK(upkeep::euclidean{}.score(a, b) == std::sqrt(2.0));
  CHECK(upkeep::euclidean{}.score(a, a) == 0.0);
  CHECK(upkeep::euclidean{}.score(a, zero) == 5.0);
  CHECK(upkeep::euclidean::name() == "euclidean");
}

TEST_CASE("euclidean: smaller is closer, and NaN is never within", "[metric]") {
  CHECK(upkeep::is_within<upkeep::euclidean>(1.0, 2.0));
  CHECK_FALSE(upkeep::is_within<upkeep::euclidean>(2.1, 2.0));
  CHECK_FALSE(upkeep::is_within<upkeep::euclidean>(not_a_number, 2.0));
}

TEST_CASE("euclidean: a threshold that is no distance is refused with a sentence", "[metric]") {
  CHECK(refusal(0.0).empty());
  CHECK(refusal(98).empty());
  CHECK(refusal(-0.5) == "euclidean: the threshold -0.5 is not a distance: give a finite number that is not negative");
  CHECK_FALSE(refusal(not_a_number).empty());
  CHECK_FALSE(refusal(infinity).empty());
}

TEST_CASE("euclidean: the radius is the threshold", "[metric]") {
  CHECK(upkeep::euclidean{}.radius(0.7) == 0.7);
  STATIC_REQUIRE(upkeep::radius_metric<upkeep::euclidean>);
}

TEST_CASE("euclidean: the filter's form says the same as the score", "[metric]") {
  upkeep::rng random(21);
  const upkeep::euclidean metric;
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = 1 + random.below(40);
    const auto a = random_row(random, n);
    auto b = random_row(random, n);
    if (round % 2 == 0)
      for (std::size_t i = 0; i < n; ++i) b[i] = 2 * a[i] + 0.1f * b[i];
    const double score = metric.score(a, b);
    const double na = upkeep::reference_squared_norm(a.data(), n), nb = upkeep::reference_squared_norm(b.data(), n);
    const double scaled = upkeep::euclidean::row_scale(std::sqrt(na)) * upkeep::euclidean::row_scale(std::sqrt(nb)) *
                          upkeep::reference_dot(a.data(), b.data(), n);
    for (const double off : {-0.01, -1e-6, 1e-6, 0.01}) {
      const double threshold = score + off;
      if (threshold < 0) continue;
      CAPTURE(n, score, off);
      CHECK((scaled >= upkeep::euclidean::half_bound(na, threshold) + upkeep::euclidean::half_bound(nb, threshold)) ==
            upkeep::is_within<upkeep::euclidean>(score, threshold));
    }
  }
}
