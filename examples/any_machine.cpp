// A program that is built for any machine: upkeep::kernels chooses its instructions when it runs, and every choice finds the same pairs.

#include <upkeep/base/rng.hpp>
#include <upkeep/join/near_duplicates.hpp>
#include <upkeep/kernels/instructions.hpp>

#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

int main() try {
  upkeep::rng random(1);
  std::vector<float> numbers(1000 * 64);
  for (std::size_t i = 0; i < numbers.size(); ++i)  // every tenth row is nearly the one before
    numbers[i] = i / 64 % 10 == 9 ? numbers[i - 64] + 0.01F * static_cast<float>(random.normal()) : static_cast<float>(random.normal());
  const upkeep::matrix_view<const float> rows(numbers, 64);

  const std::size_t pairs = upkeep::near_duplicates(rows, {.threshold = 0.98}).size();
  for (const std::string_view name : upkeep::runnable_instructions()) {
    upkeep::select_instructions(name);
    if (upkeep::near_duplicates(rows, {.threshold = 0.98}).size() != pairs) return 1;
  }
  std::printf("%zu pairs, whatever the machine\n", pairs);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
