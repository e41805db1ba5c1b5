// The cosine metric: its formula, its order, the thresholds it refuses, its radius, and the form that filters use.

#include "upkeep/metric/cosine.hpp"

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
    upkeep::cosine::check_threshold(threshold);
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::invalid_argument);
    return e.what();
  }
  return {};
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("cosine: small rows are scored as by hand", "[metric]") {
  const std::vector<float> a = {3, 4}, b = {4, 3}, zero = {0, 0};
  CHECK(upkeep::cosine{}.score(a, b) == 24.0 / 25.0);
  CHECK(upkeep::cosine{}.score(a, a) == 1.0);
  CHECK(std::isnan(upkeep::cosine{}.score(a, zero)));
  CHECK(upkeep::cosine::rejects_zero);
  CHECK(upkeep::cosine::name() == "cosine");
}

TEST_CASE("cosine: larger is closer, and NaN is never within", "[metric]") {
  CHECK(upkeep::is_within<upkeep::cosine>(0.98, 0.98));
  CHECK_FALSE(upkeep::is_within<upkeep::cosine>(0.97, 0.98));
  CHECK_FALSE(upkeep::is_within<upkeep::cosine>(not_a_number, -1.0));
}

TEST_CASE("cosine: a threshold that cannot be meant is refused with a sentence", "[metric]") {
  CHECK(refusal(98) == "cosine: the threshold 98 is not between -1 and 1: did you mean 0.98?");
  CHECK(refusal(-1.5) == "cosine: the threshold -1.5 is not between -1 and 1");
  CHECK_FALSE(refusal(1.0000001).empty());
  CHECK_FALSE(refusal(not_a_number).empty());
  CHECK_FALSE(refusal(infinity).empty());
  CHECK(refusal(1.0).empty());
  CHECK(refusal(-1.0).empty());
}

TEST_CASE("cosine: the radius is the distance of unit rows at the threshold", "[metric]") {
  CHECK(upkeep::cosine{}.radius(0.98) == Approx(0.2));
  CHECK(upkeep::cosine{}.radius(1.0) == 0.0);
  CHECK(upkeep::cosine{}.radius(-1.0) == 2.0);
  STATIC_REQUIRE(upkeep::radius_metric<upkeep::cosine>);
}

TEST_CASE("cosine: the filter's form says the same as the score", "[metric]") {
  upkeep::rng random(21);
  const upkeep::cosine metric;
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = 1 + random.below(40);
    const auto a = random_row(random, n);
    auto b = random_row(random, n);
    if (round % 2 == 0)
      for (std::size_t i = 0; i < n; ++i) b[i] = 2 * a[i] + 0.1f * b[i];
    const double score = metric.score(a, b);
    const double na = upkeep::reference_squared_norm(a.data(), n), nb = upkeep::reference_squared_norm(b.data(), n);
    const double scaled =
        upkeep::cosine::row_scale(std::sqrt(na)) * upkeep::cosine::row_scale(std::sqrt(nb)) * upkeep::reference_dot(a.data(), b.data(), n);
    for (const double off : {-0.01, -1e-6, 1e-6, 0.01}) {
      const double threshold = score + off;
      CAPTURE(n, score, off);
      CHECK((scaled >= upkeep::cosine::half_bound(na, threshold) + upkeep::cosine::half_bound(nb, threshold)) ==
            upkeep::is_within<upkeep::cosine>(score, threshold));
    }
  }
}
