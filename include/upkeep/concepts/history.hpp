#pragma once
// Role `history` (verb `record_run`): what earlier runs saw and removed, and what people decided.

#include "../base/clock.hpp"
#include "../base/function_ref.hpp"
#include "../base/key.hpp"
#include "role.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace upkeep::inline v0 {

/// One finished run, as later runs need to know it.
struct run_summary {
  std::string id;      ///< unique
  std::string phase;   ///< `log`, `cleanup`, `apply`, `undo`
  std::string status;  ///< `started` (and never finished, if it stays), `done`, `aborted`, `cancelled`, `failed`, `inconsistent`
  time_point started{};
  std::uint64_t rows = 0;
  std::uint64_t sources = 0;         ///< distinct sources that the oracle answered for
  std::uint64_t absent_sources = 0;  ///< of these, said to be absent
  bool asked_oracle = false;
  std::string receipt;  ///< path of the receipt of what it removed, or empty
  std::string report;   ///< the whole report as JSON, or empty
};

/// An orphan as it was first seen. Borrowed where it is visited.
struct orphan_sighting {
  key_view key;
  std::string_view source;
  time_point first_seen{};
};

/// One removal, kept until its undo window ends: the witness stands for the removed row. Borrowed where it is visited.
struct ledger_entry {
  key_view removed;
  std::string_view source;  ///< of the removed row; absent where it had none
  key_view witness;
  double score = 0;          ///< of the pair, at the time of removal
  std::string_view receipt;  ///< id of the backup that holds the row
  time_point until{};        ///< end of the undo window
};

/// What a person decided about two rows over which a guard hesitated. Borrowed where it is visited.
struct review_decision {
  key_view removed;                 ///< the row that would go
  key_view survivor;                ///< the row that would stay and stand for it
  std::uint64_t removed_hash = 0;   ///< content_hash of the row as the person saw it; once it is another, the decision is void
  std::uint64_t survivor_hash = 0;  ///< and of the other row
  bool accepted = false;            ///< it may go; or else: both stay, and nobody is asked again
  std::string_view who;             ///< who decided
  time_point when{};
};

// A history outlives the process. Every write is durable when the call returns, whole or not at all.
//
//   void record_run(const upkeep::run_summary& run)
//     a run that was recorded under the same id is replaced: it is written once before the first removal and once at the end.
//   std::optional<upkeep::run_summary> last_run()
//     the latest run that was recorded (a first run finds none); without its report.
//   void record_orphans(std::span<const upkeep::orphan_sighting> seen)
//     replaces what is known: keys seen before with the same source keep their earliest first_seen, keys not in `seen` are forgotten.
//   void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)> visit)
//   void add_to_ledger(std::span<const upkeep::ledger_entry> entries)
//     written *before* the rows are removed; an entry for the same key replaces the older one.
//   void drop_from_ledger(std::span<const upkeep::key_view> removed)
//     of rows that were not removed after all, were brought back, or whose window ended.
//   void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)> visit)
//     in the order of the keys.

template <class T>
concept has_record_run = requires(T& t, const run_summary& run) {
  { t.record_run(run) } -> std::same_as<void>;
};
template <class T>
concept has_last_run = requires(T& t) {
  { t.last_run() } -> std::same_as<std::optional<run_summary>>;
};
template <class T>
concept has_record_orphans = requires(T& t, std::span<const orphan_sighting> seen) {
  { t.record_orphans(seen) } -> std::same_as<void>;
};
template <class T>
concept has_visit_orphans = requires(T& t, function_ref<void(const orphan_sighting&)> visit) {
  { t.visit_orphans(visit) } -> std::same_as<void>;
};
template <class T>
concept has_add_to_ledger = requires(T& t, std::span<const ledger_entry> entries) {
  { t.add_to_ledger(entries) } -> std::same_as<void>;
};
template <class T>
concept has_drop_from_ledger = requires(T& t, std::span<const key_view> removed) {
  { t.drop_from_ledger(removed) } -> std::same_as<void>;
};
template <class T>
concept has_visit_ledger = requires(T& t, function_ref<void(const ledger_entry&)> visit) {
  { t.visit_ledger(visit) } -> std::same_as<void>;
};

