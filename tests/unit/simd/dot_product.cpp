// The dot product and the squared norm stay within their bounds and read nothing beyond their rows.

#include "upkeep/simd/dot_product.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "upkeep/simd/reference.hpp"

#include <cmath>

TEMPLATE_TEST_CASE("the dot product keeps its bound at every width", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  upkeep::rng random(11);
  for (std::size_t n = 0; n <= 200; ++n) {
    const auto a = upkeep_test::normal_row(random, n), b = upkeep_test::normal_row(random, n);
    CAPTURE(n);
    CHECK(std::fabs(double{upkeep::dot_product<TestType>(a.data(), b.data(), n)} - upkeep::reference_dot(a.data(), b.data(), n)) <=
          upkeep_test::growth(static_cast<double>(n)) * upkeep_test::absolute_dot(a.data(), b.data(), n) + 1e-30);
  }
}

TEMPLATE_TEST_CASE("the squared norm keeps its bound at every width", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  upkeep::rng random(12);
  for (std::size_t n = 0; n <= 200; ++n) {
    const auto a = upkeep_test::normal_row(random, n);
    const double norm = upkeep::reference_squared_norm(a.data(), n);
    CAPTURE(n);
    CHECK(std::fabs(double{upkeep::squared_norm<TestType>(a.data(), n)} - norm) <=
          upkeep_test::growth(static_cast<double>(n)) * norm + 1e-30);
  }
}
