// The distance of rows that are scaled on the way: within its bound of the exact one, for near rows too, and no byte read too many.

#include "upkeep/simd/scaled_distance.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"

#include <cmath>

namespace {

struct exact {
  double distance = 0, norms = 0;  // |fa a - fb b| and |fa a| + |fb b|
};

exact exactly(const float* a, float fa, const float* b, float fb, std::size_t n) {
  long double squared = 0, left = 0, right = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const long double x = static_cast<long double>(a[i]) * static_cast<long double>(fa);
    const long double y = static_cast<long double>(b[i]) * static_cast<long double>(fb);
    squared += (x - y) * (x - y);
    left += x * x;
    right += y * y;
  }
  return {static_cast<double>(std::sqrt(squared)), static_cast<double>(std::sqrt(left) + std::sqrt(right))};
}

}  // namespace

TEMPLATE_TEST_CASE("the scaled distance is within its bound", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  upkeep::rng random(79);
  constexpr double u = 0x1p-24;
  for (std::size_t n = 0; n <= 130; ++n)
    for (const double move : {2.0, 1e-3, 1e-6, 0.0}) {
      auto a = upkeep_test::normal_row(random, n), b = upkeep_test::normal_row(random, n);
      const float fa = static_cast<float>(0.1 + random.uniform()), fb = static_cast<float>(1000.0 * random.uniform() + 1.0);
      if (move < 1)
        for (std::size_t i = 0; i < n; ++i) b[i] = static_cast<float>((double{a[i]} * double{fa} + move * random.normal()) / double{fb});
      const exact e = exactly(a.data(), fa, b.data(), fb, n);
      const double found = std::sqrt(double{upkeep::scaled_distance<TestType>(a.data(), fa, b.data(), fb, n)});
      const double growth = upkeep_test::growth(static_cast<double>(n) + 4), rounded = u * (1 + growth) * e.norms;
      CAPTURE(n, move, fa, fb);
      CHECK(found <= (e.distance + rounded) * (1 + growth));
      CHECK(found * (1 + growth) >= e.distance - rounded);
      if (n > 0 && move > 1) CHECK(found > 0);
    }
}

TEMPLATE_TEST_CASE("each component counts, with its row's factor and sign", "[simd]", upkeep::native_floats, upkeep::portable_floats) {
  for (std::size_t n = 1; n <= 70; ++n)
    for (std::size_t i = 0; i < n; ++i) {
      upkeep_test::exact_row a(n), b(n);
      for (std::size_t k = 0; k < n; ++k) a[k] = b[k] = 0.0f;
      a[i] = 3.0f;
      b[i] = 2.0f;
      REQUIRE(upkeep::scaled_distance<TestType>(a.data(), 2.0f, b.data(), 0.5f, n) == 25.0f);
      REQUIRE(upkeep::scaled_distance<TestType>(a.data(), 2.0f, b.data(), -0.5f, n) == 49.0f);
    }
}
