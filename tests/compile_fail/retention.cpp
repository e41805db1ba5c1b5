// Wrong uses of the role retention: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
// CASE: 2 lacks const
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
// CASE: 3 returns something else
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
// CASE: 4 keeps it private
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role retention: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
// CASE: 13 a value of that name
// EXPECT: upkeep: retention: write `bool outranks\(const upkeep::record_view& a, const upkeep::record_view& b\) const`
#include "wrong_uses.hpp"

#define VERB outranks
#define RESULT bool
#define CONST const
#define ARGUMENTS (const upkeep::record_view&, const upkeep::record_view&)
#define REST
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE bool outranks(const upkeep::record_view&, const upkeep::record_view&) { return false; }
#include "policy_cases.inc"
