#pragma once
// What this machine can do at most: the two lines that every kernel's figure has to be read beside.

#include "upkeep/simd/batch.hpp"

#include <benchmark/benchmark.h>
#include <cstddef>
#include <utility>
#include <vector>

namespace upkeep_benchmark {

/// Floats in one row, as wide as many embedding models are.
inline constexpr std::size_t width = 384;

inline void set_rates(benchmark::State& state, double flops, double bytes) {
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

/// Multiply-adds in registers alone, enough independent ones to fill the units.
inline void limit_of_arithmetic(benchmark::State& state) {
  using upkeep::native_floats;
  constexpr std::size_t chains = 12, steps = 4096;
  const auto run = [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
    native_floats sums[chains] = {(static_cast<void>(I), native_floats::set(0.5f))...};
    native_floats x = native_floats::set(0.999f), y = native_floats::set(0.001f);
    benchmark::DoNotOptimize(x);
    benchmark::DoNotOptimize(y);
    for (std::size_t k = 0; k < steps; ++k) ((sums[I] = multiply_add(sums[I], x, y)), ...);
    ((benchmark::DoNotOptimize(sums[I])), ...);
  };
  for (auto _ : state) run(std::make_index_sequence<chains>());
  set_rates(state, 2.0 * chains * native_floats::size * steps, 0);
}

/// Reading memory that no cache holds, in order.
inline void limit_of_memory(benchmark::State& state) {
  using upkeep::native_floats;
  static const std::vector<float> values(std::size_t{1} << 27, 1.0f);  // 512 MiB: beyond a large server's last-level cache
  for (auto _ : state) {
    native_floats a = native_floats::zero(), b = a, c = a, d = a;
    constexpr std::size_t w = native_floats::size;
    for (std::size_t i = 0; i + 4 * w <= values.size(); i += 4 * w) {
      a = a + native_floats::load(values.data() + i);
      b = b + native_floats::load(values.data() + i + w);
      c = c + native_floats::load(values.data() + i + 2 * w);
      d = d + native_floats::load(values.data() + i + 3 * w);
    }
    float s = sum((a + b) + (c + d));
    benchmark::DoNotOptimize(s);
  }
  set_rates(state, 0, static_cast<double>(values.size() * sizeof(float)));
}

/// Pairs of rows from the first-level cache (argument 0) or from memory that no cache holds (argument 1).
template <class Kernel>
void over_pairs(benchmark::State& state, const Kernel& kernel, double flops_per_component) {
  const std::size_t rows = state.range(0) == 0 ? 8 : (std::size_t{1} << 26) / width;
  static std::vector<float> values;
  if (values.size() < rows * width) values.assign(rows * width, 0.5f);
  for (auto _ : state)
    for (std::size_t i = 0; i + 1 < rows; i += 2) {
      auto s = kernel(values.data() + i * width, values.data() + (i + 1) * width, width);
      benchmark::DoNotOptimize(s);
    }
  const auto components = static_cast<double>(rows / 2 * width);
  set_rates(state, flops_per_component * components, 2 * components * sizeof(float));
}

}  // namespace upkeep_benchmark
