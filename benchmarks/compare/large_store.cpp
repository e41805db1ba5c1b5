// Our half of large_store.py: one large set of rows, in memory, in a SQLite store, and night after night.

#include "upkeep/join/sketch_join.hpp"
#include "upkeep/store/sqlite_store.hpp"

#include "support/data.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace upkeep;

// The most memory that the process has had at once, in MiB.
double peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  return 0;
}

void print(const char* what, const find_report& report) {
  std::printf("%-28s %8.3f s %10llu pairs %8.0f MiB\n", what, report.seconds, static_cast<unsigned long long>(report.pairs), peak_memory());
  std::fflush(stdout);
}

void fill(const std::string& vectors, const std::string& database) {
  const auto data = upkeep_test::read_fvecs(vectors);
  sqlite_store store = sqlite_store::create(database, data.dimension);
  constexpr std::size_t part = 4096;
  for (std::size_t begin = 0; begin < data.rows; begin += part) {
    record_buffer buffer(field::vector, data.dimension);
    for (std::size_t i = begin; i < std::min(data.rows, begin + part); ++i) {
      record_view row;
      row.key = static_cast<std::int64_t>(i);
      row.vector = {data.values.data() + i * data.dimension, data.dimension};
      buffer.push_back(row);
    }
    store.upsert(buffer.batch());
  }
}

void in_memory(const std::string& vectors, const find_options& options) {
  const auto data = upkeep_test::read_fvecs(vectors);
  const matrix_view<const float> rows(data.values.data(), data.rows, data.dimension);
  progress silent;
  const auto ignore = [](const scored_pair&) {};
  print("in memory", sketch_join<>{}.find_pairs(rows, options, ignore, silent));
}

void in_store(const std::string& database, const find_options& options) {
  sqlite_store store(database);
  std::printf("%-28s %8.0f MiB\n", "before", peak_memory());
  // The keys are 0 to n - 1.
  std::vector<row_index> numbers;
  const auto hand_over = [&](const record_batch& batch, page_visitor visit) {
    numbers.clear();
    for (const key_view k : batch.keys) numbers.push_back(static_cast<row_index>(k.integer()));
    visit(numbers, batch.vectors);
  };
  const auto scan = [&](page_visitor visit) { store.scan(field::vector, [&](const record_batch& batch) { hand_over(batch, visit); }); };
  const auto fetch = [&](std::span<const row_index> wanted, page_visitor visit) {
    std::vector<key_view> keys;
    for (const row_index w : wanted) keys.emplace_back(static_cast<std::int64_t>(w));
    store.fetch(keys, field::vector, [&](const record_batch& batch) { hand_over(batch, visit); });
  };
  progress silent;
  const auto ignore = [](const scored_pair&) {};
  print("from SQLite, out of core", sketch_join<>{}.find_pairs_in({store.size(), store.dimension(), scan, fetch}, options, ignore, silent));
}

void nights(const std::string& vectors, const std::string& remembered, const find_options& options) {
  auto data = upkeep_test::read_fvecs(vectors);
  const std::size_t n = data.rows, d = data.dimension;
  std::vector<std::int64_t> keys(n);
  for (std::size_t i = 0; i < n; ++i) keys[i] = static_cast<std::int64_t>(i);
  const auto key_of = [&](std::size_t i) { return key_view(keys[i]); };
  progress silent;
  const auto ignore = [](const scored_pair&) {};
  const matrix_view<const float> rows(data.values.data(), n, d);
  std::filesystem::remove(remembered);  // what another measurement left would make the first night a second one
  const earlier_search earlier{remembered, true, key_of};
  print("first night", sketch_join<>{}.find_pairs_since(rows, earlier, options, ignore, silent));
  rng random(1);
  std::vector<double> later, anew;
  find_report last;
  for (int night = 0; night < 5; ++night) {
    for (std::size_t k = 0; k < n / 100; ++k) {  // one in a hundred rows is replaced by one that is near another
      const auto i = static_cast<std::size_t>(random.below(n)), j = static_cast<std::size_t>(random.below(n));
      for (std::size_t c = 0; c < d; ++c)
        data.values[i * d + c] = static_cast<float>(double{data.values[j * d + c]} + 0.01 * random.normal());
    }
    last = sketch_join<>{}.find_pairs_since(rows, earlier, options, ignore, silent);
    print("a night of 1 % new rows", last);
    later.push_back(last.seconds);
  }
  for (int round = 0; round < 3; ++round) {
    const find_report full = sketch_join<>{}.find_pairs(rows, options, ignore, silent);
    print("the same rows from nothing", full);
    if (last.pairs != full.pairs) throw std::runtime_error("the pairs are not the same");
    anew.push_back(full.seconds);
  }
  const auto median = [](std::vector<double>& seconds) {
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
  };
  const double night = median(later), full = median(anew);
  std::printf("medians: a night %.3f s, from nothing %.3f s, ratio %.1f\n", night, full, full / night);
}

}  // namespace

// large_store fill FILE.fvecs DATABASE | memory FILE.fvecs | store DATABASE | nights FILE.fvecs REMEMBERED
int main(int count, char** arguments) {
  try {
    const std::string mode = count > 2 ? arguments[1] : "";
    const find_options options{.threshold = 0.98, .threads = 2};
    if (mode == "fill" && count == 4)
      fill(arguments[2], arguments[3]);
    else if (mode == "memory")
      in_memory(arguments[2], options);
    else if (mode == "store")
      in_store(arguments[2], options);
    else if (mode == "nights" && count == 4)
      nights(arguments[2], arguments[3], options);
    else
      throw std::runtime_error("usage: large_store fill FILE DATABASE | memory FILE | store DATABASE | nights FILE REMEMBERED");
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
