// Our half of join_faiss.py: joins one file several times and writes the seconds and the pairs.

#include "upkeep/join/exhaustive_join.hpp"
#include "upkeep/join/sketch_join.hpp"

#include "support/data.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

namespace {

template <class Finder>
double join(const Finder& finder, const upkeep::matrix_view<const float>& rows, const upkeep::find_options& options, int rounds,
            std::vector<std::uint32_t>& pairs) {
  std::vector<double> seconds;
  for (int round = 0; round <= rounds; ++round) {  // the first one warms up, unless it is the only one
    pairs.clear();
    upkeep::progress progress;
    const auto take = [&](const upkeep::scored_pair& p) {
      pairs.push_back(p.first);
      pairs.push_back(p.second);
    };
    const double took = finder.find_pairs(rows, options, take, progress).seconds;
    if (round > 0 || rounds == 0) seconds.push_back(took);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

}  // namespace

// join sketch|exhaustive FILE.fvecs THRESHOLD THREADS ROUNDS PAIRS
// Prints the median seconds of ROUNDS calls after one that warms up; writes the pairs as two little-endian uint32 each.
int main(int count, char** arguments) {
  try {
    if (count != 7) throw std::runtime_error("usage: join sketch|exhaustive FILE.fvecs THRESHOLD THREADS ROUNDS PAIRS");
    const auto vectors = upkeep_test::read_fvecs(arguments[2]);
    const upkeep::matrix_view<const float> rows(vectors.values.data(), vectors.rows, vectors.dimension);
    const upkeep::find_options options{std::stod(arguments[3]), static_cast<unsigned>(std::stoul(arguments[4]))};
    const int rounds = std::stoi(arguments[5]);
    std::vector<std::uint32_t> pairs;
    const std::string finder = arguments[1];
    if (finder != "sketch" && finder != "exhaustive") throw std::runtime_error("there is no finder " + finder);
    const double seconds = finder == "sketch" ? join(upkeep::sketch_join<>(), rows, options, rounds, pairs)
                                              : join(upkeep::exhaustive_join<>(), rows, options, rounds, pairs);
    std::ofstream out(arguments[6], std::ios::binary);
    out.write(reinterpret_cast<const char*>(pairs.data()), static_cast<std::streamsize>(pairs.size() * sizeof(std::uint32_t)));
    if (!out.flush()) throw std::runtime_error(std::string("cannot write ") + arguments[6]);
    std::printf("%.6f\n", seconds);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
