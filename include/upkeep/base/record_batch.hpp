#pragma once
// Rows in columns: what a store hands to a visitor and takes in an upsert; and the buffer that builds one.

#include "function_ref.hpp"
#include "matrix_view.hpp"
#include "record.hpp"

#include <string>

namespace upkeep::inline v0 {

/// Some rows of a store as columns of `size()` entries each; a column that was not asked for, or that the store lacks, is empty.
/// Borrowed: valid until the visitor that got it returns.
struct record_batch {
  std::span<const key_view> keys;
  matrix_view<const float> vectors;   ///< size() x dimension; a row that is set aside as wrong_width or unreadable is all zero
  std::span<const set_aside> health;  ///< comes with `vectors`
  std::span<const std::string_view> sources, scopes, texts, models;  ///< absent values have a null data()
  std::span<const std::int64_t> created;                             ///< no_time where absent
  std::span<const std::uint8_t> pinned;                              ///< 0 or 1
  std::span<const std::uint64_t> text_sizes, digests, row_bytes;

  [[nodiscard]] std::size_t size() const noexcept { return keys.size(); }

  /// Row `i` < size() with the fields that the batch has.
  [[nodiscard]] record_view operator[](std::size_t i) const noexcept {
    UPKEEP_ASSERT(i < size());
    record_view r;
    r.key = keys[i];
    if (!vectors.empty()) r.vector = vectors[i];
    if (!sources.empty()) r.source = sources[i];
    if (!scopes.empty()) r.scope = scopes[i];
    if (!texts.empty()) r.text = texts[i];
    if (!models.empty()) r.model = models[i];
    if (!created.empty()) r.created = created[i];
    if (!pinned.empty()) r.pinned = pinned[i] != 0;
    r.text_size = !text_sizes.empty() ? text_sizes[i] : r.text.size();
    return r;
  }
};

/// Called with one batch after another; may throw, which ends the scan.
using record_visitor = function_ref<void(const record_batch&)>;

/// Builds a batch row by row and owns what the batch points to.
/// @par Thread safety  None: one thread at a time.
class record_buffer {
 public:
  /// @param fields     the columns to fill; other fields of what is pushed are dropped
  /// @param dimension  components of a vector
  record_buffer(field fields, std::size_t dimension) : fields_(fields), dimension_(dimension) {}

  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }

  /// Drops all rows and keeps the memory.
  void clear() noexcept {
    keys_.clear();
    sources_.clear();
    scopes_.clear();
    texts_.clear();
    models_.clear();
    vectors_.clear();
    health_.clear();
    created_.clear();
    pinned_.clear();
    text_sizes_.clear();
    digests_.clear();
    row_bytes_.clear();
  }

  /// Appends a row. A vector that is not `dimension` long becomes a zero row with the health given or judged.
  /// @param health  the store's own judgement; `no` lets the vector be judged here
  void push_back(const record_view& r, std::uint64_t digest = 0, std::uint64_t row_bytes = 0, set_aside health = set_aside::no) {
    keys_.push_back(r.key);
    if (has(fields_, field::vector)) {
      if (health == set_aside::no) health = r.vector.size() == dimension_ ? judge_vector(r.vector) : set_aside::wrong_width;
      health_.push_back(health);
      if (r.vector.size() == dimension_)
        vectors_.insert(vectors_.end(), r.vector.begin(), r.vector.end());
      else
        vectors_.resize(vectors_.size() + dimension_, 0.0F);
    }
    if (has(fields_, field::source)) sources_.push_back(r.source);
    if (has(fields_, field::scope)) scopes_.push_back(r.scope);
    if (has(fields_, field::text)) texts_.push_back(r.text);
    if (has(fields_, field::model)) models_.push_back(r.model);
    if (has(fields_, field::created)) created_.push_back(r.created);
    if (has(fields_, field::pinned)) pinned_.push_back(r.pinned ? 1 : 0);
    if (has(fields_, field::text_size)) text_sizes_.push_back(r.text_size != 0 ? r.text_size : r.text.size());
    if (has(fields_, field::digest)) digests_.push_back(digest);
    if (has(fields_, field::row_bytes)) row_bytes_.push_back(row_bytes);
  }

  /// The rows so far; valid until the next change of the buffer.
  [[nodiscard]] record_batch batch() {
    views_.clear();
    for (std::size_t i = 0; i < keys_.size(); ++i) views_.push_back(keys_[i]);
    record_batch b;
    b.keys = views_;
    if (has(fields_, field::vector)) {
      b.vectors = {vectors_.data(), keys_.size(), dimension_};
      b.health = health_;
    }
    b.sources = list(sources_, source_views_);
    b.scopes = list(scopes_, scope_views_);
    b.texts = list(texts_, text_views_);
    b.models = list(models_, model_views_);
    b.created = created_;
    b.pinned = pinned_;
    b.text_sizes = text_sizes_;
    b.digests = digests_;
    b.row_bytes = row_bytes_;
    return b;
  }

 private:
  static std::span<const std::string_view> list(const string_column& column, std::vector<std::string_view>& views) {
    views.clear();
    for (std::size_t i = 0; i < column.size(); ++i) views.push_back(column[i]);
    return views;
  }

  field fields_;
  std::size_t dimension_;
  key_column keys_;
  std::vector<key_view> views_;
  string_column sources_, scopes_, texts_, models_;
  std::vector<std::string_view> source_views_, scope_views_, text_views_, model_views_;
  std::vector<float> vectors_;
  std::vector<set_aside> health_;
  std::vector<std::int64_t> created_;
  std::vector<std::uint8_t> pinned_;
  std::vector<std::uint64_t> text_sizes_, digests_, row_bytes_;
};

}  // namespace upkeep::inline v0
