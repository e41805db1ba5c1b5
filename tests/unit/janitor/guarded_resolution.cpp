#include "upkeep/janitor/guarded_resolution.hpp"

#include "support/catch.hpp"
#include "support/janitor_world.hpp"

#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/keep_newest.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace upkeep;
using upkeep_test::row;

namespace {

row_table table_of(memory_store& store) {
  row_table table;
  store.scan(row_table::needed | field::vector, [&](const record_batch& batch) { table.append(batch); });
  table.index();
  return table;
}

}  // namespace

TEST_CASE("guarded_resolution: pinned rows come first, then the retention's, equals by key", "[guarded_resolution]") {
  memory_store store(4);
  const auto insert = [&](key k, std::int64_t created, bool pinned) {
    record r = row(std::move(k), 0);
    r.created = created;
    r.pinned = pinned;
    store.insert(r);
  };
  insert("d", 5, false);
  insert("c", 9, false);
  insert("b", 5, false);
  insert("a", 1, true);
  const row_table table = table_of(store);
  std::vector<key> order;
  for (const row_index r : v0::detail::retention_order(keep_newest{}, table)) order.emplace_back(table.key(r));
  REQUIRE(order == std::vector<key>{"a", "c", "b", "d"});
}

TEST_CASE("guarded_resolution: a row that changed since the scan neither goes nor stands for another", "[guarded_resolution]") {
  upkeep_test::world w;
  for (int i = 0; i < 3; ++i) w.insert(row(i, .001 * i, i == 0 ? "the same words, and more" : "the same words"));
  // Row 0 outranks the others by its length. It is rewritten between the scan and the guard's reading.
  bool changed = false;
  w.store.before = [&](std::string_view step) {
    if (step == "fetch" && !changed) {
      changed = true;
      w.store.inner.insert(row(0, 1.5, "something else"));
    }
  };
  auto janitor = w.janitor();
  const plan p = janitor.analyse();
  REQUIRE(changed);
  REQUIRE(p.removals.size() == 1);
  REQUIRE(p.removals[0].key == key(2));
  REQUIRE(p.removals[0].witness == key(1));
}

TEST_CASE("guarded_resolution: texts are fetched only for rows of pairs, and only for guards that read them", "[guarded_resolution]") {
  upkeep_test::world w;
  w.insert(row(0, 0));
  w.insert(row(1, .001));
  w.insert(row(2, 1.0));  // close to nobody
  std::size_t fetches = 0;
  w.store.before = [&](std::string_view step) { fetches += step == "fetch" ? 1 : 0; };
  REQUIRE(w.janitor(any_pair{}).analyse().removals.size() == 1);
  REQUIRE(fetches == 0);
  REQUIRE(w.janitor().analyse().removals.size() == 1);
  REQUIRE(fetches == 1);
}
