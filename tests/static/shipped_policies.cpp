// Every shipped policy is found in its role, and in no other: a private member that is called like another role's operation would spoil that.

#include <functional>
#include <string_view>

#include "upkeep/embed/hashing_embedder.hpp"
#include "upkeep/guard/all_guards.hpp"
#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/digits_and_negation.hpp"
#include "upkeep/guard/keep_highest.hpp"
#include "upkeep/guard/keep_newest.hpp"
#include "upkeep/guard/keep_oldest.hpp"
#include "upkeep/guard/same_scope.hpp"
#include "upkeep/guard/same_source.hpp"
#include "upkeep/guard/same_words.hpp"
#include "upkeep/janitor/make_janitor.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/metric/euclidean.hpp"
#include "upkeep/notify/fanout_notifier.hpp"
#include "upkeep/notify/log_notifier.hpp"
#include "upkeep/notify/slack_notifier.hpp"
#include "upkeep/notify/webhook_notifier.hpp"
#include "upkeep/observe/audit_log.hpp"
#include "upkeep/observe/fanout_observer.hpp"
#include "upkeep/observe/log_observer.hpp"
#include "upkeep/observe/metrics_observer.hpp"
#include "upkeep/observe/progress_bar.hpp"
#include "upkeep/oracle/all_oracles.hpp"
#include "upkeep/oracle/any_oracle.hpp"
#include "upkeep/oracle/file_oracle.hpp"
#include "upkeep/oracle/firestore_oracle.hpp"
#include "upkeep/oracle/http_oracle.hpp"
#include "upkeep/oracle/predicate_oracle.hpp"
#include "upkeep/oracle/set_oracle.hpp"
#include "upkeep/oracle/sql_oracle.hpp"
#include "upkeep/store/file_backup.hpp"
#include "upkeep/store/file_run_lock.hpp"
#include "upkeep/store/mark.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/store/sqlite_store.hpp"
#include "upkeep/testing/manual_clock.hpp"

namespace {

using namespace upkeep;
namespace roles = upkeep::v0::detail;

template <class Role, class Store, class... Policies>
inline constexpr bool each_serves =
    (roles::serves<Role, Policies, Store, upkeep::UPKEEP_ARCH_NAMESPACE::detail::janitor_roles> && ...) &&
    (roles::serves<Role, std::reference_wrapper<Policies>, Store, upkeep::UPKEEP_ARCH_NAMESPACE::detail::janitor_roles> && ...);

using store = memory_store;
using predicate = predicate_oracle<bool (*)(std::string_view)>;

static_assert(each_serves<roles::duplicate_finder_role, store, exhaustive_join<>, exhaustive_join<dot>, exhaustive_join<euclidean>,
                          sketch_join<>, sketch_join<euclidean>>);
static_assert(each_serves<roles::duplicate_guard_role, store, contained, same_words, digits_and_negation, any_pair, same_scope, same_source,
                          all_guards<same_scope, contained>>);
static_assert(each_serves<roles::retention_role, store, keep_fullest, keep_oldest, keep_newest, keep_highest<&record_view::created>>);
static_assert(each_serves<roles::orphan_oracle_role, store, no_oracle, set_oracle, predicate, sql_oracle, file_oracle, http_oracle<>,
                          firestore_oracle<>, all_oracles<set_oracle, predicate>, any_oracle<set_oracle>>);
static_assert(each_serves<roles::removal_role, store, hard_delete> && each_serves<roles::removal_role, sqlite_store, hard_delete, mark>);
static_assert(each_serves<roles::backup_role, store, file_backup> &&
              each_serves<roles::backup_role, sqlite_store, file_backup, sqlite_backup>);
static_assert(each_serves<roles::run_lock_role, store, memory_lock, file_run_lock>);
static_assert(each_serves<roles::history_role, store, memory_history, sqlite_history>);
static_assert(each_serves<roles::notifier_role, store, null_notifier, log_notifier, slack_notifier<>, webhook_notifier<>,
                          fanout_notifier<log_notifier, slack_notifier<>>>);
static_assert(each_serves<roles::observer_role, store, null_observer, log_observer, metrics_observer, audit_log, progress_bar,
                          fanout_observer<progress_bar, log_observer>>);
static_assert(each_serves<roles::clock_role, store, system_clock, upkeep::testing::manual_clock>);

// Stores, metrics and embedders are no policies of a janitor, and are told so.
template <class T>
inline constexpr bool serves_none = upkeep::UPKEEP_ARCH_NAMESPACE::detail::janitor_roles::roles_of<T, store> == 0;
static_assert(serves_none<memory_store> && serves_none<sqlite_store>);
static_assert(serves_none<cosine> && serves_none<dot> && serves_none<euclidean> && serves_none<hashing_embedder>);
static_assert(roles::belongs_elsewhere<memory_store> && roles::belongs_elsewhere<sqlite_store> && roles::belongs_elsewhere<cosine> &&
              roles::belongs_elsewhere<dot> && roles::belongs_elsewhere<euclidean> && roles::belongs_elsewhere<hashing_embedder>);

static_assert(has_defaults<memory_store> && has_defaults<sqlite_store>);

}  // namespace
