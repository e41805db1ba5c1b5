#pragma once
// What tells whether a row is still the row that was seen: XXH3 over every column, typed and length-prefixed.

#include "checksum.hpp"
#include "record.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace upkeep::inline v0 {

/// Digests the columns of one row in their order. Types and lengths are part of the digest: the integer 1, the real 1.0, the text "1", the
/// blob "1" and NULL differ, and moving a byte from one column to the next is seen.
class row_digester {
 public:
  row_digester& add_null() { return tag(0); }
  row_digester& add_integer(std::int64_t value) { return tag(1).word(std::bit_cast<std::uint64_t>(value)); }
  /// By bits: 0.0 and -0.0 differ, a NaN equals itself.
  row_digester& add_real(double value) { return tag(2).word(std::bit_cast<std::uint64_t>(value)); }
  /// A text that is absent is add_null(): here it would be an empty one.
  row_digester& add_text(std::string_view value) { return tag(3).bytes(value.data(), value.size()); }
  row_digester& add_blob(std::span<const std::byte> value) { return tag(4).bytes(value.data(), value.size()); }

  /// The digest of what was added since the start or the last call; starts anew.
  [[nodiscard]] std::uint64_t finish() {
    const std::uint64_t digest = stream_.digest();
    stream_ = checksum_stream();
    return digest;
  }

 private:
  row_digester& tag(std::uint8_t type) {
    stream_.update_value(type);
    return *this;
  }
  row_digester& word(std::uint64_t value) {
    stream_.update_value(value);
    return *this;
  }
  row_digester& bytes(const void* data, std::size_t size) {
    word(size);
    if (size != 0) stream_.update(data, size);
    return *this;
  }

  checksum_stream stream_;
};

/// The row_digest of a record, for stores whose rows are records and nothing more. Absent fields digest as NULL.
inline std::uint64_t row_digest(const record_view& r, row_digester& digester) {
  const auto text = [&](std::string_view value) { is_present(value) ? digester.add_text(value) : digester.add_null(); };
  r.key.is_integer() ? digester.add_integer(r.key.integer()) : digester.add_text(r.key.bytes());
  digester.add_blob(std::as_bytes(r.vector));
  text(r.source);
  text(r.scope);
  text(r.text);
  text(r.model);
  digester.add_integer(r.created);
  digester.add_integer(r.pinned ? 1 : 0);
  return digester.finish();
}
inline std::uint64_t row_digest(const record_view& r) {
  row_digester digester;
  return row_digest(r, digester);
}

}  // namespace upkeep::inline v0
