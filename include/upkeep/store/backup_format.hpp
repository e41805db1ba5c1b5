#pragma once
// The file format of file_backup: records, typed and length-prefixed, little-endian, sealed by a row count and a checksum.

#include "../base/checksum.hpp"
#include "../base/error.hpp"
#include "../base/file.hpp"
#include "../base/file_reader.hpp"
#include "../base/record.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

// version 1, all numbers little-endian:
//   "UPKEEPBK"  u32 version  u32 fields  u64 dimension  u64 length, bytes of the store's identity
//   a row:      u8 1
//               u8 'i' i64 key | u8 'b' u64 length, bytes of the key
//               dimension x f32, the stored bits
//               source, scope, text, model: u8 0 (absent) | u8 1 u64 length, bytes
//               i64 created  u8 pinned (0 or 1)
//   at the end: u8 0  u64 rows  u64 XXH3 of every byte before it

/// What stands before the rows of a backup file.
struct backup_header {
  std::string store;           ///< identity() of the store that the rows are from
  field fields = field::none;  ///< of stored_fields, those that the store had
  std::uint64_t dimension = 0;
};

/// What a finished backup file is known by.
struct backup_seal {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;     ///< of the whole file
  std::uint64_t checksum = 0;  ///< XXH3 of the whole file

  friend bool operator==(const backup_seal&, const backup_seal&) = default;
};

/// A row of a backup file that owns its fields and, unlike a record, knows absent from empty.
struct backup_row {
  upkeep::key key;
  std::vector<float> vector;
  std::optional<std::string> source, scope, text, model;
  std::int64_t created = no_time;
  bool pinned = false;

  [[nodiscard]] record_view view() const noexcept {
    const auto of = [](const std::optional<std::string>& t) { return t ? std::string_view(*t) : std::string_view(); };
    return {.key = key,
            .vector = vector,
            .source = of(source),
            .scope = of(scope),
            .text = of(text),
            .model = of(model),
            .created = created,
            .text_size = text ? text->size() : 0,
            .pinned = pinned};
  }
};

namespace detail {

inline constexpr std::string_view backup_magic = "UPKEEPBK";
inline constexpr std::uint32_t backup_version = 1;

template <class Unsigned>
void put_little_endian(std::string& out, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
}

}  // namespace detail

/// Writes a backup file row by row; nothing stands under the path before `commit`.
/// @par Thread safety
/// None; one thread at a time.
class backup_writer {
 public:
  /// @throws error invalid_argument where the path exists: a backup never replaces another.
  backup_writer(const std::string& path, const backup_header& header)
      : file_(path, {.overwrite = false}), dimension_(static_cast<std::size_t>(header.dimension)) {
    bytes_ = detail::backup_magic;
    detail::put_little_endian(bytes_, detail::backup_version);
    detail::put_little_endian(bytes_, static_cast<std::uint32_t>(header.fields & stored_fields));
    detail::put_little_endian(bytes_, header.dimension);
    put(std::string_view(header.store));
    flush();
  }

  /// @throws error inconsistent where the vector is not `dimension` wide.
  void add(const record_view& r) {
    if (r.vector.size() != dimension_)
      throw error(errc::inconsistent, "backup: the vector of key " + to_string(r.key) + " has " + std::to_string(r.vector.size()) +
                                          " components, the store says " + std::to_string(dimension_));
    bytes_.push_back('\1');
    if (r.key.is_integer()) {
      bytes_.push_back('i');
      detail::put_little_endian(bytes_, std::bit_cast<std::uint64_t>(r.key.integer()));
    } else {
      bytes_.push_back('b');
      put(r.key.bytes());
    }
    if constexpr (std::endian::native == std::endian::little) {
      const auto raw = std::as_bytes(r.vector);
      bytes_.append(reinterpret_cast<const char*>(raw.data()), raw.size());
    } else {
      for (const float x : r.vector) detail::put_little_endian(bytes_, std::bit_cast<std::uint32_t>(x));
    }
    for (const std::string_view text : {r.source, r.scope, r.text, r.model}) {
      bytes_.push_back(is_present(text) ? '\1' : '\0');
      if (is_present(text)) put(text);
    }
    detail::put_little_endian(bytes_, std::bit_cast<std::uint64_t>(r.created));
    bytes_.push_back(r.pinned ? '\1' : '\0');
    flush();
    ++rows_;
  }

