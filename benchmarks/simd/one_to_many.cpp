// One row against many, from the second-level cache and from memory, beside the machine's limits.

#include "upkeep/simd/one_to_many.hpp"

#include "../support/machine_limits.hpp"

#include <benchmark/benchmark.h>
#include <vector>

namespace {

using namespace upkeep_benchmark;

template <class Kernel>
void over_rows(benchmark::State& state, const Kernel& kernel, double flops_per_component) {
  const std::size_t rows = state.range(0) == 0 ? 256 : (std::size_t{1} << 26) / width;
  static std::vector<float> values, query(width, 0.25f);
  static std::vector<float> out;
  if (values.size() < rows * width) values.assign(rows * width, 0.5f);
  if (out.size() < rows) out.resize(rows);
  for (auto _ : state) {
    kernel(query.data(), values.data(), width, rows, width, out.data());
    benchmark::ClobberMemory();
  }
  const auto components = static_cast<double>(rows * width);
  set_rates(state, flops_per_component * components, components * sizeof(float));
}

void dot_product_one_to_many(benchmark::State& state) { over_rows(state, upkeep::dot_product_one_to_many<>, 2); }
void squared_l2_one_to_many(benchmark::State& state) { over_rows(state, upkeep::squared_l2_one_to_many<>, 3); }
void cosine_similarity_one_to_many(benchmark::State& state) { over_rows(state, upkeep::cosine_similarity_one_to_many<>, 4); }
void squared_norms(benchmark::State& state) {
  const auto kernel = [](const float*, const float* rows, std::size_t stride, std::size_t count, std::size_t n, float* out) {
    upkeep::squared_norms<>(rows, stride, count, n, out);
  };
  over_rows(state, kernel, 2);
}

}  // namespace

BENCHMARK(limit_of_arithmetic);
BENCHMARK(limit_of_memory);
BENCHMARK(dot_product_one_to_many)->ArgName("from_memory")->Arg(0)->Arg(1);
BENCHMARK(squared_l2_one_to_many)->ArgName("from_memory")->Arg(0)->Arg(1);
BENCHMARK(cosine_similarity_one_to_many)->ArgName("from_memory")->Arg(0)->Arg(1);
BENCHMARK(squared_norms)->ArgName("from_memory")->Arg(0)->Arg(1);

BENCHMARK_MAIN();
