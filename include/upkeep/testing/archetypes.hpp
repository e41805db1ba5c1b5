#pragma once
// For each role the least that fulfils it, with one switch per requirement that takes it away or spoils it.

#include "../concepts/concepts.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace upkeep::inline v0::testing {

/// The requirement that an archetype does not fulfil.
enum class without {
  nothing,
  // vector_store and its refinements
  scan,
  fetch,
  upsert,
  erase,
  dimension,
  size,
  fields,
  identity,
  transact,
  bytes,
  compact,
  // similarity_metric and its refinement
  score,
  larger_is_closer,
  radius,
  // roles of one operation
  find_pairs,
  judge,
  outranks,
  tell_owners,
  take_out,
  deliver,
  observe,
  now,
  // backup, run_lock, history, embedder
  back_up,
  verify,
  restore,
  try_lock,
  unlock,
  record_run,
  last_run,
  record_orphans,
  visit_orphans,
  add_to_ledger,
  drop_from_ledger,
  visit_ledger,
  embed,
  model
};

/// How it does not.
enum class defect {
  missing,         ///< there is no such member
  wrong_result,    ///< it returns something that is of no use
  wrong_argument,  ///< it takes something else
  not_const        ///< it cannot be called on a const object; a defect only where the role asks for const
};

/// What a spoilt operation takes or returns: it converts to nothing, and nothing converts to it.
struct useless {
  useless() = default;
};

namespace detail {

// Policies are passed by value: moved, never copied.
struct move_only {
  move_only() = default;
  move_only(const move_only&) = delete;
  move_only(move_only&&) = default;
  move_only& operator=(const move_only&) = delete;
  move_only& operator=(move_only&&) = default;
};

// Stores are borrowed: neither copied nor moved.
struct immovable {
  immovable() = default;
  immovable(const immovable&) = delete;
  immovable& operator=(const immovable&) = delete;
};

// Declares one operation in all its states. Macros, because the name of a member cannot be a template parameter; undefined at the end.
#define UPKEEP_DETAIL_SPOILT(NAME, RESULT, CONST, ...)                                        \
  useless NAME(__VA_ARGS__)                                                                   \
  CONST requires(Lacks == without::NAME && How == defect::wrong_result) { return useless(); } \
  RESULT NAME(useless)                                                                        \
  CONST requires(Lacks == without::NAME && How == defect::wrong_argument) { return RESULT(); }
#define UPKEEP_DETAIL_OPERATION(NAME, RESULT, ...)                               \
  RESULT NAME(__VA_ARGS__) requires(Lacks != without::NAME) { return RESULT(); } \
  UPKEEP_DETAIL_SPOILT(NAME, RESULT, , __VA_ARGS__)
#define UPKEEP_DETAIL_CONST_OPERATION(NAME, RESULT, ...)                                                     \
  RESULT NAME(__VA_ARGS__) const requires(Lacks != without::NAME) { return RESULT(); }                       \
  RESULT NAME(__VA_ARGS__) requires(Lacks == without::NAME && How == defect::not_const) { return RESULT(); } \
  UPKEEP_DETAIL_SPOILT(NAME, RESULT, const, __VA_ARGS__)

}  // namespace detail

template <without Lacks = without::nothing, defect How = defect::missing>
struct vector_store_archetype : detail::immovable {
  UPKEEP_DETAIL_OPERATION(scan, void, field, record_visitor)
  UPKEEP_DETAIL_OPERATION(fetch, void, std::span<const key_view>, field, record_visitor)
  UPKEEP_DETAIL_OPERATION(upsert, std::size_t, const record_batch&)
  UPKEEP_DETAIL_OPERATION(erase, std::size_t, std::span<const key_view>)
  UPKEEP_DETAIL_CONST_OPERATION(dimension, std::size_t)
  UPKEEP_DETAIL_CONST_OPERATION(size, std::size_t)
  UPKEEP_DETAIL_CONST_OPERATION(fields, field)
  UPKEEP_DETAIL_CONST_OPERATION(identity, std::string)
};

