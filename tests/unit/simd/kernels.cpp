// The single-precision kernels stay within their stated bounds and read nothing beyond their rows.

#include "upkeep/simd/cosine_similarity.hpp"
#include "upkeep/simd/dot_product.hpp"
#include "upkeep/simd/one_to_many.hpp"
#include "upkeep/simd/reference.hpp"
#include "upkeep/simd/squared_l2.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

namespace {

constexpr double u = 0x1p-24;
double g(double k) { return k * u / (1.0 - k * u); }

// Exactly as many bytes as there are elements, so that the address sanitizer sees the first byte read too many.
struct exact_buffer {
  explicit exact_buffer(std::size_t count) : values(new float[count]), size(count) {}
  std::unique_ptr<float[]> values;
  std::size_t size;
};

exact_buffer random_buffer(upkeep::rng& random, std::size_t count) {
  exact_buffer b(count);
  for (std::size_t i = 0; i < count; ++i) b.values[i] = static_cast<float>(random.normal());
  return b;
}

double absolute_dot(const float* a, const float* b, std::size_t n) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += std::fabs(double{a[i]} * double{b[i]});
  return s;
}

}  // namespace

TEMPLATE_TEST_CASE("pair kernels keep their bounds at every width", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  upkeep::rng random(11);
  for (std::size_t n = 0; n <= 200; ++n) {
    const auto a = random_buffer(random, n), b = random_buffer(random, n);
    const float *x = a.values.get(), *y = b.values.get();
    const auto steps = static_cast<double>(n);
    CAPTURE(n);
    CHECK(std::fabs(double{upkeep::dot_product<TestType>(x, y, n)} - upkeep::reference_dot(x, y, n)) <=
          g(steps) * absolute_dot(x, y, n) + 1e-30);
    const double norm = upkeep::reference_squared_norm(x, n), distance = upkeep::reference_squared_distance(x, y, n);
    CHECK(std::fabs(double{upkeep::squared_norm<TestType>(x, n)} - norm) <= g(steps) * norm + 1e-30);
    CHECK(std::fabs(double{upkeep::squared_l2<TestType>(x, y, n)} - distance) <= g(steps + 3) * distance + 1e-30);
    if (n > 0)
      CHECK(std::fabs(double{upkeep::cosine_similarity<TestType>(x, y, n)} - upkeep::reference_cosine(x, y, n)) <= 2 * g(steps + 4));
    CHECK(upkeep::squared_l2<TestType>(x, x, n) == 0.0f);
  }
}

TEMPLATE_TEST_CASE("one-to-many kernels agree with pair kernels, rows strided or not", "[simd]", upkeep::native_floats,
                   upkeep::portable_floats) {
  upkeep::rng random(12);
  for (std::size_t n : {0u, 1u, 3u, 7u, 8u, 15u, 16u, 17u, 31u, 33u, 64u, 65u, 100u, 129u})
    for (std::size_t count = 0; count <= 9; ++count)
      for (std::size_t gap : {0u, 1u, 5u}) {
        const std::size_t stride = n + gap;
        const auto query = random_buffer(random, n);
        const auto rows = random_buffer(random, count == 0 ? 0 : (count - 1) * stride + n);  // no padding after the last row
        std::vector<float> dots(count + 1, -7.0f), distances(count + 1, -7.0f);
        upkeep::dot_product_one_to_many<TestType>(query.values.get(), rows.values.get(), stride, count, n, dots.data());
        upkeep::squared_l2_one_to_many<TestType>(query.values.get(), rows.values.get(), stride, count, n, distances.data());
        for (std::size_t r = 0; r < count; ++r) {
          CAPTURE(n, count, gap, r);
          const float* row = rows.values.get() + r * stride;
          const auto steps = static_cast<double>(n);
          const double distance = upkeep::reference_squared_distance(query.values.get(), row, n);
          CHECK(std::fabs(double{dots[r]} - upkeep::reference_dot(query.values.get(), row, n)) <=
                g(steps) * absolute_dot(query.values.get(), row, n) + 1e-30);
          CHECK(std::fabs(double{distances[r]} - distance) <= g(steps + 3) * distance + 1e-30);
        }
        CHECK(dots[count] == -7.0f);
        CHECK(distances[count] == -7.0f);
      }
}

TEMPLATE_TEST_CASE("a register keeps its lanes apart", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  constexpr std::size_t width = TestType::size;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t lane = 0; lane < width; ++lane) {
    float a[width], b[width];
    for (std::size_t i = 0; i < width; ++i) {
      a[i] = i == lane ? 2.0f : 1.0f;
      b[i] = 2.0f;
    }
    CHECK(at_least(TestType::load(a), TestType::load(b)) == 1u << lane);
    a[lane] = nan;
    CHECK(at_least(TestType::load(a), TestType::load(b)) == 0u);
    CHECK(at_least(TestType::load(b), TestType::load(a)) == ((1u << width) - 1u) - (1u << lane));
  }
  for (std::size_t count = 0; count <= width; ++count) {
    const auto values = std::make_unique<float[]>(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(1u << i);
    CHECK(sum(TestType::load_first(values.get(), count)) == static_cast<float>((1u << count) - 1u));
  }
  CHECK(sum(multiply_add(TestType::set(2.0f), TestType::set(3.0f), TestType::set(4.0f))) == 10.0f * width);
  CHECK(sum(TestType::set(5.0f) - TestType::set(2.0f) + TestType::zero()) == 3.0f * width);
}

TEST_CASE("the cosine kernel stays in its range and knows zero rows", "[simd]") {
  const std::vector<float> a = {1e-15f, 3e-15f, 0.3f}, zero(3, 0.0f);
  CHECK(upkeep::cosine_similarity(a.data(), zero.data(), 3) == 0.0f);
  upkeep::rng random(13);
  for (int round = 0; round < 1000; ++round) {
    const auto x = random_buffer(random, 50);
    std::vector<float> y(50);
    for (std::size_t i = 0; i < 50; ++i) y[i] = -x.values[i];
    REQUIRE(std::fabs(upkeep::cosine_similarity(x.values.get(), x.values.get(), 50)) <= 1.0f);
    REQUIRE(upkeep::cosine_similarity(x.values.get(), y.data(), 50) >= -1.0f);
  }
}
