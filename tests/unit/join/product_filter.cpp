// The filter's bound: no pair within the threshold may fall below it, whatever single precision does to the product.

#include "upkeep/join/product_filter.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"
#include "upkeep/simd/reference.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace {

// What the kernel computes, by the letter of its contract, once with fused operations and once without; the smaller is the harder case.
float single_product(const std::vector<float>& a, const std::vector<float>& b, double factor_a, double factor_b) {
  float fused = 0, apart = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const auto x = static_cast<float>(double{a[k]} * factor_a), y = static_cast<float>(double{b[k]} * factor_b);
    fused = std::fma(x, y, fused);
    volatile float product = x * y;
    apart = apart + product;
  }
  return std::fmin(fused, apart);
}

template <class Metric>
bool passes(const std::vector<float>& a, const std::vector<float>& b, double threshold) {
  const double norms[2] = {upkeep::reference_squared_norm(a.data(), a.size()), upkeep::reference_squared_norm(b.data(), b.size())};
  const upkeep::product_filter<Metric> filter(norms, a.size(), threshold);
  const upkeep::filter_row x = filter.row(norms[0]), y = filter.row(norms[1]);
  return x.apart || y.apart || single_product(a, b, x.factor, y.factor) >= x.bound + y.bound;
}

}  // namespace

TEMPLATE_TEST_CASE("a pair exactly at the threshold passes, random rows of any magnitude", "[join]", upkeep::cosine, upkeep::dot,
                   upkeep::euclidean) {
  upkeep::rng random(41);
  for (int round = 0; round < 4000; ++round) {
    const std::size_t n = 1 + random.below(300);
    const int exponent = static_cast<int>(random.between(-120, 120)), ratio = static_cast<int>(random.between(-6, 6));
    const double closeness = std::ldexp(1.0, -static_cast<int>(random.below(26)));
    std::vector<float> a(n), b(n);
    for (std::size_t k = 0; k < n; ++k) {
      const double x = random.normal();
      a[k] = static_cast<float>(std::ldexp(x, exponent));
      b[k] = static_cast<float>(std::ldexp(x + closeness * random.normal(), exponent + (TestType::larger_is_closer ? ratio : 0)));
    }
    const double score = TestType{}.score(a, b);
    if (std::isnan(score) || std::isinf(score)) continue;
    CAPTURE(n, exponent, ratio, closeness, score);
    REQUIRE(passes<TestType>(a, b, score));
  }
}

TEST_CASE("a pair exactly at the threshold passes where every rounding loses all it can", "[join]") {
  // The first product is 1 and every other one just below half a unit in the last place of 1: each is lost whole, n u in all, which is the
  // bound itself. A slack of nine tenths fails here, while random rows would not notice a tenth of it.
  for (const std::size_t n : {2u, 20u, 100u, 384u, 1000u, 1536u, 4096u, 100000u}) {
    std::vector<float> a(n, 0x1.fffp-13f), b = a;
    a[0] = b[0] = 1.0f;
    CAPTURE(n);
    CHECK(passes<upkeep::dot>(a, b, upkeep::dot{}.score(a, b)));
    CHECK(passes<upkeep::euclidean>(a, b, upkeep::euclidean{}.score(a, b)));
    CHECK(passes<upkeep::cosine>(a, b, upkeep::cosine{}.score(a, b)));
    // The loss the test is about does happen.
    const double lost = upkeep::dot{}.score(a, b) - double{single_product(a, b, 1.0, 1.0)};
    CHECK(lost > 0.99 * static_cast<double>(n - 1) * 0x1p-24);
  }
}

TEST_CASE("a pair exactly at the threshold passes where its products underflow", "[join]") {
  upkeep::rng random(43);
  for (int exponent = -80; exponent <= -55; ++exponent)
    for (int round = 0; round < 50; ++round) {
      std::vector<float> a(64), b(64);
      for (std::size_t k = 0; k < a.size(); ++k) {
        a[k] = static_cast<float>(std::ldexp(random.normal(), exponent));
        b[k] = static_cast<float>(std::ldexp(random.normal(), exponent));
      }
      const double threshold = upkeep::dot{}.score(a, b);
      const double na = upkeep::reference_squared_norm(a.data(), 64), nb = upkeep::reference_squared_norm(b.data(), 64);
      const double norms[] = {1.0, 1.0, 1.0, na, nb};  // most rows are far larger, so the common scale does not help
      const upkeep::product_filter<upkeep::dot> filter(norms, 64, threshold);
      const auto x = filter.row(na), y = filter.row(nb);
      CAPTURE(exponent, threshold);
      REQUIRE(single_product(a, b, x.factor, y.factor) >= x.bound + y.bound);
    }
}

TEST_CASE("the filter keeps out what is clearly not within the threshold", "[join]") {
  upkeep::rng random(42);
  for (const double magnitude : {1e-30, 1.0, 1e30}) {
    std::vector<float> a(384), b(384);
    for (std::size_t k = 0; k < a.size(); ++k) {
      const double x = random.normal();
      a[k] = static_cast<float>(magnitude * x);
      b[k] = static_cast<float>(magnitude * (x + 0.1 * random.normal()));
    }
    CAPTURE(magnitude);
    CHECK_FALSE(passes<upkeep::cosine>(a, b, upkeep::cosine{}.score(a, b) + 1e-4));
    CHECK_FALSE(passes<upkeep::dot>(a, b, upkeep::dot{}.score(a, b) * (1 + 1e-4)));
    CHECK_FALSE(passes<upkeep::euclidean>(a, b, upkeep::euclidean{}.score(a, b) * 0.99));
  }
}

TEST_CASE("a row far above the others is set apart, and does not take the others' precision away", "[join]") {
  const std::vector<double> squared_norms = {1.0, 4.0, 1e50, 2.0, 1e-60};
  const upkeep::product_filter<upkeep::euclidean> filter(squared_norms, 8, 0.5);
  CHECK(filter.row(1e50).apart);
  CHECK(filter.row(1e50).bound == std::numeric_limits<float>::infinity());
  CHECK_FALSE(filter.row(4.0).apart);
  CHECK_FALSE(filter.row(1e-60).apart);
  CHECK(filter.row(1.0).factor >= 0.25);
  CHECK(filter.row(1.0).factor <= 1.0);
  const upkeep::product_filter<upkeep::cosine> normalised(squared_norms, 8, 0.5);
  CHECK_FALSE(normalised.row(1e50).apart);
}

TEST_CASE("bounds beyond the range of float stay safe", "[join]") {
  const std::vector<double> squared_norms = {1.0, 1.0};
  const upkeep::product_filter<upkeep::dot> all(squared_norms, 4, -1e300), none(squared_norms, 4, 1e300);
  CHECK(all.row(1.0).bound == -std::numeric_limits<float>::infinity());
  CHECK(none.row(1.0).bound == std::numeric_limits<float>::max());
}

TEST_CASE("rows too wide for the bound are all judged in double", "[join]") {
  const std::vector<double> squared_norms = {1.0, 1.0};
  const upkeep::product_filter<upkeep::cosine> filter(squared_norms, std::size_t{1} << 22, 0.9);
  CHECK(filter.row(1.0).apart);
}
