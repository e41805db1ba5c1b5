#include "upkeep/janitor/analysis.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/janitor_world.hpp"
#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/keep_newest.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <set>

using namespace upkeep;
using namespace std::chrono_literals;
using upkeep_test::failure_of;
using upkeep_test::row;
using upkeep_test::world;

namespace {

// One type for all cases, so that it is compiled once.
auto janitor_of(world& w) { return w.janitor(any_pair()); }

std::set<key> planned(const plan& p, removal_reason reason) {
  std::set<key> keys;
  for (const planned_removal& r : p.removals)
    if (r.reason == reason) keys.insert(r.key);
  return keys;
}

using keys = std::set<key>;

void add_to_ledger(world& w, key_view removed, key_view witness, std::string_view source, std::chrono::hours window = 100h) {
  const ledger_entry e{removed, source, witness, .99, "r1", w.clock.now() + window};
  w.store.inner.history().add_to_ledger(std::span(&e, 1));
}

bool orphans_add_up(const janitor_report& r, std::size_t planned_orphans) {
  return r.orphans_found == planned_orphans + r.waiting_grace + r.pinned + r.last_copy;
}

}  // namespace

TEST_CASE("a duplicate and its witness stand in the plan with all that a removal has to check", "[analysis]") {
  world w;
  record kept = row("a\"b", 0.0, "the longer text", "source a");
  record goes = row("c\nd", 0.1, "the text", "source c");
  kept.scope = goes.scope = "tenant";
  kept.model = goes.model = "m1";
  w.insert(kept);
  w.insert(goes);
  const plan p = janitor_of(w).analyse();
  CHECK(p.format == plan::newest_format);
  CHECK_FALSE(p.id.empty());
  CHECK(p.store == w.store.identity());
  CHECK(p.made == w.clock.now());
  CHECK(p.threshold == .98);
  CHECK(p.rows == 2);
  CHECK(p.sources == 2);
  CHECK(p.absent_sources == 0);
  CHECK(p.models == std::vector<std::string>{"m1"});
  REQUIRE(p.removals.size() == 1);
  const planned_removal& r = p.removals[0];
  CHECK(r.key == key("c\nd"));
  CHECK(r.reason == removal_reason::duplicate);
  CHECK(r.source == "source c");
  CHECK(r.has_source);
  CHECK(r.witness == key("a\"b"));
  CHECK(r.witness_source == "source a");
  CHECK(r.has_witness_source);
  CHECK(r.score == Approx(std::cos(.1)).epsilon(1e-6));
  CHECK(r.digest == row_digest(goes.view()));
  CHECK(r.witness_digest == row_digest(kept.view()));
  CHECK(r.bytes == w.store.bytes() - (3 + 16 + 15 + 8 + 6 + 2 + 8 + 1));  // what the row that stays has
  CHECK(r.scope == "tenant");
  CHECK(p.review.empty());
}

TEST_CASE("rows are compared within their scope and their model", "[analysis]") {
  world w;
  const std::vector<std::string> scopes = {"a", "a", "b", "b", ""};
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    record r = row(static_cast<std::int64_t>(i), 0.0);
    r.scope = scopes[i];
    w.insert(r);
  }
  record other = row(9, 0.0);
  other.scope = "a";
  other.model = "another model";
  w.insert(other);
  w.options.phase = phase::detect;
  janitor_report r = janitor_of(w).run();
  CHECK(r.pairs == 2);
  CHECK(r.duplicates_found == 2);
  w.options.across_scopes = true;
  auto j = janitor_of(w);
  r = j.run();
  CHECK(r.pairs == 10);
  CHECK(planned(j.last_plan(), removal_reason::duplicate) == keys{1, 2, 3, 4});  // 9 has another model
  bool said = false;
  for (const auto& [role, name] : r.policies) said = said || (role == "across_scopes" && name == "yes");
  CHECK(said);
}

