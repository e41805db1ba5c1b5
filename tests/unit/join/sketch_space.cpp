// The Lipschitz property itself, in double: no pair of rows, however awkward, has sketches farther apart than the proof says. Pairs found and
// missed cannot show a slack that is too small, because the rounding of the codes hides it; rows made for it can.

#include "upkeep/join/sketch_space.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/euclidean.hpp"
#include "upkeep/simd/batch.hpp"
#include "upkeep/simd/reference.hpp"
#include "upkeep/simd/row_sums.hpp"
#include "upkeep/simd/scaled_distance.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

using upkeep::cosine;
using upkeep::euclidean;
using upkeep::sketch_shape;
using upkeep::sketch_space;

namespace {

using vector = std::vector<float>;

// Directions whose entries are +-1/sqrt(n), exact in float and exactly orthogonal, n = 4^k: the first of them is constant.
upkeep::principal_basis walsh(std::size_t n, std::size_t count) {
  upkeep::principal_basis basis{n, {}, vector(n, 0.0f)};
  for (std::size_t c = 0; c < std::min(n, count); ++c) {
    vector column(n);
    for (std::size_t j = 0; j < n; ++j)
      column[j] = (__builtin_popcountll(c & j) % 2 == 0 ? 1.0f : -1.0f) / std::sqrt(static_cast<float>(n));
    basis.directions.push_back(column);
  }
  return basis;
}

upkeep::principal_basis axes(std::size_t n, std::size_t count) {
  upkeep::principal_basis basis{n, {}, vector(n, 0.0f)};
  for (std::size_t c = 0; c < std::min(n, count); ++c) {
    basis.directions.emplace_back(n, 0.0f);
    basis.directions.back()[c] = 1.0f;
  }
  return basis;
}

upkeep::principal_basis random_basis(upkeep::rng& random, std::size_t n, std::size_t count) {
  upkeep::principal_basis basis{n, {}, vector(n)};
  for (std::size_t c = 0; c < std::min(n, count); ++c) {
    basis.directions.emplace_back(n);
    for (float& x : basis.directions.back()) x = static_cast<float>(random.normal());
  }
  upkeep::UPKEEP_ARCH_NAMESPACE::detail::orthonormalise(basis.directions);
  for (float& x : basis.mean) x = static_cast<float>(0.1 * random.normal());
  return basis;
}

struct sketched {
  upkeep::scaled_row scaled;
  std::vector<double> z;
  std::vector<int> q;
  sketch_space::measured made;
};

template <class Metric>
sketched sketch_of(const sketch_space& space, const vector& x) {
  const std::size_t width = space.shape().width;
  const float* rows[upkeep::row_sums_rows<>];
  std::fill(std::begin(rows), std::end(rows), x.data());
  float sums[upkeep::row_sums_rows<> * 64] = {};
  if (width == 16) upkeep::row_sums<16>(rows, 1, x.size(), space.columns(), nullptr, sums);
  if (width == 32) upkeep::row_sums<32>(rows, 1, x.size(), space.columns(), nullptr, sums);
  if (width == 64) upkeep::row_sums<64>(rows, 1, x.size(), space.columns(), nullptr, sums);
  sketched s;
  s.scaled = space.scaled<Metric>(upkeep::reference_squared_norm(x.data(), x.size()));
  std::uint8_t leading[64], rest[64];
  s.made = space.sketch(sums, s.scaled, leading, rest);
  for (std::size_t c = 0; c < width; ++c) {
    s.z.push_back(double{sums[c] * s.scaled.factor - space.centre()[c]});
    s.q.push_back(128 - int{c < space.shape().leading ? leading[c] : rest[c - space.shape().leading]});
  }
  return s;
}

// |u^ - v^|: both rows multiplied by the factor that they would have in real numbers.
template <class Metric>
double exact_distance(const vector& x, const vector& y, double scale) {
  const auto factor = [&](const vector& row) {
    long double squared = 0;
    for (const float a : row) squared += static_cast<long double>(a) * static_cast<long double>(a);
    return scale * (std::is_same_v<Metric, cosine> && squared > 0 ? 1 / std::sqrt(squared) : 1.0L);
  };
  const long double fx = factor(x), fy = factor(y);
  long double sum = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    const long double d = fx * static_cast<long double>(x[j]) - fy * static_cast<long double>(y[j]);
    sum += d * d;
  }
  return static_cast<double>(std::sqrt(sum));
}

