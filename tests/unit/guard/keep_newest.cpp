#include "upkeep/guard/keep_newest.hpp"

#include "ranking.hpp"

using upkeep_test::ranked_row;

TEST_CASE("keep_newest: the row created last, a known time before an unknown") {
  const upkeep::keep_newest keep;
  CHECK(keep.outranks(ranked_row(0, 2), ranked_row(9, -3)));
  CHECK_FALSE(keep.outranks(ranked_row(9, -3), ranked_row(0, 2)));
  CHECK(keep.outranks(ranked_row(0, upkeep::no_time + 1), ranked_row(9, upkeep::no_time)));
  CHECK_FALSE(keep.outranks(ranked_row(9, upkeep::no_time), ranked_row(0, upkeep::no_time + 1)));
  CHECK_FALSE(keep.outranks(ranked_row(9, 2), ranked_row(0, 2)));
}

TEST_CASE("keep_newest is a strict weak order") { upkeep_test::require_strict_weak_order(upkeep::keep_newest{}); }
