// Wrong uses of the role orphan_oracle: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
// CASE: 2 lacks an argument
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
// CASE: 3 returns something else
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role orphan_oracle: combine them with all_oracles or any_oracle, or drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: orphan_oracle: write `void tell_owners\(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers\)`
#include "wrong_uses.hpp"

#define VERB tell_owners
#define RESULT void
#define CONST
#define ARGUMENTS (std::span<const std::string_view>, std::span<upkeep::ownership>)
#define REST
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE void tell_owners(std::span<const std::string_view>) {}
#include "policy_cases.inc"
