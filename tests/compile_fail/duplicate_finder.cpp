// Wrong uses of the role duplicate_finder: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
// CASE: 2 lacks an argument
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
// CASE: 3 returns something else
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role duplicate_finder: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: duplicate_finder: write `upkeep::find_report find_pairs\(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress\)`
#include "wrong_uses.hpp"

#define VERB find_pairs
#define RESULT upkeep::find_report
#define CONST
#define ARGUMENTS (upkeep::matrix_view<const float>, const upkeep::find_options&, upkeep::pair_sink, upkeep::progress&)
#define REST
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE upkeep::find_report find_pairs(upkeep::matrix_view<const float>, const upkeep::find_options&, upkeep::pair_sink) { return {}; }
#include "policy_cases.inc"