/// Remembers runs, orphans that wait, and removals that can be undone.
template <class T>
concept history = has_record_run<T> && has_last_run<T> && has_record_orphans<T> && has_visit_orphans<T> && has_add_to_ledger<T> &&
    has_drop_from_ledger<T> && has_visit_ledger<T>;

// Refinement browsable_history (verb `visit_runs`):
//   void visit_runs(std::size_t most, upkeep::function_ref<void(const upkeep::run_summary&)> visit)
//     the last `most` runs in the order in which they were recorded, the oldest of them first, each with its report.
template <class T>
concept has_visit_runs = requires(T& t, std::size_t most, function_ref<void(const run_summary&)> visit) {
  { t.visit_runs(most, visit) } -> std::same_as<void>;
};
/// A history that shows its past runs.
template <class T>
concept browsable_history = history<T> && has_visit_runs<T>;

// Refinement deciding_history (verb `record_decision`): remembers what people decided about pairs. Without it, nobody can decide.
//   void record_decision(const upkeep::review_decision& decision)
//     replaces an earlier one about the same two rows, whichever of them would have gone.
//   bool forget_decision(upkeep::key_view a, upkeep::key_view b)
//     whether there was one about these two rows, in either order.
//   void visit_decisions(upkeep::function_ref<void(const upkeep::review_decision&)> visit)
//     in the order of the lower key of each, then of the other one.
template <class T>
concept has_record_decision = requires(T& t, const review_decision& decision) {
  { t.record_decision(decision) } -> std::same_as<void>;
};
template <class T>
concept has_forget_decision = requires(T& t, key_view a, key_view b) {
  { t.forget_decision(a, b) } -> std::same_as<bool>;
};
template <class T>
concept has_visit_decisions = requires(T& t, function_ref<void(const review_decision&)> visit) {
  { t.visit_decisions(visit) } -> std::same_as<void>;
};
/// A history that remembers what people decided.
template <class T>
concept deciding_history = history<T> && has_record_decision<T> && has_forget_decision<T> && has_visit_decisions<T>;

namespace check {

template <class T>
struct history {
  static constexpr bool a = has_record_run<T>, b = a && has_last_run<T>, c = b && has_record_orphans<T>, d = c && has_visit_orphans<T>,
                        e = d && has_add_to_ledger<T>, f = e && has_drop_from_ledger<T>, g = f && has_visit_ledger<T>;
  static constexpr bool decides = detail::names_record_decision<T> || detail::names_forget_decision<T> || detail::names_visit_decisions<T>;
  static constexpr bool i = has_record_decision<T>, j = i && has_forget_decision<T>, k = j && has_visit_decisions<T>;
  static constexpr bool browses = !detail::names_visit_runs<T> || has_visit_runs<T>;
  static constexpr bool fits = g && browses && (!decides || k);
  static_assert(a, "upkeep: history: write `void record_run(const upkeep::run_summary& run)`");
  static_assert(!a || b, "upkeep: history: write `std::optional<upkeep::run_summary> last_run()`");
  static_assert(!b || c, "upkeep: history: write `void record_orphans(std::span<const upkeep::orphan_sighting> seen)`");
  static_assert(!c || d, "upkeep: history: write `void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)> visit)`");
  static_assert(!d || e, "upkeep: history: write `void add_to_ledger(std::span<const upkeep::ledger_entry> entries)`");
  static_assert(!e || f, "upkeep: history: write `void drop_from_ledger(std::span<const upkeep::key_view> removed)`");
  static_assert(!f || g, "upkeep: history: write `void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)> visit)`");
  static_assert(
      !g || browses,
      "upkeep: browsable_history: write `void visit_runs(std::size_t most, upkeep::function_ref<void(const upkeep::run_summary&)> "
      "visit)`");
  static_assert(!g || !decides || i, "upkeep: deciding_history: write `void record_decision(const upkeep::review_decision& decision)`");
  static_assert(!g || !decides || !i || j,
                "upkeep: deciding_history: write `bool forget_decision(upkeep::key_view a, upkeep::key_view b)`");
  static_assert(!g || !decides || !j || k,
                "upkeep: deciding_history: write `void visit_decisions(upkeep::function_ref<void(const upkeep::review_decision&)> visit)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
