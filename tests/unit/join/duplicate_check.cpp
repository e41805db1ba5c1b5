// The check before an insert finds the nearest row within the threshold, of the rows given and of those inserted since.

#include "upkeep/join/duplicate_check.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <limits>
#include <optional>
#include <vector>

namespace {

using matrix = upkeep::matrix_view<const float>;

template <class Metric>
std::optional<upkeep::nearest_row> plainly(const std::vector<float>& rows, std::size_t d, std::span<const float> vector, double threshold) {
  std::optional<upkeep::nearest_row> best;
  for (std::size_t i = 0; i * d < rows.size(); ++i) {
    const double score = Metric().score(std::span<const float>(rows.data() + i * d, d), vector);
    if (!upkeep::is_within<Metric>(score, threshold)) continue;
    if (!best || (Metric::larger_is_closer ? score > best->score : score < best->score)) best = upkeep::nearest_row{i, score};
  }
  return best;
}

template <class Metric>
void check(double least, double threshold) {
  const std::size_t n = 500, d = 30;
  upkeep::rng random(3);
  std::vector<float> values(n * d);
  for (float& x : values) x = static_cast<float>(random.normal());
  for (std::size_t k = 0; k < d; ++k) values[400 * d + k] = values[3 * d + k];  // of equal rows the first is told
  const std::vector<float> given = values;
  upkeep::duplicate_check<Metric> known(matrix(given.data(), n, d), least);
  std::size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<float> vector(d);
    const auto like = static_cast<std::size_t>(random.below(values.size() / d));
    const double spread = random.chance(0.2) ? 0.0 : 0.2 * random.uniform();
    for (std::size_t k = 0; k < d; ++k) vector[k] = static_cast<float>(double{values[like * d + k]} + spread * random.normal());
    const auto expected = plainly<Metric>(values, d, vector, threshold);
    const auto answer = known.nearest_at_least(vector, threshold);
    REQUIRE(answer.has_value() == expected.has_value());
    if (!answer) {
      CHECK(known.insert(vector) == values.size() / d);
      values.insert(values.end(), vector.begin(), vector.end());
      continue;
    }
    ++found;
    CHECK(answer->row == expected->row);
    CHECK(answer->score == expected->score);
  }
  CHECK(found > 50);
  CHECK(values.size() > given.size());
}

}  // namespace

TEST_CASE("the nearest row within the threshold is told, or none", "[duplicate_check]") {
  check<upkeep::cosine>(0.95, 0.99);
  check<upkeep::euclidean>(1.0, 0.5);
}

TEST_CASE("vectors that cannot be judged have no duplicate, wrong ones are refused", "[duplicate_check]") {
  const std::vector<float> values{1, 0, 0, 0, 1, 0};
  upkeep::duplicate_check<> known(matrix(values.data(), 2, 3), 0.9);
  const std::vector<float> zero{0, 0, 0}, odd{1, std::numeric_limits<float>::quiet_NaN(), 0}, narrow{1, 0}, same{2, 0, 0};
  CHECK_FALSE(known.nearest_at_least(zero, 0.95).has_value());
  CHECK_FALSE(known.nearest_at_least(odd, 0.95).has_value());
  CHECK(known.nearest_at_least(same, 0.95)->row == 0);
  CHECK_THROWS_AS(known.nearest_at_least(narrow, 0.95), upkeep::error);
  CHECK_THROWS_AS(known.insert(narrow), upkeep::error);
  CHECK_THROWS_AS(known.nearest_at_least(same, 0.8), upkeep::error);  // farther than it was prepared for
  CHECK_THROWS_AS(known.nearest_at_least(same, 98.0), upkeep::error);
  CHECK_THROWS_AS((upkeep::duplicate_check<>(matrix(values.data(), 2, 3), 98.0)), upkeep::error);
}
