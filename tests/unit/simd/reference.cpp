// The reference formulas: their bits are fixed, and they are right.

#include "upkeep/simd/reference.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"
#include "upkeep/base/rng.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

std::vector<float> random_row(upkeep::rng& random, std::size_t n, int widest_exponent) {
  std::vector<float> row(n);
  for (float& x : row) {
    const auto mantissa = static_cast<float>(random.uniform() * 2.0 - 1.0);
    x = std::ldexp(mantissa, static_cast<int>(random.between(-widest_exponent, widest_exponent)));
  }
  return row;
}

// The formula as it is stated, one operation at a time, in an order that no vectorisation has touched: `volatile` keeps every compiler from
// fusing or reordering.
double stated_sum(const std::vector<double>& exact_terms_lane, std::size_t) {
  volatile double s = 0.0;
  for (const double t : exact_terms_lane) s = s + t;
  return s;
}

double stated_tree(const std::vector<double> (&lanes)[8]) {
  double s[8];
  for (std::size_t k = 0; k < 8; ++k) s[k] = stated_sum(lanes[k], k);
  volatile double a = s[0] + s[4], b = s[2] + s[6], c = s[1] + s[5], d = s[3] + s[7];
  volatile double left = a + b, right = c + d;
  return left + right;
}

double stated_dot(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<double> lanes[8];
  for (std::size_t i = 0; i < a.size(); ++i) lanes[i % 8].push_back(double{a[i]} * double{b[i]});
  return stated_tree(lanes);
}

double stated_squared_distance(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<double> lanes[8];
  for (std::size_t i = 0; i < a.size(); ++i) {
    volatile double d = double{a[i]} - double{b[i]};
    volatile double h = std::bit_cast<double>(std::bit_cast<std::uint64_t>(double{a[i]} - double{b[i]}) >> 27 << 27);
    volatile double l = d - h;
    lanes[i % 8].push_back(h * h);
    lanes[i % 8].push_back(2 * h * l);
  }
  return stated_tree(lanes);
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

}  // namespace

TEST_CASE("the reference formulas are the stated ones, bit for bit", "[simd]") {
  upkeep::rng random(1);
  for (std::size_t n = 0; n <= 70; ++n)
    for (int exponent : {0, 3, 30}) {
      const auto a = random_row(random, n, exponent), b = random_row(random, n, exponent);
      CAPTURE(n, exponent);
      CHECK(same_bits(upkeep::reference_dot(a.data(), b.data(), n), stated_dot(a, b)));
      CHECK(same_bits(upkeep::reference_squared_norm(a.data(), n), stated_dot(a, a)));
      CHECK(same_bits(upkeep::reference_squared_distance(a.data(), b.data(), n), stated_squared_distance(a, b)));
      CHECK(same_bits(upkeep::reference_dot(a.data(), b.data(), n), upkeep::reference_dot(b.data(), a.data(), n)));
      CHECK(
          same_bits(upkeep::reference_squared_distance(a.data(), b.data(), n), upkeep::reference_squared_distance(b.data(), a.data(), n)));
    }
}

TEST_CASE("the bits of the reference formulas on fixed input are those of every machine and compiler", "[simd]") {
  // The rows come from integer arithmetic and are exact in float. Every preset runs this: GCC and Clang, with AVX-512 and with SSE2.
  std::vector<float> a(389), b(389);
  std::uint32_t state = 12345;
  const auto next = [&state] {
    state = state * 1664525u + 1013904223u;
    return std::ldexp(static_cast<float>(static_cast<std::int32_t>(state) >> 8), static_cast<int>(state % 13) - 30);
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = next();
    b[i] = a[i] + next() / 64;
  }
  std::uint64_t mixed[3] = {};
  for (std::size_t n = 0; n <= a.size(); ++n) {
    mixed[0] = mixed[0] * 31 + std::bit_cast<std::uint64_t>(upkeep::reference_dot(a.data(), b.data(), n));
    mixed[1] = mixed[1] * 31 + std::bit_cast<std::uint64_t>(upkeep::reference_squared_distance(a.data(), b.data(), n));
    if (n > 0) mixed[2] = mixed[2] * 31 + std::bit_cast<std::uint64_t>(upkeep::reference_cosine(a.data(), b.data(), n));
  }
  CHECK(mixed[0] == 0xdfafd36a57780e55u);
  CHECK(mixed[1] == 0x4031d0ac40385e4bu);
  CHECK(mixed[2] == 0x489dba1306e0d335u);
}

