#pragma once
// Texts kept from a scan as far as memory goes, so that a guard need not read them a second time.

#include "../base/record.hpp"
#include "../base/string_column.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace upkeep::inline v0::detail {

/// The texts of the first rows of a scan, up to a number of bytes. In chunks, which are never copied as more come.
/// @par Thread safety  Concurrent reads are safe; a writer needs exclusion.
class kept_texts {
 public:
  /// @param most_bytes  of texts
  explicit kept_texts(std::uint64_t most_bytes) : left_(most_bytes) {}

  /// The text of the next row, from row 0 on. The first one that there is no room for ends it: rows in between would have to be told apart.
  void push_back(std::string_view text) {
    full_ = full_ || text.size() > left_;
    if (full_) return;
    left_ -= text.size();
    if (text.size() > room_) {
      room_ = std::max(text.size(), chunk_size);
      chunks_.push_back(std::make_unique_for_overwrite<char[]>(room_));
      next_ = chunks_.back().get();
    }
    if (!text.empty()) std::copy(text.begin(), text.end(), next_);
    texts_.push_back(is_present(text) ? std::string_view(next_ != nullptr ? next_ : "", text.size()) : std::string_view());
    if (text.empty()) return;
    next_ += text.size();
    room_ -= text.size();
  }

  /// Says that the next row's text is not known: it and all that follow are not kept.
  void end() noexcept { full_ = true; }

  [[nodiscard]] bool has(row_index row) const noexcept { return row < texts_.size(); }
  /// @pre has(row)
  [[nodiscard]] std::string_view operator[](row_index row) const noexcept { return texts_[row]; }

 private:
  static constexpr std::size_t chunk_size = std::size_t{1} << 20;
  std::uint64_t left_;
  bool full_ = false;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t room_ = 0;
  std::vector<std::string_view> texts_;
};

}  // namespace upkeep::inline v0::detail
