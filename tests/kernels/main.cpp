// A program for any machine and a translation unit for this one, linked together: both find the same pairs with the same scores, whichever
// instruction set is chosen; and what UPKEEP_INSTRUCTIONS asks for is done or refused.

#include "side.hpp"

#include "support/expectations.hpp"

#include <upkeep/base/error.hpp>
#include <upkeep/base/rng.hpp>
#include <upkeep/kernels/instructions.hpp>

#include <cmath>
#include <cstring>
#include <iostream>
#include <string_view>

namespace {

using upkeep_test::expect;

// Clusters of near rows in a space whose leading directions say most, so that all filters have something to leave out and to pass on.
std::vector<float> clustered_rows(std::size_t count, std::size_t dimension) {
  upkeep::rng random(500 + dimension);
  std::vector<float> values(count * dimension);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t like = random.chance(0.3) && i > 0 ? random.below(i) : i;
    for (std::size_t k = 0; k < dimension; ++k) {
      const double own = random.normal() / std::sqrt(1.0 + static_cast<double>(k));
      values[i * dimension + k] =
          like == i ? static_cast<float>(own) : values[like * dimension + k] + static_cast<float>(own * random.uniform() * 0.3);
    }
    if (i % 97 == 5) std::memcpy(&values[i * dimension], &values[(i - 5) * dimension], dimension * sizeof(float));  // a copy
  }
  return values;
}

bool same(const pair_list& a, const pair_list& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].first != b[i].first || a[i].second != b[i].second || std::memcmp(&a[i].score, &b[i].score, sizeof a[i].score) != 0)
      return false;
  return true;
}

void compare_sides() {
  const side plain = kernel_side(), native = header_side();
  std::cout << "kernels: " << plain.instruction_set << ", headers: " << native.instruction_set << '\n';
  expect(plain.instruction_set != native.instruction_set, "the two sides have namespaces of their own");
  expect(plain.kernel != native.kernel, "each side calls its own kernel");
#if defined(__x86_64__)
  expect(plain.instruction_set == "v0_kernels_sse2", "one side is built for any machine");
#endif
  for (const std::size_t dimension : {5u, 100u, 384u}) {
    const std::vector<float> values = clustered_rows(2500, dimension);
    const upkeep::matrix_view<const float> rows(values.data(), values.size() / dimension, dimension);
    for (const double threshold : {0.8, 0.98, 1.0}) {
      const pair_list cosine = native.sketch_cosine(rows, threshold), all = native.exhaustive(rows, threshold);
      const double distance = std::sqrt(2 - 2 * threshold);
      const pair_list euclidean = native.sketch_euclidean(rows, distance);
      expect(!all.empty() && !euclidean.empty(), "there are pairs to be found");
      for (const std::string_view name : upkeep::runnable_instructions()) {
        upkeep::select_instructions(name);
        const std::string where =
            " with " + std::string(name) + ", " + std::to_string(dimension) + " components, threshold " + std::to_string(threshold);
        expect(same(plain.sketch_cosine(rows, threshold), cosine), "sketch_join finds the same by cosine" + where);
        expect(same(plain.sketch_euclidean(rows, distance), euclidean), "sketch_join finds the same by distance" + where);
        expect(same(plain.exhaustive(rows, threshold), all), "exhaustive_join finds the same" + where);
        expect(same(cosine, all), "both joins find the same" + where);
      }
    }
  }
}

// UPKEEP_INSTRUCTIONS named `wanted`: it is used where the machine can, and nothing else is; where it cannot, every search says so.
void expect_instructions(const std::string& wanted, bool refused) {
  const std::vector<float> values = clustered_rows(100, 20);
  const upkeep::matrix_view<const float> rows(values.data(), 100, 20);
  const side plain = kernel_side();
  for (const auto search : {plain.sketch_cosine, plain.sketch_euclidean, plain.exhaustive}) {
    std::string said;
    try {
      static_cast<void>(search(rows, 0.9));
    } catch (const upkeep::error& e) {
      said = e.code() == upkeep::errc::invalid_argument ? e.what() : "something else";
    }
    if (refused)
      expect(said.find("UPKEEP_INSTRUCTIONS is \"" + wanted + "\"") != std::string::npos && said.find("use one of ") != std::string::npos,
             "a search refuses " + wanted + ", but it said: " + said);
    else
      expect(said.empty(), "a search says nothing, but it said: " + said);
  }
  if (!refused) expect(upkeep::kernels().instructions == wanted, wanted + " is used, not " + upkeep::kernels().instructions);
  if (refused) {
    upkeep::select_instructions(upkeep::runnable_instructions().front());  // the program may decide otherwise
    expect(same(plain.exhaustive(rows, 0.9), header_side().exhaustive(rows, 0.9)), "a program that chooses itself is not refused");
  }
}

}  // namespace

// main: compares both sides. main uses|refuses NAME: the environment variable was set to NAME.
int main(int count, char** arguments) {
  if (count == 3)
    expect_instructions(arguments[2], std::string_view(arguments[1]) == "refuses");
  else
    compare_sides();
  return upkeep_test::failures == 0 ? 0 : 1;
}
