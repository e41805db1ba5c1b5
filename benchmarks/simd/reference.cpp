// The double-precision formulas beside the machine's limits.

#include "upkeep/simd/reference.hpp"

#include "../support/machine_limits.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace upkeep_benchmark;

void reference_dot(benchmark::State& state) {
  over_pairs(
      state, [](const float* a, const float* b, std::size_t n) { return upkeep::reference_dot(a, b, n); }, 2);
}

void reference_squared_distance(benchmark::State& state) {
  over_pairs(
      state, [](const float* a, const float* b, std::size_t n) { return upkeep::reference_squared_distance(a, b, n); }, 5);
}

void reference_cosine(benchmark::State& state) {
  over_pairs(
      state, [](const float* a, const float* b, std::size_t n) { return upkeep::reference_cosine(a, b, n); }, 6);
}

}  // namespace

BENCHMARK(limit_of_arithmetic);
BENCHMARK(limit_of_memory);
BENCHMARK(reference_dot)->ArgName("from_memory")->Arg(0)->Arg(1);
BENCHMARK(reference_squared_distance)->ArgName("from_memory")->Arg(0)->Arg(1);
BENCHMARK(reference_cosine)->ArgName("from_memory")->Arg(0)->Arg(1);

BENCHMARK_MAIN();
