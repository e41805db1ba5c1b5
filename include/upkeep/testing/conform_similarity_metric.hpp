#pragma once
// Puts a similarity_metric through every promise of its role, in one line and without a test framework.

#include "../base/rng.hpp"
#include "../concepts/similarity_metric.hpp"
#include "conformance.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

template <class Metric>
class similarity_metric_suite {
 public:
  explicit similarity_metric_suite(Metric metric) : metric_(std::move(metric)), runner_("similarity_metric") {}

  conformance_report run() {
    runner_.rule("is_symmetric", [&] {
      each_pair([&](const auto& a, const auto& b) { require_same(score(a, b), score(b, a), "score(a, b) and score(b, a)", a.size()); });
    });
    runner_.rule("is_deterministic", [&] {
      each_pair([&](const auto& a, const auto& b) {
        const double first = score(a, b);
        require_same(score(a, b), first, "two scores of the same pair", a.size());
        for (std::size_t shift = 1; shift < 4; ++shift) {  // at other addresses, with other neighbours
          const std::vector<float> moved_a = padded(a, shift), moved_b = padded(b, 5 - shift);
          require_same(metric_.score(std::span(moved_a).subspan(shift, a.size()), std::span(moved_b).subspan(5 - shift, b.size())), first,
                       "the scores of the same pair at two places in memory", a.size());
        }
      });
    });
    runner_.rule("closer_is_closer", [&] {
      for (std::size_t width = 2; width < 70; ++width) {
        const auto a = drawn(width);
        auto near = a, far = a;
        for (float& x : near) x *= 1.001F;
        for (float& x : far) x = -x;
        const double close = score(a, near), distant = score(a, far);
        require(Metric::larger_is_closer ? close > distant : close < distant, "a vector scores " + std::to_string(close) +
                                                                                  " with nearly itself and " + std::to_string(distant) +
                                                                                  " with its opposite: larger_is_closer says the contrary");
      }
    });
    runner_.rule("scores_in_double_precision", [&] {
      // One unit in the last place of one of 64 components moves the score by one part in 2^28 to 2^30, which single precision cannot show.
      vector a(64, 0x1p-6F), b(64, 1.0F);
      a[0] = 1.0F;
      vector c = b;
      c[1] = 1.0F + 0x1p-23F;
      require(score(a, b) != score(a, c), "a step of one unit in the last place of a component does not change the score");
    });
    runner_.rule("nan_is_no_match", [&] {
      for (const std::size_t width : {1U, 3U, 16U, 33U})
        for (std::size_t at = 0; at < width; ++at) {
          auto a = drawn(width);
          const auto b = drawn(width);
          a[at] = std::numeric_limits<float>::quiet_NaN();
          for (const double threshold : {-1.0, 0.0, 0.5, 0.98, 1.0, 1e30, -1e30})
            require(!is_within<Metric>(score(a, b), threshold) && !is_within<Metric>(score(b, a), threshold),
                    "a vector with NaN at " + std::to_string(at) + " matches at " + std::to_string(threshold));
        }
    });
    if constexpr (radius_metric<Metric>) runner_.rule("radius_is_the_distance", [&] { check_radius(); });
    return runner_.finish();
  }

 private:
  using vector = std::vector<float>;

  [[nodiscard]] double score(const vector& a, const vector& b) const { return metric_.score(a, b); }

  vector drawn(std::size_t width) {
    vector v(width);
    for (float& x : v) x = static_cast<float>(random_.normal());
    return v;
  }
  static vector padded(const vector& v, std::size_t shift) {
    vector all(v.size() + 8, 123.0F);
    for (std::size_t i = 0; i < v.size(); ++i) all[i + shift] = v[i];
    return all;
  }
  template <class Check>
  void each_pair(Check&& check) {
    for (std::size_t width = 1; width < 70; ++width)
      for (int i = 0; i < 3; ++i) check(drawn(width), drawn(width));
  }
  static void require_same(double a, double b, const char* what, std::size_t width) {
    require(std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b),
            std::string(what) + " differ at width " + std::to_string(width) + ": " + std::to_string(a) + " and " + std::to_string(b));
  }

  // Of rows as they are, or of rows of length one: a pair is within the threshold where its Euclidean distance is within the radius.
  void check_radius() {
    bool as_they_are = true, of_length_one = true;
    std::string seen;
    for (int i = 0; i < 200; ++i) {
      const vector a = drawn(5), b = drawn(5), c = drawn(5);
      const double threshold = score(a, b);
      const double radius = metric_.radius(threshold);
      require(std::isfinite(radius) && radius >= 0, "radius(" + std::to_string(threshold) + ") is " + std::to_string(radius));
      const auto fits = [&](bool unit) {
        const double distance = euclidean(a, c, unit);
        if (std::fabs(distance - radius) < 1e-5 * (1 + radius)) return true;  // too near to tell
        return (distance < radius) == is_within<Metric>(score(a, c), threshold);
      };
      as_they_are = as_they_are && fits(false);
      of_length_one = of_length_one && fits(true);
    }
    require(as_they_are || of_length_one,
            "pairs within the radius are not those within the threshold, neither of the rows nor of unit rows");
  }
  static double euclidean(const vector& a, const vector& b, bool unit) {
    const auto length = [&](const vector& v) {
      double s = 0;
      for (const float x : v) s += double{x} * double{x};
      return unit ? std::sqrt(s) : 1.0;
    };
    const double la = length(a), lb = length(b);
    double s = 0;
    for (std::size_t i = 0; i < a.size(); ++i) s += (double{a[i]} / la - double{b[i]} / lb) * (double{a[i]} / la - double{b[i]} / lb);
    return std::sqrt(s);
  }

  Metric metric_;
  rng random_{1};
  rule_runner runner_;
};

}  // namespace detail

/// Checks what the prose of concepts/similarity_metric.hpp promises, over generated vectors of every width up to 69.
/// @param make  gives the metric: `[] { return my_metric(…); }`
template <class Make>
conformance_report conform_similarity_metric(Make make) {
  return detail::similarity_metric_suite<std::remove_cvref_t<decltype(make())>>(make()).run();
}

}  // namespace upkeep::inline v0::testing