  /// Seals the file and puts it in its place, durably.
  backup_seal commit() {
    bytes_.push_back('\0');
    detail::put_little_endian(bytes_, rows_);
    flush();
    detail::put_little_endian(bytes_, checksum_.digest());
    flush();
    file_.commit();
    return {.rows = rows_, .bytes = file_.size(), .checksum = checksum_.digest()};
  }

 private:
  void put(std::string_view value) {
    detail::put_little_endian(bytes_, static_cast<std::uint64_t>(value.size()));
    bytes_.append(value);
  }
  void flush() {
    checksum_.update(std::string_view(bytes_));
    file_.append(std::string_view(bytes_));
    bytes_.clear();
  }

  atomic_file file_;
  std::size_t dimension_;
  std::string bytes_;
  checksum_stream checksum_;
  std::uint64_t rows_ = 0;
};

/// Reads a backup file. It trusts nothing in it: every length is held against the bytes that are left before memory is taken for it, and a
/// file that is not exactly what a backup_writer made is errc::corrupt.
/// @par Thread safety
/// None; one thread at a time.
class backup_reader {
 public:
  /// Opens the file and compares all of its bytes with `seal` before anything in it is believed.
  /// @throws error not_found, io; corrupt where the bytes are not those of the seal; unsupported where a newer upkeep wrote them.
  backup_reader(const std::string& path, const backup_seal& seal) : file_(path), seal_(seal) {
    check_all_bytes();
    restart();
  }

  [[nodiscard]] const backup_header& header() const noexcept { return header_; }

  /// Reads the next row; false after the last one, when the row count and the checksum were found right as well.
  bool next(backup_row& row) {
    if (ended_) return false;
    const std::uint8_t marker = take_number<std::uint8_t>();
    if (marker == 0) {
      end();
      return false;
    }
    if (marker != 1) refuse("a row begins with the byte " + std::to_string(marker));
    const auto kind = take_number<std::uint8_t>();
    if (kind == 'i')
      row.key = key(std::bit_cast<std::int64_t>(take_number<std::uint64_t>()));
    else if (kind == 'b')
      row.key = key(take_text());
    else
      refuse("a key is of the unknown kind " + std::to_string(kind));
    take_vector(row.vector);
    for (std::optional<std::string>* text : {&row.source, &row.scope, &row.text, &row.model}) {
      if (take_flag())
        *text = take_text();
      else
        text->reset();
    }
    row.created = std::bit_cast<std::int64_t>(take_number<std::uint64_t>());
    row.pinned = take_flag();
    ++rows_;
    return true;
  }

  /// Starts again before the first row.
  void restart() {
    file_.rewind();
    buffer_.clear();
    used_ = 0;
    left_ = file_.size();
    checksum_ = checksum_stream();
    rows_ = 0;
    ended_ = false;
    read_header();
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw error(errc::corrupt, "the backup '" + file_.path() + "' is damaged: " + what + "; use another copy of it");
  }

  void check_all_bytes() {
    if (file_.size() != seal_.bytes)
      refuse("it has " + std::to_string(file_.size()) + " bytes, its receipt says " + std::to_string(seal_.bytes));
    checksum_stream all;
    std::uint64_t seen = 0;
    buffer_.resize(buffer_size);
    while (const std::size_t got = file_.read(buffer_)) {
      all.update(buffer_.data(), got);
      seen += got;
    }
    if (seen != seal_.bytes || all.digest() != seal_.checksum)
      refuse("its checksum is " + hex16(all.digest()) + ", its receipt says " + hex16(seal_.checksum));
  }

