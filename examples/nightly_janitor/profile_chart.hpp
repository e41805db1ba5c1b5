#pragma once
// The histograms of a profile as a picture: one self-contained SVG file, and the scale that the bars of the terminal share.

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

/// How the bars of one histogram grow: with the rows or, where a few bars would dwarf all others, with their logarithm.
class bar_scale {
 public:
  explicit bar_scale(const std::vector<std::uint64_t>& bins);
  [[nodiscard]] bool logarithmic() const noexcept { return logarithmic_; }
  /// A round number that no bar exceeds.
  [[nodiscard]] double top() const noexcept { return top_; }
  /// 0 to 1: the height of a bar of so many rows.
  [[nodiscard]] double height(double rows) const noexcept;
  /// Round numbers of rows, ascending, for lines behind the bars.
  [[nodiscard]] std::vector<double> ticks() const;

 private:
  bool logarithmic_ = false;
  double top_ = 1, step_ = 1;
  double bottom_ = 0.5;  // of the logarithmic scale: below the smallest bar, so that it is seen
};

/// A score in as few decimals as it has, at least two: 0.90, 0.995.
std::string score_text(double score, int least = 2);

/// So many decimals as the edges of the bins need.
int edge_digits(const upkeep::group_profile& p);

/// A picture of all profiles, one below the other: readable on light and dark pages, without scripts or outside parts.
std::string profile_svg(const std::string& title, const std::vector<named_profile>& profiles);

}  // namespace nightly_janitor
