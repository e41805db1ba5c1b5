#pragma once
// The identity of a row: a 64-bit integer or a byte string, one type for every store.

#include "error.hpp"

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// A borrowed key: 16 bytes, trivially copyable, ordered (integers by value before byte strings by unsigned bytes), hashable.
/// A byte string may hold any bytes, NUL and invalid UTF-8 included. Valid while the bytes it points to are.
class key_view {
 public:
  constexpr key_view() noexcept : key_view(std::int64_t{0}) {}
  constexpr key_view(std::int64_t integer) noexcept  // NOLINT(google-explicit-constructor): a key *is* an integer or a string
      : word_{.integer = integer}, size_(integer_mark) {}
  constexpr key_view(int integer) noexcept : key_view(static_cast<std::int64_t>(integer)) {}  // NOLINT(google-explicit-constructor)
  constexpr key_view(std::string_view bytes) noexcept                                         // NOLINT(google-explicit-constructor)
      : word_{.bytes = bytes.data() == nullptr ? "" : bytes.data()}, size_(bytes.size()) {}
  constexpr key_view(const char* bytes) noexcept : key_view(std::string_view(bytes)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] constexpr bool is_integer() const noexcept { return size_ == integer_mark; }
  /// @pre is_integer()
  [[nodiscard]] constexpr std::int64_t integer() const noexcept { return word_.integer; }
  /// @pre !is_integer()
  [[nodiscard]] constexpr std::string_view bytes() const noexcept { return {word_.bytes, static_cast<std::size_t>(size_)}; }

  friend constexpr bool operator==(const key_view& a, const key_view& b) noexcept {
    if (a.size_ != b.size_) return false;
    return a.is_integer() ? a.integer() == b.integer() : a.bytes() == b.bytes();
  }
  friend constexpr std::strong_ordering operator<=>(const key_view& a, const key_view& b) noexcept {
    if (a.is_integer() != b.is_integer()) return a.is_integer() ? std::strong_ordering::less : std::strong_ordering::greater;
    if (a.is_integer()) return a.integer() <=> b.integer();
    return a.bytes().compare(b.bytes()) <=> 0;
  }

 private:
  static constexpr std::uint64_t integer_mark = ~std::uint64_t{0};
  union word {
    std::int64_t integer;
    const char* bytes;
  } word_;
  std::uint64_t size_;
};
static_assert(sizeof(void*) != 8 || sizeof(key_view) == 16);

/// A key that owns its bytes.
class key {
 public:
  key() = default;
  key(std::int64_t integer) noexcept : integer_(integer) {}                          // NOLINT(google-explicit-constructor)
  key(int integer) noexcept : integer_(integer) {}                                   // NOLINT(google-explicit-constructor)
  key(std::string bytes) noexcept : bytes_(std::move(bytes)), is_integer_(false) {}  // NOLINT(google-explicit-constructor)
  key(std::string_view bytes) : bytes_(bytes), is_integer_(false) {}                 // NOLINT(google-explicit-constructor)
  key(const char* bytes) : bytes_(bytes), is_integer_(false) {}                      // NOLINT(google-explicit-constructor)
  explicit key(key_view view)
      : bytes_(view.is_integer() ? std::string() : std::string(view.bytes())),
        integer_(view.is_integer() ? view.integer() : 0),
        is_integer_(view.is_integer()) {}

  operator key_view() const noexcept {  // NOLINT(google-explicit-constructor): borrowed where a view is asked for
    return is_integer_ ? key_view(integer_) : key_view(std::string_view(bytes_));
  }
  [[nodiscard]] key_view view() const noexcept { return *this; }

  friend bool operator==(const key& a, const key& b) noexcept { return a.view() == b.view(); }
  friend std::strong_ordering operator<=>(const key& a, const key& b) noexcept { return a.view() <=> b.view(); }

 private:
  std::string bytes_;
  std::int64_t integer_ = 0;
  bool is_integer_ = true;
};

/// The key for messages: an integer as digits, a byte string in double quotes with control bytes shown as `\xNN`, cut after 80 bytes.
inline std::string to_string(key_view k) {
  if (k.is_integer()) return std::to_string(k.integer());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : k.bytes().substr(0, 80)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + (k.bytes().size() > 80 ? "…\"" : "\"");
}

/// Hash of a key for unordered containers: equal keys, however held, hash equally. Not stable between versions: never stored.
struct key_hash {
  using is_transparent = void;
  std::size_t operator()(key_view k) const noexcept {
    if (!k.is_integer()) return std::hash<std::string_view>{}(k.bytes());
    std::uint64_t x = std::bit_cast<std::uint64_t>(k.integer()) + 0x9e3779b97f4a7c15u;  // splitmix64's mixing: sequential ids are common
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return static_cast<std::size_t>(x ^ (x >> 31));
  }
};

/// Many keys in one arena: 8 bytes a row plus each key's bytes (9 for an integer). Views stay valid until the next change.
/// @par Thread safety  Concurrent reads are safe; a writer needs exclusion.
class key_column {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }
  void reserve(std::size_t rows) { ends_.reserve(rows); }
  void clear() noexcept {
    ends_.clear();
    arena_.clear();
  }

  /// Leaves the first `rows` <= size().
  void truncate(std::size_t rows) {
    ends_.resize(rows);
    arena_.resize(rows == 0 ? 0 : static_cast<std::size_t>(ends_.back()));
  }

  /// Copies the key; ends every view that was handed out.
  void push_back(key_view k) {
    arena_.push_back(k.is_integer() ? 'i' : 'b');
    if (k.is_integer()) {
      const std::int64_t integer = k.integer();
      char raw[sizeof integer];
      std::memcpy(raw, &integer, sizeof integer);
      arena_.insert(arena_.end(), raw, raw + sizeof raw);
    } else {
      arena_.insert(arena_.end(), k.bytes().begin(), k.bytes().end());
    }
    ends_.push_back(arena_.size());
  }

  /// The key of row `i` < size().
  [[nodiscard]] key_view operator[](std::size_t i) const noexcept {
    UPKEEP_ASSERT(i < size());
    const std::size_t begin = i == 0 ? 0 : static_cast<std::size_t>(ends_[i - 1]);
    const char* first = arena_.data() + begin;
    if (*first == 'b') return std::string_view(first + 1, static_cast<std::size_t>(ends_[i]) - begin - 1);
    std::int64_t integer = 0;
    std::memcpy(&integer, first + 1, sizeof integer);
    return integer;
  }

  /// Hints to the machine that row `i` < size() is wanted soon: first where it ends, and, once that has come, what it is.
  void prefetch_end(std::size_t i) const noexcept { __builtin_prefetch(ends_.data() + i); }
  void prefetch_key(std::size_t i) const noexcept { __builtin_prefetch(arena_.data() + ends_[i]); }

 private:
  std::vector<char> arena_;
  std::vector<std::uint64_t> ends_;
};

}  // namespace upkeep::inline v0

template <>
struct std::hash<upkeep::key_view> : upkeep::key_hash {};
template <>
struct std::hash<upkeep::key> : upkeep::key_hash {};
