#pragma once
// A vector as one value of a database: float32 or float64 bytes, or a JSON array. How it is read, written and told apart.

#include "../base/record.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace upkeep::inline v0 {

/// How the vectors of a column are stored.
enum class vector_encoding {
  automatic,  ///< found out from the stored values
  float32,    ///< little-endian, four bytes a component
  float64,    ///< little-endian, eight bytes a component; read as float32
  json        ///< text: an array of numbers
};

constexpr std::string_view to_string(vector_encoding e) noexcept {
  switch (e) {
    case vector_encoding::automatic: return "automatic";
    case vector_encoding::float32: return "float32";
    case vector_encoding::float64: return "float64";
    case vector_encoding::json: return "json";
  }
  return "unknown";
}

namespace detail {

template <class Word>
Word load_little_endian(const std::byte* bytes) noexcept {
  Word word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }
  for (std::size_t i = 0; i < sizeof(Word); ++i) word |= static_cast<Word>(std::to_integer<Word>(bytes[i]) << (8 * i));
  return word;
}

template <class Word>
void append_little_endian(std::vector<std::byte>& out, Word word) {
  for (std::size_t i = 0; i < sizeof(Word); ++i) out.push_back(static_cast<std::byte>((word >> (8 * i)) & 0xffU));
}

/// Beyond float's range is infinite: such a row is set aside as not finite.
inline float narrow(double value) noexcept {
  if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
    return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(std::copysign(1.0, value)));
  }
  return static_cast<float>(value);
}

inline void read_float32(std::span<const std::byte> bytes, std::vector<float>& out) {
  out.resize(bytes.size() / 4);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = std::bit_cast<float>(load_little_endian<std::uint32_t>(bytes.data() + 4 * i));
}

inline void read_float64(std::span<const std::byte> bytes, std::vector<float>& out) {
  out.resize(bytes.size() / 8);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = narrow(std::bit_cast<double>(load_little_endian<std::uint64_t>(bytes.data() + 8 * i)));
  }
}

/// Reads a JSON array of at least one number into `out`. False for anything else: NaN, null, a nested array, text behind the end. What a
/// double cannot hold becomes infinite or zero.
inline bool read_json_vector(std::string_view text, std::vector<float>& out) {
  out.clear();
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto skip_blank = [&] {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')) ++at;
  };
  skip_blank();
  if (at == end || *at++ != '[') return false;
  for (;;) {
    skip_blank();
    // from_chars would take "nan" and "inf", which are no JSON.
    const char* const digit = at != end && *at == '-' ? at + 1 : at;
    if (digit == end || *digit < '0' || *digit > '9') return false;
    double value = 0;
    const auto [next, failure] = std::from_chars(at, end, value);
    if (failure == std::errc::result_out_of_range) {
      const std::string_view number(at, static_cast<std::size_t>(next - at));
      const bool tiny = number.find("e-") != std::string_view::npos || number.find("E-") != std::string_view::npos || *digit == '0';
      value = tiny ? 0.0 : std::copysign(std::numeric_limits<double>::infinity(), *at == '-' ? -1.0 : 1.0);
    } else if (failure != std::errc()) {
      return false;
    }
    out.push_back(narrow(value));
    at = next;
    skip_blank();
    if (at == end) return false;
    if (*at == ',') {
      ++at;
      continue;
    }
    if (*at++ != ']') return false;
    skip_blank();
    return at == end;
  }
}

/// Appends a JSON array whose numbers read back as the same floats. @throws error invalid_argument for a component that is not finite.
inline void append_json_vector(std::string& out, std::span<const float> vector) {
  out += '[';
  for (std::size_t i = 0; i < vector.size(); ++i) {
    if (!std::isfinite(vector[i])) {
      throw error(errc::invalid_argument, "a vector with NaN or infinity cannot be written as JSON: leave that row out");
    }
    char digits[32];
    const auto written = std::to_chars(digits, digits + sizeof digits, vector[i]);
    if (i != 0) out += ',';
    out.append(digits, written.ptr);
  }
  out += ']';
}

