#pragma once
// A search remembered in a file: the sketches of its rows, by what they are known again, and its pairs.

#include "../base/checksum.hpp"
#include "../base/error.hpp"
#include "../base/file.hpp"
#include "../base/key.hpp"
#include "../base/record.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "sketch_set.hpp"
#include "sketch_space.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// One remembered search. Rows stand in sketch order; those that were appended since the sketches were last made anew stand at the end.
///
/// The file: the 8 bytes "upksktch", then little-endian: version (u32), the members below in their order (a count before each list and
/// text), and at the end XXH3 of all that. Written beside its place and renamed, so that it is whole or not there; a flipped byte is found
/// by the checksum, a file of another version is not read.
struct sketch_snapshot {
  static constexpr std::uint32_t format_version = 1;

  std::string metric;          ///< whose name it was made with
  double threshold = 0;        ///< that the reaches, bounds and pairs are for
  std::uint64_t appended = 0;  ///< rows since the sketches were last made anew
  std::uint64_t components = 0;
  sketch_shape shape;
  double scale = 1;
  float step = 1;
  double energy = 0;                   ///< share of the rows' spread that the directions keep, when they were made
  std::vector<float> mean;             ///< of the scaled rows, then; `components`
  std::vector<float> columns;          ///< components x shape.width
  std::vector<float> centre;           ///< shape.width
  std::vector<std::uint64_t> content;  ///< checksum of each row's vector
  std::vector<double> squared_norms;
  std::vector<float> tails;
  std::vector<std::uint8_t> leading, rest;
  std::vector<std::int32_t> reach;
  std::vector<float> bound;
  key_column keys;
  std::vector<scored_pair> pairs;  ///< by place in this snapshot

  [[nodiscard]] std::size_t size() const noexcept { return content.size(); }
};

namespace detail {

static_assert(std::endian::native == std::endian::little, "the snapshot is written as it stands in memory");

class snapshot_writer {
 public:
  explicit snapshot_writer(atomic_file& file) : file_(file) {}
  template <class T>
  void value(const T& x) requires std::is_trivially_copyable_v<T> {
    bytes(&x, sizeof x);
  }
  template <class T>
  void list(const std::vector<T>& x) requires std::is_trivially_copyable_v<T> {
    value(static_cast<std::uint64_t>(x.size()));
    bytes(x.data(), x.size() * sizeof(T));
  }
  void text(std::string_view x) {
    value(static_cast<std::uint64_t>(x.size()));
    bytes(x.data(), x.size());
  }
  void bytes(const void* data, std::size_t size) {
    sum_.update(data, size);
    if (size != 0) file_.append(std::span<const std::byte>(static_cast<const std::byte*>(data), size));
  }
  [[nodiscard]] std::uint64_t digest() const noexcept { return sum_.digest(); }

 private:
  atomic_file& file_;
  checksum_stream sum_;
};

// Reads what a file says about itself; never beyond its end, never more memory than it has bytes.
class snapshot_reader {
 public:
  snapshot_reader(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}
  template <class T>
  void value(T& x) requires std::is_trivially_copyable_v<T> {
    std::memcpy(&x, take(sizeof x).data(), sizeof x);
  }
  template <class T>
  void list(std::vector<T>& x) requires std::is_trivially_copyable_v<T> {
    std::uint64_t count = 0;
    value(count);
    if (count > bytes_.size() / sizeof(T)) damaged();
    x.resize(static_cast<std::size_t>(count));
    if (count != 0) std::memcpy(x.data(), take(x.size() * sizeof(T)).data(), x.size() * sizeof(T));
  }
  std::string_view text() {
    std::uint64_t count = 0;
    value(count);
    return take(count);
  }
  [[nodiscard]] bool at_end() const noexcept { return bytes_.empty(); }
  [[noreturn]] void damaged() const {
    throw error(errc::corrupt, "the remembered sketches '" + path_ + "' are damaged: the next run that may write makes them anew");
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) damaged();
    const std::string_view part = bytes_.substr(0, static_cast<std::size_t>(size));
    bytes_.remove_prefix(static_cast<std::size_t>(size));
    return part;
  }

  std::string_view bytes_;
  const std::string& path_;
};

inline constexpr std::string_view snapshot_magic = "upksktch";

}  // namespace detail

