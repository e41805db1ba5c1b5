#include "upkeep/store/kept_history.hpp"

#include "support/catch.hpp"

#include <string>

using upkeep::time_point;
using upkeep::v0::detail::kept_decision;
using upkeep::v0::detail::kept_sighting;

namespace {
constexpr time_point at(int hours) { return time_point(std::chrono::hours(hours)); }
}  // namespace

TEST_CASE("kept_history: a source that is absent and an empty one come back as they were", "[kept_history]") {
  using upkeep::v0::detail::copy_of;
  using upkeep::v0::detail::view_of;
  CHECK_FALSE(upkeep::is_present(view_of(copy_of({}))));
  CHECK(upkeep::is_present(view_of(copy_of(""))));
  CHECK(view_of(copy_of("a")) == "a");
}

TEST_CASE("kept_history: of one key the last source counts, and the earliest time at which that one was seen", "[kept_history]") {
  kept_sighting s;
  s.meet("a", at(5));
  CHECK(s.first_seen == at(5));
  s.meet("a", at(7));
  CHECK(s.first_seen == at(5));
  s.meet("a", at(3));
  CHECK(s.first_seen == at(3));
  s.meet("b", at(9));
  CHECK(s.source == "b");
  CHECK(s.first_seen == at(9));
  s.meet({}, at(10));
  CHECK_FALSE(s.source);
  CHECK(s.first_seen == at(10));
  s.meet("", at(11));
  CHECK(s.source == "");
  CHECK(s.first_seen == at(11));
}

TEST_CASE("kept_history: a decision is handed over as it was made", "[kept_history]") {
  const kept_decision kept{"gone", "stays", 1, 2, true, "eve", at(4)};
  const upkeep::review_decision seen = kept.view();
  CHECK(seen.removed == kept.removed);
  CHECK(seen.survivor == kept.survivor);
  CHECK(seen.removed_hash == 1);
  CHECK(seen.survivor_hash == 2);
  CHECK(seen.accepted);
  CHECK(seen.who == "eve");
  CHECK(seen.when == at(4));
}