/// What a column's blobs are read as. Every size that was not seen, or not understood, is set aside.
struct vector_shape {
  std::size_t dimension = 0;                           ///< 0: no vector has been seen
  bool float32 = false;                                ///< blobs of 4 bytes a component are vectors
  bool float64 = false;                                ///< blobs of 8 bytes a component are vectors
  vector_encoding written = vector_encoding::float32;  ///< how new vectors are stored
  bool certain = false;                                ///< it is that of all rows, not only of the first

  /// Reads a blob into `out`; `no` when it is a vector of this shape.
  [[nodiscard]] set_aside read_blob(std::span<const std::byte> blob, std::vector<float>& out) const {
    out.clear();
    if (blob.empty() || blob.size() % 4 != 0) return set_aside::unreadable;
    if (float32 && blob.size() == dimension * 4) {
      read_float32(blob, out);
      return set_aside::no;
    }
    if (float64 && blob.size() == dimension * 8) {
      read_float64(blob, out);
      return set_aside::no;
    }
    return set_aside::wrong_width;
  }

  [[nodiscard]] set_aside read_text(std::string_view text, std::vector<float>& out) const {
    if (!read_json_vector(text, out)) {
      out.clear();
      return set_aside::unreadable;
    }
    if (out.size() == dimension) return set_aside::no;
    out.clear();
    return set_aside::wrong_width;
  }
};

/// Tells float32 from float64 blobs of one size, which may be either, by looking at some of them.
///
/// The low half of a double is close to random when it is read as a float: about one in three falls within the wide range in which nearly
/// every component of an embedding lies. Where the low halves are all zero (doubles made of few bits, or floats whose every second
/// component is zero) there is no telling.
class encoding_evidence {
 public:
  /// @param blob whose size is a multiple of eight
  void add(std::span<const std::byte> blob) noexcept {
    for (std::size_t at = 0; at + 8 <= blob.size(); at += 8) {
      const auto low = load_little_endian<std::uint32_t>(blob.data() + at), high = load_little_endian<std::uint32_t>(blob.data() + at + 4);
      if (low == 0 && high == 0) continue;
      ++pairs_;
      low_zero_ += low == 0 ? 1 : 0;
      high_zero_ += high == 0 ? 1 : 0;
      weigh(static_cast<double>(std::bit_cast<float>(low)), floats_, usual_floats_);
      weigh(static_cast<double>(std::bit_cast<float>(high)), floats_, usual_floats_);
      weigh(std::bit_cast<double>(static_cast<std::uint64_t>(high) << 32U | low), doubles_, usual_doubles_);
    }
  }

  /// float32 or float64; `automatic` where there is no telling.
  [[nodiscard]] vector_encoding verdict() const noexcept {
    if (pairs_ == 0) return vector_encoding::float32;  // nothing but zeros: they are set aside either way
    if (low_zero_ * 10 >= pairs_ * 9 && high_zero_ * 10 <= pairs_) return vector_encoding::automatic;
    if (floats_ != 0 && usual_floats_ * 20 >= floats_ * 19) return vector_encoding::float32;
    if (doubles_ != 0 && usual_doubles_ * 20 >= doubles_ * 19) return vector_encoding::float64;
    return vector_encoding::automatic;
  }

 private:
  static void weigh(double value, std::uint64_t& all, std::uint64_t& usual) noexcept {
    if (!std::isfinite(value)) return;
    ++all;
    const double size = std::abs(value);
    usual += size == 0.0 || (size >= 1e-15 && size <= 1e9) ? 1 : 0;
  }

  std::uint64_t pairs_ = 0, low_zero_ = 0, high_zero_ = 0, floats_ = 0, usual_floats_ = 0, doubles_ = 0, usual_doubles_ = 0;
};

}  // namespace detail
}  // namespace upkeep::inline v0
