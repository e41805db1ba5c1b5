// The comparison in single precision drops no pair that is within the threshold, of whatever magnitudes, and drops the others.

#include "upkeep/join/pair_comparison.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/simd/reference.hpp"

#include <cmath>
#include <vector>

namespace compared = upkeep::UPKEEP_ARCH_NAMESPACE::detail;

namespace {

using vector = std::vector<float>;

upkeep::sketch_space space_of(std::size_t n, double threshold) {
  upkeep::principal_basis basis{n, {}, vector(n, 0.0f)};
  for (std::size_t c = 0; c < std::min<std::size_t>(n, 16); ++c) {
    basis.directions.emplace_back(n, 0.0f);
    basis.directions.back()[c] = 1;
  }
  return upkeep::sketch_space(basis, {16, 16}, 1, 1, upkeep::cosine().radius(threshold));
}

compared::compared_row side(const upkeep::sketch_space& space, const vector& x) {
  const upkeep::scaled_row scaled = space.scaled<upkeep::cosine>(upkeep::reference_squared_norm(x.data(), x.size()));
  return {x.data(), scaled, compared::tail_norm(x.data(), x.size(), scaled)};
}

vector scaled_by(const vector& x, double by) {
  vector y(x);
  for (float& e : y) e = static_cast<float>(double{e} * by);
  return y;
}

}  // namespace

TEST_CASE("the leading components are whole registers, and never more than there are", "[join]") {
  for (const std::size_t n : {1u, 16u, 63u, 64u, 65u, 384u, 768u, 1000u, 4096u}) {
    const std::size_t head = compared::leading_components(n);
    CHECK(head <= n);
    CHECK((head == n || head % 64 == 0));
    CHECK((n < 256 || head <= n / 2));
  }
}

TEST_CASE("the norm of the tail is that of the scaled row, whatever its magnitude", "[join]") {
  upkeep::rng random(112);
  for (const std::size_t n : {10u, 100u, 384u, 1000u})
    for (int exponent = -119; exponent <= 115; exponent += 9) {
      vector x(n);
      for (float& e : x) e = static_cast<float>(std::ldexp(random.normal(), exponent) / std::sqrt(static_cast<double>(n)));
      double all = 0, tail = 0;
      for (std::size_t j = 0; j < n; ++j) {
        all += double{x[j]} * double{x[j]};
        if (j >= compared::leading_components(n)) tail += double{x[j]} * double{x[j]};
      }
      const auto space = space_of(n, 0.98);
      CAPTURE(n, exponent);
      CHECK(double{side(space, x).tail} == Approx(std::sqrt(tail / all)).epsilon(1e-5).margin(1e-12));
    }
}

TEST_CASE("a pair within the threshold is never far, however different the magnitudes", "[join]") {
  upkeep::rng random(113);
  for (const std::size_t n : {2u, 64u, 100u, 384u, 1536u})
    for (const double size : {1e-34, 1e-25, 1e-21, 1e-19, 1e-10, 1.0, 1e10, 1e18, 1e20, 1e33})
      for (const double move : {0.0, 1e-7, 1e-3, 0.05}) {
        vector x(n), y(n);
        for (std::size_t j = 0; j < n; ++j) {
          x[j] = static_cast<float>(random.normal());
          y[j] = static_cast<float>(double{x[j]} + move * random.normal());
        }
        const vector other = scaled_by(y, size);
        const double score = upkeep::cosine().score(x, other);
        const auto at = space_of(n, score), beyond = space_of(n, 1 - (1 - score) * 0.25);
        CAPTURE(n, size, move, score);
        CHECK_FALSE(compared::is_far(at, side(at, x), side(at, other)));
        if (move > 1e-4) CHECK(compared::is_far(beyond, side(beyond, x), side(beyond, other)));
      }
}
