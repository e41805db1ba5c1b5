// Each concept holds for its archetype, and for none that lacks one requirement: so none of them is vacuous, and none asks for more.

#include "upkeep/testing/archetypes.hpp"

#include "upkeep/concepts/defaults.hpp"

using namespace upkeep::testing;

namespace {

using store = vector_store_archetype<>;

template <template <without, defect> class Archetype>
struct plain {
  template <without Lacks, defect How>
  using type = Archetype<Lacks, How>;
};
template <template <class, without, defect> class Archetype>
struct of_store {
  template <without Lacks, defect How>
  using type = Archetype<store, Lacks, How>;
};

// A concept cannot be a template argument, so each is given as a generic lambda over a type.
template <class Family, without... Requirements>
struct family {
  template <class Holds>
  static constexpr bool held_exactly(Holds holds) {
    return holds.template operator()<typename Family::template type<without::nothing, defect::missing>>() &&
           ((!holds.template operator()<typename Family::template type<Requirements, defect::missing>>() &&
             !holds.template operator()<typename Family::template type<Requirements, defect::wrong_result>>() &&
             !holds.template operator()<typename Family::template type<Requirements, defect::wrong_argument>>()) &&
            ...);
  }
  // For requirements that say const, and for those that do not: there a const object is not asked for.
  template <class Holds>
  static constexpr bool asks_for_const(Holds holds) {
    return (!holds.template operator()<typename Family::template type<Requirements, defect::not_const>>() && ...);
  }
};

#define HOLDS(...) []<class T>() { return __VA_ARGS__; }

constexpr auto vector_stores = HOLDS(upkeep::vector_store<T>);
static_assert(
    family<plain<vector_store_archetype>, without::scan, without::fetch, without::upsert, without::erase>::held_exactly(vector_stores));
using const_of_store = family<plain<vector_store_archetype>, without::dimension, without::size, without::fields, without::identity>;
static_assert(const_of_store::asks_for_const(vector_stores));
// An operation without arguments has no wrong ones: the spoilt overload takes one and cannot be called without.
static_assert(const_of_store::held_exactly(vector_stores));

using refined = plain<refined_store_archetype>;
constexpr auto transactional = HOLDS(upkeep::transactional_store<T>);
constexpr auto sized = HOLDS(upkeep::sized_store<T>);
constexpr auto compactable = HOLDS(upkeep::compactable_store<T>);
static_assert(family<refined, without::transact, without::scan, without::identity>::held_exactly(transactional));
static_assert(family<refined, without::bytes, without::fetch, without::size>::held_exactly(sized));
static_assert(family<refined, without::bytes>::asks_for_const(sized));
static_assert(family<refined, without::compact, without::erase, without::fields>::held_exactly(compactable));
static_assert(upkeep::vector_store<refined_store_archetype<without::transact>>);
static_assert(!upkeep::transactional_store<store> && !upkeep::sized_store<store> && !upkeep::compactable_store<store>);

constexpr auto metrics = HOLDS(upkeep::similarity_metric<T>);
constexpr auto radius_metrics = HOLDS(upkeep::radius_metric<T>);
static_assert(family<plain<similarity_metric_archetype>, without::score, without::larger_is_closer>::held_exactly(metrics));
static_assert(family<plain<similarity_metric_archetype>, without::score>::asks_for_const(metrics));
static_assert(family<plain<radius_metric_archetype>, without::radius, without::score>::held_exactly(radius_metrics));
static_assert(family<plain<radius_metric_archetype>, without::radius>::asks_for_const(radius_metrics));
static_assert(upkeep::similarity_metric<radius_metric_archetype<without::radius>>);
static_assert(!upkeep::radius_metric<similarity_metric_archetype<>>);

constexpr auto guards = HOLDS(upkeep::duplicate_guard<T>);
static_assert(family<plain<duplicate_guard_archetype>, without::judge>::held_exactly(guards));
static_assert(family<plain<duplicate_guard_archetype>, without::judge>::asks_for_const(guards));

constexpr auto retentions = HOLDS(upkeep::retention<T>);
static_assert(family<plain<retention_archetype>, without::outranks>::held_exactly(retentions));
static_assert(family<plain<retention_archetype>, without::outranks>::asks_for_const(retentions));

constexpr auto embedders = HOLDS(upkeep::embedder<T>);
static_assert(family<plain<embedder_archetype>, without::embed, without::dimension, without::model>::held_exactly(embedders));
static_assert(family<plain<embedder_archetype>, without::dimension, without::model>::asks_for_const(embedders));

static_assert(family<plain<duplicate_finder_archetype>, without::find_pairs>::held_exactly(HOLDS(upkeep::duplicate_finder<T>)));
static_assert(family<plain<orphan_oracle_archetype>, without::tell_owners>::held_exactly(HOLDS(upkeep::orphan_oracle<T>)));
static_assert(family<plain<notifier_archetype>, without::deliver>::held_exactly(HOLDS(upkeep::notifier<T>)));
static_assert(family<plain<observer_archetype>, without::observe>::held_exactly(HOLDS(upkeep::observer<T>)));
static_assert(family<plain<clock_archetype>, without::now>::held_exactly(HOLDS(upkeep::clock<T>)));
static_assert(family<plain<run_lock_archetype>, without::try_lock, without::unlock>::held_exactly(HOLDS(upkeep::run_lock<T>)));
static_assert(family<plain<history_archetype>, without::record_run, without::last_run, without::record_orphans, without::visit_orphans,
                     without::add_to_ledger, without::drop_from_ledger, without::visit_ledger>::held_exactly(HOLDS(upkeep::history<T>)));
static_assert(family<of_store<removal_archetype>, without::take_out>::held_exactly(HOLDS(upkeep::removal<T, store>)));
static_assert(
    family<of_store<backup_archetype>, without::back_up, without::verify, without::restore>::held_exactly(HOLDS(upkeep::backup<T, store>)));

// A backup or removal for one store is none for another.
struct other_store {};
static_assert(!upkeep::backup<backup_archetype<store>, other_store> && !upkeep::removal<removal_archetype<store>, other_store>);

static_assert(!upkeep::has_defaults<store>);

}  // namespace
