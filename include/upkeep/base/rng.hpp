#pragma once
// Random numbers that are the same on every platform, compiler and instruction set, so that a seed reproduces a run.

#include "../config.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

namespace upkeep::inline v0 {

/// One step of splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014; constants of Vigna's public
/// domain code): advances `state` and returns 64 well mixed bits. Also good for turning a counter into a hash.
constexpr std::uint64_t splitmix64(std::uint64_t& state) noexcept {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

namespace detail {

/// Natural logarithm of 0 < x, within 1e-15 relative; only operations that IEEE 754 rounds exactly, and every product that is added to is
/// an explicit fma: std::log differs between C libraries, and a compiler may or may not contract `a * b + c`.
inline double portable_log(double x) noexcept {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa += mantissa;
    --exponent;
  }
  const double t = (mantissa - 1.0) / (mantissa + 1.0);  // log(m) = 2 artanh(t), |t| <= 0.172
  const double t2 = t * t;
  double sum = 1.0 / 21.0;
  for (int n = 19; n >= 1; n -= 2) sum = std::fma(sum, t2, 1.0 / n);
  return std::fma(static_cast<double>(exponent), 0.69314718055994531, 2.0 * t * sum);
}

}  // namespace detail

/// xoshiro256** 1.0 (Blackman, Vigna: Scrambled Linear Pseudorandom Number Generators, ACM TOMS 47(4), 2021), seeded through splitmix64.
/// A `std::uniform_random_bit_generator`; its own distributions are used because those of the standard library differ between vendors.
/// Not for secrets.
/// @par Thread safety
/// None; give each thread its own, seeded differently.
class rng {
 public:
  using result_type = std::uint64_t;

  /// Every seed will do, 0 too; the same seed gives the same numbers on every machine.
  explicit constexpr rng(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : state_) word = splitmix64(seed);
  }

  /// Starts from a raw state, as published test vectors do. Not all four words may be zero.
  static constexpr rng from_state(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) noexcept {
    rng made(0);
    made.state_[0] = a;
    made.state_[1] = b;
    made.state_[2] = c;
    made.state_[3] = d;
    return made;
  }

  static constexpr std::uint64_t min() noexcept { return 0; }
  static constexpr std::uint64_t max() noexcept { return std::numeric_limits<std::uint64_t>::max(); }

  /// 64 random bits.
  constexpr std::uint64_t operator()() noexcept {
    const std::uint64_t result = std::rotl(state_[1] * 5U, 7) * 9U;
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  /// An integer in [0, n), every one equally likely; 0 for n = 0. Draws the bits that n - 1 needs until they fit: twice on average at
  /// worst.
  constexpr std::uint64_t below(std::uint64_t n) noexcept {
    if (n < 2) return 0;
    const int spare_bits = std::countl_zero(n - 1);
    for (;;) {
      const std::uint64_t drawn = (*this)() >> spare_bits;
      if (drawn < n) return drawn;
    }
  }

  /// An integer in [first, last], every one equally likely; `first` if the interval is empty.
  constexpr std::int64_t between(std::int64_t first, std::int64_t last) noexcept {
    if (last <= first) return first;
    const std::uint64_t width = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
    const std::uint64_t offset = width == max() ? (*this)() : below(width + 1);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + offset);
  }

  /// A double in [0, 1): a multiple of 2^-53.
  constexpr double uniform() noexcept { return static_cast<double>((*this)() >> 11U) * 0x1p-53; }

  /// True with the given probability.
  constexpr bool chance(double probability) noexcept { return uniform() < probability; }

  /// A draw from the standard normal distribution (polar method: Marsaglia, Bray: A Convenient Method for Generating Normal Variables, SIAM
  /// Review 6(3), 1964). The second draw of a pair is kept for the next call.
  double normal() noexcept {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    for (;;) {
      const double u = uniform() * 2.0 - 1.0;  // exact, contracted or not: the product is a power of two
      const double v = uniform() * 2.0 - 1.0;
      const double s = std::fma(u, u, v * v);
      if (s >= 1.0 || s == 0.0) continue;
      const double scale = std::sqrt(-2.0 * detail::portable_log(s) / s);
      spare_ = v * scale;
      has_spare_ = true;
      return u * scale;
    }
  }

  /// Puts `items` into an order drawn uniformly from all orders (Fisher, Yates; Durstenfeld's form).
  template <class Item, std::size_t Extent>
  constexpr void shuffle(std::span<Item, Extent> items) noexcept(noexcept(std::swap(items[0], items[0]))) {
    for (std::size_t i = items.size(); i > 1; --i) {
      const auto j = static_cast<std::size_t>(below(i));
      if (j != i - 1) std::swap(items[i - 1], items[j]);
    }
  }

 private:
  std::uint64_t state_[4] = {};
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace upkeep::inline v0
