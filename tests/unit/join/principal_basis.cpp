// Directions are orthonormal whatever the rows are, the leading ones come first, and the number of threads changes no bit.

#include "upkeep/join/principal_basis.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stop_token>
#include <vector>

using upkeep::UPKEEP_ARCH_NAMESPACE::detail::basis_search;

namespace {

using column = std::vector<float>;
using columns = std::vector<column>;

double plain_dot(const column& a, const column& b) {
  long double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += static_cast<long double>(a[j]) * static_cast<long double>(b[j]);
  return static_cast<double>(sum);
}

double worst_of(const columns& directions) {
  double worst = 0;
  for (std::size_t a = 0; a < directions.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b) worst = std::max(worst, std::fabs(plain_dot(directions[a], directions[b]) - (a == b ? 1.0 : 0.0)));
  return worst;
}

column normal_column(upkeep::rng& random, std::size_t n, double size = 1) {
  column made(n);
  for (float& x : made) x = static_cast<float>(size * random.normal());
  return made;
}

// Rows with the given standard deviation along each axis, around a mean.
std::vector<float> stretched(std::size_t rows, std::size_t components, const std::vector<double>& deviation, double mean) {
  upkeep::rng random(82);
  std::vector<float> values(rows * components);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < components; ++j)
      values[i * components + j] = static_cast<float>(mean + (j < deviation.size() ? deviation[j] : 0.01) * random.normal());
  return values;
}

template <std::size_t Width>
upkeep::principal_basis find(const std::vector<float>& values, std::size_t components, int passes, unsigned threads = 2) {
  const upkeep::execution how{threads, {}};
  const upkeep::progress silent;
  basis_search search(upkeep::matrix_view<const float>(values, components), how, silent);
  search.find<Width>(passes);
  return search.found();
}

}  // namespace

TEST_CASE("the sum in eight parts is the dot product, for every length", "[join]") {
  upkeep::rng random(83);
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<double> a, b;
    double expected = 0;
    for (std::size_t i = 0; i < n; ++i) {
      a.push_back(random.normal());
      b.push_back(random.normal());
      expected += a.back() * b.back();
    }
    CHECK(upkeep::UPKEEP_ARCH_NAMESPACE::detail::dot_of(a, b) == Approx(expected).margin(1e-13));
  }
}

TEST_CASE("directions come out orthonormal, however they went in", "[join]") {
  upkeep::rng random(84);
  for (const std::size_t n : {1u, 2u, 17u, 64u, 300u}) {
    const std::size_t count = std::min<std::size_t>(n, 32);
    columns fresh, equal(count, normal_column(random, n)), zero(count, column(n, 0.0f)), near, tiny, odd;
    const auto centre = normal_column(random, n);
    for (std::size_t c = 0; c < count; ++c) {
      fresh.push_back(normal_column(random, n));
      near.push_back(centre);
      for (float& x : near.back()) x += static_cast<float>(1e-6 * random.normal());
      tiny.push_back(normal_column(random, n, c % 2 == 0 ? 1e-40 : 1e-19));
      odd.push_back(normal_column(random, n));
    }
    odd[count / 2].assign(n, std::numeric_limits<float>::quiet_NaN());
    odd[count / 3].assign(n, 1e30f);
    for (columns* directions : {&fresh, &equal, &zero, &near, &tiny, &odd}) {
      upkeep::UPKEEP_ARCH_NAMESPACE::detail::orthonormalise(*directions);
      CAPTURE(n);
      CHECK(worst_of(*directions) < 1e-5);  // what is missing is measured, and far from mattering
    }
  }
}

