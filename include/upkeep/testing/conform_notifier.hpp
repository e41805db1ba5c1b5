#pragma once
// Puts a notifier through every promise of its role, in one line and without a test framework.

#include "../concepts/notifier.hpp"
#include "conformance.hpp"

#include <functional>
#include <string>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

inline std::vector<message> odd_messages() {
  using namespace std::string_literals;
  std::vector<message> all;
  for (const auto level : {message::urgency::notice, message::urgency::alert})
    for (const std::string& text : {""s, "one line"s, "two\nlines"s, "a\0b"s, "\xff\xfe\x80"s, "<b> & </b> *bold* {{template}} %s"s,
                                    "\x1b[31mred"s, std::string(200'000, 'x')})
      all.push_back({.level = level, .title = "upkeep conformance " + std::to_string(all.size()), .text = text});
  all.push_back({.level = message::urgency::notice, .title = "", .text = "no title"});
  return all;
}

}  // namespace detail

/// Checks that a notifier takes every message. It really delivers them: give it an endpoint of your own.
/// @param make       gives the notifier: `[&] { return my_notifier(…); }`
/// @param delivered  where it can be seen: all that was delivered so far, as one text in which the titles stand
template <class Make>
conformance_report conform_notifier(Make make, const std::function<std::string()>& delivered = {}) {
  detail::rule_runner runner("notifier");
  runner.rule("takes_every_message", [&] {
    auto&& notifier = make();
    for (const message& m : detail::odd_messages()) notifier.deliver(m);
  });
  runner.rule("delivers_each_message_once", [&] {
    if (!delivered) return;
    auto&& notifier = make();
    const auto times = [&](const std::string& title) {
      const std::string all = delivered();
      std::size_t n = 0;
      for (std::size_t at = 0; (at = all.find(title, at)) != std::string::npos; ++at) ++n;
      return n;
    };
    for (int i = 0; i < 5; ++i) {
      const std::string title = "title-" + std::to_string(i) + "-of-five";
      const std::size_t before = times(title);
      notifier.deliver({.level = i % 2 == 0 ? message::urgency::alert : message::urgency::notice, .title = title, .text = "text"});
      detail::require_equal(times(title) - before, 1, "the number of times that '" + title + "' was delivered");
    }
  });
  runner.rule("leaves_the_message_alone", [&] {
    auto&& notifier = make();
    message m{.level = message::urgency::alert, .title = "title", .text = "text\nmore"};
    notifier.deliver(m);
    detail::require(m.title == "title" && m.text == "text\nmore" && m.level == message::urgency::alert, "the message was changed");
  });
  return runner.finish();
}

}  // namespace upkeep::inline v0::testing