struct setting {
  const upkeep::principal_basis& basis;
  sketch_shape shape = {16, 16};
  double largest = 1, scale = 1;
};

// Two rows that are within the threshold, just: the threshold is their distance.
template <class Metric>
void check_pair(const setting& with, const vector& x, const vector& y) {
  const double distance = exact_distance<Metric>(x, y, with.scale);
  const sketch_space space(with.basis, with.shape, with.largest, with.scale, distance / with.scale);
  REQUIRE(space.usable());
  const sketched a = sketch_of<Metric>(space, x), b = sketch_of<Metric>(space, y);
  REQUIRE_FALSE((a.scaled.apart || b.scaled.apart));
  CAPTURE(x.size(), with.shape.width, with.shape.leading, distance, a.scaled.norm, b.scaled.norm);

  // The projection, as it comes out of single precision.
  long double squared = 0;
  for (std::size_t c = 0; c < a.z.size(); ++c)
    squared += static_cast<long double>(a.z[c] - b.z[c]) * static_cast<long double>(a.z[c] - b.z[c]);
  const double gap = static_cast<double>(std::sqrt(squared));
  REQUIRE(gap <= std::sqrt(1 + space.eta()) * distance + space.slack(a.scaled) + space.slack(b.scaled));

  // The codes: all of them against the bounds, the leading ones against the reaches.
  double all = 0;
  std::int64_t product = std::int64_t{a.made.reach} + std::int64_t{b.made.reach};
  for (std::size_t c = 0; c < a.q.size(); ++c) {
    all += (a.q[c] - b.q[c]) * (a.q[c] - b.q[c]);
    if (c < with.shape.leading) product += std::int64_t{a.q[c]} * std::int64_t{b.q[c]};
  }
  REQUIRE(all <= double{a.made.bound} + double{b.made.bound});
  REQUIRE(product >= 0);

  // The rows themselves in single precision, at once and with a stop after some components.
  const float found = upkeep::scaled_distance(x.data(), a.scaled.factor, y.data(), b.scaled.factor, x.size());
  REQUIRE(double{found} <= space.largest_distance(a.scaled, b.scaled));
  for (const std::size_t head : {std::size_t{0}, x.size() / 4, x.size() - 1}) {
    const auto tail = [&](const vector& row, const upkeep::scaled_row& scaled) {
      const float own = upkeep::squared_norm(row.data() + head, row.size() - head);
      if (own > 0x1p-80f) return scaled.factor * std::sqrt(own);
      return static_cast<float>(double{scaled.factor} * std::sqrt(upkeep::reference_squared_norm(row.data() + head, row.size() - head)));
    };
    const float tails = tail(x, a.scaled) - tail(y, b.scaled);
    const float start = upkeep::scaled_distance(x.data(), a.scaled.factor, y.data(), b.scaled.factor, head);
    REQUIRE(double{start + tails * tails} <= space.largest_leading(a.scaled, b.scaled));
  }
}

vector normal_vector(upkeep::rng& random, std::size_t n, double size = 1) {
  vector x(n);
  for (float& e : x) e = static_cast<float>(size * random.normal());
  return x;
}

vector moved(upkeep::rng& random, const vector& x, double by, double times = 1) {
  vector y = x;
  for (float& e : y) e = static_cast<float>(times * (double{e} + by * random.normal()));
  return y;
}

constexpr sketch_shape shapes[] = {{16, 16}, {32, 16}, {32, 32}, {64, 64}};

}  // namespace

