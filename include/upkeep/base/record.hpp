#pragma once
// One row of a vector store: its fields by name, borrowed (`record_view`) or owned (`record`), and why a row may be set aside.

#include "key.hpp"
#include "string_column.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// The number of a row within one run: rows are counted from 0 in scan order. At most 4,294,967,295 rows a run.
using row_index = std::uint32_t;

/// `created` where a row has none. Otherwise `created` is in the store's own unit, compared and never converted.
inline constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();

/// Fields of a row that a caller asks a store for; `key` always comes along.
enum class field : std::uint32_t {
  none = 0,
  vector = 1,       ///< float32, dimension() of them
  source = 2,       ///< what the row was made from
  scope = 4,        ///< tenant, collection, namespace
  text = 8,         ///< the text that was embedded
  model = 16,       ///< the embedder, its version and dimension
  created = 32,     ///< when, in the store's unit
  pinned = 64,      ///< never to be removed
  text_size = 128,  ///< bytes of the text, without the text
  digest = 256,     ///< XXH3 over every column, see row_digest.hpp
  row_bytes = 512   ///< logical bytes of the whole row
};

constexpr field operator|(field a, field b) noexcept {
  return static_cast<field>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr field operator&(field a, field b) noexcept {
  return static_cast<field>(static_cast<std::uint32_t>(a) & static_cast<std::uint32_t>(b));
}
/// Whether `set` holds all of `wanted`.
constexpr bool has(field set, field wanted) noexcept { return (set & wanted) == wanted; }

/// The fields that make up a record in every store: what an upsert writes.
inline constexpr field stored_fields =
    field::vector | field::source | field::scope | field::text | field::model | field::created | field::pinned;

/// Why no algorithm may touch a row. Such rows are counted in every report, never removed and never witnesses.
enum class set_aside : std::uint8_t {
  no,           ///< a sound row
  zero,         ///< all components are zero: it has no direction
  not_finite,   ///< a component is NaN or infinite
  wrong_width,  ///< another number of components than the store's dimension
  unreadable    ///< the stored bytes are no vector
};

/// The snake_case name of a reason, as it stands in reports.
constexpr std::string_view to_string(set_aside reason) noexcept {
  switch (reason) {
    case set_aside::no: return "no";
    case set_aside::zero: return "zero";
    case set_aside::not_finite: return "not_finite";
    case set_aside::wrong_width: return "wrong_width";
    case set_aside::unreadable: return "unreadable";
  }
  return "unknown";
}

/// Judges the components of a vector.
inline set_aside judge_vector(std::span<const float> vector) noexcept {
  bool zero = true;
  for (const float x : vector) {
    if (!(x - x == 0.0F)) return set_aside::not_finite;  // NaN and infinity are the values that do not vanish against themselves
    zero = zero && x == 0.0F;
  }
  return zero ? set_aside::zero : set_aside::no;
}

/// A row as policies see it. Text fields that the store does not have, or that are NULL, have a null data(): see is_present.
/// Borrowed: valid while the call that hands it over runs.
struct record_view {
  key_view key;
  std::span<const float> vector;  ///< empty where it was not asked for
  std::string_view source;
  std::string_view scope;
  std::string_view text;  ///< absent where it was not asked for; `text_size` tells its length all the same
  std::string_view model;
  std::int64_t created = no_time;
  std::uint64_t text_size = 0;  ///< bytes
  bool pinned = false;
};

/// A row that owns its fields. For building batches and for tests; algorithms work on columns.
struct record {
  upkeep::key key{};
  std::vector<float> vector{};
  std::string source{}, scope{}, text{}, model{};
  std::int64_t created = no_time;
  bool pinned = false;

  /// Borrows this record. Texts that are empty are present, not absent.
  [[nodiscard]] record_view view() const noexcept {
    return {.key = key,
            .vector = vector,
            .source = source,
            .scope = scope,
            .text = text,
            .model = model,
            .created = created,
            .text_size = text.size(),
            .pinned = pinned};
  }
};

}  // namespace upkeep::inline v0
