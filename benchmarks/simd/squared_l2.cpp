// Squared distance beside the machine's limits.

#include "upkeep/simd/squared_l2.hpp"

#include "../support/machine_limits.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace upkeep_benchmark;

void squared_l2(benchmark::State& state) {
  over_pairs(
      state, [](const float* a, const float* b, std::size_t n) { return upkeep::squared_l2(a, b, n); }, 3);
}

}  // namespace

BENCHMARK(limit_of_arithmetic);
BENCHMARK(limit_of_memory);
BENCHMARK(squared_l2)->ArgName("from_memory")->Arg(0)->Arg(1);

BENCHMARK_MAIN();
