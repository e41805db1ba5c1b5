// Delivery: whatever the order in which units finish, the sink sees them in theirs.

#include "upkeep/join/ordered_delivery.hpp"

#include "support/catch.hpp"
#include "upkeep/base/parallel.hpp"
#include "upkeep/base/rng.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

std::vector<upkeep::scored_pair> pairs_of(std::size_t unit, std::size_t count) {
  std::vector<upkeep::scored_pair> pairs;
  for (std::size_t i = 0; i < count; ++i)
    pairs.push_back({static_cast<upkeep::row_index>(unit), static_cast<upkeep::row_index>(1000 + i), 0.5});
  return pairs;
}

}  // namespace

TEST_CASE("units that finish early wait for their turn", "[join]") {
  std::vector<upkeep::row_index> seen;
  const auto take = [&](const upkeep::scored_pair& p) { seen.push_back(p.first); };  // borrowed: it has to outlive the delivery
  upkeep::ordered_delivery delivery(take);
  delivery.deliver(2, pairs_of(2, 2));
  delivery.deliver(1, pairs_of(1, 0));
  delivery.deliver(4, pairs_of(4, 1));
  CHECK(seen.empty());
  CHECK(delivery.units_delivered() == 0);
  delivery.deliver(0, pairs_of(0, 1));
  CHECK(seen == std::vector<upkeep::row_index>{0, 2, 2});
  CHECK(delivery.units_delivered() == 3);
  delivery.deliver(3, pairs_of(3, 1));
  CHECK(seen == std::vector<upkeep::row_index>{0, 2, 2, 3, 4});
  CHECK(delivery.pairs_delivered() == 5);
  CHECK(delivery.units_delivered() == 5);
}

TEST_CASE("many workers deliver in order, one at a time, however little may wait", "[join]") {
  for (const std::size_t most_waiting : {std::size_t{0}, std::size_t{3}, std::size_t{1000}}) {
    std::vector<upkeep::scored_pair> seen;
    std::atomic<int> inside{0};
    bool overlapped = false;
    const auto take = [&](const upkeep::scored_pair& p) {
      overlapped = overlapped || inside.fetch_add(1) != 0;
      seen.push_back(p);
      inside.fetch_sub(1);
    };
    upkeep::ordered_delivery delivery(take, most_waiting);
    upkeep::parallel_for(200, {.threads = 7}, [&](std::size_t unit, std::size_t) { delivery.deliver(unit, pairs_of(unit, unit % 4)); });
    std::vector<upkeep::scored_pair> expected;
    for (std::size_t unit = 0; unit < 200; ++unit)
      for (const auto& p : pairs_of(unit, unit % 4)) expected.push_back(p);
    CHECK(seen == expected);
    CHECK_FALSE(overlapped);
  }
}

TEST_CASE("what the sink throws comes out, and nothing reaches it afterwards", "[join]") {
  std::size_t calls = 0;
  const auto refuse = [&](const upkeep::scored_pair&) {
    ++calls;
    throw std::runtime_error("full");
  };
  upkeep::ordered_delivery delivery(refuse);
  CHECK_THROWS_AS(delivery.deliver(0, pairs_of(0, 3)), std::runtime_error);
  delivery.deliver(1, pairs_of(1, 3));
  CHECK(calls == 1);
}

TEST_CASE("a unit that will never come keeps nobody waiting", "[join]") {
  std::size_t calls = 0;
  const auto count = [&](const upkeep::scored_pair&) { ++calls; };
  upkeep::ordered_delivery delivery(count, 0);
  std::thread waiting([&] { delivery.deliver(1, pairs_of(1, 1)); });  // unit 0 never delivers; without abandon() this would not return
  delivery.abandon();
  waiting.join();
  CHECK(calls == 0);
}
