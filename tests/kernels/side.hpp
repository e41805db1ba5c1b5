#pragma once
// What each of the two translation units offers to the program that links both: one takes its kernels from upkeep::kernels, one from the headers.

#include <upkeep/base/matrix_view.hpp>
#include <upkeep/concepts/duplicate_finder.hpp>

#include <string>
#include <vector>

using pair_list = std::vector<upkeep::scored_pair>;

struct side {
  std::string instruction_set;  ///< of upkeep's namespace there
  const void* kernel;           ///< the address of the dot product that this side calls
  pair_list (*sketch_cosine)(upkeep::matrix_view<const float> rows, double threshold);
  pair_list (*sketch_euclidean)(upkeep::matrix_view<const float> rows, double threshold);
  pair_list (*exhaustive)(upkeep::matrix_view<const float> rows, double threshold);
};

side kernel_side();
side header_side();