TEST_CASE("an absent scope and an empty one are two, and so are absent and empty models", "[analysis]") {
  world w;
  testing::generated_row r;
  r.vector = upkeep_test::direction(0.0);
  r.source = "s";
  r.text = "words";
  std::vector<testing::generated_row> all(4, r);
  for (int i = 0; i < 4; ++i) all[static_cast<std::size_t>(i)].key = i;
  all[1].scope = "";
  all[3].model = "";
  record_buffer buffer(stored_fields, 4);
  w.store.inner.upsert(testing::batch_of(all, buffer));
  CHECK(planned(janitor_of(w).analyse(), removal_reason::duplicate) == keys{2});
}

TEST_CASE("the chain of three loses its middle, not its end", "[analysis]") {
  world w;
  w.insert(row(0, 0.0));
  w.insert(row(1, 0.19));
  w.insert(row(2, 0.38));
  const plan p = janitor_of(w).analyse();
  CHECK(planned(p, removal_reason::duplicate) == keys{1});
}

TEST_CASE("the threshold is what it says", "[analysis]") {
  world w;
  w.insert(row(0, 0.0));
  w.insert(row(1, 0.2));
  w.insert(row(2, -0.201));
  CHECK(planned(janitor_of(w).analyse(), removal_reason::duplicate) == keys{1});
  w.options.threshold = .9798;
  CHECK(planned(janitor_of(w).analyse(), removal_reason::duplicate) == keys{1, 2});
  w.options.threshold = 1.0;
  CHECK(planned(janitor_of(w).analyse(), removal_reason::duplicate).empty());
}

TEST_CASE("pinned rows never go but stand for others", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "a much longer text than the pinned one"));
  record pinned = row(2, 0.0);
  pinned.pinned = true;
  w.insert(pinned);
  record orphan = row(3, 2.0, "orphan", "gone");
  orphan.pinned = true;
  w.insert(orphan);
  w.oracle.lose("gone");
  w.options.phase = phase::detect;
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  REQUIRE(j.last_plan().removals.size() == 1);
  CHECK(j.last_plan().removals[0].key == key(1));
  CHECK(j.last_plan().removals[0].witness == key(2));
  CHECK(r.pinned == 1);
  CHECK(orphans_add_up(r, 0));
}

TEST_CASE("two pinned duplicates both stay", "[analysis]") {
  world w;
  for (const int k : {1, 2}) {
    record r = row(k, 0.0);
    r.pinned = true;
    w.insert(r);
  }
  CHECK(janitor_of(w).analyse().removals.empty());
}

TEST_CASE("rows that are set aside are counted, never removed, never witnesses", "[analysis]") {
  world w;
  record zero = row(1, 0.0, "same", "gone");
  zero.vector = {0, 0, 0, 0};
  record broken = row(2, 0.0);
  broken.vector[2] = std::numeric_limits<float>::quiet_NaN();
  record infinite = row(3, 0.0);
  infinite.vector[0] = std::numeric_limits<float>::infinity();
  record zero_too = row(4, 0.0);
  zero_too.vector = zero.vector;
  for (const record& r : {zero, broken, infinite, zero_too}) w.insert(r);
  w.oracle.lose("gone");
  const auto failure = failure_of([&] { static_cast<void>(janitor_of(w).analyse()); });
  CHECK(failure.code == errc::inconsistent);  // a store full of them is no clean bill
  CHECK(failure.names("none of the 4 rows"));
  w.insert(row(5, 0.0));
  w.options.phase = phase::detect;
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  CHECK(r.rows == 5);
  CHECK(r.set_aside[static_cast<std::size_t>(set_aside::zero)] == 2);
  CHECK(r.set_aside[static_cast<std::size_t>(set_aside::not_finite)] == 2);
  CHECK(r.pairs == 0);
  CHECK(r.orphans_found == 0);
  CHECK(j.last_plan().removals.empty());
}

