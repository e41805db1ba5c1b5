// The tile kernel, its block of rows in the first-level cache and its columns in the second, beside the machine's limits.

#include "upkeep/simd/tile_dot.hpp"

#include "../support/machine_limits.hpp"

#include <benchmark/benchmark.h>
#include <cstdint>
#include <memory>
#include <new>

namespace {

using namespace upkeep_benchmark;

// Argument: components of a row.
void tile_dot(benchmark::State& state) {
  using shape = upkeep::tile_shape<upkeep::native_floats>;
  const auto n = static_cast<std::size_t>(state.range(0));
  const std::size_t panels = std::max<std::size_t>(1, (std::size_t{512} << 10) / sizeof(float) / n / shape::columns);
  const auto floats = [](std::size_t count, float value) {
    auto* const p = new (std::align_val_t{64}) float[count];
    for (std::size_t i = 0; i < count; ++i) p[i] = value;
    return p;
  };
  const auto release = [](float* p) { ::operator delete[](p, std::align_val_t{64}); };
  const std::unique_ptr<float[], decltype(release)> rows(floats(n * shape::rows, 0.01f), release),
      columns(floats(n * shape::columns * panels, 0.01f), release), bounds(floats(64, 1e6f), release);
  std::uint32_t hits[shape::rows];
  for (auto _ : state)
    for (std::size_t p = 0; p < panels; ++p) {
      auto any = upkeep::tile_dot(rows.get(), columns.get() + p * n * shape::columns, n, bounds.get(), bounds.get(), hits);
      benchmark::DoNotOptimize(any);
    }
  const auto products = static_cast<double>(n * shape::rows * shape::columns * panels);
  set_rates(state, 2 * products, products / static_cast<double>(shape::rows) * sizeof(float));
}

}  // namespace

BENCHMARK(limit_of_arithmetic);
BENCHMARK(tile_dot)->ArgName("components")->Arg(100)->Arg(384)->Arg(768)->Arg(1536);

BENCHMARK_MAIN();