TEST_CASE("random rows, near and far, are not farther apart in their sketches", "[join]") {
  upkeep::rng random(101);
  for (const std::size_t n : {1u, 2u, 3u, 15u, 16u, 17u, 32u, 100u, 384u})
    for (const sketch_shape shape : shapes) {
      const auto basis = random_basis(random, n, shape.width);
      for (const double move : {1.0, 1e-1, 1e-3, 1e-5, 1e-7, 0.0})
        for (int round = 0; round < 3; ++round) {
          const vector x = normal_vector(random, n), y = moved(random, x, move), z = moved(random, x, move, 1.0 + random.uniform());
          check_pair<cosine>({basis, shape, 0.3, 1}, x, y);
          check_pair<cosine>({basis, shape, 0.3, 2}, x, z);
          check_pair<euclidean>({basis, shape, 4, 1}, x, y);
          check_pair<euclidean>({basis, shape, 0.01, 0.0625}, x, y);  // most components are cut off
        }
    }
}

TEST_CASE("rows that lie along one direction lose nothing to the others: the sums of single precision show", "[join]") {
  // Adding equal numbers rounds the same way for long: the sum of 4,096 is off by hundreds of roundings, by another number for each row.
  upkeep::rng random(102);
  for (const std::size_t n : {16u, 256u, 1024u, 4096u}) {
    const auto basis = walsh(n, 16);
    for (int round = 0; round < 40; ++round) {
      const auto constant = [&] { return vector(n, static_cast<float>(1.0 + random.uniform())); };
      const vector x = constant(), y = constant();
      vector opposite = y;
      for (float& e : opposite) e = -e;
      check_pair<cosine>({basis}, x, y);
      check_pair<cosine>({basis}, x, opposite);
      check_pair<euclidean>({basis, {16, 16}, 100, 1}, x, opposite);
    }
  }
}

TEST_CASE("the norms of tails of many components show", "[join]") {
  // One large component in each lane of the sum, then small ones whose squares are a little less than what rounds the lane's sum up: all of
  // them are lost. In the same row, made longer within the binade, all of them count, and a little more.
  constexpr std::size_t n = 1 << 17, lanes = 4 * upkeep::native_floats::size;
  vector x(n, static_cast<float>(std::sqrt(0.499 * 0x1p-23)));
  std::fill_n(x.begin(), lanes, 1.0f);
  const auto basis = axes(n, 16);
  for (const double squared : {1.9, 1.5, 1.2}) {
    vector y(n);
    for (std::size_t j = 0; j < n; ++j) y[j] = static_cast<float>(double{x[j]} * std::sqrt(squared));
    check_pair<cosine>({basis}, x, y);
  }
}

TEST_CASE("a direction that is too long is paid for", "[join]") {
  for (const double excess : {0x1p-9, 0x1p-12})
    for (const int codes : {2, 20, 30}) {
      auto basis = walsh(64, 16);
      for (float& x : basis.directions[0]) x *= static_cast<float>(std::sqrt(1 + excess));
      const double largest = 127.0 / 64;  // the step is a 64th
      // Along the direction, to either side, as far as `codes` steps: nothing is rounded off that could hide anything.
      const double size = codes / 64.0 / std::sqrt(1 + excess) / 8;
      vector x(64, static_cast<float>(size)), y(64, static_cast<float>(-size));
      check_pair<euclidean>({basis, {16, 16}, largest, 1}, x, y);
      const sketch_space space(basis, {16, 16}, largest, 1, 0.1);
      CHECK(space.eta() == Approx(excess).epsilon(2e-3));
    }
}

TEST_CASE("how far the directions are from orthonormal is measured, and bad ones are refused", "[join]") {
  upkeep::rng random(104);
  for (const double noise : {0.0, 1e-6, 1e-4, 1e-3, 1e-1}) {
    auto basis = random_basis(random, 100, 32);
    for (auto& direction : basis.directions)
      for (float& x : direction) x += static_cast<float>(noise * random.normal() / 10);
    const sketch_space space(basis, {32, 16}, 1, 1, 0.1);
    long double eta = 0;
    for (std::size_t a = 0; a < 32; ++a)
      for (std::size_t b = 0; b < 32; ++b) {
        long double entry = a == b ? -1 : 0;
        for (std::size_t j = 0; j < 100; ++j)
          entry += static_cast<long double>(space.columns()[j * 32 + a]) * static_cast<long double>(space.columns()[j * 32 + b]);
        eta += entry * entry;
      }
    const double exact = static_cast<double>(std::sqrt(eta));
    CAPTURE(noise, exact);
    CHECK(space.eta() >= exact * (1 - 1e-9));
    CHECK(space.eta() <= exact * (1 + 1e-6) + 1e-11);
    CHECK(space.usable() == (exact < 0x1p-8));
    if (!space.usable()) continue;
    for (int round = 0; round < 20; ++round) {
      const vector x = normal_vector(random, 100);
      check_pair<cosine>({basis, {32, 16}, 0.5, 1}, x, moved(random, x, 1e-4));
    }
  }
}

