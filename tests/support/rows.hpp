#pragma once
// Rows for the tests of kernels, metrics and joins: random ones, and buffers that end where their elements end.

#include "upkeep/base/rng.hpp"

#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

namespace upkeep_test {

/// Exactly as many bytes as there are elements, so that the address sanitizer sees the first byte read too many.
struct exact_row {
  explicit exact_row(std::size_t count) : values(new float[count]), size(count) {}
  [[nodiscard]] const float* data() const { return values.get(); }
  float& operator[](std::size_t i) { return values[i]; }

  std::unique_ptr<float[]> values;
  std::size_t size;
};

/// Components drawn from the standard normal distribution.
inline exact_row normal_row(upkeep::rng& random, std::size_t count) {
  exact_row row(count);
  for (std::size_t i = 0; i < count; ++i) row[i] = static_cast<float>(random.normal());
  return row;
}

/// sum |a_i b_i|, to which the error of a dot product is proportional.
inline double absolute_dot(const float* a, const float* b, std::size_t n) {
  double s = 0;
  for (std::size_t i = 0; i < n; ++i) s += std::fabs(double{a[i]} * double{b[i]});
  return s;
}

/// n u / (1 - n u) with the rounding unit u = 2^-24 of float.
inline double growth(double n) { return n * 0x1p-24 / (1.0 - n * 0x1p-24); }

}  // namespace upkeep_test
