#pragma once
// Checks of retentions: rows in a row, and whether an order is a strict weak one.

#include "support/catch.hpp"
#include "upkeep/concepts/retention.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace upkeep_test {

inline upkeep::record_view ranked_row(std::uint64_t text_size, std::int64_t created) {
  upkeep::record_view row;
  row.text_size = text_size;
  row.created = created;
  return row;
}

/// Rows of every combination of a few sizes and times, the unknown and the extreme ones included.
inline std::vector<upkeep::record_view> ranked_rows() {
  std::vector<upkeep::record_view> rows;
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, ~std::uint64_t{0}})
    for (const std::int64_t time : {upkeep::no_time, upkeep::no_time + 1, std::int64_t{-5}, std::int64_t{0}, std::int64_t{7}, INT64_MAX})
      rows.push_back(ranked_row(size, time));
  return rows;
}

/// Irreflexive, asymmetric, transitive, and so is being equal.
template <class Retention>
void require_strict_weak_order(const Retention& retention) {
  const auto rows = ranked_rows();
  const auto before = [&](std::size_t a, std::size_t b) { return retention.outranks(rows[a], rows[b]); };
  const auto equal = [&](std::size_t a, std::size_t b) { return !before(a, b) && !before(b, a); };
  std::size_t violations = 0;
  for (std::size_t a = 0; a < rows.size(); ++a) {
    violations += before(a, a) ? 1 : 0;
    for (std::size_t b = 0; b < rows.size(); ++b) {
      violations += before(a, b) && before(b, a) ? 1 : 0;
      for (std::size_t c = 0; c < rows.size(); ++c) {
        violations += before(a, b) && before(b, c) && !before(a, c) ? 1 : 0;
        violations += equal(a, b) && equal(b, c) && !equal(a, c) ? 1 : 0;
      }
    }
  }
  REQUIRE(violations == 0);
}

}  // namespace upkeep_test
