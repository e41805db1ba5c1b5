#pragma once
// Puts a run_lock through every promise of its role, in one line and without a test framework.

#include "../base/clock.hpp"
#include "../concepts/run_lock.hpp"
#include "conformance.hpp"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace upkeep::inline v0::testing {

/// Checks what the prose of concepts/run_lock.hpp promises, within one process.
/// @param open  gives a lock of store number n; locks of the same number exclude each other:
///              `[&](int n) { return my_lock(folder + std::to_string(n)); }`
template <class Open>
conformance_report conform_run_lock(Open open) {
  detail::rule_runner runner("run_lock");
  int next = 0;
  runner.rule("one_holds_it", [&] {
    auto first = open(++next), second = open(next);
    detail::require(first.try_lock("the first").acquired, "a lock that nobody holds is refused");
    detail::require(!second.try_lock("the second").acquired, "two hold the lock of one store");
    first.unlock();
    detail::require(second.try_lock("the second").acquired, "a lock that was freed is refused");
    second.unlock();
    detail::require(first.try_lock("the first").acquired, "a lock cannot be taken a second time");
    first.unlock();
  });
  runner.rule("refusal_names_the_owner", [&] {
    auto first = open(++next), second = open(next);
    detail::require(first.try_lock("host a, process 7").acquired, "a lock that nobody holds is refused");
    const lock_answer refused = second.try_lock("host b");
    detail::require(refused.owner == "host a, process 7", "the owner is said to be '" + refused.owner + "'");
    detail::require(parse_iso8601(refused.since).has_value(),
                    "since when it is held is said as '" + refused.since + "', which is not ISO 8601");
    first.unlock();
  });
  runner.rule("only_the_holder_frees_it", [&] {
    auto first = open(++next), second = open(next), third = open(next);
    second.unlock();
    detail::require(first.try_lock("first").acquired, "a lock that nobody holds is refused");
    second.unlock();
    detail::require(!third.try_lock("third").acquired, "somebody who does not hold the lock freed it");
    static_cast<void>(second.try_lock("second"));
    second.unlock();
    detail::require(!third.try_lock("third").acquired, "somebody whose attempt was refused freed the lock");
    first.unlock();
    first.unlock();
    detail::require(third.try_lock("third").acquired, "a lock that was freed is refused");
    first.unlock();
    detail::require(!second.try_lock("second").acquired, "the former holder freed the lock of the next");
    third.unlock();
  });
  runner.rule("the_holder_is_refused_as_well", [&] {
    auto lock = open(++next);
    detail::require(lock.try_lock("one").acquired, "a lock that nobody holds is refused");
    detail::require(!lock.try_lock("two").acquired, "the same object takes the lock twice");
    lock.unlock();
    detail::require(lock.try_lock("three").acquired, "a lock that was freed once is refused");
    lock.unlock();
  });
  runner.rule("ends_with_its_object", [&] {
    auto contender = open(++next);
    {
      auto holder = open(next);
      detail::require(holder.try_lock("holder").acquired, "a lock that nobody holds is refused");
      auto moved = std::move(holder);
      detail::require(!contender.try_lock("contender").acquired, "moving a held lock frees it");
    }
    detail::require(contender.try_lock("contender").acquired, "the end of the holder does not free the lock");
    contender.unlock();
  });
  runner.rule("stores_are_independent", [&] {
    auto one = open(++next), two = open(++next);
    detail::require(one.try_lock("one").acquired && two.try_lock("two").acquired, "the lock of one store holds up another store");
    one.unlock();
    two.unlock();
  });
  runner.rule("threads_exclude_each_other", [&] {
    const int number = ++next;
    std::atomic<int> inside = 0, entered = 0;
    std::atomic<bool> together = false, failed = false;
    std::vector<std::optional<decltype(open(0))>> locks(4);
    for (auto& lock : locks) lock.emplace(open(number));
    std::vector<std::thread> threads;
    for (auto& lock : locks)
      threads.emplace_back([&] {
        try {
          for (int i = 0; i < 300; ++i) {
            if (!lock->try_lock("thread").acquired) continue;
            if (++inside != 1) together = true;
            ++entered;
            std::this_thread::yield();
            --inside;
            lock->unlock();
          }
        } catch (...) {
          failed = true;
        }
      });
    for (std::thread& t : threads) t.join();
    detail::require(!failed, "try_lock or unlock threw while other threads did the same");
    detail::require(!together, "two threads held the lock at once");
    detail::require(entered > 0, "no thread ever got the lock");
  });
  return runner.finish();
}

}  // namespace upkeep::inline v0::testing
