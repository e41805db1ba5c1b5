#pragma once
// How a policy finds its role: by the one verb it names, whatever the signature, so that an attempt that is wrong can be explained.

#include "../config.hpp"

#include <functional>
#include <type_traits>

namespace upkeep::inline v0 {

/// Sentences for people: templates whose instantiation fails with exactly one static_assert that says what to write.
namespace check {}

namespace detail {

// A class derived from T and from a decoy that has a member VERB cannot name VERB unambiguously if T has one too, be it private, an overload
// set, a template or of any type. So the failure of `&probe::VERB` tells that T names the verb. Final classes and unions cannot be derived
// from; for them only the complete concept counts. The macro exists only because a name cannot be a template parameter.
#define UPKEEP_DETAIL_NAMES(VERB)                       \
  struct VERB##_decoy {                                 \
    int VERB;                                           \
  };                                                    \
  template <class T>                                    \
  struct VERB##_probe : T, VERB##_decoy {};             \
  template <class T>                                    \
  inline constexpr bool names_##VERB = false;           \
  template <class T>                                    \
    requires(std::is_class_v<T> && !std::is_final_v<T>) \
  inline constexpr bool names_##VERB<T> = !requires { &VERB##_probe<T>::VERB; };

UPKEEP_DETAIL_NAMES(scan)
UPKEEP_DETAIL_NAMES(score)
UPKEEP_DETAIL_NAMES(find_pairs)
UPKEEP_DETAIL_NAMES(judge)
UPKEEP_DETAIL_NAMES(outranks)
UPKEEP_DETAIL_NAMES(tell_owners)
UPKEEP_DETAIL_NAMES(take_out)
UPKEEP_DETAIL_NAMES(back_up)
UPKEEP_DETAIL_NAMES(try_lock)
UPKEEP_DETAIL_NAMES(record_run)
UPKEEP_DETAIL_NAMES(deliver)
UPKEEP_DETAIL_NAMES(observe)
UPKEEP_DETAIL_NAMES(embed)
UPKEEP_DETAIL_NAMES(now)
UPKEEP_DETAIL_NAMES(transact)
UPKEEP_DETAIL_NAMES(compact)
UPKEEP_DETAIL_NAMES(radius)
UPKEEP_DETAIL_NAMES(visit_runs)
UPKEEP_DETAIL_NAMES(record_decision)
UPKEEP_DETAIL_NAMES(forget_decision)
UPKEEP_DETAIL_NAMES(visit_decisions)
UPKEEP_DETAIL_NAMES(doubt)
#undef UPKEEP_DETAIL_NAMES

/// The type of a policy, also where it is borrowed through std::ref.
template <class P>
using policy_of = std::remove_reference_t<std::unwrap_reference_t<P>>;

/// The policy itself, also where it is borrowed through std::ref.
template <class P>
constexpr P& use(P& policy) noexcept {
  return policy;
}
template <class P>
constexpr P& use(std::reference_wrapper<P> policy) noexcept {
  return policy.get();
}

}  // namespace detail
}  // namespace upkeep::inline v0
