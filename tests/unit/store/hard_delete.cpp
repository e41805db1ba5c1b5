#include "upkeep/store/hard_delete.hpp"

#include "support/catch.hpp"

#include <set>

namespace {

struct key_set {
  std::set<upkeep::key> keys;
  int erase(std::span<const upkeep::key_view> wanted) {
    int gone = 0;
    for (const upkeep::key_view k : wanted) gone += static_cast<int>(keys.erase(upkeep::key(k)));
    return gone;
  }
};

struct no_store {};

}  // namespace

TEST_CASE("hard_delete erases the rows that exist and says how many there were") {
  key_set store{{1, 2, "a"}};
  const upkeep::key_view keys[] = {2, "a", 7};
  CHECK(upkeep::hard_delete{}.take_out(store, keys) == 2);
  CHECK(store.keys == std::set<upkeep::key>{1});
  CHECK(upkeep::hard_delete{}.take_out(store, {}) == 0);
}

TEST_CASE("hard_delete fits stores that can erase, and no others") {
  STATIC_REQUIRE(upkeep::removal<upkeep::hard_delete, key_set>);
  STATIC_REQUIRE_FALSE(upkeep::removal<upkeep::hard_delete, no_store>);
}
