// Wrong uses of the role notifier: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
// CASE: 2 lacks an argument
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
// CASE: 3 returns something else
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role notifier: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 10 a number
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 11 a lambda
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: notifier: write `void deliver\(const upkeep::message& message\)`
#include "wrong_uses.hpp"

#define VERB deliver
#define RESULT void
#define CONST
#define ARGUMENTS (const upkeep::message&)
#define REST
#define OTHER_ROLE void observe(const upkeep::event&) {}
#define INCOMPLETE void deliver() {}
#include "policy_cases.inc"
