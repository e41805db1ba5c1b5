#pragma once
// Role `notifier` (verb `deliver`): one message to people.

#include "role.hpp"

#include <concepts>
#include <stop_token>
#include <string>

namespace upkeep::inline v0 {

/// A message to people.
struct message {
  enum class urgency { notice, alert };

  urgency level = urgency::notice;
  std::string title;  ///< one line
  std::string text;   ///< plain text, lines separated by '\n'
};

// A notifier delivers or throws; the janitor reports a failure and goes on: a message that could not be sent changes nothing in a store.
//
//   void deliver(const upkeep::message& message)

template <class T>
concept has_deliver = requires(T& t, const message& m) {
  { t.deliver(m) } -> std::same_as<void>;
};

/// Delivers one message to people.
template <class T>
concept notifier = has_deliver<T>;

// Refinement stoppable_notifier (a second `deliver`): for a notifier that may wait long before it tries again.
//
//   void deliver(const upkeep::message& message, const std::stop_token& stop)
//     the same; once a stop is requested it waits no longer, and throws errc::cancelled where the message is not delivered by then. Whoever
//     asked for the stop delivers it later, as a served night does after its restart.

template <class T>
concept has_stoppable_deliver = requires(T& t, const message& m, const std::stop_token& stop) {
  { t.deliver(m, stop) } -> std::same_as<void>;
};

/// A notifier whose waiting a stop ends.
template <class T>
concept stoppable_notifier = notifier<T> && has_stoppable_deliver<T>;

/// Delivers a message through any notifier; one that is not stoppable takes its time.
template <notifier Notifier>
void deliver_unless_stopped(Notifier& notifier, const message& message, const std::stop_token& stop) {
  if constexpr (stoppable_notifier<Notifier>)
    notifier.deliver(message, stop);
  else
    notifier.deliver(message);
}

namespace check {

template <class T>
struct notifier {
  static constexpr bool fits = has_deliver<T>;
  static_assert(fits, "upkeep: notifier: write `void deliver(const upkeep::message& message)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
