#pragma once
// How the bars of a histogram grow, and where the lines behind them stand.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace upkeep::inline v0 {

/// The smallest of 1, 2, 5, 10, 20, 50, ... that is at least `value`.
[[nodiscard]] inline double round_up_to_scale(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(value, 1.0))));
  for (const double step : {1.0, 2.0, 5.0, 10.0})
    if (step * power >= value - 1e-9) return step * power;
  return 10.0 * power;
}

/// How the bars of one histogram grow: with the counts or, where a few bars would dwarf all others (the largest is more than twenty times
/// the middle one of those that are not empty), with their logarithm.
/// @par Thread safety
/// Const members may be called concurrently.
class bar_scale {
 public:
  /// Of no counts, or of zeros alone, every bar has height 0.
  explicit bar_scale(std::span<const std::uint64_t> counts) {
    std::vector<std::uint64_t> some;
    for (const std::uint64_t count : counts)
      if (count != 0) some.push_back(count);
    if (some.empty()) return;
    std::sort(some.begin(), some.end());
    const auto largest = static_cast<double>(some.back()), middle = static_cast<double>(some[some.size() / 2]);
    logarithmic_ = largest > 20 * middle;
    step_ = std::max(1.0, round_up_to_scale(largest / 5));
    top_ = logarithmic_ ? round_up_to_scale(largest) : std::ceil(largest / step_) * step_;
    bottom_ = std::pow(10.0, std::floor(std::log10(static_cast<double>(some.front())))) / 2;
  }

  [[nodiscard]] bool logarithmic() const noexcept { return logarithmic_; }
  /// A round number that no bar exceeds.
  [[nodiscard]] double top() const noexcept { return top_; }

  /// 0 to 1: the height of a bar of such a count.
  [[nodiscard]] double height(double count) const noexcept {
    if (!(count > 0)) return 0;
    if (!logarithmic_) return count / top_;
    return std::log(count / bottom_) / std::log(top_ / bottom_);
  }

  /// Round numbers, ascending, for lines behind the bars.
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> marks;
    if (logarithmic_) {
      for (double tick = 2 * bottom_; tick < top_; tick *= 10) marks.push_back(tick);
      if (marks.empty() || top_ / marks.back() > 4.0) marks.push_back(top_);
    } else {
      for (double tick = 0; tick <= top_ * (1 + 1e-9); tick += step_) marks.push_back(tick);
    }
    return marks;
  }

 private:
  bool logarithmic_ = false;
  double top_ = 1, step_ = 1;
  double bottom_ = 0.5;  // of the logarithmic scale: below the smallest bar, so that it is seen
};

}  // namespace upkeep::inline v0
