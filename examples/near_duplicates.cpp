// The five-minute door: which rows of a plain array are nearly the same, and which of them would stay.
#include <upkeep/upkeep.hpp>

#include <cstdio>
#include <vector>

int main() {
  const std::vector<float> numbers = {1, 0, 0, 2, 0.01F, 0, 0, 1, 0, 0, 3, 0.1F, 0, 0, 1};
  const upkeep::matrix_view<const float> rows(numbers, 3);

  const auto pairs = upkeep::near_duplicates(rows, {.threshold = 0.98});
  for (const auto& pair : pairs) std::printf("rows %u and %u: cosine %.4f\n", pair.first, pair.second, pair.score);
  for (const auto& gone : upkeep::resolve(pairs, rows.rows()).removed) std::printf("%u can go, %u stays\n", gone.removed, gone.witness);
}
