// Wrong uses of the role history: each gets one sentence.
// PRECOMPILE: wrong_uses.hpp
// CASE: 1 takes something else
// EXPECT: upkeep: history: write `void record_run\(const upkeep::run_summary& run\)`
// CASE: 2 lacks an operation
// EXPECT: upkeep: history: write `std::optional<upkeep::run_summary> last_run\(\)`
// CASE: 3 returns something else
// EXPECT: upkeep: history: write `void record_run\(const upkeep::run_summary& run\)`
// CASE: 4 keeps it private
// EXPECT: upkeep: history: write `void record_run\(const upkeep::run_summary& run\)`
// CASE: 5 overloads none of which fits
// EXPECT: upkeep: history: write `void record_run\(const upkeep::run_summary& run\)`
// CASE: 6 ambiguous templates
// EXPECT: upkeep: history: write `void record_run\(const upkeep::run_summary& run\)`
// CASE: 7 a final class that lacks it
// EXPECT: upkeep: this policy fits no role: a policy is a struct with one member named after what it does
// CASE: 8 the role given twice
// EXPECT: upkeep: two policies for the role history: drop one
// CASE: 9 two roles in one object
// EXPECT: upkeep: this policy names the operations of two roles: pass two objects, one per role
// CASE: 12 borrowed through std::ref, and wrong
// EXPECT: upkeep: history: write `void record_run\(const upkeep::run_summary& run\)`
// CASE: 13 a value of that name
// EXPECT: upkeep: history: write `void record_run\(const upkeep::run_summary& run\)`
// CASE: 14 lacks record_orphans
// EXPECT: upkeep: history: write `void record_orphans\(std::span<const upkeep::orphan_sighting> seen\)`
// CASE: 15 lacks visit_orphans
// EXPECT: upkeep: history: write `void visit_orphans\(upkeep::function_ref<void\(const upkeep::orphan_sighting&\)> visit\)`
// CASE: 16 lacks add_to_ledger
// EXPECT: upkeep: history: write `void add_to_ledger\(std::span<const upkeep::ledger_entry> entries\)`
// CASE: 17 lacks drop_from_ledger
// EXPECT: upkeep: history: write `void drop_from_ledger\(std::span<const upkeep::key_view> removed\)`
// CASE: 18 lacks visit_ledger
// EXPECT: upkeep: history: write `void visit_ledger\(upkeep::function_ref<void\(const upkeep::ledger_entry&\)> visit\)`
// CASE: 19 names visit_runs and takes something else
// EXPECT: upkeep: browsable_history: write `void visit_runs\(std::size_t most, upkeep::function_ref<void\(const upkeep::run_summary&\)> visit\)`
// CASE: 20 names record_decision and takes something else
// EXPECT: upkeep: deciding_history: write `void record_decision\(const upkeep::review_decision& decision\)`
// CASE: 21 names visit_decisions and lacks forget_decision
// EXPECT: upkeep: deciding_history: write `bool forget_decision\(upkeep::key_view a, upkeep::key_view b\)`
#include "wrong_uses.hpp"

#define VERB record_run
#define RESULT void
#define CONST
#define ARGUMENTS (const upkeep::run_summary&)
#define REST std::optional<upkeep::run_summary> last_run() { return std::optional<upkeep::run_summary>(); } void record_orphans(std::span<const upkeep::orphan_sighting>) { return void(); } void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)>) { return void(); } void add_to_ledger(std::span<const upkeep::ledger_entry>) { return void(); } void drop_from_ledger(std::span<const upkeep::key_view>) { return void(); } void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)>) { return void(); }
#define OTHER_ROLE void deliver(const upkeep::message&) {}
#define INCOMPLETE void record_run(const upkeep::run_summary&) { return void(); }
#include "policy_cases.inc"

#if CASE == 14
struct incomplete {
  void record_run(const upkeep::run_summary&) { return void(); } std::optional<upkeep::run_summary> last_run() { return std::optional<upkeep::run_summary>(); } void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)>) { return void(); } void add_to_ledger(std::span<const upkeep::ledger_entry>) { return void(); } void drop_from_ledger(std::span<const upkeep::key_view>) { return void(); } void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)>) { return void(); }
};
void use_incomplete() { compose(incomplete()); }
#elif CASE == 15
struct incomplete {
  void record_run(const upkeep::run_summary&) { return void(); } std::optional<upkeep::run_summary> last_run() { return std::optional<upkeep::run_summary>(); } void record_orphans(std::span<const upkeep::orphan_sighting>) { return void(); } void add_to_ledger(std::span<const upkeep::ledger_entry>) { return void(); } void drop_from_ledger(std::span<const upkeep::key_view>) { return void(); } void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)>) { return void(); }
};
void use_incomplete() { compose(incomplete()); }
#elif CASE == 16
struct incomplete {
  void record_run(const upkeep::run_summary&) { return void(); } std::optional<upkeep::run_summary> last_run() { return std::optional<upkeep::run_summary>(); } void record_orphans(std::span<const upkeep::orphan_sighting>) { return void(); } void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)>) { return void(); } void drop_from_ledger(std::span<const upkeep::key_view>) { return void(); } void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)>) { return void(); }
};
void use_incomplete() { compose(incomplete()); }
#elif CASE == 17
struct incomplete {
  void record_run(const upkeep::run_summary&) { return void(); } std::optional<upkeep::run_summary> last_run() { return std::optional<upkeep::run_summary>(); } void record_orphans(std::span<const upkeep::orphan_sighting>) { return void(); } void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)>) { return void(); } void add_to_ledger(std::span<const upkeep::ledger_entry>) { return void(); } void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)>) { return void(); }
};
void use_incomplete() { compose(incomplete()); }
#elif CASE == 19
struct browsing {
  void record_run(const upkeep::run_summary&) {}
  REST
  void visit_runs(upkeep::function_ref<void(const upkeep::run_summary&)>) {}
};
void use_browsing() { compose(browsing()); }
#elif CASE == 20
struct deciding {
  void record_run(const upkeep::run_summary&) {}
  REST
  void record_decision(upkeep::key_view, bool) {}
};
void use_deciding() { compose(deciding()); }
#elif CASE == 21
struct deciding {
  void record_run(const upkeep::run_summary&) {}
  REST
  void record_decision(const upkeep::review_decision&) {}
  void visit_decisions(upkeep::function_ref<void(const upkeep::review_decision&)>) {}
};
void use_deciding() { compose(deciding()); }
#elif CASE == 18
struct incomplete {
  void record_run(const upkeep::run_summary&) { return void(); } std::optional<upkeep::run_summary> last_run() { return std::optional<upkeep::run_summary>(); } void record_orphans(std::span<const upkeep::orphan_sighting>) { return void(); } void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)>) { return void(); } void add_to_ledger(std::span<const upkeep::ledger_entry>) { return void(); } void drop_from_ledger(std::span<const upkeep::key_view>) { return void(); }
};
void use_incomplete() { compose(incomplete()); }
#endif
