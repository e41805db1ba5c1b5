// Wrong uses of the role duplicate_guard: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 2 lacks const
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 3 returns something else
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 4 keeps it private
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role duplicate_guard: combine them with all_guards or drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 13 a value of that name
// EXPECT: upkeep: duplicate_guard: write `upkeep::verdict judge\(const upkeep::pair_view& pair\) const`
// CASE: 14 names doubt and returns something else
// EXPECT: upkeep: doubting_guard: write `std::string_view doubt\(const upkeep::pair_view& pair\) const`
#include "wrong_uses.hpp"

#define VERB judge
#define RESULT upkeep::verdict
#define CONST const
#define ARGUMENTS (const upkeep::pair_view&)
#define REST
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE upkeep::verdict judge(const upkeep::pair_view&) { return upkeep::verdict::review; }
#include "policy_cases.inc"

#if CASE == 14
struct doubting {
  upkeep::verdict judge(const upkeep::pair_view&) const { return upkeep::verdict::review; }
  int doubt(const upkeep::pair_view&) const { return 1; }
};
void use_doubting() { compose(doubting()); }
#endif
