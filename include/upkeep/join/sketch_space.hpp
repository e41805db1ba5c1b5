#pragma once
// What a sketch is, and the proof that two rows within the threshold have sketches within reach of each other.

#include "../concepts/similarity_metric.hpp"
#include "../simd/dot_product.hpp"
#include "aligned_buffer.hpp"
#include "principal_basis.hpp"
#include "row_scaling.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// A metric that sketches can filter: within threshold t, two rows, each multiplied by the metric's `row_scale(norm)` (by 1 where it has
/// none), are at most `radius(t)` apart. Its double-precision score may take a pair for within t whose squared distance exceeds the squared
/// radius by (n + 16) 2^-49 (r_x^2 + r_y^2), n components, r the norms of the scaled rows; the shipped formulas stay far below.
template <class Metric>
concept sketchable_metric = radius_metric<Metric>;

/// How many codes a sketch has, and how many of them the first filter looks at.
struct sketch_shape {
  std::size_t width = 32, leading = 16;
};

/// A row on its way through the filters: what its norm decides.
struct scaled_row {
  float factor = 0;    ///< the row is multiplied by it
  float norm = 0;      ///< of the scaled row
  bool apart = false;  ///< cannot be handled in single precision: to be judged in double with every row
};

/// The affine map from rows to sketches and the slack of everything that is rounded on the way.
///
/// Let u^ = f x be the scaled row in real numbers, f = S row_scale(|x|), S the common power of two, r = |u^|, and E = S radius(t). All norms
/// below are Euclidean, u = 2^-24, g(k) = k u / (1 - k u) (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, 3.1).
///
/// (1) From the score to the distance: a pair within t has |u^ - v^|^2 <= E^2 + k (r_u^2 + r_v^2) with k = (n + 16) 2^-49 (see
///     `sketchable_metric`), so |u^ - v^| <= E + sqrt(k) (r_u + r_v).
/// (2) Projection: P is the n x m matrix of floats that is used, eta = |P^T P - I|_F measured in double over its columns, so |P^T w|^2 <=
///     (1 + eta) |w|^2 for every w, orthonormal or not. z(u) = P^T u^ - c, c any constant vector, is therefore Lipschitz with sqrt(1 + eta):
///     subtracting a mean changes no distance and needs no slack.
/// (3) Rounding of z: f is a double rounded to float (2u r, with what sqrt and the division did); each of the m sums of n products errs by at
///     most g(n) |x| |P_c| (Higham 3.5), together g(n) sqrt(m (1 + eta)) r; the multiplication by f and the subtraction of c by u (2 r + |c|)
///     sqrt(1 + eta) at most; underflow costs a sum n 2^-150 at most before it is multiplied by f. So the z that is computed is within
///     ez = 1.01 ((sqrt(m) g(n) + 5u) r + u |c|) + n 2^-147 f of the true one, while eta < 2^-8 (checked).
/// (4) Codes: q = round(z / s), held between -127 and 127; whatever was rounded or cut off, e = |z - s q| is measured, in single precision:
///     relative error below 1e-5, and 2u (|z| + s sqrt(m)) for s q and the difference.
/// (5) So |s q_u - s q_v| <= sqrt(1 + eta) E + a_u + a_v with a = e 1.00001 + slack(r), slack(r) = ez + 1.01 sqrt(k) r + 2u (r + |c| + s sqrt(m)).
/// (6) With b = (sqrt(1 + eta) E / 2 + a) / s and (b_u + b_v)^2 <= 2 b_u^2 + 2 b_v^2 the bound falls apart into one number a row:
///     |q_u - q_v|^2 <= T_u + T_v, T = 2 b^2, which is (T_u - |q_u|^2)/2 + (T_v - |q_v|^2)/2 + q_u . q_v >= 0. `reach` is (T - |q|^2)/2
///     rounded up. Beyond 2^22 a reach is cut to it: it exceeds everything that other rows and the product can bring against it.
/// (7) The same holds for any leading part of the codes, with e and m of that part, and for boxes, whose distance is no greater than that of
///     the rows in them.
class sketch_space {
 public:
  static constexpr std::int32_t most_reach = 1 << 22;

  sketch_space() = default;

