#pragma once
// What a cleanup would do, as a value: people can read it, it can be applied later, and it is refused when it no longer fits.

#include "../base/clock.hpp"
#include "../base/key.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Why a row goes.
enum class removal_reason { duplicate, orphan };

constexpr std::string_view to_string(removal_reason r) noexcept { return r == removal_reason::duplicate ? "duplicate" : "orphan"; }

/// One row that goes.
struct planned_removal {
  upkeep::key key;
  removal_reason reason = removal_reason::duplicate;
  std::string source;  ///< of the row; empty where it has none
  bool has_source = false;
  upkeep::key witness;         ///< of a duplicate: the row that stays and stands for it
  std::string witness_source;  ///< asked again before the removal
  bool has_witness_source = false;
  double score = 0;                  ///< of a duplicate with its witness
  std::uint64_t digest = 0;          ///< row_digest of the row when it was seen
  std::uint64_t witness_digest = 0;  ///< and of its witness
  std::uint64_t bytes = 0;           ///< logical size of the row
  std::string scope;                 ///< for the limit on scopes
  std::string accepted_by;           ///< of a duplicate over which the guard hesitated: who accepted that it goes

  friend bool operator==(const planned_removal&, const planned_removal&) = default;
};

/// Two rows that a person should look at; nothing happens to them.
struct review_pair {
  upkeep::key removed;   ///< the row that would go
  upkeep::key survivor;  ///< the row that would stay; for `last_copy` the removed row that depends on it
  double score = 0;
  std::string reason;        ///< `guard`, `last_copy`, `witness_lost`
  std::string doubt{};       ///< why the guard hesitates, where it tells
  bool asked_again = false;  ///< a person decided before, but a row has changed since, or the other row would have gone

  friend bool operator==(const review_pair&, const review_pair&) = default;
};

/// A plan. Removals stand in the order in which they are made.
struct plan {
  static constexpr int newest_format = 1;

  int format = newest_format;
  std::string id;     ///< unique
  std::string store;  ///< identity() of the store it was made on
  time_point made{};
  double threshold = 0;
  std::uint64_t rows = 0;                                     ///< of the store when it was made
  std::uint64_t sources = 0;                                  ///< that the oracle answered for; 0 where none was asked
  std::uint64_t absent_sources = 0;                           ///< of these, said to be absent
  std::vector<std::string> models;                            ///< seen in the store
  std::vector<std::pair<std::string, std::string>> policies;  ///< role and name
  std::vector<planned_removal> removals;
  std::vector<review_pair> review;
  std::uint64_t review_left_out = 0;  ///< pairs for a person beyond the janitor's max_review: less close than those above

  friend bool operator==(const plan&, const plan&) = default;
};

}  // namespace upkeep::inline v0
