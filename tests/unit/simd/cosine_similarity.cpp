// The cosine kernel stays within its bound and its range, and knows zero rows.

#include "upkeep/simd/cosine_similarity.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "upkeep/simd/reference.hpp"

#include <cmath>
#include <vector>

TEMPLATE_TEST_CASE("the cosine keeps its bound at every width", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  upkeep::rng random(14);
  for (std::size_t n = 1; n <= 200; ++n) {
    const auto a = upkeep_test::normal_row(random, n), b = upkeep_test::normal_row(random, n);
    CAPTURE(n);
    CHECK(std::fabs(double{upkeep::cosine_similarity<TestType>(a.data(), b.data(), n)} - upkeep::reference_cosine(a.data(), b.data(), n)) <=
          2 * upkeep_test::growth(static_cast<double>(n) + 4));
  }
}

TEST_CASE("the cosine kernel stays in its range and knows zero rows", "[simd]") {
  const std::vector<float> a = {1e-15f, 3e-15f, 0.3f}, zero(3, 0.0f);
  CHECK(upkeep::cosine_similarity(a.data(), zero.data(), 3) == 0.0f);
  CHECK(upkeep::cosine_similarity(a.data(), zero.data(), 0) == 0.0f);
  upkeep::rng random(15);
  for (int round = 0; round < 1000; ++round) {
    const auto x = upkeep_test::normal_row(random, 50);
    std::vector<float> y(50);
    for (std::size_t i = 0; i < 50; ++i) y[i] = -x.data()[i];
    REQUIRE(upkeep::cosine_similarity(x.data(), x.data(), 50) <= 1.0f);
    REQUIRE(upkeep::cosine_similarity(x.data(), y.data(), 50) >= -1.0f);
  }
}