  /// @param basis  its leading directions make the sketch; those beyond `shape.width` are left
  /// @param largest  magnitude of a component of z that is common: it becomes code 127
  /// @param scale  S, a power of two
  /// @param radius  of the metric's threshold, not scaled
  sketch_space(const principal_basis& basis, sketch_shape shape, double largest, double scale, double radius)
      : components_(basis.components), shape_(shape), scale_(scale), distance_(scale * radius), columns_(basis.components * shape.width) {
    const std::size_t used = std::min(shape.width, basis.directions.size());
    double centre[most_width] = {};
    for (std::size_t j = 0; j < components_; ++j)
      for (std::size_t c = 0; c < shape.width; ++c) {
        const float x = c < used ? basis.directions[c][j] : 0.0f;
        columns_[j * shape.width + c] = x;
        centre[c] += double{x} * double{basis.mean[j]};
      }
    for (std::size_t c = 0; c < shape.width; ++c) centre_[c] = static_cast<float>(centre[c]);
    // Finer codes than a 64th of the radius separate nothing more; the floor keeps 1 / s a normal number.
    step_ = static_cast<float>(std::max({largest / 127.0, distance_ / 64.0, 0x1p-60}));
    derive();
  }

  /// The space of an earlier search, from what `columns`, `centre`, `step` and `scale` told of it.
  /// @param columns  components x width, row-major
  /// @param centre  width
  sketch_space(std::size_t components, sketch_shape shape, std::span<const float> columns, std::span<const float> centre, float step,
               double scale, double radius)
      : components_(components), shape_(shape), scale_(scale), distance_(scale * radius), step_(step), columns_(columns.size()) {
    std::copy(columns.begin(), columns.end(), columns_.data());
    std::copy(centre.begin(), centre.end(), centre_);
    derive();
  }

  [[nodiscard]] std::size_t components() const noexcept { return components_; }
  [[nodiscard]] sketch_shape shape() const noexcept { return shape_; }
  [[nodiscard]] const float* columns() const noexcept { return columns_.data(); }  ///< components x width, row-major
  [[nodiscard]] const float* centre() const noexcept { return centre_; }
  [[nodiscard]] double scale() const noexcept { return scale_; }        ///< S
  [[nodiscard]] float step() const noexcept { return step_; }           ///< s
  [[nodiscard]] double distance() const noexcept { return distance_; }  ///< E
  [[nodiscard]] double eta() const noexcept { return eta_; }

  /// Whether the slack above holds: else no sketch may be trusted.
  [[nodiscard]] bool usable() const noexcept { return eta_ < 0x1p-8 && components_ < (std::size_t{1} << 21) && distance_ < 0x1p60; }

  /// How a row of this squared norm enters. Rows whose norm or factor single precision cannot hold with room to spare, or that are 2^30
  /// times longer than most, are apart.
  template <class Metric>
  [[nodiscard]] scaled_row scaled(double squared_norm) const noexcept {
    const double norm = std::sqrt(squared_norm);
    const double factor = scale_ * (squared_norm > 0 ? detail::metric_row_scale<Metric>(norm) : 1.0);
    const double length = factor * norm;
    const bool apart =
        !(norm <= 0x1p120) || (norm > 0 && norm < 0x1p-120) || !(factor >= 0x1p-120 && factor <= 0x1p120) || !(length <= 0x1p30);
    return {static_cast<float>(factor), static_cast<float>(length) * 1.000001f, apart};
  }

  /// slack(r) of (5).
  [[nodiscard]] double slack(const scaled_row& row) const noexcept {
    return relative_ * double{row.norm} + absolute_ + underflow_ * double{row.factor};
  }

  /// What `sketch` makes of a row beside its codes.
  struct measured {
    std::int32_t reach = 0;  ///< of the leading codes, see (6)
    float bound = 0;         ///< T of all codes
  };

