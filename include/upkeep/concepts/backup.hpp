#pragma once
// Role `backup` (verb `back_up`): full rows written to a new file, proven, and brought back.

#include "../base/clock.hpp"
#include "../base/function_ref.hpp"
#include "../base/key.hpp"
#include "role.hpp"

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace upkeep::inline v0 {

/// Names a backup: enough to find it, prove it and bring it back.
struct receipt {
  std::string id;      ///< unique: time and random part
  std::string path;    ///< of the backup file
  std::string format;  ///< `file_backup 1`, `sqlite_backup 1`
  std::string store;   ///< identity() of the store
  std::uint64_t rows = 0;
  std::uint64_t checksum = 0;  ///< XXH3 of the backup file's bytes
  std::uint64_t bytes = 0;     ///< size of the backup file
  time_point made{};

  friend bool operator==(const receipt&, const receipt&) = default;
};

/// What bringing a backup back did. `restored + unchanged + conflicts.size() == rows`.
struct restore_report {
  std::uint64_t rows = 0;       ///< in the backup
  std::uint64_t restored = 0;   ///< written again
  std::uint64_t unchanged = 0;  ///< were there, equal to the backup
  std::vector<key> conflicts;   ///< exist again with other content, or collide with another row: left alone
};

/// Called with each row of a backup: its key and its row_digest, computed from the bytes in the backup.
using digest_visitor = function_ref<void(key_view, std::uint64_t)>;

// A backup writes rows whole and beside the store; it never changes the store but in `restore`.
//
//   upkeep::receipt back_up(Store& store, std::span<const upkeep::key_view> keys, const std::string& path)
//     writes the rows of those keys that exist to a new file, complete and fsynced under its final name, or throws and leaves none.
//     The caller fills in id and made.
//   void verify(const upkeep::receipt& receipt, upkeep::digest_visitor visit)
//     opens the file anew, checks its checksum and count, and visits every row; throws errc::corrupt, not_found or io.
//   upkeep::restore_report restore(Store& store, const upkeep::receipt& receipt)
//     verifies, then writes back, in one transaction where the store has them, the rows that are missing; rows that exist are never
//     overwritten. Can be run twice.

template <class T, class Store>
concept has_back_up = requires(T& t, Store& store, std::span<const key_view> keys, const std::string& path) {
  { t.back_up(store, keys, path) } -> std::same_as<receipt>;
};
template <class T>
concept has_verify = requires(T& t, const receipt& r, digest_visitor visit) {
  { t.verify(r, visit) } -> std::same_as<void>;
};
template <class T, class Store>
concept has_restore = requires(T& t, Store& store, const receipt& r) {
  { t.restore(store, r) } -> std::same_as<restore_report>;
};

/// Keeps whole rows of a `Store` in files and brings them back.
template <class T, class Store>
concept backup = has_back_up<T, Store> && has_verify<T> && has_restore<T, Store>;

namespace check {

template <class T, class Store>
struct backup {
  static constexpr bool a = has_back_up<T, Store>, b = a && has_verify<T>, fits = b && has_restore<T, Store>;
  static_assert(
      a, "upkeep: backup: write `upkeep::receipt back_up(Store& store, std::span<const upkeep::key_view> keys, const std::string& path)`");
  static_assert(!a || b, "upkeep: backup: write `void verify(const upkeep::receipt& receipt, upkeep::digest_visitor visit)`");
  static_assert(!b || fits, "upkeep: backup: write `upkeep::restore_report restore(Store& store, const upkeep::receipt& receipt)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
