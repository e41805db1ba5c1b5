#pragma once
// A search remembered in a file: the sketches of its rows, by what they are known again, and its pairs; later searches add to it.

#include "../base/checksum.hpp"
#include "../base/error.hpp"
#include "../base/file.hpp"
#include "../base/file_reader.hpp"
#include "../base/key.hpp"
#include "../base/record.hpp"
#include "../concepts/duplicate_finder.hpp"
#include "sketch_set.hpp"
#include "sketch_space.hpp"

#include <algorithm>
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

/// Remembered rows, by place: those of the first search in sketch order, behind them those that each later search found new.
struct remembered_rows {
  std::vector<row_index> number;       ///< which row of its search it was; `not_searched`: gone since
  std::vector<std::uint64_t> content;  ///< checksum of its vector
  std::vector<double> squared_norms;
  std::vector<float> tails;
  sketch_table sketches;  ///< filled up
  key_column keys;
  std::vector<scored_pair> pairs;  ///< by place

  [[nodiscard]] std::size_t size() const noexcept { return content.size(); }
};

/// What a first search found out about its rows as a whole, and the rows.
struct sketch_snapshot {
  std::string metric;    ///< whose name it was made with
  double threshold = 0;  ///< that the reaches, bounds and pairs are for
  std::uint64_t components = 0;
  sketch_shape shape;
  double scale = 1;
  float step = 1;
  double energy = 0;           ///< share of the rows' spread that the directions keep
  std::vector<float> mean;     ///< of the scaled rows; `components`
  std::vector<float> columns;  ///< components x shape.width
  std::vector<float> centre;   ///< shape.width
  remembered_rows rows;

  std::size_t appended = 0;  ///< rows that later searches added
  std::size_t gone = 0;      ///< rows that later searches missed
  std::uint64_t bytes = 0;   ///< of the file that can be relied on: what is added goes there
  bool cut = false;          ///< there was more, which was not written whole
};

/// The version of the file's format. The file: the 8 bytes "upksktch", the version and 0 (u32 each), then one part for each search, the first
/// one with all of it, later ones with what changed. A part: the size of its contents and its number of rows (u64 each), the contents, XXH3
/// of the size, the number and the contents. All numbers as they stand in a little-endian machine's memory, a count (u64) before each list
/// and text.
///
/// The first part is written beside its place and renamed, so that it is whole or not there. Later ones are appended, and are not synced: a
/// part that a power cut or a kill left unfinished fails its checksum, and is left out with all behind it. What is before it is the state
/// after an earlier search, which is as good a start as any.
inline constexpr std::uint32_t sketch_snapshot_version = 2;