TEST_CASE("what codes round off is paid for: rows on either side of a code's edge", "[join]") {
  upkeep::rng random(105);
  const auto basis = axes(32, 32);
  const double largest = 127.0 / 64;
  for (const sketch_shape shape : shapes) {
    if (shape.width > 32) continue;
    for (int round = 0; round < 200; ++round) {
      vector x(32, 0.0f);
      const auto edges = random.below(32) + 1;  // this many components half-way between two codes
      for (std::size_t j = 0; j < edges; ++j) x[j] = static_cast<float>((static_cast<double>(random.between(-60, 60)) + 0.5) / 64);
      check_pair<euclidean>({basis, shape, largest, 1}, moved(random, x, 1e-7), moved(random, x, 1e-7));
    }
  }
}

TEST_CASE("rows that no code can hold are within reach of all that are near them, on any side", "[join]") {
  upkeep::rng random(106);
  const auto basis = axes(64, 64);
  for (const sketch_shape shape : shapes)
    for (const double size : {2.0, 100.0, 1e4, 1e8}) {
      const vector x = normal_vector(random, 64, size);
      vector opposite = x, half = x;
      for (float& e : opposite) e = -e;
      for (float& e : half) e = e > 0 ? -e : e;
      for (const double largest : {0.01, 0.5}) {
        check_pair<euclidean>({basis, shape, largest, 1}, x, opposite);
        check_pair<euclidean>({basis, shape, largest, 1}, x, half);
        check_pair<euclidean>({basis, shape, largest, 1}, x, moved(random, x, 1e-7 * size));
        check_pair<euclidean>({basis, shape, largest, 1}, x, vector(64, 0.0f));
      }
      const sketch_space space(basis, shape, 0.001, 1, 1e-4);
      const sketched far = sketch_of<euclidean>(space, x);
      if (size > 1e3) CHECK(far.made.reach == sketch_space::most_reach);
      // Whatever stands against it is less: the worst codes, and a row with no reach of its own.
      CHECK(sketch_space::most_reach > 2 * 64 * 127 * 127);
    }
}

TEST_CASE("a mean far away costs what subtracting it rounds off", "[join]") {
  upkeep::rng random(107);
  auto basis = walsh(64, 16);
  for (const double mean : {10.0, 1e3, 1e5}) {
    for (float& m : basis.mean) m = static_cast<float>(mean * random.normal());
    for (int round = 0; round < 50; ++round) {
      const vector x = normal_vector(random, 64);
      check_pair<cosine>({basis, {16, 16}, 0.5, 1}, x, moved(random, x, 1e-6));
      check_pair<euclidean>({basis, {16, 16}, 2, 1}, x, moved(random, x, 1e-7));
    }
  }
}

TEST_CASE("rows of any magnitude keep the property, or are apart", "[join]") {
  upkeep::rng random(108);
  const auto basis = random_basis(random, 32, 32);
  for (const double size : {1e-18, 1e-12, 1e-6, 1.0, 1e6, 1e12, 1e18})
    for (int round = 0; round < 10; ++round) {
      const vector x = normal_vector(random, 32, size);
      check_pair<cosine>({basis, {32, 16}, 0.5, 1}, x, moved(random, x, 1e-7 * size));
      check_pair<cosine>({basis, {32, 16}, 0.5, 1}, x, normal_vector(random, 32, 1.0));
      const double scale = std::ldexp(1.0, -std::ilogb(size));
      check_pair<euclidean>({basis, {32, 16}, 4, scale}, x, moved(random, x, 1e-7 * size));
    }

  const sketch_space space(basis, {32, 16}, 1, 1, 0.2);
  const auto apart = [&](double norm) { return space.scaled<cosine>(norm * norm).apart; };
  CHECK_FALSE((apart(1e-36) || apart(1) || apart(1e36)));
  CHECK((apart(1e-44) && apart(1e-37) && apart(1e37) && apart(1e39)));
  CHECK_FALSE(space.scaled<euclidean>(0).apart);
  CHECK_FALSE(space.scaled<euclidean>(1e18).apart);
  CHECK(space.scaled<euclidean>(1e20).apart);
  CHECK(space.scaled<cosine>(4).factor == 0.5f);
  CHECK(space.scaled<euclidean>(4).factor == 1.0f);
  for (const double squared : {2.0, 3.0, 1e-20, 1e20}) {  // norms are those of the scaled rows, rounded up
    CHECK(double{space.scaled<cosine>(squared).norm} >= 1.0);
    CHECK(double{space.scaled<cosine>(squared).norm} <= 1.00001);
  }
}

