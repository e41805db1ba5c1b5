// One row against many gives what pairs give, strided or not, and writes only its results.

#include "upkeep/simd/one_to_many.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "upkeep/simd/reference.hpp"

#include <cmath>
#include <vector>

TEMPLATE_TEST_CASE("one-to-many kernels agree with pair kernels, rows strided or not", "[simd]", upkeep::native_floats,
                   upkeep::portable_floats) {
  upkeep::rng random(12);
  for (std::size_t n : {0u, 1u, 3u, 7u, 8u, 15u, 16u, 17u, 31u, 33u, 64u, 65u, 100u, 129u})
    for (std::size_t count = 0; count <= 9; ++count)
      for (std::size_t gap : {0u, 1u, 5u}) {
        const std::size_t stride = n + gap;
        const auto query = upkeep_test::normal_row(random, n);
        const auto rows = upkeep_test::normal_row(random, count == 0 ? 0 : (count - 1) * stride + n);  // no padding after the last row
        std::vector<float> dots(count + 1, -7.0f), distances(count + 1, -7.0f), norms = dots, cosines = dots;
        upkeep::dot_product_one_to_many<TestType>(query.data(), rows.data(), stride, count, n, dots.data());
        upkeep::squared_l2_one_to_many<TestType>(query.data(), rows.data(), stride, count, n, distances.data());
        upkeep::squared_norms<TestType>(rows.data(), stride, count, n, norms.data());
        upkeep::cosine_similarity_one_to_many<TestType>(query.data(), rows.data(), stride, count, n, cosines.data());
        for (std::size_t r = 0; r < count; ++r) {
          CAPTURE(n, count, gap, r);
          const float* row = rows.data() + r * stride;
          const auto steps = static_cast<double>(n);
          const double distance = upkeep::reference_squared_distance(query.data(), row, n);
          CHECK(std::fabs(double{dots[r]} - upkeep::reference_dot(query.data(), row, n)) <=
                upkeep_test::growth(steps) * upkeep_test::absolute_dot(query.data(), row, n) + 1e-30);
          const double norm = upkeep::reference_dot(row, row, n);
          CHECK(std::fabs(double{norms[r]} - norm) <= upkeep_test::growth(steps) * norm + 1e-30);
          const double cosine = n == 0 ? 0 : upkeep::reference_cosine(query.data(), row, n);
          CHECK(std::fabs(double{cosines[r]} - cosine) <= 2 * upkeep_test::growth(steps + 4));
          CHECK(std::fabs(double{distances[r]} - distance) <= upkeep_test::growth(steps + 3) * distance + 1e-30);
        }
        CHECK(dots[count] == -7.0f);
        CHECK(distances[count] == -7.0f);
        CHECK(norms[count] == -7.0f);
        CHECK(cosines[count] == -7.0f);
      }
}

TEST_CASE("the cosine with a zero row, or of one, is 0, and none leaves its range", "[simd]") {
  const float rows[] = {0, 0, 3, 4, 3e-3F, 4e-3F, -3, -4, 0, 0}, zero[] = {0, 0};
  float cosines[5];
  upkeep::cosine_similarity_one_to_many<>(rows + 2, rows, 2, 5, 2, cosines);
  CHECK(cosines[0] == 0);
  CHECK(cosines[1] == Approx(1).margin(1e-6));
  CHECK(cosines[2] == Approx(1).margin(1e-6));
  CHECK(cosines[3] == Approx(-1).margin(1e-6));
  CHECK(cosines[4] == 0);
  for (const float c : cosines) CHECK(std::fabs(c) <= 1);
  upkeep::cosine_similarity_one_to_many<>(zero, rows, 2, 5, 2, cosines);
  for (const float c : cosines) CHECK(c == 0);
}
