// One of all copies holds a memory_lock.

#include "upkeep/store/memory_lock.hpp"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using upkeep::memory_lock;

TEST_CASE("one copy holds the lock, the others learn who and since when", "[memory_lock]") {
  memory_lock a;
  memory_lock b = a;
  REQUIRE(a.try_lock("the first").acquired);
  for (memory_lock* who : {&b, &a}) {
    const upkeep::lock_answer refused = who->try_lock("the second");
    CHECK_FALSE(refused.acquired);
    CHECK(refused.owner == "the first");
    CHECK(upkeep::parse_iso8601(refused.since).has_value());
  }
  b.unlock();  // holds nothing, frees nothing
  CHECK_FALSE(b.try_lock("the second").acquired);
  a.unlock();
  CHECK(b.try_lock("the second").acquired);
}

TEST_CASE("a copy of a held lock does not hold it; moving hands it over; the end frees it", "[memory_lock]") {
  memory_lock contender;
  {
    memory_lock holder = contender;
    REQUIRE(holder.try_lock("x").acquired);
    { const memory_lock copy = holder; }
    CHECK_FALSE(contender.try_lock("y").acquired);
    memory_lock moved = std::move(holder);
    holder = memory_lock();
    CHECK_FALSE(contender.try_lock("y").acquired);
    memory_lock assigned;
    assigned = std::move(moved);
    CHECK_FALSE(contender.try_lock("y").acquired);
  }
  CHECK(contender.try_lock("y").acquired);
}

TEST_CASE("of many threads one at a time holds the lock", "[memory_lock]") {
  const memory_lock shared;
  std::atomic<int> inside = 0, wrong = 0, entered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, mine = shared]() mutable {
      for (int i = 0; i < 2000; ++i) {
        if (!mine.try_lock("t").acquired) continue;
        if (++inside != 1) ++wrong;
        ++entered;
        --inside;
        mine.unlock();
      }
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(entered > 0);
}
