#pragma once
// What tells whether a row needs to be joined or embedded again: XXH3 over its vector and its text.

#include "checksum.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace upkeep::inline v0 {

/// Equal for equal vectors (bit by bit) with equal texts, whatever the other columns say. 64 bits: tells change, is no proof of equality.
inline std::uint64_t content_hash(std::span<const float> vector, std::string_view text) {
  checksum_stream stream;
  stream.update_value(static_cast<std::uint64_t>(vector.size()));  // so that no byte of a vector can pass for a byte of a text
  stream.update(vector.data(), vector.size_bytes());
  stream.update(text.data(), text.size());
  return stream.digest();
}

}  // namespace upkeep::inline v0
