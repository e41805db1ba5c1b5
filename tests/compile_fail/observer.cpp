// Wrong uses of the role observer: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
// CASE: 2 lacks an argument
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
// CASE: 3 returns something else
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role observer: combine them with fanout_observer or drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: observer: write `void observe\(const upkeep::event& event\)`
#include "wrong_uses.hpp"

#define VERB observe
#define RESULT void
#define CONST
#define ARGUMENTS (const upkeep::event&)
#define REST
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE void observe() {}
#include "policy_cases.inc"
