// A user of the component kernels: compiled for any machine, it says what it runs on this one.
#include <upkeep/join/sketch_join.hpp>
#include <upkeep/kernels/instructions.hpp>

#include <cstdio>
#include <string>
#include <vector>

#if !defined(UPKEEP_USE_KERNELS)
#error "the target upkeep::kernels does not say so"
#endif

int main() {
  const std::vector<float> numbers = {1, 0, 0, 2, 0.01F, 0, 0, 1, 0};
  upkeep::progress progress;
  int pairs = 0;
  upkeep::sketch_join<>().find_pairs(
      upkeep::matrix_view<const float>(numbers, 3), {.threshold = 0.98}, [&](const upkeep::scored_pair&) { ++pairs; }, progress);
  std::printf("%s\n", upkeep::kernels().instructions);
  return pairs == 1 && upkeep::runnable_instructions().front() == upkeep::kernels().instructions ? 0 : 1;
}
