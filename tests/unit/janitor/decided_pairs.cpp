#include "upkeep/janitor/decided_pairs.hpp"

#include "support/catch.hpp"
#include "support/janitor_world.hpp"

#include <memory>
#include <stop_token>
#include <string>

using namespace upkeep;
using upkeep_test::row;
using state = upkeep::v0::detail::decided_pairs::state;

namespace {

// What decided_pairs asks of a janitor's parts.
struct few_parts {
  upkeep_test::watched_store& store;
  memory_history history{};
};

row_table table_of(memory_store& store) {
  row_table table;
  store.scan(row_table::needed | field::vector, [&](const record_batch& batch) { table.append(batch); });
  table.index();
  return table;
}

std::uint64_t content(const record& r) { return content_hash(r.vector, r.text); }

struct scene {
  upkeep_test::watched_store store{4};
  few_parts parts{store};
  std::vector<record> records{};
  progress silent{};

  explicit scene(int rows) {
    for (int i = 0; i < rows; ++i) {
      records.push_back(row(i, .1 * i, "text " + std::to_string(i)));
      store.inner.insert(records.back());
    }
  }
  void say(int removed, int survivor, bool accepted, const std::string& who = "eve") {
    parts.history.record_decision({removed,
                                   survivor,
                                   content(records.at(static_cast<std::size_t>(removed))),
                                   content(records.at(static_cast<std::size_t>(survivor))),
                                   accepted,
                                   who,
                                   {}});
  }
  v0::detail::decided_pairs read(const row_table& table) {
    v0::detail::decided_pairs pairs;
    pairs.read(parts, table, silent);
    return pairs;
  }
};

}  // namespace

TEST_CASE("decided_pairs: an acceptance is for one direction, a rejection for both", "[decided_pairs]") {
  scene s(4);
  s.say(1, 0, true, "adam");
  s.say(2, 0, false);
  const row_table table = table_of(s.store.inner);
  const auto pairs = s.read(table);
  CHECK(pairs.about(1, 0) == state::accepted);
  CHECK(pairs.about(0, 1) == state::outdated);
  CHECK(pairs.about(2, 0) == state::rejected);
  CHECK(pairs.about(0, 2) == state::rejected);
  CHECK(pairs.about(2, 1) == state::none);
  CHECK(pairs.about(3, 0) == state::none);
  CHECK(pairs.who(0, 1) == "adam");
  CHECK(pairs.who(3, 1).empty());
}

TEST_CASE("decided_pairs: a decision is void once a row holds another text or vector, and only then", "[decided_pairs]") {
  const int changed = GENERATE(0, 1);
  const int how = GENERATE(0, 1, 2, 3);
  scene s(2);
  s.say(1, 0, GENERATE(false, true));
  record now = s.records.at(static_cast<std::size_t>(changed));
  if (how == 0) now.text += ".";
  if (how == 1) now.vector[2] = 1e-7F;
  if (how == 2) now.source = "another";  // nothing that a person judged by
  if (how == 3) now.created = 7;
  s.store.inner.insert(now);
  const row_table table = table_of(s.store.inner);
  CHECK((s.read(table).about(1, 0) == state::outdated) == (how < 2));
  // What it was makes the decision hold again.
  s.store.inner.insert(s.records.at(static_cast<std::size_t>(changed)));
  const row_table as_before = table_of(s.store.inner);
  CHECK(s.read(as_before).about(1, 0) != state::outdated);
}

TEST_CASE("decided_pairs: a row that changes between the scan and the reading makes its decisions void", "[decided_pairs]") {
  scene s(2);
  s.say(1, 0, true);
  const row_table table = table_of(s.store.inner);
  // Only what the janitor does not look at changed: but the row of the scan is no more.
  record now = s.records[1];
  now.created = 9;
  s.store.inner.insert(now);
  CHECK(s.read(table).about(1, 0) == state::outdated);
}

TEST_CASE("decided_pairs: decisions about rows that are not there are passed over, and nothing is read without decisions",
          "[decided_pairs]") {
  scene s(3);
  std::size_t fetches = 0;
  s.store.before = [&](std::string_view step) { fetches += step == "fetch" ? 1U : 0U; };
  const row_table table = table_of(s.store.inner);
  CHECK(s.read(table).about(1, 0) == state::none);
  s.parts.history.record_decision({7, 0, 1, 1, true, "eve", {}});
  s.parts.history.record_decision({"1", 0, 1, 1, true, "eve", {}});
  s.parts.history.record_decision({1, 1, 1, 1, true, "eve", {}});
  CHECK(s.read(table).about(1, 0) == state::none);
  CHECK(fetches == 0);
}

TEST_CASE("decided_pairs: many decisions are read in few fetches, and the reading can be stopped", "[decided_pairs]") {
  scene s(1500);
  for (int i = 1; i < 1500; ++i) s.say(i, i - 1, i % 2 == 0);
  const row_table table = table_of(s.store.inner);
  std::size_t fetches = 0;
  s.store.before = [&](std::string_view step) { fetches += step == "fetch" ? 1U : 0U; };
  const auto pairs = s.read(table);
  CHECK(fetches == 2);
  for (row_index i = 1; i < 1500; ++i) REQUIRE(pairs.about(i, i - 1) == (i % 2 == 0 ? state::accepted : state::rejected));
  const auto stop = std::make_unique<std::stop_source>();
  stop->request_stop();
  progress stopped(stop->get_token());
  v0::detail::decided_pairs none;
  CHECK_THROWS_AS(none.read(s.parts, table, stopped), error);
}

TEST_CASE("decided_pairs: acceptances of rows that came back are forgotten, and nothing else", "[decided_pairs]") {
  memory_history history;
  const auto say = [&](key_view removed, key_view survivor, bool accepted) {
    history.record_decision({removed, survivor, 1, 2, accepted, "eve", {}});
  };
  say(1, 2, true);
  say(3, 1, true);
  say(1, 4, false);
  say("1", 5, true);
  const key_view back[] = {1};
  v0::detail::forget_acceptances(history, back);
  std::string left;
  history.visit_decisions([&](const review_decision& d) { left += to_string(d.removed) + "-" + to_string(d.survivor) + " "; });
  CHECK(left == "3-1 1-4 \"1\"-5 ");
}
