#pragma once
// What a run holds of every row of a store: all but texts and vectors, about 60 bytes a row plus its key.

#include "../base/record_batch.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace upkeep::inline v0 {

/// The columns of a scan under dense row numbers.
/// @par Thread safety  Concurrent reads are safe; a writer needs exclusion.
class row_table {
 public:
  /// The fields that a scan has to be asked for, of those the store has.
  static constexpr field needed =
      field::source | field::scope | field::model | field::created | field::pinned | field::text_size | field::digest | field::row_bytes;

  [[nodiscard]] std::size_t size() const noexcept { return columns_.size(); }

  /// @throws error limit_exceeded beyond the numbers that row_index can count.
  void append(const record_batch& b) {
    if (b.size() > std::numeric_limits<row_index>::max() - size())
      throw error(errc::limit_exceeded, "row_table: more than 4,294,967,294 rows in one run");
    for (std::size_t i = 0; i < b.size(); ++i) {
      keys_.push_back(b.keys[i]);
      row r;
      r.source = sources_.intern(b.sources.empty() ? std::string_view() : b.sources[i]);
      r.scope = scopes_.intern(b.scopes.empty() ? std::string_view() : b.scopes[i]);
      r.model = models_.intern(b.models.empty() ? std::string_view() : b.models[i]);
      r.created = b.created.empty() ? no_time : b.created[i];
      r.text_size = b.text_sizes.empty() ? 0 : b.text_sizes[i];
      r.digest = b.digests.empty() ? 0 : b.digests[i];
      r.bytes = b.row_bytes.empty() ? 0 : b.row_bytes[i];
      r.pinned = !b.pinned.empty() && b.pinned[i] != 0;
      r.health = b.health.empty() ? set_aside::no : b.health[i];
      columns_.push_back(r);
    }
  }

  /// Sorts the keys for `find`; to be called once after the last append.
  /// @throws error inconsistent where the store handed out a key twice: removing one of two rows under one key would remove both.
  void index() {
    by_key_.resize(size());
    std::iota(by_key_.begin(), by_key_.end(), row_index{0});
    const auto earlier = [this](row_index a, row_index b) { return keys_[a] < keys_[b]; };
    // Most stores hand their rows out in the order of their keys.
    if (!std::is_sorted(by_key_.begin(), by_key_.end(), earlier)) std::sort(by_key_.begin(), by_key_.end(), earlier);
    for (std::size_t i = 1; i < by_key_.size(); ++i)
      if (keys_[by_key_[i]] == keys_[by_key_[i - 1]])
        throw error(errc::inconsistent, "the store handed out the key " + to_string(keys_[by_key_[i]]) +
                                            " twice: keys must be unique, and a scan must show each row once");
  }

  /// The row with this key. @pre index() was called.
  [[nodiscard]] std::optional<row_index> find(key_view k) const {
    const auto at = std::lower_bound(by_key_.begin(), by_key_.end(), k, [this](row_index a, key_view b) { return keys_[a] < b; });
    if (at == by_key_.end() || keys_[*at] != k) return std::nullopt;
    return *at;
  }

  /// Row `i` < size() without text and vector.
  [[nodiscard]] record_view operator[](row_index i) const {
    const row& r = columns_[i];
    return {.key = keys_[i],
            .vector = {},
            .source = sources_[r.source],
            .scope = scopes_[r.scope],
            .text = {},
            .model = models_[r.model],
            .created = r.created,
            .text_size = r.text_size,
            .pinned = r.pinned};
  }

  [[nodiscard]] key_view key(row_index i) const noexcept { return keys_[i]; }
  [[nodiscard]] std::uint32_t source(row_index i) const noexcept { return columns_[i].source; }  ///< number in sources()
  [[nodiscard]] std::uint32_t scope(row_index i) const noexcept { return columns_[i].scope; }    ///< number in scopes()
  [[nodiscard]] std::uint32_t model(row_index i) const noexcept { return columns_[i].model; }    ///< number in models()
  /// As the scan saw them; 0, where the store does not tell.
  [[nodiscard]] std::uint64_t digest(row_index i) const noexcept { return columns_[i].digest; }
  [[nodiscard]] std::uint64_t bytes(row_index i) const noexcept { return columns_[i].bytes; }
  [[nodiscard]] bool pinned(row_index i) const noexcept { return columns_[i].pinned; }
  [[nodiscard]] set_aside health(row_index i) const noexcept { return columns_[i].health; }

  [[nodiscard]] const string_table& sources() const noexcept { return sources_; }
  [[nodiscard]] const string_table& scopes() const noexcept { return scopes_; }
  [[nodiscard]] const string_table& models() const noexcept { return models_; }
  /// For sources that only the ledger knows.
  [[nodiscard]] std::uint32_t intern_source(std::string_view source) { return sources_.intern(source); }

 private:
  struct row {
    std::uint64_t digest = 0, bytes = 0, text_size = 0;
    std::int64_t created = no_time;
    std::uint32_t source = 0, scope = 0, model = 0;
    bool pinned = false;
    set_aside health = set_aside::no;
  };

  key_column keys_;
  std::vector<row> columns_;
  std::vector<row_index> by_key_;
  string_table sources_, scopes_, models_;
};

}  // namespace upkeep::inline v0
