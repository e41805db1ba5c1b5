// The factor of a row, and the power of two that suits most rows, however far apart their magnitudes are.

#include "upkeep/join/row_scaling.hpp"

#include "support/catch.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <cmath>
#include <limits>
#include <vector>

using upkeep::UPKEEP_ARCH_NAMESPACE::detail::common_scale;
using upkeep::UPKEEP_ARCH_NAMESPACE::detail::metric_row_scale;

namespace {

struct without_scale {};
struct with_another_kind {
  static int row_scale(double) { return 7; }
};

}  // namespace

TEST_CASE("a row's factor is the metric's own, and 1 where it has none", "[join]") {
  CHECK(metric_row_scale<upkeep::cosine>(4.0) == 0.25);
  CHECK(metric_row_scale<upkeep::euclidean>(4.0) == 1.0);
  CHECK(metric_row_scale<without_scale>(4.0) == 1.0);
  CHECK(metric_row_scale<with_another_kind>(4.0) == 1.0);
}

TEST_CASE("the common scale takes the median norm to about 1, exactly by a power of two", "[join]") {
  for (const int exponent : {-149, -60, -1, 0, 3, 60, 127}) {
    std::vector<double> squared(101, std::ldexp(1.9, 2 * exponent));
    for (std::size_t i = 0; i < 50; ++i) squared[2 * i] = std::ldexp(1.0, i % 4 == 0 ? -290 : 250);
    CAPTURE(exponent);
    CHECK(common_scale<upkeep::euclidean>(squared) == std::ldexp(1.0, -exponent));
    const double of_cosine = common_scale<upkeep::cosine>(squared);  // its rows have norm 1, or a rounding less
    CHECK((of_cosine == 1.0 || of_cosine == 2.0));
  }
}

TEST_CASE("rows that are zero or not finite do not count", "[join]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  CHECK(common_scale<upkeep::euclidean>(std::vector<double>{}) == 1.0);
  CHECK(common_scale<upkeep::euclidean>(std::vector<double>{0, nan, infinite}) == 1.0);
  CHECK(common_scale<upkeep::euclidean>(std::vector<double>{0, nan, 16, 0, infinite, 0}) == 0.25);
}
