// The projection kernel against a double loop: its error bound, steps, counts, and that a row's sums depend on that row only.

#include "upkeep/simd/row_sums.hpp"

#include "support/catch.hpp"
#include "support/rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

namespace {

// Rows of which component k stands at [k * step], and a matrix of columns.
template <std::size_t Width>
struct product {
  std::size_t n, step, count;
  std::vector<upkeep_test::exact_row> rows;
  upkeep_test::exact_row columns;

  product(upkeep::rng& random, std::size_t components, std::size_t by, std::size_t row_count)
      : n(components), step(by), count(row_count), columns(upkeep_test::normal_row(random, components * Width)) {
    for (std::size_t r = 0; r < count; ++r) rows.push_back(upkeep_test::normal_row(random, n == 0 ? 0 : (n - 1) * step + 1));
  }

  template <class Floats>
  [[nodiscard]] std::unique_ptr<float[]> sums(const std::vector<std::size_t>& order, bool prefetch = false) const {
    const float* pointers[64];
    for (std::size_t r = 0; r < count; ++r) pointers[r] = rows[order[r]].data();
    std::unique_ptr<float[]> result(new float[count * Width]);
    upkeep::row_sums<Width, Floats>(pointers, step, n, columns.data(), prefetch ? pointers : nullptr, result.get());
    return result;
  }
};

template <std::size_t Width, class Floats>
void check_width() {
  upkeep::rng random(78 + Width);
  constexpr std::size_t count = upkeep::row_sums_rows<Floats>;
  for (const std::size_t n : {0u, 1u, 2u, 15u, 16u, 17u, 31u, 100u, 384u})
    for (const std::size_t step : {1u, 3u}) {
      const product<Width> p(random, n, step, count);
      std::vector<std::size_t> order(count);
      for (std::size_t r = 0; r < count; ++r) order[r] = r;
      const auto sums = p.template sums<Floats>(order, true);
      for (std::size_t r = 0; r < count; ++r)
        for (std::size_t c = 0; c < Width; ++c) {
          double exact = 0, magnitude = 0;
          for (std::size_t k = 0; k < n; ++k) {
            const double term = double{p.rows[r].data()[k * step]} * double{p.columns.data()[k * Width + c]};
            exact += term;
            magnitude += std::fabs(term);
          }
          CAPTURE(Width, n, step, r, c);
          REQUIRE(std::fabs(double{sums[r * Width + c]} - exact) <= upkeep_test::growth(static_cast<double>(n)) * magnitude);
        }
      // In another place among other rows: the same bits. Equal rows must have equal sketches.
      std::vector<std::size_t> turned(order);
      std::rotate(turned.begin(), turned.begin() + 1, turned.end());
      turned[0] = turned[count - 1];
      const auto again = p.template sums<Floats>(turned);
      for (std::size_t r = 0; r < count; ++r)
        REQUIRE(std::memcmp(again.get() + r * Width, sums.get() + turned[r] * Width, Width * sizeof(float)) == 0);
    }
}

}  // namespace

TEMPLATE_TEST_CASE("row sums are within their bound, and each row's are its own", "[simd]", upkeep::native_floats,
                   upkeep::portable_floats) {
  check_width<16, TestType>();
  check_width<32, TestType>();
  check_width<64, TestType>();
}

TEST_CASE("the sums for a width that is known late are those of its kernel", "[simd]") {
  upkeep::rng random(145);
  constexpr std::size_t count = upkeep::row_sums_rows<>, n = 37;
  std::vector<upkeep_test::exact_row> rows;
  const float* pointers[count];
  for (std::size_t r = 0; r < count; ++r) rows.push_back(upkeep_test::normal_row(random, n));
  for (std::size_t r = 0; r < count; ++r) pointers[r] = rows[r].data();
  const auto columns = upkeep_test::normal_row(random, n * 64);
  for (const std::size_t width : {16u, 32u, 64u}) {
    const std::unique_ptr<float[]> sums(new float[count * width]), expected(new float[count * width]);
    upkeep::row_sums_of_width(width, pointers, n, columns.data(), pointers, sums.get());
    if (width == 16) upkeep::row_sums<16>(pointers, 1, n, columns.data(), nullptr, expected.get());
    if (width == 32) upkeep::row_sums<32>(pointers, 1, n, columns.data(), nullptr, expected.get());
    if (width == 64) upkeep::row_sums<64>(pointers, 1, n, columns.data(), nullptr, expected.get());
    CHECK(std::memcmp(sums.get(), expected.get(), count * width * sizeof(float)) == 0);
  }
}
