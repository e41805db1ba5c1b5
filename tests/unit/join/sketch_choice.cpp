// The sample is what it should be, the preview and its survivors are those of plain loops, and the choice follows from the rows alone.

#include "upkeep/join/sketch_choice.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace own = upkeep::UPKEEP_ARCH_NAMESPACE::detail;
using matrix = upkeep::matrix_view<const float>;

namespace {

const upkeep::execution two{2, {}};
const upkeep::progress silent;

std::vector<float> normal_rows(std::size_t n, std::size_t d, std::size_t wide = 1u << 30) {
  upkeep::rng random(131);
  std::vector<float> values(n * d);
  for (std::size_t i = 0; i < n * d; ++i) values[i] = static_cast<float>((i % d < wide ? 1.0 : 0.05) * random.normal());
  return values;
}

upkeep::principal_basis basis_of(matrix rows) {
  own::basis_search search(rows, two, silent);
  search.find<32>(2);
  return search.found();
}

}  // namespace

TEST_CASE("the sample holds scaled rows at even distances, without those that cannot be judged", "[join]") {
  auto values = normal_rows(1000, 7);
  for (std::size_t i = 0; i < 1000; ++i) values[i * 7] = static_cast<float>(i + 1);  // says which row it is
  std::fill_n(values.begin() + 20 * 7, 7, 0.0f);
  values[30 * 7 + 3] = std::numeric_limits<float>::quiet_NaN();
  values[40 * 7 + 3] = std::numeric_limits<float>::infinity();
  const matrix rows(values, 7);
  const auto sample = own::sample_rows<upkeep::euclidean>(rows, 100, 0.0, 0.5, two);
  CHECK(sample.components == 7);
  REQUIRE(sample.rows == 97);
  for (std::size_t k = 0; k < 97; ++k) {
    const std::size_t row = 10 * (k < 2 ? k : k + 3);  // 20, 30 and 40 are left out
    for (std::size_t j = 0; j < 7; ++j) REQUIRE(sample.view()[k][j] == 0.5f * values[row * 7 + j]);
  }
  const auto unit = own::sample_rows<upkeep::cosine>(rows, 2000, 0.7, 1.0, two);
  REQUIRE(unit.rows == 997);
  for (std::size_t k = 0; k < unit.rows; ++k) {
    double squared = 0;
    for (const float x : unit.view()[k]) squared += double{x} * double{x};
    REQUIRE(squared == Approx(1).epsilon(1e-6));
  }
  CHECK(own::sample_rows<upkeep::cosine>(matrix(), 100, 0.0, 1.0, two).rows == 0);
}

TEST_CASE("the preview is the projection, the survivors are those of a plain loop", "[join]") {
  const auto values = normal_rows(200, 50);
  const auto sample = own::sample_rows<upkeep::euclidean>(matrix(values, 50), 200, 0.0, 1.0, two);
  const auto basis = basis_of(sample.view());
  const auto preview = own::preview_of(sample, basis, two);
  REQUIRE(preview.rows == 200);
  double largest = 0;
  for (std::size_t r = 0; r < 200; ++r)
    for (std::size_t c = 0; c < 32; ++c) {
      double z = 0;
      for (std::size_t j = 0; j < 50; ++j) z += double{basis.directions[c][j]} * (double{values[r * 50 + j]} - double{basis.mean[j]});
      REQUIRE(double{preview.values[c * 200 + r]} == Approx(z).margin(1e-5));
      largest = std::max(largest, std::fabs(z));
    }
  CHECK(double{preview.largest} == Approx(largest).epsilon(1e-5));

  const double reach = 5.0, step = 0.1;
  const auto shares = own::count_survivors(preview, reach, step, two);
  const std::size_t half = 100 / upkeep::default_floats::size * upkeep::default_floats::size;
  double within_16 = 0, within_32 = 0, within_both = 0;
  for (std::size_t i = 0; i < half; ++i)
    for (std::size_t j = half; j < 2 * half; ++j) {
      double squared = 0;
      bool near = false;
      for (std::size_t c = 0; c < 32; ++c) {
        const double gap = double{preview.values[c * 200 + i]} - double{preview.values[c * 200 + j]};
        squared += gap * gap;
        if (c == 15) near = std::sqrt(squared) <= reach + 2.1 * step * std::sqrt(16.0 / 12);
      }
      const bool within = std::sqrt(squared) <= reach + 2.1 * step * std::sqrt(32.0 / 12);
      within_16 += near;
      within_32 += within;
      within_both += within && near;
    }
  const double pairs = static_cast<double>(half * half);
  CHECK(shares.of_16 == Approx(within_16 / pairs).margin(2 / pairs));
  CHECK(shares.of_32 <= (within_32 + 2) / pairs);  // whether those beyond the first bound count is left open
  CHECK(shares.of_32 >= (within_both - 2) / pairs);
  CHECK((shares.of_32 < shares.of_16 && shares.of_16 < 1));
}

