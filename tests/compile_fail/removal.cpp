// Wrong uses of the role removal: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
// CASE: 2 lacks an argument
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
// CASE: 3 returns something else
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role removal: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: removal: write `template <class Store> std::size_t take_out\(Store& store, std::span<const upkeep::key_view> keys\)`
#include "wrong_uses.hpp"

#define VERB take_out
#define RESULT std::size_t
#define CONST
#define ARGUMENTS (store&, std::span<const upkeep::key_view>)
#define REST
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE std::size_t take_out(store&) { return 0; }
#include "policy_cases.inc"
