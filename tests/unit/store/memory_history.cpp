// memory_history keeps what the role's prose says.

#include "upkeep/store/memory_history.hpp"

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using upkeep::key_view;
using upkeep::ledger_entry;
using upkeep::memory_history;
using upkeep::orphan_sighting;
using upkeep::time_point;

namespace {

time_point at(int hours) { return time_point(std::chrono::hours(hours)); }

upkeep::run_summary run(std::string id, std::string status = "done") {
  return {.id = std::move(id), .phase = "log", .status = std::move(status), .receipt = {}, .report = "long"};
}

std::vector<std::string> orphans(memory_history& h) {
  std::vector<std::string> seen;
  h.visit_orphans([&](const orphan_sighting& s) {
    seen.push_back(to_string(s.key) + (upkeep::is_present(s.source) ? " of " + std::string(s.source) : " of none") + " since " +
                   upkeep::to_iso8601(s.first_seen).substr(11, 2));
  });
  return seen;
}

std::vector<std::string> ledger(memory_history& h) {
  std::vector<std::string> seen;
  h.visit_ledger([&](const ledger_entry& e) {
    seen.push_back(to_string(e.removed) + " by " + to_string(e.witness) +
                   (upkeep::is_present(e.source) ? " of " + std::string(e.source) : " of none"));
  });
  return seen;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("the last run is the one recorded last, each id once", "[memory_history]") {
  memory_history h;
  CHECK_FALSE(h.last_run().has_value());
  h.record_run(run("a", "started"));
  h.record_run(run("b"));
  CHECK(h.last_run()->id == "b");
  CHECK(h.last_run()->report.empty());
  h.record_run(run("a", "failed"));
  CHECK(h.last_run()->id == "a");
  CHECK(h.last_run()->status == "failed");
  REQUIRE(h.runs().size() == 2);
  CHECK(h.runs()[0].id == "b");
  CHECK(h.runs()[1].report == "long");
}

TEST_CASE("an orphan keeps the time it was first seen under its source", "[memory_history]") {
  memory_history h;
  const orphan_sighting first[] = {{.key = 2, .source = "s", .first_seen = at(1)},
                                   {.key = "1", .source = {}, .first_seen = at(1)},
                                   {.key = 3, .source = "t", .first_seen = at(1)}};
  h.record_orphans(first);
  CHECK(orphans(h) == texts{"2 of s since 01", "3 of t since 01", "\"1\" of none since 01"});
  const orphan_sighting second[] = {{.key = 2, .source = "s", .first_seen = at(5)},
                                    {.key = "1", .source = "", .first_seen = at(5)},
                                    {.key = 4, .source = "t", .first_seen = at(5)}};
  h.record_orphans(second);  // 3 is forgotten, the text key has another source now
  CHECK(orphans(h) == texts{"2 of s since 01", "4 of t since 05", "\"1\" of  since 05"});
  const orphan_sighting third[] = {{.key = 2, .source = "s", .first_seen = at(0)}, {.key = 3, .source = "t", .first_seen = at(9)}};
  h.record_orphans(third);
  CHECK(orphans(h) == texts{"2 of s since 00", "3 of t since 09"});
  const orphan_sighting twice[] = {{.key = 2, .source = "s", .first_seen = at(7)}, {.key = 2, .source = "s", .first_seen = at(6)}};
  h.record_orphans(twice);
  CHECK(orphans(h) == texts{"2 of s since 00"});
  h.record_orphans({});
  CHECK(orphans(h).empty());
}

TEST_CASE("the ledger replaces, drops and is visited in the order of the keys", "[memory_history]") {
  memory_history h;
  const ledger_entry first[] = {{.removed = "b", .source = "s", .witness = 1, .score = 0.99, .receipt = "r", .until = at(3)},
                                {.removed = 9, .source = {}, .witness = "w", .score = 1.0, .receipt = "r", .until = at(3)},
                                {.removed = -9, .source = "", .witness = 2, .score = 1.0, .receipt = {}, .until = at(3)}};
  h.add_to_ledger(first);
  CHECK(ledger(h) == texts{"-9 by 2 of ", "9 by \"w\" of none", "\"b\" by 1 of s"});
  const ledger_entry again[] = {{.removed = 9, .source = "t", .witness = 5, .score = 0.5, .receipt = "q", .until = at(8)}};
  h.add_to_ledger(again);
  CHECK(ledger(h) == texts{"-9 by 2 of ", "9 by 5 of t", "\"b\" by 1 of s"});
  std::size_t found = 0;
  h.visit_ledger([&](const ledger_entry& e) {
    if (e.removed != key_view(9)) return;
    ++found;
    CHECK((e.score == 0.5 && e.receipt == "q" && e.until == at(8)));
  });
  CHECK(found == 1);
  const key_view gone[] = {"b", 77, -9};
  h.drop_from_ledger(gone);
  CHECK(ledger(h) == texts{"9 by 5 of t"});
}

TEST_CASE("a visitor may change the history it visits, and copies are one history", "[memory_history]") {
  memory_history h;
  memory_history copy = h;
  const ledger_entry entries[] = {{.removed = 1, .source = "s", .witness = 2, .score = 1, .receipt = "r"},
                                  {.removed = 3, .source = "s", .witness = 4, .score = 1, .receipt = "r"}};
  h.add_to_ledger(entries);
  std::size_t visits = 0;
  copy.visit_ledger([&](const ledger_entry& e) {
    ++visits;
    const key_view k[] = {e.removed};
    h.drop_from_ledger(k);
  });
  CHECK(visits == 2);
  CHECK(ledger(copy).empty());
}
