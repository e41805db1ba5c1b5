#include "upkeep/base/matrix_view.hpp"

#include "support/catch.hpp"

#include <limits>
#include <type_traits>
#include <vector>

using namespace upkeep;

namespace {

struct padded {
  float* data() const { return storage; }
  long rows() const { return 2; }
  long cols() const { return 3; }
  long stride() const { return 4; }
  float* storage;
};

struct dense {
  const float* data() const { return storage; }
  int rows() const { return 2; }
  int cols() const { return 4; }
  const float* storage;
};

}  // namespace

TEST_CASE("rows are where the stride says", "[matrix_view]") {
  std::vector<float> numbers = {0, 1, 2, 3, 4, 5, 6, 7};
  const matrix_view<float> view(numbers.data(), 2, 3, 4);
  REQUIRE(view[1][0] == 4);
  REQUIRE(view[1].size() == 3);
  view[1][2] = 60;
  REQUIRE(numbers[6] == 60);
  const matrix_view<const float> reading = view;
  REQUIRE(reading[1][2] == 60);
  REQUIRE(reading.stride() == 4);
}

TEST_CASE("a contiguous range is cut into rows, and only evenly", "[matrix_view]") {
  const std::vector<float> numbers(12);
  REQUIRE(matrix_view<const float>(numbers, 3).rows() == 4);
  REQUIRE(matrix_view<const float>(std::span<const float>(numbers), 12).rows() == 1);
  REQUIRE_THROWS_AS(matrix_view<const float>(numbers, 5), error);
  REQUIRE_THROWS_AS(matrix_view<const float>(numbers, 0), error);
  REQUIRE(matrix_view<const float>(std::span<const float>(), 0).empty());
}

TEST_CASE("any type with data, rows and cols can be viewed, with its stride", "[matrix_view]") {
  std::vector<float> numbers = {0, 1, 2, 3, 4, 5, 6, 7};
  const padded p{numbers.data()};
  REQUIRE(matrix_view<const float>(p)[1][0] == 4);
  REQUIRE(matrix_view<float>(p).cols() == 3);
  const dense d{numbers.data()};
  REQUIRE(matrix_view<const float>(d)[1][3] == 7);
}

TEST_CASE("a view never drops const and never borrows a temporary vector", "[matrix_view]") {
  STATIC_REQUIRE_FALSE(std::is_constructible_v<matrix_view<float>, const std::vector<float>&, std::size_t>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<matrix_view<const float>, std::vector<float>, std::size_t>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<matrix_view<float>, dense&>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<matrix_view<const float>, matrix_view<float>>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<matrix_view<float>>);
}

TEST_CASE("impossible shapes are refused with a sentence", "[matrix_view]") {
  float number = 0;
  REQUIRE_THROWS_WITH(matrix_view<float>(&number, 1, 3, 2),
                      "matrix_view: stride 2 is smaller than the 3 columns: give the distance between rows in elements");
  REQUIRE_THROWS_AS(matrix_view<float>(nullptr, 2, 2), error);
  REQUIRE_THROWS_AS(matrix_view<float>(&number, std::numeric_limits<std::size_t>::max(), 1, 8), error);
  REQUIRE_NOTHROW(matrix_view<float>(nullptr, 0, 5));
}

TEST_CASE("a part of the rows keeps the stride and its bounds", "[matrix_view]") {
  std::vector<float> numbers = {0, 1, 2, 3, 4, 5, 6, 7};
  const matrix_view<const float> view(numbers.data(), 4, 1, 2);
  REQUIRE(view.rows_from(2, 2)[1][0] == 6);
  REQUIRE(view.rows_from(4, 0).empty());
  REQUIRE_THROWS_AS(view.rows_from(3, 2), error);
  REQUIRE_THROWS_AS(view.rows_from(5, 0), error);
}