TEST_CASE("rows so small beside the others that their squares underflow are not lost", "[join]") {
  upkeep::rng random(111);
  for (const std::size_t n : {1u, 7u, 100u}) {
    const auto basis = axes(n, 16);
    for (int exponent = -80; exponent < -60; ++exponent)
      for (int round = 0; round < 10; ++round) {
        const vector x = normal_vector(random, n, std::ldexp(1.0, exponent)), y = normal_vector(random, n, std::ldexp(1.0, exponent));
        check_pair<euclidean>({basis}, x, y);
        check_pair<euclidean>({basis}, x, vector(n, 0.0f));
      }
  }
}

TEST_CASE("reach and bound are no more than the proof asks for", "[join]") {
  upkeep::rng random(109);
  for (const double radius : {0.0, 0.2, 3.0}) {
    const auto basis = random_basis(random, 100, 16);
    const sketch_space space(basis, {16, 16}, 1, 1, radius);
    CHECK(space.distance() == radius);
    CHECK(space.step() == Approx(std::max(1.0 / 127, radius / 64)));
    for (int round = 0; round < 100; ++round) {
      const sketched s = sketch_of<euclidean>(space, normal_vector(random, 100, 0.3));
      double missed = 0, squared = 0;
      for (std::size_t c = 0; c < 16; ++c) {
        const double e = s.z[c] - double{space.step()} * s.q[c];
        missed += e * e;
        squared += s.q[c] * s.q[c];
        CHECK((std::abs(s.q[c]) == 127 || std::fabs(e) <= 0.50001 * double{space.step()}));
      }
      const double b = (radius / 2 + std::sqrt(missed)) / double{space.step()}, t = 2 * b * b;
      CHECK(double{s.made.bound} >= t);
      CHECK(double{s.made.bound} <= t * 1.03 + 0.03);
      CHECK(2.0 * s.made.reach + squared >= t);
      CHECK(2.0 * s.made.reach + squared <= t * 1.03 + 2.03);
    }
  }
}

TEST_CASE("a space made again from what it told is the same", "[join]") {
  upkeep::rng random(110);
  const auto basis = random_basis(random, 50, 32);
  const sketch_space space(basis, {32, 16}, 0.7, 2, 0.2);
  const sketch_space again(50, {32, 16}, {space.columns(), 50 * 32}, {space.centre(), 32}, space.step(), space.scale(), 0.2);
  CHECK(again.eta() == space.eta());
  CHECK(again.distance() == space.distance());
  const vector x = normal_vector(random, 50);
  const sketched a = sketch_of<cosine>(space, x), b = sketch_of<cosine>(again, x);
  CHECK(a.q == b.q);
  CHECK(a.made.reach == b.made.reach);
  CHECK(a.made.bound == b.made.bound);
  CHECK(space.slack(a.scaled) == again.slack(b.scaled));
}

TEST_CASE("thresholds without bounds make a space that is not used", "[join]") {
  const auto basis = axes(20, 16);
  CHECK(sketch_space(basis, {16, 16}, 1, 1, 1e3).usable());
  CHECK_FALSE(sketch_space(basis, {16, 16}, 1, 1, 1e300).usable());
  CHECK_FALSE(sketch_space(basis, {16, 16}, 1, 1, std::numeric_limits<double>::infinity()).usable());
  CHECK_FALSE(sketch_space(basis, {16, 16}, 1, 0x1p100, 1.0).usable());
}
