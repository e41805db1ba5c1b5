// The integer kernel of the sketch join, rows in the second-level cache and beyond it, beside the products that fit into registers alone.

#include "upkeep/simd/panel_filter.hpp"

#include "../support/machine_limits.hpp"

#include <benchmark/benchmark.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <numeric>
#include <utility>
#include <vector>

namespace {

using namespace upkeep_benchmark;
using codes = upkeep::native_codes;

void set_rates(benchmark::State& state, double products, double bytes, double pairs) {
  const auto rate = benchmark::Counter::kIsIterationInvariantRate;
  state.counters["Gproducts/s"] = benchmark::Counter(products * 1e-9, rate);
  if (bytes != 0) state.counters["GB/s"] = benchmark::Counter(bytes * 1e-9, rate);
  if (pairs != 0) state.counters["Gpairs/s"] = benchmark::Counter(pairs * 1e-9, rate);
}

// Products of bytes in registers alone, enough independent sums to fill the units.
void limit_of_products(benchmark::State& state) {
  constexpr std::size_t chains = 12, steps = 4096;
  alignas(64) std::int32_t zeros[codes::lanes] = {};
  alignas(64) codes::column_code ones[codes::lanes * codes::step];
  alignas(64) codes::row_code row[64];
  for (auto& c : ones) c = 1;
  for (auto& r : row) r = 1;
  const auto run = [&]<std::size_t... I>(std::index_sequence<I...>) __attribute__((always_inline)) {
    codes::sums sums[chains] = {(static_cast<void>(I), codes::load_sums(zeros))...};
    codes::codes column = codes::load_codes(ones);
    benchmark::DoNotOptimize(column);
    for (std::size_t k = 0; k < steps; ++k) ((sums[I] = codes::multiply_add(sums[I], row, column)), ...);
    ((benchmark::DoNotOptimize(sums[I])), ...);
  };
  for (auto _ : state) run(std::make_index_sequence<chains>());
  set_rates(state, static_cast<double>(chains * codes::lanes * codes::step * steps), 0, 0);
}

// Argument: rows, all of which are compared with one panel.
template <std::size_t Width>
void panel_filter(benchmark::State& state) {
  const auto rows = static_cast<std::size_t>(state.range(0)), groups = rows / upkeep::panel_group;
  const auto release = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
  const std::unique_ptr<std::uint8_t, decltype(release)> stored(
      static_cast<std::uint8_t*>(::operator new (rows* Width, std::align_val_t{64})), release);
  std::fill_n(stored.get(), rows * Width, std::uint8_t{128});
  const std::vector<std::int32_t> reach(rows, -1000);
  std::vector<std::uint32_t> numbers(groups);
  std::iota(numbers.begin(), numbers.end(), 0u);
  std::vector<std::uint64_t> signs(rows);
  upkeep::filter_panel<Width> panel;
  for (std::size_t c = 0; c < upkeep::panel_columns; ++c) panel.set(c, stored.get() + c * Width, -1000);
  for (auto _ : state) {
    upkeep::panel_filter<Width>(stored.get(), reach.data(), numbers.data(), upkeep::panel_group, groups, panel, signs.data());
    benchmark::DoNotOptimize(signs.data());
    benchmark::ClobberMemory();
  }
  const auto pairs = static_cast<double>(rows * upkeep::panel_columns);
  set_rates(state, pairs * Width, static_cast<double>(rows * (Width + sizeof(std::int32_t) + sizeof(std::uint64_t))), pairs);
}

}  // namespace

BENCHMARK(limit_of_products);
BENCHMARK(limit_of_memory);
BENCHMARK(panel_filter<16>)->ArgName("rows")->Arg(2048)->Arg(1 << 20);
BENCHMARK(panel_filter<32>)->ArgName("rows")->Arg(2048)->Arg(1 << 20);
BENCHMARK(panel_filter<64>)->ArgName("rows")->Arg(2048)->Arg(1 << 20);

BENCHMARK_MAIN();