TEST_CASE("an orphan or a row of an unknown source is never a witness, nor a duplicate", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "the longest text of all", "gone"));
  w.insert(row(2, 0.0, "a text in between", "unknown"));
  w.insert(row(3, 0.0, "short", "there"));
  w.oracle.lose("gone");
  w.oracle.known["unknown"] = ownership::unknown;
  w.options.phase = phase::detect;
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  CHECK(r.pairs == 0);
  CHECK(r.sources == 3);
  CHECK(r.absent_sources == 1);
  CHECK(r.unknown_sources == 1);
  CHECK(planned(j.last_plan(), removal_reason::orphan) == keys{1});
  CHECK(planned(j.last_plan(), removal_reason::duplicate).empty());
}

TEST_CASE("a row without a source is neither orphan nor witness where an oracle is asked, and both are possible where none is",
          "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "the longer text", ""));
  w.insert(row(2, 0.0, "the text", "there"));
  w.oracle.otherwise = ownership::absent;
  w.oracle.known["there"] = ownership::present;
  w.options.phase = phase::detect;
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  CHECK(r.without_source == 1);
  CHECK(r.orphans_found == 0);
  CHECK(r.pairs == 0);
  auto without_oracle = make_janitor(w.store, w.options, any_pair());
  CHECK(without_oracle.run().duplicates_found == 1);
}

TEST_CASE("an oracle that throws, answers nothing or answers nonsense makes its sources unknown", "[analysis]") {
  world w;
  for (int i = 0; i < 3; ++i) w.insert(row(i, 0.0, "text", "source " + std::to_string(i)));
  SECTION("throws") {
    w.oracle.then = [](std::span<const std::string_view>, std::span<ownership> answers) {
      std::fill(answers.begin(), answers.end(), ownership::absent);
      throw std::runtime_error("the index did not answer");
    };
  }
  SECTION("throws what is no exception") {
    w.oracle.then = [](std::span<const std::string_view>, std::span<ownership> answers) {
      std::fill(answers.begin(), answers.end(), ownership::absent);
      throw "no";
    };
  }
  SECTION("nonsense") {
    w.oracle.then = [](std::span<const std::string_view>, std::span<ownership> answers) {
      std::fill(answers.begin(), answers.end(), static_cast<ownership>(77));
    };
  }
  SECTION("unknown") { w.oracle.otherwise = ownership::unknown; }
  w.options.phase = phase::detect;
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  CHECK(r.unknown_sources == 3);
  CHECK(r.orphans_found == 0);
  CHECK(r.pairs == 0);
  CHECK(j.last_plan().removals.empty());
}

TEST_CASE("an oracle needs a store that knows sources", "[analysis]") {
  world w;
  w.insert(row(1, 0.0));
  w.store.shown = field::vector | field::text | field::text_size | field::digest | field::row_bytes;
  const auto failure = failure_of([&] { static_cast<void>(janitor_of(w).analyse()); });
  CHECK(failure.code == errc::invalid_argument);
  CHECK(failure.names("source"));
  CHECK(make_janitor(w.store, w.options, any_pair()).analyse().removals.empty());
}

TEST_CASE("more pairs than allowed are an error, not a long wait", "[analysis]") {
  world w;
  for (int i = 0; i < 5; ++i) w.insert(row(i, 0.0));
  w.options.max_pairs = 10;
  CHECK(janitor_of(w).analyse().removals.size() == 4);
  w.options.max_pairs = 9;
  const auto failure = failure_of([&] { static_cast<void>(janitor_of(w).analyse()); });
  CHECK(failure.code == errc::limit_exceeded);
  CHECK(failure.names("max_pairs"));
}

