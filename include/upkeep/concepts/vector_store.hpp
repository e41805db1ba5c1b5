#pragma once
// Role `vector_store` (verb `scan`): where rows live.

#include "../base/progress.hpp"
#include "../base/record_batch.hpp"
#include "compaction.hpp"
#include "role.hpp"

#include <concepts>
#include <cstdint>
#include <string>

namespace upkeep::inline v0 {

// A store hands out rows in column batches and takes them back by key. It is borrowed by every system and outlives it.
//
//   void scan(upkeep::field wanted, upkeep::record_visitor visit)
//     every row once, in batches of any size and in any order, `wanted` columns filled. Promises no snapshot: a row that is changed while
//     the scan runs may be seen before or after. A row whose vector cannot be read still appears, with its health saying why.
//   void fetch(std::span<const upkeep::key_view> keys, upkeep::field wanted, upkeep::record_visitor visit)
//     the rows of those keys that exist, in the order of `keys`; a missing key is left out.
//   std::size_t upsert(const upkeep::record_batch& rows)
//     writes new rows and replaces those whose key exists, all or none; returns how many.
//   std::size_t erase(std::span<const upkeep::key_view> keys)
//     removes the rows of those keys that exist, all or none; returns how many there were.
//   std::size_t dimension() const    components of every vector; 0 for a store that has had no row yet
//   std::size_t size() const         rows
//   upkeep::field fields() const     the fields the store has; vector, text_size and digest included
//   std::string identity() const     names this store across processes: a plan made on one store is refused on another
//
// Rejected: a key type per store (costs compile time in every algorithm, buys nothing); iterators (a database page is not an iterator);
// visitors as template parameters (a batch of 2,048 rows does not notice an indirect call).

template <class T>
concept has_scan = requires(T& t, field wanted, record_visitor visit) {
  { t.scan(wanted, visit) } -> std::same_as<void>;
};
template <class T>
concept has_fetch = requires(T& t, std::span<const key_view> keys, field wanted, record_visitor visit) {
  { t.fetch(keys, wanted, visit) } -> std::same_as<void>;
};
template <class T>
concept has_upsert = requires(T& t, const record_batch& rows) {
  { t.upsert(rows) } -> std::convertible_to<std::size_t>;
};
template <class T>
concept has_erase = requires(T& t, std::span<const key_view> keys) {
  { t.erase(keys) } -> std::convertible_to<std::size_t>;
};
template <class T>
concept has_dimension = requires(const T& t) {
  { t.dimension() } -> std::convertible_to<std::size_t>;
};
template <class T>
concept has_size = requires(const T& t) {
  { t.size() } -> std::convertible_to<std::size_t>;
};
template <class T>
concept has_fields = requires(const T& t) {
  { t.fields() } -> std::same_as<field>;
};
template <class T>
concept has_identity = requires(const T& t) {
  { t.identity() } -> std::convertible_to<std::string>;
};

/// A place where rows live; see the comment above for what each operation promises.
template <class T>
concept vector_store =
    has_scan<T> && has_fetch<T> && has_upsert<T> && has_erase<T> && has_dimension<T> && has_size<T> && has_fields<T> && has_identity<T>;

// Refinement transactional_store (verb `transact`):
//   void transact(upkeep::function_ref<void()> action)
//     runs `action` with exclusive write access; what it changed is kept whole when it returns and not at all when it throws.
template <class T>
concept has_transact = requires(T& t, function_ref<void()> action) {
  { t.transact(action) } -> std::same_as<void>;
};
/// A store whose changes can be made all or none together with the reads they depend on.
template <class T>
concept transactional_store = vector_store<T> && has_transact<T>;

/// A store that knows how many bytes it occupies: `std::uint64_t bytes() const`.
template <class T>
concept sized_store = vector_store<T> && requires(const T& t) {
  { t.bytes() } -> std::convertible_to<std::uint64_t>;
};

/// A store that is one file: `const std::string& file() const` is its path. What is written beside it takes space from the same file system.
template <class T>
concept file_store = vector_store<T> && requires(const T& t) {
  { t.file() } -> std::convertible_to<std::string>;
};

// Refinement compactable_store (verb `compact`):
//   upkeep::compaction_report compact(const upkeep::compaction_options& options, upkeep::progress& progress)
//     gives space that removed rows took back to the file system, as far as the options allow, and says what is left and why. Changes no
//     row. Stops between two slices when it is asked to. Throws only where it could not even find out how much there is.
template <class T>
concept has_compact = requires(T& t, const compaction_options& options, progress& p) {
  { t.compact(options, p) } -> std::same_as<compaction_report>;
};
/// A store that can give space back.
template <class T>
concept compactable_store = vector_store<T> && has_compact<T>;

namespace check {

/// One sentence for the first operation that a store lacks.
template <class T>
struct vector_store {
  static constexpr bool a = has_scan<T>, b = a && has_fetch<T>, c = b && has_upsert<T>, d = c && has_erase<T>, e = d && has_dimension<T>,
                        f = e && has_size<T>, g = f && has_fields<T>, h = g && has_identity<T>;
  static constexpr bool transacts = !detail::names_transact<T> || has_transact<T>, compacts = !detail::names_compact<T> || has_compact<T>;
  static constexpr bool fits = h && transacts && compacts;
  static_assert(a, "upkeep: vector_store: write `void scan(upkeep::field wanted, upkeep::record_visitor visit)`");
  static_assert(!a || b,
                "upkeep: vector_store: write `void fetch(std::span<const upkeep::key_view> keys, upkeep::field wanted, "
                "upkeep::record_visitor visit)`");
  static_assert(!b || c, "upkeep: vector_store: write `std::size_t upsert(const upkeep::record_batch& rows)`");
  static_assert(!c || d, "upkeep: vector_store: write `std::size_t erase(std::span<const upkeep::key_view> keys)`");
  static_assert(!d || e, "upkeep: vector_store: write `std::size_t dimension() const`");
  static_assert(!e || f, "upkeep: vector_store: write `std::size_t size() const`");
  static_assert(!f || g, "upkeep: vector_store: write `upkeep::field fields() const`");
  static_assert(!g || h, "upkeep: vector_store: write `std::string identity() const`");
  static_assert(!h || transacts, "upkeep: transactional_store: write `void transact(upkeep::function_ref<void()> action)`");
  static_assert(!h || !transacts || compacts,
                "upkeep: compactable_store: write `upkeep::compaction_report compact(const upkeep::compaction_options& options, "
                "upkeep::progress& progress)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