/// Puts a snapshot at `path`, whole or not at all.
/// @throws error io, not_found
inline void write_snapshot(const sketch_snapshot& s, const std::string& path) {
  atomic_file file(path);
  detail::snapshot_writer out(file);
  out.bytes(detail::snapshot_magic.data(), detail::snapshot_magic.size());
  out.value(sketch_snapshot::format_version);
  out.text(s.metric);
  out.value(s.threshold);
  out.value(s.appended);
  out.value(s.components);
  out.value(static_cast<std::uint64_t>(s.shape.width));
  out.value(static_cast<std::uint64_t>(s.shape.leading));
  out.value(s.scale);
  out.value(s.step);
  out.value(s.energy);
  out.list(s.mean);
  out.list(s.columns);
  out.list(s.centre);
  out.list(s.content);
  out.list(s.squared_norms);
  out.list(s.tails);
  out.list(s.leading);
  out.list(s.rest);
  out.list(s.reach);
  out.list(s.bound);
  for (std::size_t i = 0; i < s.size(); ++i) {
    const key_view k = s.keys[i];
    out.value(static_cast<std::uint8_t>(k.is_integer() ? 'i' : 'b'));
    if (k.is_integer())
      out.value(k.integer());
    else
      out.text(k.bytes());
  }
  out.value(static_cast<std::uint64_t>(s.pairs.size()));
  for (const scored_pair& p : s.pairs) {
    out.value(p.first);
    out.value(p.second);
    out.value(p.score);
  }
  const std::uint64_t digest = out.digest();
  out.value(digest);
  file.commit();
}

/// The snapshot at `path`; nothing where there is none, or one of another version.
/// @throws error corrupt for a damaged file, io for one that cannot be read
inline std::optional<sketch_snapshot> read_snapshot(const std::string& path) {
  if (!file_size(path)) return std::nullopt;
  const std::string bytes = read_file(path, std::uint64_t{1} << 36);
  const std::string_view all(bytes);
  detail::snapshot_reader in(all.substr(0, all.size() < 8 ? 0 : all.size() - 8), path);
  if (all.size() < detail::snapshot_magic.size() + 12 || all.substr(0, detail::snapshot_magic.size()) != detail::snapshot_magic)
    in.damaged();
  std::uint64_t digest = 0;
  std::memcpy(&digest, bytes.data() + bytes.size() - sizeof digest, sizeof digest);
  if (digest != checksum(all.substr(0, all.size() - sizeof digest))) in.damaged();

  std::uint64_t magic = 0, width = 0, leading = 0, pairs = 0;
  std::uint32_t version = 0;
  in.value(magic);
  in.value(version);
  if (version != sketch_snapshot::format_version) return std::nullopt;
  sketch_snapshot s;
  s.metric = std::string(in.text());
  in.value(s.threshold);
  in.value(s.appended);
  in.value(s.components);
  in.value(width);
  in.value(leading);
  s.shape = {static_cast<std::size_t>(width), static_cast<std::size_t>(leading)};
  in.value(s.scale);
  in.value(s.step);
  in.value(s.energy);
  in.list(s.mean);
  in.list(s.columns);
  in.list(s.centre);
  in.list(s.content);
  in.list(s.squared_norms);
  in.list(s.tails);
  in.list(s.leading);
  in.list(s.rest);
  in.list(s.reach);
  in.list(s.bound);
  const std::size_t n = s.size(), more = s.shape.width - s.shape.leading;
  const bool known = (width == 16 && leading == 16) || (width == 32 && (leading == 16 || leading == 32)) || (width == 64 && leading == 64);
  if (!known || s.mean.size() != s.components || s.columns.size() / width != s.components || s.columns.size() % width != 0 ||
      s.centre.size() != width || s.squared_norms.size() != n || s.tails.size() != n || s.leading.size() != n * leading ||
      s.rest.size() != n * more || s.reach.size() != n || s.bound.size() != (more == 0 ? 0 : n))
    in.damaged();
  s.keys.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint8_t kind = 0;
    in.value(kind);
    if (kind == 'i') {
      std::int64_t integer = 0;
      in.value(integer);
      s.keys.push_back(integer);
    } else if (kind == 'b') {
      s.keys.push_back(in.text());
    } else {
      in.damaged();
    }
  }
  in.value(pairs);
  if (pairs > bytes.size() / 16) in.damaged();
  s.pairs.resize(static_cast<std::size_t>(pairs));
  for (scored_pair& p : s.pairs) {
    in.value(p.first);
    in.value(p.second);
    in.value(p.score);
    if (p.first >= n || p.second >= n) in.damaged();
  }
  if (!in.at_end()) in.damaged();
  return s;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
