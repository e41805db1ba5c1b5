// Our half of exhaustive_join_faiss.py: joins one file and writes the seconds and the pairs.

#include "upkeep/join/exhaustive_join.hpp"

#include "support/data.hpp"

#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

// exhaustive_join FILE.fvecs THRESHOLD THREADS PAIRS
// Prints the seconds of a call after one that warms up; writes the pairs as two little-endian uint32 each.
int main(int count, char** arguments) {
  try {
    if (count != 5) throw std::runtime_error("usage: exhaustive_join FILE.fvecs THRESHOLD THREADS PAIRS");
    const auto vectors = upkeep_test::read_fvecs(arguments[1]);
    const upkeep::matrix_view<const float> rows(vectors.values.data(), vectors.rows, vectors.dimension);
    const upkeep::find_options options{std::stod(arguments[2]), static_cast<unsigned>(std::stoul(arguments[3]))};
    std::vector<std::uint32_t> pairs;
    double seconds = 0;
    for (int round = 0; round < 2; ++round) {
      pairs.clear();
      upkeep::progress progress;
      const auto take = [&](const upkeep::scored_pair& p) {
        pairs.push_back(p.first);
        pairs.push_back(p.second);
      };
      seconds = upkeep::exhaustive_join<>{}.find_pairs(rows, options, take, progress).seconds;
    }
    std::ofstream out(arguments[4], std::ios::binary);
    out.write(reinterpret_cast<const char*>(pairs.data()), static_cast<std::streamsize>(pairs.size() * sizeof(std::uint32_t)));
    if (!out.flush()) throw std::runtime_error(std::string("cannot write ") + arguments[4]);
    std::printf("%.6f\n", seconds);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
