// Dot product and squared norm beside the machine's limits.

#include "upkeep/simd/dot_product.hpp"

#include "../support/machine_limits.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace upkeep_benchmark;

void dot_product(benchmark::State& state) {
  over_pairs(
      state, [](const float* a, const float* b, std::size_t n) { return upkeep::dot_product(a, b, n); }, 2);
}

void squared_norm(benchmark::State& state) {
  over_pairs(
      state, [](const float* a, const float* b, std::size_t n) { return upkeep::squared_norm(a, n) + upkeep::squared_norm(b, n); }, 4);
}

}  // namespace

BENCHMARK(limit_of_arithmetic);
BENCHMARK(limit_of_memory);
BENCHMARK(dot_product)->ArgName("from_memory")->Arg(0)->Arg(1);
BENCHMARK(squared_norm)->ArgName("from_memory")->Arg(0)->Arg(1);

BENCHMARK_MAIN();