TEST_CASE("a store that shows a row twice is refused", "[analysis]") {
  struct stuttering_store : upkeep_test::transacting_store {
    using transacting_store::transacting_store;
    void scan(field wanted, record_visitor visit) {
      inner.scan(wanted, visit);
      inner.scan(wanted, visit);
    }
  };
  upkeep_test::basic_world<stuttering_store> w;
  w.insert(row(1, 0.0));
  CHECK(failure_of([&] { static_cast<void>(w.janitor(any_pair()).analyse()); }).code == errc::inconsistent);
}

// ---- the ledger -----------------------------------------------------------------------------------------------------------------------

TEST_CASE("a row that stands for a removed one does not go as a duplicate until the window ends", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "the longer text"));
  w.insert(row(2, 0.0, "the text"));
  add_to_ledger(w, 77, 2, "s");
  auto j = janitor_of(w);
  CHECK(planned(j.analyse(), removal_reason::duplicate).empty());  // 1 outranks 2, so it does not go on 2's account either
  w.clock.advance(100h - 1us);
  CHECK(j.analyse().removals.empty());
  w.clock.advance(1us);
  CHECK(planned(j.analyse(), removal_reason::duplicate) == keys{2});
}

TEST_CASE("ten nights of drift keep a row close to every removed one", "[analysis]") {
  // One vector a night, each .985 from the last, the newest kept: without the ledger one row would be left, orthogonal to the first.
  world w;
  auto j = w.janitor(any_pair(), keep_newest());
  for (int i = 0; i < 10; ++i) {
    record r = row(i, .17 * i);
    r.created = i;
    w.insert(r);
    REQUIRE(j.run().status == outcome::done);
    w.clock.advance(24h);
    for (const auto& [removed, witness] : w.ledger()) {
      REQUIRE(w.has(witness));
      REQUIRE(std::cos(.17 * static_cast<double>(witness.view().integer() - removed.view().integer())) >= .98);
    }
  }
  CHECK(w.store.size() + w.ledger().size() == 10);
  CHECK(w.store.size() >= 5);
}

TEST_CASE("an entry of a row that is there again binds nobody and is forgotten", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "the longer text"));
  w.insert(row(2, 0.0, "the text"));
  add_to_ledger(w, 1, 2, "s");
  auto j = janitor_of(w);
  CHECK(j.run().duplicates_removed == 1);
  CHECK(w.ledger() == std::map<key, key>{{2, 1}});
}

TEST_CASE("an entry whose window ended is forgotten by the next run that may write", "[analysis]") {
  world w;
  w.insert(row(1, 0.0));
  add_to_ledger(w, 77, 1, "s", 0h);
  w.options.phase = phase::detect;
  janitor_of(w).run();
  CHECK(w.ledger().size() == 1);
  w.options.phase = phase::log;
  janitor_of(w).run();
  CHECK(w.ledger().empty());
}

TEST_CASE("an orphan that is the last copy of what a living source said goes to review", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "text", "gone"));
  w.oracle.lose("gone");
  w.options.phase = phase::detect;
  bool held = true;
  SECTION("the source of the removed row lives") { add_to_ledger(w, 77, 1, "alive"); }
  SECTION("nobody knows whether it lives") {
    add_to_ledger(w, 77, 1, "who knows");
    w.oracle.known["who knows"] = ownership::unknown;
  }
  SECTION("the removed row had none") { add_to_ledger(w, 77, 1, {}); }
  SECTION("one of two lives") {
    add_to_ledger(w, 76, 1, "gone");
    add_to_ledger(w, 77, 1, "alive");
  }
  SECTION("it is gone as well") {
    add_to_ledger(w, 77, 1, "gone");
    held = false;
  }
  SECTION("the window is over") {
    add_to_ledger(w, 77, 1, "alive", 0h);
    held = false;
  }
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  CHECK(r.last_copy == (held ? 1 : 0));
  CHECK(planned(j.last_plan(), removal_reason::orphan) == (held ? keys{} : keys{1}));
  CHECK(orphans_add_up(r, held ? 0 : 1));
  if (held) {
    REQUIRE(j.last_plan().review.size() == 1);
    CHECK(j.last_plan().review[0] == review_pair{1, 77, .99, "last_copy"});
    CHECK(r.review_pairs == 1);
  }
}

