// Wrong uses of the role backup: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: backup: write `upkeep::receipt back_up\(Store& store, std::span<const upkeep::key_view> keys, const std::string& path\)`
// CASE: 2 lacks an operation
// EXPECT: upkeep: backup: write `void verify\(const upkeep::receipt& receipt, upkeep::digest_visitor visit\)`
// CASE: 3 returns something else
// EXPECT: upkeep: backup: write `upkeep::receipt back_up\(Store& store, std::span<const upkeep::key_view> keys, const std::string& path\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: backup: write `upkeep::receipt back_up\(Store& store, std::span<const upkeep::key_view> keys, const std::string& path\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: backup: write `upkeep::receipt back_up\(Store& store, std::span<const upkeep::key_view> keys, const std::string& path\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: backup: write `upkeep::receipt back_up\(Store& store, std::span<const upkeep::key_view> keys, const std::string& path\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role backup: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: backup: write `upkeep::receipt back_up\(Store& store, std::span<const upkeep::key_view> keys, const std::string& path\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: backup: write `upkeep::receipt back_up\(Store& store, std::span<const upkeep::key_view> keys, const std::string& path\)`
// CASE: 14 lacks restore
// EXPECT: upkeep: backup: write `upkeep::restore_report restore\(Store& store, const upkeep::receipt& receipt\)`
#include "wrong_uses.hpp"

#define VERB back_up
#define RESULT upkeep::receipt
#define CONST
#define ARGUMENTS (store&, std::span<const upkeep::key_view>, const std::string&)
#define REST void verify(const upkeep::receipt&, upkeep::digest_visitor) { return void(); } upkeep::restore_report restore(store&, const upkeep::receipt&) { return upkeep::restore_report(); }
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE upkeep::receipt back_up(store&, std::span<const upkeep::key_view>, const std::string&) { return upkeep::receipt(); }
#include "policy_cases.inc"

#if CASE == 14
struct incomplete {
  upkeep::receipt back_up(store&, std::span<const upkeep::key_view>, const std::string&) { return upkeep::receipt(); } void verify(const upkeep::receipt&, upkeep::digest_visitor) { return void(); }
};
void use_incomplete() { compose(incomplete()); }
#endif
