#pragma once
// The histograms of a profile as a picture: one self-contained SVG file, with the same scale as the bars of the terminal.

#include <upkeep/base/bar_scale.hpp>
#include <upkeep/join/similarity_profile.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace nightly_janitor {

/// One scope and model.
struct named_profile {
  std::string name;  ///< as it came from the store
  upkeep::group_profile profile;
};

using upkeep::bar_scale;

/// A score in as few decimals as it has, at least two: 0.90, 0.995.
std::string score_text(double score, int least = 2);

/// So many decimals as the edges of the bins need.
int edge_digits(const upkeep::group_profile& p);

/// A picture of all profiles, one below the other: readable on light and dark pages, without scripts or outside parts.
std::string profile_svg(const std::string& title, const std::vector<named_profile>& profiles);

}  // namespace nightly_janitor
