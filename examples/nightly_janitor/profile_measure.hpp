#pragma once
// Measures how close the rows of each scope and model are, for the tables of `profile` and for the page of `report`.

#include <upkeep/base/progress.hpp>
#include <upkeep/join/similarity_profile.hpp>
#include <upkeep/store/sqlite_store.hpp>

#include "profile_chart.hpp"

#include <cstddef>
#include <vector>

namespace nightly_janitor {

/// The profiles of a store, those with the most rows first.
struct measured_profiles {
  std::vector<named_profile> profiles;
  std::size_t rows = 0;
  double seconds = 0;  ///< of the comparison
};

/// Reads the store once, vectors and all, and compares.
measured_profiles measure_profiles(upkeep::sqlite_store& store, const upkeep::similarity_profile_options& options,
                                   upkeep::progress& progress);

}  // namespace nightly_janitor