TEST_CASE("turning diagonalises: eigenvectors in the order of their eigenvalues", "[join]") {
  upkeep::rng random(85);
  constexpr std::size_t n = 32;
  columns axes(n, column(n, 0.0f)), turned(n);
  for (std::size_t i = 0; i < n; ++i) axes[i][i] = 1;
  for (column& t : turned) t = normal_column(random, n);
  upkeep::UPKEEP_ARCH_NAMESPACE::detail::orthonormalise(turned);
  std::vector<double> m(n * n);  // sum of 2^-k t_k t_k^T, the t_k in no order
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        m[i * n + j] += std::ldexp(1.0, -static_cast<int>(k * 5 % n) / 2) * double{turned[k][i]} * double{turned[k][j]};
  columns found = axes;
  upkeep::UPKEEP_ARCH_NAMESPACE::detail::turn_by_eigenvectors(m, found);
  CHECK(worst_of(found) < 1e-5);
  double last = std::numeric_limits<double>::infinity();
  for (const auto& direction : found) {
    double value = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) value += double{direction[i]} * m[i * n + j] * double{direction[j]};
    CHECK(value <= last * (1 + 1e-4));
    last = value;
  }
  CHECK(last == Approx(std::ldexp(1.0, -15)).epsilon(0.2));  // its accuracy is that of the largest
}

TEST_CASE("the directions in which rows differ most come first, and the mean is the mean", "[join]") {
  const auto values = stretched(2000, 100, {1.0, 8.0, 2.0, 4.0, 0.5}, 3.0);
  const auto basis = find<32>(values, 100, 3);
  REQUIRE(basis.components == 100);
  REQUIRE(basis.directions.size() == 32);
  CHECK(worst_of(basis.directions) < 1e-5);
  constexpr std::size_t axes[] = {1, 3, 2, 0, 4};
  for (std::size_t k = 0; k < 5; ++k) CHECK(std::fabs(basis.directions[k][axes[k]]) > 0.99);
  for (std::size_t j = 0; j < 100; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < 2000; ++i) sum += double{values[i * 100 + j]};
    CHECK(double{basis.mean[j]} == Approx(sum / 2000).epsilon(1e-6));
  }
}

TEST_CASE("there are as many directions as components, and more on demand", "[join]") {
  for (const std::size_t components : {1u, 2u, 31u, 33u, 70u}) {
    const auto values = stretched(300, components, {3.0, 1.0}, 0.5);
    const upkeep::execution how{2, {}};
    const upkeep::progress silent;
    basis_search search(upkeep::matrix_view<const float>(values, components), how, silent);
    search.find<32>(2);
    CHECK(search.found().directions.size() == std::min<std::size_t>(components, 32));
    search.find<64>(1);
    CHECK(search.found().directions.size() == std::min<std::size_t>(components, 64));
    CHECK(worst_of(search.found().directions) < 1e-5);
    CHECK(std::fabs(search.found().directions[0][0]) > 0.9);
  }
}

TEST_CASE("few rows, equal rows or none still make a basis", "[join]") {
  for (const std::size_t rows : {0u, 1u, 2u, 5u, 50u}) {
    const auto basis = find<32>(std::vector<float>(rows * 40, 1.5f), 40, 2);
    CHECK(basis.directions.size() == 32);
    CHECK(worst_of(basis.directions) < 1e-5);
    CHECK(basis.mean == std::vector<float>(40, rows == 0 ? 0.0f : 1.5f));
  }
  CHECK(find<32>({}, 0, 2).directions.empty());
}

TEST_CASE("the basis does not depend on the number of threads", "[join]") {
  const auto values = stretched(1500, 200, {5.0, 3.0, 2.0, 1.0}, 0.1);
  const auto once = find<32>(values, 200, 2, 1);
  for (const unsigned threads : {2u, 7u}) {
    const auto again = find<32>(values, 200, 2, threads);
    CHECK(again.directions == once.directions);
    CHECK(again.mean == once.mean);
  }
}

TEST_CASE("the search for a basis stops when told", "[join]") {
  std::stop_source source;
  source.request_stop();
  const upkeep::progress stopped(source.get_token());
  const upkeep::execution how{1, {}};
  const auto values = stretched(100, 20, {}, 0);
  basis_search search(upkeep::matrix_view<const float>(values, 20), how, stopped);
  try {
    search.find<32>(1);
    FAIL("was not stopped");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::cancelled);
  }
}
