// Wrong uses of the role run_lock: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: run_lock: write `upkeep::lock_answer try_lock\(const std::string& owner\)`
// CASE: 2 lacks an operation
// EXPECT: upkeep: run_lock: write `void unlock\(\)`
// CASE: 3 returns something else
// EXPECT: upkeep: run_lock: write `upkeep::lock_answer try_lock\(const std::string& owner\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: run_lock: write `upkeep::lock_answer try_lock\(const std::string& owner\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: run_lock: write `upkeep::lock_answer try_lock\(const std::string& owner\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: run_lock: write `upkeep::lock_answer try_lock\(const std::string& owner\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role run_lock: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: run_lock: write `upkeep::lock_answer try_lock\(const std::string& owner\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: run_lock: write `upkeep::lock_answer try_lock\(const std::string& owner\)`
#include "wrong_uses.hpp"

#define VERB try_lock
#define RESULT upkeep::lock_answer
#define CONST
#define ARGUMENTS (const std::string&)
#define REST void unlock() {}
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE upkeep::lock_answer try_lock(const std::string&) { return {}; }
#include "policy_cases.inc"
