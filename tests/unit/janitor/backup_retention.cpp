#include "upkeep/janitor/backup_retention.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace upkeep;
using namespace std::chrono_literals;

namespace {

constexpr time_point noon = time_point(std::chrono::hours(490'000));

/// One after the other by what the words say, each compared with all others.
std::vector<std::size_t> slowly(const std::vector<kept_backup>& all, const backup_retention& r, std::chrono::seconds window,
                                time_point now) {
  const auto older = [&](std::size_t a, std::size_t b) {
    return all[a].made < all[b].made || (all[a].made == all[b].made && all[a].id < all[b].id);
  };
  std::vector<std::size_t> going;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::size_t newer = 0;
    for (std::size_t k = 0; k < all.size(); ++k) newer += older(i, k) ? 1 : 0;
    const bool among_newest = newer<r.newest, young = all[i].made + r.age> now, undoable = all[i].made + window > now;
    if (among_newest || young || undoable || all[i].held) continue;
    std::size_t at = 0;
    while (at < going.size() && older(going[at], i)) ++at;
    going.insert(going.begin() + static_cast<std::ptrdiff_t>(at), i);
  }
  return going;
}

std::vector<kept_backup> nights(std::size_t count) {
  std::vector<kept_backup> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back({"run " + std::to_string(100 + i), noon - 24h * static_cast<int>(i), false});
  return all;
}

}  // namespace

TEST_CASE("backup_retention: what goes is what a slow reading of the rules lets go", "[backup_retention]") {
  rng random(5);
  std::size_t gone = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<kept_backup> all(random.below(12));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto hours = std::chrono::hours(static_cast<std::int64_t>(random.below(40)) - 4);
      all[i] = {"run " + std::to_string(i * 7 % 12), noon - hours, random.chance(.2)};
    }
    const backup_retention r{random.below(6), std::chrono::hours(random.below(30))};
    const std::chrono::seconds window = std::chrono::hours(random.below(30));
    const auto going = backups_to_delete(all, r, window, noon);
    REQUIRE(going == slowly(all, r, window, noon));
    gone += going.size();
  }
  CHECK(gone > 1000);
}

TEST_CASE("backup_retention: the defaults keep 30 days and seven backups", "[backup_retention]") {
  CHECK(backups_to_delete(nights(31), {}, 0s, noon) == std::vector<std::size_t>{30});
  CHECK(backups_to_delete(nights(30), {}, 0s, noon).empty());
  auto years_old = nights(9);
  for (kept_backup& b : years_old) b.made -= 24h * 1000;
  CHECK(backups_to_delete(years_old, {}, 0s, noon) == std::vector<std::size_t>{8, 7});
}

TEST_CASE("backup_retention: the undo window stands above all else, a held backup above that", "[backup_retention]") {
  CHECK(backups_to_delete(nights(20), {.newest = 0, .age = 0s}, 24h * 18, noon) == std::vector<std::size_t>{19, 18});
  auto all = nights(20);
  all[19].held = true;
  CHECK(backups_to_delete(all, {.newest = 0, .age = 0s}, 24h * 18, noon) == std::vector<std::size_t>{18});
}

TEST_CASE("backup_retention: whatever the clock says, the newest stay", "[backup_retention]") {
  CHECK(backups_to_delete(nights(8), {.newest = 7, .age = 0s}, 0s, noon + 24h * 36'500).size() == 1);
  CHECK(backups_to_delete(nights(8), {.newest = 0, .age = 0s}, 0s, noon - 24h * 365).empty());
}
