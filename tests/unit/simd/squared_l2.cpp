// The squared distance stays within its bound and reads nothing beyond its rows.

#include "upkeep/simd/squared_l2.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "upkeep/simd/reference.hpp"

#include <cmath>

TEMPLATE_TEST_CASE("the squared distance keeps its bound at every width", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  upkeep::rng random(13);
  for (std::size_t n = 0; n <= 200; ++n) {
    const auto a = upkeep_test::normal_row(random, n);
    auto b = upkeep_test::normal_row(random, n);
    if (n % 2 == 0)  // near rows: nothing may cancel
      for (std::size_t i = 0; i < n; ++i) b[i] = a.data()[i] + 1e-6f * b[i];
    const double distance = upkeep::reference_squared_distance(a.data(), b.data(), n);
    CAPTURE(n);
    CHECK(std::fabs(double{upkeep::squared_l2<TestType>(a.data(), b.data(), n)} - distance) <=
          upkeep_test::growth(static_cast<double>(n) + 3) * distance + 1e-30);
    CHECK(upkeep::squared_l2<TestType>(a.data(), a.data(), n) == 0.0f);
  }
}