  /// The codes of a row, stored as 128 - q, from the sums that `row_sums` made of it.
  /// @param sums  `shape().width` of them
  /// @param leading,rest  `shape().leading` and the other codes, written
  [[nodiscard]] measured sketch(const float* sums, const scaled_row& row, std::uint8_t* leading, std::uint8_t* rest) const noexcept {
    alignas(64) float missed[most_width], code[most_width];
    alignas(64) std::uint8_t stored[most_width];
    const float factor = row.factor, step = step_, inverse = 1.0f / step_;
    // Adding and subtracting 1.5 * 2^23 rounds to an integer, on every machine and in vector registers.
    constexpr float round = 12582912.0f;
    for (std::size_t block = 0; block < shape_.width; block += 16)
      for (std::size_t c = block; c < block + 16; ++c) {
        const float z = sums[c] * factor - centre_[c];
        float held = z * inverse;
        held = held < -127.0f ? -127.0f : held;
        held = held > 127.0f ? 127.0f : held;
        const float q = (held + round) - round;
        missed[c] = z - step * q;
        code[c] = q;
        stored[c] = static_cast<std::uint8_t>(128 - static_cast<std::int32_t>(q));
      }
    std::memcpy(leading, stored, shape_.leading);
    if (shape_.width > shape_.leading) std::memcpy(rest, stored + shape_.leading, shape_.width - shape_.leading);
    const double squared = squared_norm(code, shape_.leading);  // integers below 2^24: exact
    const double missed_leading = squared_norm(missed, shape_.leading), missed_all = squared_norm(missed, shape_.width);
    const double more = slack(row);
    measured m;
    const double t = bound_of(missed_leading, more);
    const double half = std::ceil((t - squared) / 2 + 1e-6);
    m.reach = half < double{most_reach} ? static_cast<std::int32_t>(half) : most_reach;
    m.bound = static_cast<float>(bound_of(missed_all, more) * (1 + 1e-6));
    return m;
  }

  /// The largest value that `scaled_distance` of the two rows can have where they are within the threshold: (1), and what is rounded on the
  /// way: the factors and the products 3u (r_u + r_v), the sum of squares g(n + 8), and the squares where they underflow, 2^-150 each.
  [[nodiscard]] double largest_distance(const scaled_row& a, const scaled_row& b) const noexcept { return beyond(0x1p-22, a, b); }

  /// The same for a sum over the leading components with the squared difference of the norms of the others, each of which errs by at most
  /// (g(n) + 4u) r: the remaining parts are at least as far apart as their norms differ.
  [[nodiscard]] double largest_leading(const scaled_row& a, const scaled_row& b) const noexcept { return beyond(0x1p-21 + growth_, a, b); }

 private:
  static constexpr std::size_t most_width = 64;

  // What follows from the columns: how far they are from orthonormal, and the slack.
  void derive() {
    double eta = 0, length = 0;
    std::vector<std::vector<double>> direction(shape_.width, std::vector<double>(components_));
    for (std::size_t j = 0; j < components_; ++j)
      for (std::size_t c = 0; c < shape_.width; ++c) direction[c][j] = double{columns_[j * shape_.width + c]};
    for (std::size_t a = 0; a < shape_.width; ++a) {
      const bool filled = a < components_;  // there are no more directions than components
      for (std::size_t b = 0; b <= a; ++b) {
        const double entry = detail::dot_of(direction[a], direction[b]) - (a == b && filled ? 1.0 : 0.0);
        eta += (a == b ? 1.0 : 2.0) * entry * entry;
      }
      length += double{centre_[a]} * double{centre_[a]};
    }
    eta_ = std::sqrt(eta) + 1e-12;
    stretch_ = std::sqrt(1.0 + eta_);
    const auto n = static_cast<double>(components_), m = static_cast<double>(shape_.width);
    constexpr double u = 0x1p-24;
    growth_ = n * u / (1.0 - n * u);
    score_ = std::sqrt((n + 16) * 0x1p-49);
    relative_ = 1.01 * (std::sqrt(m) * growth_ + 5 * u) + 1.01 * score_ + 2 * u;
    absolute_ = 1.01 * u * std::sqrt(length) + 2 * u * (std::sqrt(length) + double{step_} * std::sqrt(m));
    underflow_ = n * 0x1p-147;
  }

  [[nodiscard]] double bound_of(double missed, double more) const noexcept {
    const double b = (stretch_ * distance_ / 2 + std::sqrt(missed) * 1.00001 + more) / double{step_};
    return 2 * b * b * (1 + 1e-9);
  }

  [[nodiscard]] double beyond(double relative, const scaled_row& a, const scaled_row& b) const noexcept {
    const double reach =
        distance_ + (relative + score_) * (double{a.norm} + double{b.norm}) + underflow_ * (double{a.factor} + double{b.factor});
    return reach * reach * (1 + 2 * growth_ + 0x1p-20) + underflow_;
  }

  std::size_t components_ = 0;
  sketch_shape shape_;
  double scale_ = 1, distance_ = 0, eta_ = 0, stretch_ = 1;
  double growth_ = 0, score_ = 0, relative_ = 0, absolute_ = 0, underflow_ = 0;
  float step_ = 1;
  alignas(64) float centre_[most_width] = {};
  detail::aligned_buffer<float> columns_;
};

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