TEST_CASE("a witness that somebody else removed is told as long as the removed row's source is not gone", "[analysis]") {
  world w;
  w.insert(row(1, 0.0));
  add_to_ledger(w, 77, 2, "alive");
  add_to_ledger(w, 78, 2, "gone");
  w.oracle.lose("gone");
  w.options.phase = phase::detect;
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  CHECK(r.witnesses_lost == 1);
  REQUIRE(j.last_plan().review.size() == 1);
  CHECK(j.last_plan().review[0] == review_pair{77, 2, .99, "witness_lost"});
}

TEST_CASE("an orphan that stood for a row of the same lost source leaves no alarm behind", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "the longer text", "one note"));
  w.insert(row(2, 0.0, "the text", "one note"));
  w.insert(row(3, 2.0, "another"));
  auto j = janitor_of(w);
  REQUIRE(j.run().duplicates_removed == 1);
  w.oracle.lose("one note");
  CHECK(j.run().orphans_removed == 1);
  const janitor_report r = j.run();
  CHECK(r.witnesses_lost == 0);
  CHECK(r.review_pairs == 0);
}

TEST_CASE("an orphan planned before somebody came to depend on it", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "text", "gone"));
  w.insert(row(2, 2.0));
  w.oracle.lose("gone");
  w.oracle.lose("gone as well");
  auto j = janitor_of(w);
  const plan p = j.analyse();
  SECTION("a living source") {
    add_to_ledger(w, 77, 1, "alive");
    const janitor_report r = j.apply(p);
    CHECK(r.orphans_removed == 0);
    CHECK(r.changed == 1);
    CHECK(w.has(1));
  }
  SECTION("a source that is gone") {
    add_to_ledger(w, 77, 1, "gone as well");
    CHECK(j.apply(p).orphans_removed == 1);
  }
}

TEST_CASE("orphans add up in every mixture", "[analysis]") {
  world w;
  w.insert(row(1, 0.0, "t", "gone"));
  record pinned = row(2, 1.0, "t", "gone");
  pinned.pinned = true;
  w.insert(pinned);
  w.insert(row(3, 2.0, "t", "gone"));
  add_to_ledger(w, 77, 3, "alive");
  w.oracle.lose("gone");
  w.oracle.lose("gone later");
  w.options.grace = 10h;
  w.options.phase = phase::log;
  janitor_of(w).run();
  w.clock.advance(10h);
  w.insert(row(4, 3.0, "t", "gone later"));
  w.options.phase = phase::detect;
  auto j = janitor_of(w);
  const janitor_report r = j.run();
  CHECK(r.orphans_found == 4);
  CHECK(r.pinned == 1);
  CHECK(r.last_copy == 1);
  CHECK(r.waiting_grace == 1);
  CHECK(planned(j.last_plan(), removal_reason::orphan) == keys{1});
  CHECK(orphans_add_up(r, 1));
}

TEST_CASE("what makes a run less careful stands in its report", "[analysis]") {
  world w;
  w.insert(row(1, 0.0));
  w.options.phase = phase::detect;
  const auto names = [&](const janitor_report& r) {
    std::map<std::string, std::string> found;
    for (const auto& [role, name] : r.policies) found[role] = name;
    return found;
  };
  auto found = names(janitor_of(w).run());
  CHECK(found["duplicate_guard"] == "any_pair");
  CHECK(found["grace"] == "none");
  CHECK(found["baseline"] == "none");
  CHECK_FALSE(found.contains("across_scopes"));
  w.options.grace = 1h;
  w.options.baseline = true;
  found = names(janitor_of(w).run());
  CHECK_FALSE(found.contains("grace"));
  CHECK_FALSE(found.contains("baseline"));
}
