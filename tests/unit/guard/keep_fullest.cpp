#include "upkeep/guard/keep_fullest.hpp"

#include "ranking.hpp"

using upkeep_test::ranked_row;

TEST_CASE("keep_fullest: the longer text, whatever its age") {
  const upkeep::keep_fullest keep;
  CHECK(keep.outranks(ranked_row(2, 9), ranked_row(1, 1)));
  CHECK_FALSE(keep.outranks(ranked_row(1, 1), ranked_row(2, 9)));
  CHECK(keep.outranks(ranked_row(2, upkeep::no_time), ranked_row(1, 1)));
}

TEST_CASE("keep_fullest: at equal length the oldest, a known time before an unknown") {
  const upkeep::keep_fullest keep;
  CHECK(keep.outranks(ranked_row(2, 1), ranked_row(2, 2)));
  CHECK_FALSE(keep.outranks(ranked_row(2, 2), ranked_row(2, 1)));
  CHECK(keep.outranks(ranked_row(2, 1), ranked_row(2, upkeep::no_time)));
  CHECK_FALSE(keep.outranks(ranked_row(2, upkeep::no_time), ranked_row(2, 1)));
  CHECK_FALSE(keep.outranks(ranked_row(2, 1), ranked_row(2, 1)));
  CHECK_FALSE(keep.outranks(ranked_row(2, upkeep::no_time), ranked_row(2, upkeep::no_time)));
}

TEST_CASE("keep_fullest is a strict weak order") { upkeep_test::require_strict_weak_order(upkeep::keep_fullest{}); }