TEST_CASE("too few rows for a preview count as if nothing could be dropped", "[join]") {
  const auto values = normal_rows(2, 50);
  const auto sample = own::sample_rows<upkeep::euclidean>(matrix(values, 50), 2, 0.0, 1.0, two);
  const auto shares = own::count_survivors(own::preview_of(sample, basis_of(sample.view()), two), 1, 0.1, two);
  CHECK(shares.of_16 == 1.0);
  CHECK(shares.of_32 == 1.0);
}

TEST_CASE("the space is usable, fits the rows, and is the same for every number of threads", "[join]") {
  for (const std::size_t d : {1u, 5u, 33u, 200u})
    for (const std::size_t n : {0u, 1u, 3u, 3000u}) {
      const auto values = normal_rows(n, d, 6);
      const matrix rows(values.data(), n, d);
      const auto once = own::choose_sketch<upkeep::cosine>(rows, n, n, 0.2, {.threads = 1}, silent);
      CAPTURE(n, d, once.shape().width);
      CHECK(once.usable());
      CHECK(once.eta() < 1e-5);
      CHECK(once.components() == d);
      CHECK(once.distance() == Approx(0.2 * once.scale()));
      CHECK((once.shape().width == 16 || once.shape().width == 32 || once.shape().width == 64));
      CHECK((once.shape().leading == once.shape().width || once.shape().leading == 16));
      const auto again = own::choose_sketch<upkeep::cosine>(rows, n, n, 0.2, {.threads = 7}, silent);
      REQUIRE(again.shape().width == once.shape().width);
      CHECK(std::memcmp(again.columns(), once.columns(), d * once.shape().width * sizeof(float)) == 0);
      CHECK(std::memcmp(again.centre(), once.centre(), once.shape().width * sizeof(float)) == 0);
      CHECK(again.step() == once.step());
    }
}

TEST_CASE("rows that differ in few directions get a small sketch, rows that differ in all a large one", "[join]") {
  const auto flat = normal_rows(4000, 100, 3), round = normal_rows(4000, 100);
  const auto width = [&](const std::vector<float>& values, double radius) {
    return own::choose_sketch<upkeep::cosine>(matrix(values, 100), 1'000'000, 1'000'000, radius, two, silent).shape();
  };
  CHECK(width(flat, 0.01).leading == 16);
  CHECK(width(round, 0.6).leading > 16);
}

TEST_CASE("the common scale comes from the sample", "[join]") {
  auto values = normal_rows(500, 20);
  for (float& x : values) x *= 1e-9f;
  const double scale = own::scale_of_sample<upkeep::euclidean>(matrix(values, 20), 256);
  const double median = scale * 1e-9 * std::sqrt(20.0);
  CHECK((median > 0.5 && median < 2.0));
  CHECK(own::scale_of_sample<upkeep::euclidean>(matrix(), 256) == 1.0);
}
