#include "upkeep/guard/any_pair.hpp"

#include "judging.hpp"
#include "support/catch.hpp"

TEST_CASE("any_pair covers whatever the rows say, and reads nothing") {
  CHECK(upkeep_test::judge(upkeep::any_pair{}, "yes", "no") == upkeep::verdict::covers);
  CHECK(upkeep_test::judge(upkeep::any_pair{}, {}, {}) == upkeep::verdict::covers);
  CHECK(upkeep::fields_read<upkeep::any_pair>() == upkeep::field::none);
}