TEST_CASE("the reference formulas are as close to the truth as they say", "[simd]") {
  upkeep::rng random(2);
  for (int round = 0; round < 300; ++round) {
    const std::size_t n = 1 + random.below(500);
    const auto a = random_row(random, n, 8);
    auto b = random_row(random, n, 8);
    if (round % 2 == 0)  // near rows: the distance must not cancel
      for (std::size_t i = 0; i < n; ++i) b[i] = std::nextafter(a[i], static_cast<float>(random.below(2)) * 1e9f);
    long double dot = 0, magnitude = 0, distance = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const long double x = a[i], y = b[i];
      dot += x * y;
      magnitude += std::fabs(x * y);
      distance += (x - y) * (x - y);
    }
    const double u = 0x1p-53, steps = static_cast<double>(n) / 8;
    CHECK(std::fabs(static_cast<double>(upkeep::reference_dot(a.data(), b.data(), n) - dot)) <=
          (steps + 3.1) * u * static_cast<double>(magnitude));
    CHECK(std::fabs(static_cast<double>(upkeep::reference_squared_distance(a.data(), b.data(), n) - distance)) <=
          (2 * steps + 16) * u * static_cast<double>(distance));
  }
}

TEST_CASE("equal rows have cosine 1 and distance 0 exactly", "[simd]") {
  upkeep::rng random(3);
  for (int round = 0; round < 2000; ++round) {
    auto a = random_row(random, 1 + random.below(200), 40);
    a[0] = 1.0f;
    const auto b = a;
    REQUIRE(upkeep::reference_cosine(a.data(), b.data(), a.size()) == 1.0);
    REQUIRE(upkeep::reference_squared_distance(a.data(), b.data(), a.size()) == 0.0);
  }
}

TEST_CASE("the whole range of float is covered", "[simd]") {
  const float largest = std::numeric_limits<float>::max(), smallest = std::numeric_limits<float>::denorm_min();
  const std::vector<float> high(9, largest), low(9, -largest), tiny(9, smallest), zero(9, 0.0f);
  CHECK(upkeep::reference_squared_norm(high.data(), 9) == 9.0 * double{largest} * double{largest});
  CHECK(upkeep::reference_squared_norm(tiny.data(), 9) == 9.0 * double{smallest} * double{smallest});
  CHECK(upkeep::reference_cosine(high.data(), low.data(), 9) == -1.0);
  CHECK(upkeep::reference_cosine(tiny.data(), high.data(), 9) == Approx(1.0).epsilon(1e-15));
  CHECK(upkeep::reference_squared_distance(high.data(), low.data(), 9) == 36.0 * double{largest} * double{largest});
  CHECK(upkeep::reference_squared_distance(tiny.data(), zero.data(), 9) == 9.0 * double{smallest} * double{smallest});
  CHECK(std::isnan(upkeep::reference_cosine(zero.data(), high.data(), 9)));
  CHECK(upkeep::reference_squared_norm(zero.data(), 9) == 0.0);
}

TEST_CASE("the norms of four rows at once are the bits of one after the other", "[simd]") {
  upkeep::rng random(146);
  for (std::size_t n = 0; n < 70; ++n)
    for (const double size : {1e-40, 1e-20, 1.0, 1e19, 1e38}) {
      std::vector<upkeep_test::exact_row> rows;
      const float* pointers[4];
      for (std::size_t r = 0; r < 4; ++r) {
        rows.push_back(upkeep_test::normal_row(random, n));
        for (std::size_t i = 0; i < n; ++i) rows[r][i] = static_cast<float>(size * double{rows[r].data()[i]});
      }
      if (n > 3) rows[2][n / 2] = std::numeric_limits<float>::infinity();
      for (std::size_t r = 0; r < 4; ++r) pointers[r] = rows[r].data();
      double norms[4];
      upkeep::reference_squared_norms(pointers, n, norms);
      for (std::size_t r = 0; r < 4; ++r) REQUIRE(norms[r] == upkeep::reference_squared_norm(pointers[r], n));
    }
}
