// The exhaustive join on real and on random rows, beside the arithmetic limit of one thread.

#include "upkeep/join/exhaustive_join.hpp"

#include "../support/machine_limits.hpp"
#include "support/data.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/metric/euclidean.hpp"

#include <benchmark/benchmark.h>
#include <string>
#include <vector>

namespace {

using namespace upkeep_benchmark;

template <class Metric>
void join(benchmark::State& state, const upkeep_test::vectors& vectors, double threshold) {
  const upkeep::matrix_view<const float> rows(vectors.values.data(), vectors.rows, vectors.dimension);
  std::uint64_t pairs = 0;
  for (auto _ : state) {
    upkeep::progress progress;
    const auto report = upkeep::exhaustive_join<Metric>{}.find_pairs(
        rows, {.threshold = threshold, .threads = static_cast<unsigned>(state.range(0))}, [](const upkeep::scored_pair&) {}, progress);
    pairs = report.pairs;
  }
  const auto n = static_cast<double>(vectors.rows);
  set_rates(state, n * (n - 1) * static_cast<double>(vectors.dimension), 0);
  state.counters["pairs"] = static_cast<double>(pairs);
}

void real_data(benchmark::State& state, const char* name) {
  const auto path = upkeep_test::data_file(name);
  if (!path) return state.SkipWithError("no data");
  join<upkeep::cosine>(state, upkeep_test::read_fvecs(*path), 0.98);
}

void notes(benchmark::State& state) { real_data(state, "notes_bge-micro-v2_384.fvecs"); }
void treasury(benchmark::State& state) { real_data(state, "treasury_text-embedding-3-large_1536.fvecs"); }
void packages(benchmark::State& state) { real_data(state, "packages_all-MiniLM-L6-v2_384.fvecs"); }

template <class Metric>
void random_rows(benchmark::State& state) {
  upkeep::rng random(1);
  upkeep_test::vectors vectors{8192, 384, std::vector<float>(8192 * 384)};
  for (float& x : vectors.values) x = static_cast<float>(random.normal());
  join<Metric>(state, vectors, Metric::larger_is_closer ? 0.98 : 4.0);
}

}  // namespace

BENCHMARK(limit_of_arithmetic);  // of one thread
BENCHMARK(notes)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(packages)->ArgName("threads")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(treasury)->ArgName("threads")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(random_rows<upkeep::cosine>)->ArgName("threads")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(random_rows<upkeep::euclidean>)->ArgName("threads")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
