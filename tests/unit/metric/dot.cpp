// The dot product metric: its formula, its order, the thresholds it refuses, and the form that filters use.

#include "upkeep/metric/dot.hpp"

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
    upkeep::dot::check_threshold(threshold);
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::invalid_argument);
    return e.what();
  }
  return {};
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("dot: small rows are scored as by hand", "[metric]") {
  const std::vector<float> a = {3, 4}, b = {4, 3}, zero = {0, 0};
  CHECK(upkeep::dot{}.score(a, b) == 24.0);
  CHECK(upkeep::dot{}.score(a, zero) == 0.0);
  CHECK(upkeep::dot::name() == "dot");
}

TEST_CASE("dot: larger is closer, and there is no radius", "[metric]") {
  CHECK(upkeep::is_within<upkeep::dot>(3.0, 2.0));
  CHECK_FALSE(upkeep::is_within<upkeep::dot>(1.0, 2.0));
  CHECK_FALSE(upkeep::is_within<upkeep::dot>(not_a_number, -1e300));
  STATIC_REQUIRE_FALSE(upkeep::radius_metric<upkeep::dot>);
}

TEST_CASE("dot: a threshold that is no number is refused with a sentence", "[metric]") {
  CHECK(refusal(-1e30).empty());
  CHECK(refusal(98).empty());
  CHECK(refusal(not_a_number).find("dot: the threshold ") == 0);
  CHECK_FALSE(refusal(-infinity).empty());
}

TEST_CASE("dot: the filter's form says the same as the score", "[metric]") {
  upkeep::rng random(21);
  const upkeep::dot metric;
  for (int round = 0; round < 500; ++round) {
    const std::size_t n = 1 + random.below(40);
    const auto a = random_row(random, n);
    auto b = random_row(random, n);
    if (round % 2 == 0)
      for (std::size_t i = 0; i < n; ++i) b[i] = 2 * a[i] + 0.1f * b[i];
    const double score = metric.score(a, b);
    const double na = upkeep::reference_squared_norm(a.data(), n), nb = upkeep::reference_squared_norm(b.data(), n);
    const double scaled =
        upkeep::dot::row_scale(std::sqrt(na)) * upkeep::dot::row_scale(std::sqrt(nb)) * upkeep::reference_dot(a.data(), b.data(), n);
    for (const double off : {-0.01, -1e-6, 1e-6, 0.01}) {
      const double threshold = score + off;
      CAPTURE(n, score, off);
      CHECK((scaled >= upkeep::dot::half_bound(na, threshold) + upkeep::dot::half_bound(nb, threshold)) ==
            upkeep::is_within<upkeep::dot>(score, threshold));
    }
  }
}