  void read_header() {
    std::array<char, detail::backup_magic.size()> magic{};
    take(std::as_writable_bytes(std::span(magic)));
    if (std::string_view(magic.data(), magic.size()) != detail::backup_magic) refuse("it does not begin as a file_backup does");
    const auto version = take_number<std::uint32_t>();
    if (version > detail::backup_version)
      throw error(errc::unsupported, "the backup '" + file_.path() + "' has format " + std::to_string(version) +
                                         ", newer than the format " + std::to_string(detail::backup_version) +
                                         " that this upkeep reads; use the upkeep that wrote it");
    if (version == 0) refuse("its format is 0");
    const auto fields = take_number<std::uint32_t>();
    if ((fields & ~static_cast<std::uint32_t>(stored_fields)) != 0) refuse("it names unknown fields");
    header_.fields = static_cast<field>(fields);
    header_.dimension = take_number<std::uint64_t>();
    header_.store = take_text();
  }

  void end() {
    const auto count = take_number<std::uint64_t>();
    if (count != rows_ || count != seal_.rows)
      refuse("it holds " + std::to_string(rows_) + " rows, its end says " + std::to_string(count) + ", its receipt " +
             std::to_string(seal_.rows));
    const std::uint64_t expected = checksum_.digest();
    if (take_number<std::uint64_t>() != expected) refuse("its checksum is not " + hex16(expected));
    if (left_ != 0) refuse("bytes follow its end");
    ended_ = true;
  }

  bool take_flag() {
    const auto flag = take_number<std::uint8_t>();
    if (flag > 1) refuse("a flag is " + std::to_string(flag));
    return flag == 1;
  }

  std::string take_text() {
    const auto size = take_number<std::uint64_t>();
    if (size > left_) refuse("a length of " + std::to_string(size) + " reaches beyond its end");
    std::string text(static_cast<std::size_t>(size), '\0');
    take(std::as_writable_bytes(std::span(text)));
    return text;
  }

  void take_vector(std::vector<float>& vector) {
    if (header_.dimension > left_ / sizeof(float)) refuse("a vector reaches beyond its end");
    vector.resize(static_cast<std::size_t>(header_.dimension));
    take(std::as_writable_bytes(std::span(vector)));
    if constexpr (std::endian::native == std::endian::big) {
      for (float& x : vector) {
        const auto bits = std::bit_cast<std::array<std::uint8_t, 4>>(x);
        x = std::bit_cast<float>(static_cast<std::uint32_t>(bits[0]) | static_cast<std::uint32_t>(bits[1]) << 8U |
                                 static_cast<std::uint32_t>(bits[2]) << 16U | static_cast<std::uint32_t>(bits[3]) << 24U);
      }
    }
  }

  template <class Unsigned>
  Unsigned take_number() {
    std::array<std::byte, sizeof(Unsigned)> raw{};
    take(raw);
    Unsigned value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) value = static_cast<Unsigned>(value | static_cast<Unsigned>(raw[i]) << (8 * i));
    return value;
  }

  void take(std::span<std::byte> out) {
    if (out.size() > left_) refuse("it ends inside a row");
    left_ -= out.size();
    for (std::size_t done = 0; done < out.size();) {
      if (used_ == buffer_.size()) refill();
      const std::size_t part = std::min(out.size() - done, buffer_.size() - used_);
      std::memcpy(out.data() + done, buffer_.data() + used_, part);
      used_ += part;
      done += part;
    }
    checksum_.update(out);
  }

  void refill() {
    buffer_.resize(buffer_size);
    buffer_.resize(file_.read(buffer_));
    used_ = 0;
    if (buffer_.empty()) refuse("it became shorter while it was read");
  }

  static constexpr std::size_t buffer_size = std::size_t{1} << 16U;

  file_reader file_;
  backup_seal seal_;
  backup_header header_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::uint64_t left_ = 0;  // bytes of the file that were not taken yet
  checksum_stream checksum_;
  std::uint64_t rows_ = 0;
  bool ended_ = false;
};

}  // namespace upkeep::inline v0
