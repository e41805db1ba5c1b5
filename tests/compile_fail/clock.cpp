// Wrong uses of the role clock: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
// CASE: 2 is a constant
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
// CASE: 3 returns something else
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role clock: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: clock: write `upkeep::time_point now\(\)`
#include "wrong_uses.hpp"

#define VERB now
#define RESULT upkeep::time_point
#define CONST
#define ARGUMENTS ()
#define REST
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE static constexpr long now = 0;
#include "policy_cases.inc"
