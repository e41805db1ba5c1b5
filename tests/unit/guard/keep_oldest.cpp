#include "upkeep/guard/keep_oldest.hpp"

#include "ranking.hpp"

using upkeep_test::ranked_row;

TEST_CASE("keep_oldest: the row created first, a known time before an unknown") {
  const upkeep::keep_oldest keep;
  CHECK(keep.outranks(ranked_row(0, -3), ranked_row(9, 2)));
  CHECK_FALSE(keep.outranks(ranked_row(9, 2), ranked_row(0, -3)));
  CHECK(keep.outranks(ranked_row(0, INT64_MAX), ranked_row(9, upkeep::no_time)));
  CHECK_FALSE(keep.outranks(ranked_row(9, upkeep::no_time), ranked_row(0, INT64_MAX)));
  CHECK_FALSE(keep.outranks(ranked_row(9, 2), ranked_row(0, 2)));
}

TEST_CASE("keep_oldest is a strict weak order") { upkeep_test::require_strict_weak_order(upkeep::keep_oldest{}); }
