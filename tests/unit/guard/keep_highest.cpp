#include "upkeep/guard/keep_highest.hpp"

#include "ranking.hpp"

using upkeep::record_view;
using upkeep_test::ranked_row;

TEST_CASE("keep_highest: the row whose number is higher") {
  const upkeep::keep_highest<&record_view::text_size> largest;
  CHECK(largest.outranks(ranked_row(2, 0), ranked_row(1, 9)));
  CHECK_FALSE(largest.outranks(ranked_row(1, 9), ranked_row(2, 0)));
  CHECK_FALSE(largest.outranks(ranked_row(2, 0), ranked_row(2, 9)));
}

TEST_CASE("keep_highest: an unknown time is lower than every time") {
  const upkeep::keep_highest<&record_view::created> latest;
  CHECK(latest.outranks(ranked_row(0, upkeep::no_time + 1), ranked_row(0, upkeep::no_time)));
  CHECK_FALSE(latest.outranks(ranked_row(0, upkeep::no_time), ranked_row(0, -100)));
  CHECK(latest.outranks(ranked_row(0, 1), ranked_row(0, -1)));
}

TEST_CASE("keep_highest is a strict weak order") {
  upkeep_test::require_strict_weak_order(upkeep::keep_highest<&record_view::created>{});
  upkeep_test::require_strict_weak_order(upkeep::keep_highest<&record_view::text_size>{});
  upkeep_test::require_strict_weak_order(upkeep::keep_highest<&record_view::pinned>{});
}