namespace detail {

static_assert(std::endian::native == std::endian::little, "the snapshot is written as it stands in memory");

inline constexpr std::string_view snapshot_magic = "upksktch";

/// One part, in memory, because its size and checksum depend on all of it.
class snapshot_writer {
 public:
  template <class T>
  void value(const T& x) requires std::is_trivially_copyable_v<T> {
    bytes(&x, sizeof x);
  }
  template <class T>
  void list(std::span<const T> x) requires std::is_trivially_copyable_v<T> {
    value(static_cast<std::uint64_t>(x.size()));
    bytes(x.data(), x.size_bytes());
  }
  void text(std::string_view x) { list(std::span<const char>(x.data(), x.size())); }
  void bytes(const void* data, std::size_t size) {
    const auto* const first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  /// The whole part; nothing may follow.
  [[nodiscard]] std::span<const std::byte> finish(std::uint64_t rows) {
    const std::uint64_t head[] = {bytes_.size() - head_size, rows};
    std::memcpy(bytes_.data(), head, head_size);
    value(checksum(bytes_));
    return bytes_;
  }

 private:
  static constexpr std::size_t head_size = 2 * sizeof(std::uint64_t);
  std::vector<std::byte> bytes_ = std::vector<std::byte>(head_size);
};

inline void write_rows(const remembered_rows& rows, std::span<const row_index> gone, snapshot_writer& out) {
  const sketch_shape shape = rows.sketches.shape;
  const std::size_t n = rows.size(), more = shape.width - shape.leading;
  out.list(gone);
  out.list(std::span<const row_index>(rows.number));
  out.list(std::span<const std::uint64_t>(rows.content));
  out.list(std::span<const double>(rows.squared_norms));
  out.list(std::span<const float>(rows.tails));
  out.list(std::span<const std::uint8_t>(rows.sketches.leading.data(), n * shape.leading));
  out.list(std::span<const std::uint8_t>(rows.sketches.rest.data(), n * more));
  out.list(std::span<const std::int32_t>(rows.sketches.reach.data(), n));
  out.list(std::span<const float>(rows.sketches.bound.data(), more == 0 ? 0 : n));
  for (std::size_t i = 0; i < n; ++i) {
    const key_view k = rows.keys[i];
    out.value(static_cast<std::uint8_t>(k.is_integer() ? 'i' : 'b'));
    if (k.is_integer())
      out.value(k.integer());
    else
      out.text(k.bytes());
  }
  out.value(static_cast<std::uint64_t>(rows.pairs.size()));
  for (const scored_pair& p : rows.pairs) {
    out.value(p.first);
    out.value(p.second);
    out.value(p.score);
  }
}

/// Reads what one part says; never beyond its end, never more memory than it has bytes.
class snapshot_reader {
 public:
  /// What a part says that cannot be.
  struct damaged {};

  /// @param file  stands at the part's contents
  snapshot_reader(file_reader& file, std::uint64_t size, std::uint64_t rows) : file_(file), left_(size) {
    sum_.update_value(size);
    sum_.update_value(rows);
  }
  template <class T>
  void value(T& x) requires std::is_trivially_copyable_v<T> {
    bytes(&x, sizeof x);
  }
  /// Appends to `to`.
  template <class T>
  void list(std::vector<T>& to) requires std::is_trivially_copyable_v<T> {
    const std::size_t count = counted(sizeof(T)), before = to.size();
    to.resize(before + count);
    bytes(to.data() + before, count * sizeof(T));
  }
  /// Exactly `count` of them.
  template <class T>
  void list(T* to, std::size_t count) requires std::is_trivially_copyable_v<T> {
    if (counted(sizeof(T)) != count) throw damaged{};
    bytes(to, count * sizeof(T));
  }
  void text(std::string& to) {
    to.resize(counted(1));
    bytes(to.data(), to.size());
  }
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  /// Whether all was read, and the checksum behind it fits.
  [[nodiscard]] bool ends_well() {
    std::uint64_t digest = 0;
    return left_ == 0 && file_.read(std::as_writable_bytes(std::span(&digest, 1))) == sizeof digest && digest == sum_.digest();
  }

 private:
  std::size_t counted(std::size_t each) {
    std::uint64_t count = 0;
    value(count);
    if (count > left_ / each) throw damaged{};
    return static_cast<std::size_t>(count);
  }
  // Many small reads would each be a call of the system and one of the checksum: they come from a block that was read ahead.
  void bytes(void* to, std::size_t size) {
    if (size > left_) throw damaged{};
    auto* at = static_cast<std::byte*>(to);
    left_ -= size;
    for (std::size_t wanted = size; wanted != 0;) {
      if (ahead_.empty() && wanted >= room_.size()) {
        fetch({at, wanted});
        break;
      }
      if (ahead_.empty()) {
        ahead_ = std::span(room_).first(static_cast<std::size_t>(std::min<std::uint64_t>(room_.size(), left_ + wanted)));
        fetch(ahead_);
      }
      const std::size_t some = std::min(wanted, ahead_.size());
      std::memcpy(at, ahead_.data(), some);
      ahead_ = ahead_.subspan(some);
      at += some;
      wanted -= some;
    }
  }
  void fetch(std::span<std::byte> to) {
    if (file_.read(to) != to.size()) throw damaged{};
    sum_.update(to);
  }

