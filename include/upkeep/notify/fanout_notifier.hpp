#pragma once
// Several notifiers as one: each is tried, whatever becomes of the others.

#include "../base/error.hpp"
#include "../concepts/notifier.hpp"
#include "null_notifier.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace upkeep::inline v0 {

/// Notifier: hands each message to every part, in their order. A part that throws does not keep the message from the others; when all have
/// been tried, one error says what each of those that failed had to say, and so it stands in the janitor's report.
///
/// Parts are held by value; `std::ref(part)` borrows one.
/// @par Thread safety
/// That of its parts.
template <class... Notifiers>
class fanout_notifier {
  static constexpr bool all_fit = (notifier<std::unwrap_reference_t<Notifiers>> && ...);

 public:
  explicit fanout_notifier(Notifiers... notifiers) : notifiers_(std::move(notifiers)...) {
    // One sentence for a part that does not fit its role; the verb then leaves all parts out, so that it is the only error.
    (static_cast<void>(sizeof(check::notifier<std::unwrap_reference_t<Notifiers>>)), ...);
  }

  /// Throws where a part failed: with the code of the first of them, or errc::unavailable where that threw something else than an error.
  void deliver(const message& message) { deliver(message, std::stop_token()); }

  /// The same. Parts whose waiting a stop ends are told of it, the others take their time; where one gave up because of it, the error is
  /// errc::cancelled, and who delivers the message again tells all parts.
  void deliver(const message& message, const std::stop_token& stop) {
    if constexpr (all_fit) {
      failures failed;
      bool stopped = false;
      const auto tell = [&](auto& part) {
        try {
          deliver_unless_stopped(detail::use(part), message, stop);
        } catch (const error& e) {
          failed.add(e.code(), e.what());
          stopped = stopped || (e.code() == errc::cancelled && stop.stop_requested());
        } catch (const std::exception& e) {
          failed.add(errc::unavailable, e.what());
        } catch (...) {
          failed.add(errc::unavailable, "something that is no std::exception was thrown");
        }
      };
      std::apply([&](auto&... part) { (tell(part), ...); }, notifiers_);
      if (failed.count == 0) return;
      throw error(stopped ? errc::cancelled : failed.code,
                  std::to_string(failed.count) + " of " + std::to_string(sizeof...(Notifiers)) + " notifiers failed: " + failed.sentences);
    }
  }

 private:
  struct failures {
    std::size_t count = 0;
    errc code = errc::unavailable;
    std::string sentences;

    void add(errc why, const char* what) {
      if (count++ == 0) code = why;
      sentences += (sentences.empty() ? "" : "; ") + std::string(what);
    }
  };

  std::tuple<Notifiers...> notifiers_;
};

static_assert(stoppable_notifier<fanout_notifier<null_notifier, null_notifier>>);

}  // namespace upkeep::inline v0
