#pragma once
// Rows for tests: keys and texts that break what is not careful, and the comparison that finds every difference.

#include "../base/record_batch.hpp"
#include "../base/rng.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace upkeep::inline v0::testing {

/// Which keys a store takes.
enum class key_kind { integers, texts, both };

/// What rows are made of.
struct row_shape {
  std::size_t dimension = 3;
  key_kind keys = key_kind::both;
  field fields = stored_fields;  ///< the others stay absent
  bool any_bytes = true;         ///< keys and texts with NUL and invalid UTF-8; false: only valid UTF-8 without NUL
  bool any_floats = true;        ///< vectors with NaN, infinities and negative zero, and zero vectors; false: finite, never all zero
};

/// A row that owns its fields and, unlike a record, knows absent from empty.
struct generated_row {
  upkeep::key key{};
  std::vector<float> vector{};
  std::optional<std::string> source{}, scope{}, text{}, model{};
  std::int64_t created = no_time;
  bool pinned = false;

  generated_row() = default;
  explicit generated_row(const record_view& r)
      : key(r.key),
        vector(r.vector.begin(), r.vector.end()),
        source(own(r.source)),
        scope(own(r.scope)),
        text(own(r.text)),
        model(own(r.model)),
        created(r.created),
        pinned(r.pinned) {}

  [[nodiscard]] record_view view() const noexcept {
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

 private:
  static std::optional<std::string> own(std::string_view t) { return is_present(t) ? std::optional<std::string>(t) : std::nullopt; }
  static std::string_view of(const std::optional<std::string>& t) noexcept { return t ? std::string_view(*t) : std::string_view(); }
};

/// The first field in which two rows differ, or an empty string. Vectors are compared bit by bit, absent texts differ from empty ones.
[[nodiscard]] inline std::string difference(const record_view& a, const record_view& b) {
  if (a.key != b.key) return "key " + to_string(a.key) + " against " + to_string(b.key);
  const std::string at = " of key " + to_string(a.key);
  if (a.vector.size() != b.vector.size()) return "width of the vector" + at;
  for (std::size_t i = 0; i < a.vector.size(); ++i)
    if (std::bit_cast<std::uint32_t>(a.vector[i]) != std::bit_cast<std::uint32_t>(b.vector[i]))
      return "component " + std::to_string(i) + at + ": " + std::to_string(a.vector[i]) + " against " + std::to_string(b.vector[i]);
  const auto differs = [](std::string_view x, std::string_view y) { return !same_value(x, y); };
  if (differs(a.source, b.source)) return "source" + at;
  if (differs(a.scope, b.scope)) return "scope" + at;
  if (differs(a.text, b.text)) return "text" + at;
  if (differs(a.model, b.model)) return "model" + at;
  if (a.created != b.created) return "created" + at;
  if (a.pinned != b.pinned) return "pinned" + at;
  return {};
}

/// Makes rows with distinct keys; the same seed makes the same rows everywhere.
/// @par Thread safety
/// None; one thread at a time.
class row_generator {
 public:
  explicit row_generator(std::uint64_t seed, const row_shape& shape = {}) : random_(seed), shape_(shape) {}

  [[nodiscard]] rng& random() noexcept { return random_; }

  /// A key that was not given out before.
  key next_key() {
    for (;;) {
      const key made = any_key();
      if (given_.insert(made).second) return made;
    }
  }

  generated_row next() {
    generated_row row;
    row.key = next_key();
    refill(row);
    return row;
  }

  /// New contents under the same key.
  void refill(generated_row& row) {
    fill_vector(row.vector);
    const auto text = [&](field f, std::optional<std::string>& value, std::string_view few) {
      value.reset();
      if (!has(shape_.fields, f) || random_.chance(0.2)) return;
      value = few.empty() ? any_text() : std::string(few) + std::to_string(random_.below(4));
    };
    text(field::source, row.source, "source-");
    text(field::scope, row.scope, "scope-");
    text(field::text, row.text, {});
    text(field::model, row.model, "model-");
    row.created = no_time;
    if (has(shape_.fields, field::created) && !random_.chance(0.2)) row.created = random_.between(-5, 1'000'000'000'000);
    row.pinned = has(shape_.fields, field::pinned) && random_.chance(0.2);
  }

  std::vector<generated_row> next(std::size_t count) {
    std::vector<generated_row> rows;
    rows.reserve(count);
    for (std::size_t i = 0; i < count; ++i) rows.push_back(next());
    return rows;
  }

 private:
  key any_key() {
    const bool integer = shape_.keys == key_kind::integers || (shape_.keys == key_kind::both && random_.chance(0.5));
    if (integer) {
      constexpr std::int64_t odd[] = {0,   1,  -1, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
                                      255, 256};
      return random_.chance(0.1) ? key(odd[random_.below(std::size(odd))]) : key(random_.between(-1000, 1'000'000));
    }
    if (random_.chance(0.2)) {  // digits: the text "1" and the integer 1 are two keys
      return key(std::to_string(random_.below(100)));
    }
    return key(any_text());
  }

  std::string any_text() {
    constexpr std::string_view odd[] = {"",
                                        "'",
                                        "\"",
                                        "\n",
                                        "\r\n",
                                        "a b",
                                        "O'Brien; DROP TABLE rows; --",
                                        "\\",
                                        "%s%n",
                                        "NULL",
                                        "\xC3\xA4 \xE2\x82\xAC",
                                        "\t",
                                        " ",
                                        "{\"base64\":1}",
                                        "\xEF\xBB\xBF",
                                        "\x7F",
                                        "a\nb\n\nc.",
                                        "-0"};
    std::string text(odd[random_.below(std::size(odd))]);
    const auto more = static_cast<std::size_t>(random_.below(random_.chance(0.02) ? 4000 : 12));
    for (std::size_t i = 0; i < more; ++i) {
      const auto byte = static_cast<unsigned char>(shape_.any_bytes ? random_.below(256) : 1 + random_.below(127));
      text += static_cast<char>(byte);
    }
    return text;
  }

  void fill_vector(std::vector<float>& vector) {
    vector.resize(shape_.dimension);
    for (float& x : vector) x = static_cast<float>(random_.normal());
    if (vector.empty()) return;
    if (!shape_.any_floats) {
      vector[0] += vector[0] < 0 ? -0.5F : 0.5F;
      return;
    }
    const std::uint32_t odd[] = {0x7FC00000U, 0x7F800000U, 0xFF800000U, 0x80000000U, 0x00000001U, 0x7FA00001U};
    if (random_.chance(0.1)) vector[static_cast<std::size_t>(random_.below(vector.size()))] = std::bit_cast<float>(odd[random_.below(6)]);
    if (random_.chance(0.05)) vector.assign(vector.size(), 0.0F);
  }

  rng random_;
  row_shape shape_;
  std::unordered_set<key, key_hash> given_;
};

/// The rows as a batch with all stored fields; `buffer` owns what the batch points to.
inline record_batch batch_of(std::span<const generated_row> rows, record_buffer& buffer) {
  buffer.clear();
  for (const generated_row& r : rows) buffer.push_back(r.view());
  return buffer.batch();
}

}  // namespace upkeep::inline v0::testing
