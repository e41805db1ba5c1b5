// Cosine beside the machine's limits.

#include "upkeep/simd/cosine_similarity.hpp"

#include "../support/machine_limits.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace upkeep_benchmark;

void cosine_similarity(benchmark::State& state) {
  over_pairs(
      state, [](const float* a, const float* b, std::size_t n) { return upkeep::cosine_similarity(a, b, n); }, 6);
}

}  // namespace

BENCHMARK(limit_of_arithmetic);
BENCHMARK(limit_of_memory);
BENCHMARK(cosine_similarity)->ArgName("from_memory")->Arg(0)->Arg(1);

BENCHMARK_MAIN();