  file_reader& file_;
  std::uint64_t left_;
  checksum_stream sum_;
  std::vector<std::byte> room_ = std::vector<std::byte>(std::size_t{1} << 16);
  std::span<std::byte> ahead_;  // of `room_`
};

inline void read_description(snapshot_reader& in, sketch_snapshot& s) {
  std::uint64_t width = 0, leading = 0;
  in.text(s.metric);
  in.value(s.threshold);
  in.value(s.components);
  in.value(width);
  in.value(leading);
  in.value(s.scale);
  in.value(s.step);
  in.value(s.energy);
  in.list(s.mean);
  in.list(s.columns);
  in.list(s.centre);
  const bool known = (width == 16 && leading == 16) || (width == 32 && (leading == 16 || leading == 32)) || (width == 64 && leading == 64);
  if (!known || s.mean.size() != s.components || s.columns.size() / width != s.components || s.columns.size() % width != 0 ||
      s.centre.size() != width)
    throw snapshot_reader::damaged{};
  s.shape = {static_cast<std::size_t>(width), static_cast<std::size_t>(leading)};
}

/// Appends `count` rows; there is room for their sketches.
inline void read_rows(snapshot_reader& in, std::size_t count, std::vector<row_index>& gone, remembered_rows& rows) {
  sketch_table& to = rows.sketches;
  const std::size_t before = rows.size(), after = before + count, more = to.shape.width - to.shape.leading;
  in.list(gone);
  in.list(rows.number);
  in.list(rows.content);
  in.list(rows.squared_norms);
  in.list(rows.tails);
  in.list(to.leading.data() + before * to.shape.leading, count * to.shape.leading);
  in.list(to.rest.data() + before * more, count * more);
  in.list(to.reach.data() + before, count);
  in.list(to.bound.data() + (more == 0 ? 0 : before), more == 0 ? 0 : count);
  if (rows.number.size() != after || rows.content.size() != after || rows.squared_norms.size() != after || rows.tails.size() != after)
    throw snapshot_reader::damaged{};
  for (const row_index place : gone)
    if (place >= before) throw snapshot_reader::damaged{};
  rows.keys.reserve(after);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint8_t kind = 0;
    in.value(kind);
    if (kind == 'i') {
      std::int64_t integer = 0;
      in.value(integer);
      rows.keys.push_back(integer);
    } else if (kind == 'b') {
      in.text(text);
      rows.keys.push_back(std::string_view(text));
    } else {
      throw snapshot_reader::damaged{};
    }
  }
  std::uint64_t pairs = 0;
  in.value(pairs);
  if (pairs > in.left() / 16) throw snapshot_reader::damaged{};
  rows.pairs.reserve(rows.pairs.size() + static_cast<std::size_t>(pairs));
  for (std::uint64_t i = 0; i < pairs; ++i) {
    scored_pair p;
    in.value(p.first);
    in.value(p.second);
    in.value(p.score);
    if (p.first >= after || p.second >= after) throw snapshot_reader::damaged{};
    rows.pairs.push_back(p);
  }
}

}  // namespace detail

/// Puts a snapshot of one search at `path`, whole or not at all.
/// @throws error io, not_found
inline void write_snapshot(const sketch_snapshot& s, const std::string& path) {
  detail::snapshot_writer part;
  part.text(s.metric);
  part.value(s.threshold);
  part.value(s.components);
  part.value(static_cast<std::uint64_t>(s.shape.width));
  part.value(static_cast<std::uint64_t>(s.shape.leading));
  part.value(s.scale);
  part.value(s.step);
  part.value(s.energy);
  part.list(std::span<const float>(s.mean));
  part.list(std::span<const float>(s.columns));
  part.list(std::span<const float>(s.centre));
  detail::write_rows(s.rows, {}, part);
  atomic_file file(path);
  const std::uint32_t version[] = {sketch_snapshot_version, 0};
  file.append(detail::snapshot_magic);
  file.append(std::as_bytes(std::span(version)));
  file.append(part.finish(s.rows.size()));
  file.commit();
}

