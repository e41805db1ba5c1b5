#pragma once
// Several observers as one.

#include "../concepts/observer.hpp"
#include "null_observer.hpp"

#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace upkeep::inline v0 {

/// Observer: passes each event to every part, in their order. Put a `progress_bar` before what prints lines, so that it clears its own
/// first.
///
/// A part that throws does not keep the event from the others: when all have seen it, the first exception is rethrown; later ones of the
/// same event are dropped. Parts are held by value; `std::ref(part)` borrows one.
/// @par Thread safety
/// That of its parts.
template <class... Observers>
class fanout_observer {
  static constexpr bool all_fit = (observer<std::unwrap_reference_t<Observers>> && ...);

 public:
  explicit fanout_observer(Observers... observers) : observers_(std::move(observers)...) {
    // One sentence for a part that does not fit its role; the verb then leaves all parts out, so that it is the only error.
    (static_cast<void>(sizeof(check::observer<std::unwrap_reference_t<Observers>>)), ...);
  }

  /// Tells all parts, whatever some of them throw; then the first exception goes on.
  void observe(const event& event) {
    if constexpr (all_fit) {
      std::exception_ptr first;
      const auto tell = [&](auto& part) {
        try {
          detail::use(part).observe(event);
        } catch (...) {
          if (!first) first = std::current_exception();
        }
      };
      std::apply([&](auto&... part) { (tell(part), ...); }, observers_);
      if (first) std::rethrow_exception(first);
    }
  }

 private:
  std::tuple<Observers...> observers_;
};

static_assert(observer<fanout_observer<null_observer, null_observer>>);

}  // namespace upkeep::inline v0
