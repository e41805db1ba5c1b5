#pragma once
// Role `notifier` (verb `deliver`): one message to people.

#include "role.hpp"

#include <concepts>
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

namespace check {

template <class T>
struct notifier {
  static constexpr bool fits = has_deliver<T>;
  static_assert(fits, "upkeep: notifier: write `void deliver(const upkeep::message& message)`");
};

}  // namespace check
}  // namespace upkeep::inline v0
