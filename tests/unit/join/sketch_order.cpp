// The order is one of all rows, the same for every number of threads, and brings near sketches together.

#include "upkeep/join/sketch_order.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace {

std::vector<upkeep::row_index> numbers(std::size_t n) {
  std::vector<upkeep::row_index> rows(n);
  std::iota(rows.begin(), rows.end(), upkeep::row_index{0});
  return rows;
}

std::vector<std::uint8_t> random_codes(std::size_t n, std::size_t stride) {
  upkeep::rng random(81);
  std::vector<std::uint8_t> codes(n * stride);
  for (std::uint8_t& c : codes) c = static_cast<std::uint8_t>(std::clamp(128.0 + 30.0 * random.normal(), 1.0, 255.0));
  return codes;
}

// The extent of the first three codes, multiplied, summed over runs of 64 rows.
double volume(const std::vector<std::uint8_t>& codes, std::size_t stride, const std::vector<upkeep::row_index>& rows) {
  double sum = 0;
  for (std::size_t begin = 0; begin < rows.size(); begin += 64) {
    double product = 1;
    for (std::size_t k = 0; k < 3; ++k) {
      int low = 255, high = 0;
      for (std::size_t i = begin; i < std::min(rows.size(), begin + 64); ++i) {
        low = std::min(low, int{codes[rows[i] * stride + k]});
        high = std::max(high, int{codes[rows[i] * stride + k]});
      }
      product *= high - low + 1;
    }
    sum += product;
  }
  return sum;
}

}  // namespace

TEST_CASE("the order holds every row once, whatever their number and the number of threads", "[join]") {
  for (const std::size_t n : {0u, 1u, 64u, 65u, 128u, 1000u, 4097u}) {
    const auto codes = random_codes(n, 16);
    auto once = numbers(n);
    upkeep::sketch_order(codes.data(), 16, 64).sort(once, {.threads = 1});
    for (const unsigned threads : {2u, 7u}) {
      auto again = numbers(n);
      upkeep::sketch_order(codes.data(), 16, 64).sort(again, {.threads = threads});
      CHECK(again == once);
    }
    if (n > 1000) CHECK(once != numbers(n));
    std::sort(once.begin(), once.end());
    CHECK(once == numbers(n));
  }
}

TEST_CASE("only the rows that are given are ordered", "[join]") {
  const auto codes = random_codes(3000, 16);
  std::vector<upkeep::row_index> rows;
  for (upkeep::row_index i = 0; i < 3000; i += 3) rows.push_back(i);
  auto sorted = rows;
  upkeep::sketch_order(codes.data(), 16, 64).sort(sorted, {.threads = 2});
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == rows);
}

TEST_CASE("cells of the order are far smaller than those of any other", "[join]") {
  const auto codes = random_codes(20'000, 32);
  auto rows = numbers(20'000);
  const double before = volume(codes, 32, rows);
  upkeep::sketch_order(codes.data(), 32, 64).sort(rows, {.threads = 2});
  const double after = volume(codes, 32, rows);
  CHECK(after * 50 < before);
}

TEST_CASE("codes that do not differ, or are fewer than three, make no trouble", "[join]") {
  const std::vector<std::uint8_t> same(5000 * 16, 128);
  auto rows = numbers(5000);
  upkeep::sketch_order(same.data(), 16, 64).sort(rows, {.threads = 2});
  CHECK(rows == numbers(5000));  // equal codes keep their order
  const auto codes = random_codes(5000, 1);
  upkeep::sketch_order(codes.data(), 1, 64).sort(rows, {.threads = 2});
  CHECK(std::is_sorted(rows.begin(), rows.end(), [&](auto a, auto b) { return codes[a] < codes[b]; }));
}
