#pragma once
// Many strings, absent ones included, in one arena; and the distinct strings of a column under dense numbers.

#include "error.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace upkeep::inline v0 {

/// Whether a field has a value at all: an absent one (SQL NULL) is a view whose data() is null, unlike the empty string.
constexpr bool is_present(std::string_view field) noexcept { return field.data() != nullptr; }

/// Equal as field values: both absent, or both present with the same bytes.
constexpr bool same_value(std::string_view a, std::string_view b) noexcept { return is_present(a) == is_present(b) && a == b; }

/// Strings that may be absent, 8 bytes a row plus their bytes. Views stay valid until the next change.
/// @par Thread safety  Concurrent reads are safe; a writer needs exclusion.
class string_column {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return ends_.size(); }
  [[nodiscard]] bool empty() const noexcept { return ends_.empty(); }
  void reserve(std::size_t rows) { ends_.reserve(rows); }
  void clear() noexcept {
    ends_.clear();
    arena_.clear();
  }

  /// Copies the value, absent or not; ends every view that was handed out.
  void push_back(std::string_view value) {
    arena_.append(value);
    ends_.push_back(arena_.size() | (is_present(value) ? 0 : absent));
  }

  [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept {
    UPKEEP_ASSERT(i < size());
    if ((ends_[i] & absent) != 0) return {};
    const std::size_t begin = i == 0 ? 0 : static_cast<std::size_t>(ends_[i - 1] & ~absent);
    return std::string_view(arena_).substr(begin, static_cast<std::size_t>(ends_[i]) - begin);
  }

 private:
  static constexpr std::uint64_t absent = std::uint64_t{1} << 63;
  std::string arena_;
  std::vector<std::uint64_t> ends_;
};

/// Distinct strings, each under a dense number from 0 in order of appearance; absent is a value of its own.
/// Millions of rows share few scopes, models and sources: four bytes a row instead of the text.
/// @par Thread safety  Concurrent reads are safe; a writer needs exclusion.
class string_table {
 public:
  /// The number of `value`, given one now where it is new.
  std::uint32_t intern(std::string_view value) {
    if (!is_present(value)) {
      if (absent_ == none) absent_ = append(value);
      return absent_;
    }
    if (const auto found = numbers_.find(value); found != numbers_.end()) return found->second;
    const std::uint32_t number = append(value);
    numbers_.emplace(std::string(value), number);
    return number;
  }

  /// The number of `value`, or `none`.
  [[nodiscard]] std::uint32_t find(std::string_view value) const {
    if (!is_present(value)) return absent_;
    const auto found = numbers_.find(value);
    return found == numbers_.end() ? none : found->second;
  }

  [[nodiscard]] std::string_view operator[](std::uint32_t number) const noexcept { return values_[number]; }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };

  std::uint32_t append(std::string_view value) {
    if (values_.size() >= none) throw error(errc::limit_exceeded, "string_table: more than 4,294,967,294 distinct values in one column");
    values_.push_back(value);
    return static_cast<std::uint32_t>(values_.size() - 1);
  }

  string_column values_;
  std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>> numbers_;
  std::uint32_t absent_ = none;
};

}  // namespace upkeep::inline v0