/// A vector_store with all refinements.
template <without Lacks = without::nothing, defect How = defect::missing>
struct refined_store_archetype : vector_store_archetype<Lacks, How> {
  UPKEEP_DETAIL_OPERATION(transact, void, function_ref<void()>)
  UPKEEP_DETAIL_CONST_OPERATION(bytes, std::uint64_t)
  UPKEEP_DETAIL_OPERATION(compact, compaction_report, const compaction_options&, progress&)
};

namespace detail {

template <bool present>
struct declared_order {};
template <>
struct declared_order<true> {
  static constexpr bool larger_is_closer = true;
};

}  // namespace detail

template <without Lacks = without::nothing, defect How = defect::missing>
struct similarity_metric_archetype : detail::move_only, detail::declared_order<Lacks != without::larger_is_closer> {
  UPKEEP_DETAIL_CONST_OPERATION(score, double, std::span<const float>, std::span<const float>)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct radius_metric_archetype : similarity_metric_archetype<Lacks, How> {
  UPKEEP_DETAIL_CONST_OPERATION(radius, double, double)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct duplicate_finder_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(find_pairs, find_report, matrix_view<const float>, const find_options&, pair_sink, progress&)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct duplicate_guard_archetype : detail::move_only {
  UPKEEP_DETAIL_CONST_OPERATION(judge, verdict, const pair_view&)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct retention_archetype : detail::move_only {
  UPKEEP_DETAIL_CONST_OPERATION(outranks, bool, const record_view&, const record_view&)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct orphan_oracle_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(tell_owners, void, std::span<const std::string_view>, std::span<ownership>)
};

template <class Store, without Lacks = without::nothing, defect How = defect::missing>
struct removal_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(take_out, std::size_t, Store&, std::span<const key_view>)
};

template <class Store, without Lacks = without::nothing, defect How = defect::missing>
struct backup_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(back_up, receipt, Store&, std::span<const key_view>, const std::string&)
  UPKEEP_DETAIL_OPERATION(verify, void, const receipt&, digest_visitor)
  UPKEEP_DETAIL_OPERATION(restore, restore_report, Store&, const receipt&)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct run_lock_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(try_lock, lock_answer, const std::string&)
  UPKEEP_DETAIL_OPERATION(unlock, void)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct history_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(record_run, void, const run_summary&)
  UPKEEP_DETAIL_OPERATION(last_run, std::optional<run_summary>)
  UPKEEP_DETAIL_OPERATION(record_orphans, void, std::span<const orphan_sighting>)
  UPKEEP_DETAIL_OPERATION(visit_orphans, void, function_ref<void(const orphan_sighting&)>)
  UPKEEP_DETAIL_OPERATION(add_to_ledger, void, std::span<const ledger_entry>)
  UPKEEP_DETAIL_OPERATION(drop_from_ledger, void, std::span<const key_view>)
  UPKEEP_DETAIL_OPERATION(visit_ledger, void, function_ref<void(const ledger_entry&)>)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct notifier_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(deliver, void, const message&)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct observer_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(observe, void, const event&)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct embedder_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(embed, void, std::span<const std::string_view>, matrix_view<float>)
  UPKEEP_DETAIL_CONST_OPERATION(dimension, std::size_t)
  UPKEEP_DETAIL_CONST_OPERATION(model, std::string)
};

template <without Lacks = without::nothing, defect How = defect::missing>
struct clock_archetype : detail::move_only {
  UPKEEP_DETAIL_OPERATION(now, time_point)
};

#undef UPKEEP_DETAIL_SPOILT
#undef UPKEEP_DETAIL_OPERATION
#undef UPKEEP_DETAIL_CONST_OPERATION

}  // namespace upkeep::inline v0::testing