/// Adds what a later search found to the snapshot at `path` that was read as `s`.
/// @param gone  places of rows of `s` that it missed
/// @param fresh  rows that it found new; their pairs by place, the first of these rows at the place behind the last one of `s`
/// @throws error io, not_found
inline void append_snapshot(const sketch_snapshot& s, std::span<const row_index> gone, const remembered_rows& fresh,
                            const std::string& path) {
  detail::snapshot_writer part;
  detail::write_rows(fresh, gone, part);
  replace_tail(path, s.bytes, part.finish(fresh.size()));
}

/// The snapshot at `path`; nothing where there is none, or one of another version.
/// @throws error corrupt for a damaged file, io for one that cannot be read
inline std::optional<sketch_snapshot> read_snapshot(const std::string& path) {
  if (!file_size(path)) return std::nullopt;
  const auto refuse = [&] {
    throw error(errc::corrupt, "the remembered sketches '" + path + "' are damaged: the next run that may write makes them anew");
  };
  file_reader file(path);
  char magic[8] = {};
  std::uint32_t version[2] = {};
  const bool ours =
      file.read(std::as_writable_bytes(std::span(magic))) == sizeof magic && std::string_view(magic, 8) == detail::snapshot_magic;
  if (!ours || file.read(std::as_writable_bytes(std::span(version))) != sizeof version) refuse();
  if (version[0] != sketch_snapshot_version || version[1] != 0) return std::nullopt;

  struct part {
    std::uint64_t position, size, rows;
  };
  constexpr std::uint64_t least_row = 32;  // bytes, so that no damaged number makes us ask for much more memory than the file is large
  std::vector<part> parts;
  std::uint64_t position = 16, rows = 0;
  const std::uint64_t end = file.size();
  sketch_snapshot s;
  for (std::uint64_t head[2]; position < end; position += sizeof head + parts.back().size + 8) {
    file.seek(position);
    const bool whole = end - position >= sizeof head + 8 && file.read(std::as_writable_bytes(std::span(head))) == sizeof head &&
                       head[0] <= end - position - sizeof head - 8 && head[1] <= head[0] / least_row;
    s.cut = !whole;
    if (!whole) break;
    parts.push_back({position + sizeof head, head[0], head[1]});
    rows += head[1];
  }
  if (parts.empty()) refuse();

  for (std::size_t i = 0; i < parts.size(); ++i) {
    file.seek(parts[i].position);
    detail::snapshot_reader in(file, parts[i].size, parts[i].rows);
    const std::size_t before = s.rows.size(), pairs_before = s.rows.pairs.size();
    std::vector<row_index> gone;
    bool sound = false;
    try {
      if (i == 0) {
        detail::read_description(in, s);
        s.rows.sketches = sketch_table(s.shape, static_cast<std::size_t>(rows));
      }
      detail::read_rows(in, static_cast<std::size_t>(parts[i].rows), gone, s.rows);
      sound = in.ends_well();
    } catch (const detail::snapshot_reader::damaged&) {
    }
    if (!sound) {
      if (i == 0) refuse();
      s.cut = true;
      s.rows.number.resize(before);
      s.rows.content.resize(before);
      s.rows.squared_norms.resize(before);
      s.rows.tails.resize(before);
      s.rows.keys.truncate(before);
      s.rows.pairs.resize(pairs_before);
      break;
    }
    s.bytes = parts[i].position + parts[i].size + 8;
    s.appended += i == 0 ? 0 : static_cast<std::size_t>(parts[i].rows);
    for (const row_index place : gone) {
      s.gone += s.rows.number[place] != not_searched ? 1 : 0;
      s.rows.number[place] = not_searched;
      s.rows.sketches.take_out(place);
    }
  }
  s.rows.sketches.fill_up(s.rows.size());
  return s;
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
