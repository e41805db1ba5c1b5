#include "upkeep/janitor/pair_review.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/janitor_world.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

using namespace upkeep;
using upkeep_test::failure_of;
using upkeep_test::row;
using upkeep_test::world;

namespace {

// One type for all cases, so that it is compiled once.
auto janitor_of(world& w) { return w.janitor(); }

constexpr std::string_view the_doubt = "the text that would go does not stand in the other one as whole lines or sentences";

// Two close pairs over which the guard hesitates, and a duplicate.
void fill(world& w) {
  w.insert(row("a", 0.0, "The valve opens at 5 bar, and closes at 4."));
  w.insert(row("b", 0.1, "The valve opens at 6 bar."));
  w.insert(row("c", 1.5, "Read the manual before you start, please."));
  w.insert(row("d", 1.6, "Read the manual first."));
  w.insert(row("e", 3.0, "One copy. Another."));
  w.insert(row("f", 3.01, "One copy."));
}

std::vector<std::string> waiting(const plan& p) {
  std::vector<std::string> pairs;
  for (const review_pair& r : p.review) pairs.push_back(to_string(r.removed) + to_string(r.survivor) + (r.asked_again ? " again" : ""));
  return pairs;
}
using names = std::vector<std::string>;

}  // namespace

TEST_CASE("pair_review: a plan says what waits for a person and why; a look shows it", "[pair_review]") {
  world w;
  fill(w);
  auto j = janitor_of(w);
  const plan p = j.analyse();
  REQUIRE(waiting(p) == names{"\"b\"\"a\"", "\"d\"\"c\""});
  CHECK(p.review[0].reason == "guard");
  CHECK(p.review[0].doubt == the_doubt);
  CHECK(p.removals.size() == 1);
  for (const bool turned : {false, true}) {
    const pair_seen seen = turned ? j.review().look_at("a", "b") : j.review().look_at("b", "a");
    CHECK(seen.removed == key("b"));
    CHECK(seen.survivor == key("a"));
    CHECK(seen.removed_text == "The valve opens at 6 bar.");
    CHECK(seen.survivor_text == "The valve opens at 5 bar, and closes at 4.");
    CHECK(seen.score == p.review[0].score);
    CHECK(seen.doubt == the_doubt);
  }
}

TEST_CASE("pair_review: what was accepted goes in the next run and says who; what was rejected is never asked again", "[pair_review]") {
  world w;
  fill(w);
  auto j = janitor_of(w);
  auto people = j.review();
  people.decide(people.look_at("a", "b"), true, "eve");
  people.decide(people.look_at("c", "d"), false, "adam");
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK_FALSE(w.has("b"));
  CHECK_FALSE(w.has("f"));
  CHECK((w.has("a") && w.has("c") && w.has("d") && w.has("e")));
  CHECK(r.review_pairs == 0);
  CHECK(r.accepted_pairs == 1);
  CHECK(r.accepted_by == "eve");
  CHECK(r.rejected_pairs == 1);
  CHECK(r.duplicates_removed == 2);
  for (const planned_removal& p : j.last_plan().removals) CHECK(p.accepted_by == (p.key == key("b") ? "eve" : ""));
  for (const char* name : {"removing_row", "row_removed"}) {
    std::size_t told = 0;
    for (const auto& e : w.observer.named(name)) {
      const bool accepted = e.fields.at("key") == (e.name == "removing_row" ? "b" : "\"b\"");
      CHECK((accepted ? e.fields.at("accepted_by") == "eve" : e.fields.count("accepted_by") == 0));
      ++told;
    }
    CHECK(told == 2);
  }
  // The next nights ask nobody.
  const janitor_report again = j.run();
  CHECK(again.review_pairs == 0);
  CHECK(again.rejected_pairs == 1);
  CHECK(again.accepted_pairs == 0);

  // Who brings the rows back has thought better of it.
  const restore_report back = j.undo(*r.receipt);
  CHECK(back.restored == 2);
  CHECK(w.has("b"));
  CHECK(waiting(j.analyse()) == names{"\"b\"\"a\""});
  CHECK(people.decisions().size() == 1);
}

TEST_CASE("pair_review: once a row changed, its pair is asked about again", "[pair_review]") {
  world w;
  fill(w);
  auto j = janitor_of(w);
  auto people = j.review();
  people.decide(people.look_at("a", "b"), true, "eve");
  people.decide(people.look_at("c", "d"), false, "eve");
  w.insert(row("b", 0.1, "The valve opens at 7 bar."));
  w.insert(row("c", 1.5, "Read the manual before you start, and after."));
  const janitor_report r = j.run();
  CHECK(r.void_decisions == 2);
  CHECK(r.review_pairs == 2);
  CHECK(r.accepted_pairs + r.rejected_pairs == 0);
  CHECK((w.has("b") && w.has("d")));
  CHECK(waiting(j.last_plan()) == names{"\"b\"\"a\" again", "\"d\"\"c\" again"});
  for (const pair_decision& d : people.decisions()) CHECK(d.now == pair_decision::standing::changed);
  // Decided anew, it holds.
  people.decide(people.look_at("a", "b"), true, "adam");
  CHECK(j.run().accepted_by == "adam");
  CHECK_FALSE(w.has("b"));
  CHECK(people.decisions()[0].now == pair_decision::standing::gone);
}

TEST_CASE("pair_review: who decides about a pair as it was decides nothing", "[pair_review]") {
  world w;
  fill(w);
  auto j = janitor_of(w);
  auto people = j.review();
  const pair_seen seen = people.look_at("a", "b");
  w.insert(row("a", 0.0, "The valve never opens. Really."));  // between the look and the key that is pressed
  people.decide(seen, true, "eve");
  CHECK(j.run().accepted_pairs == 0);
  CHECK(w.has("b"));
}

TEST_CASE("pair_review: a decision overrules nothing but the guard's hesitation", "[pair_review]") {
  world w;
  fill(w);
  auto j = janitor_of(w);
  auto people = j.review();
  people.decide(people.look_at("a", "b"), true, "eve");
  const std::string what = GENERATE(as<std::string>{}, "pinned", "scope", "model", "source", "far", "witness", "limit", "ledger");
  INFO(what);
  record b = row("b", 0.1, "The valve opens at 6 bar.");
  if (what == "pinned") b.pinned = true;
  if (what == "scope") b.scope = "elsewhere";
  if (what == "model") b.model = "other";
  if (what == "source") w.oracle.known["s"] = ownership::unknown;
  if (what == "far") w.options.threshold = .999;
  if (what == "limit") w.options.limits.count = 0;
  if (what == "witness") {
    const key_view a = "a";
    w.store.inner.erase({&a, 1});
  }
  if (what == "ledger") {
    const ledger_entry e{"x", "s", "b", .99, "r1", w.clock.now() + std::chrono::hours(1)};
    w.store.inner.history().add_to_ledger({&e, 1});
  }
  w.insert(b);
  auto night = w.janitor();
  const janitor_report r = night.run();
  CHECK(r.accepted_pairs == (what == "limit" ? 1U : 0U));
  CHECK(r.removed() == (what == "limit" || what == "source" ? 0U : 1U));  // the other duplicate
  CHECK(w.has("b"));
}

TEST_CASE("pair_review: what is taken back before its batch stays, also where a plan says that it goes", "[pair_review]") {
  world w;
  fill(w);
  auto j = janitor_of(w);
  auto people = j.review();
  people.decide(people.look_at("a", "b"), true, "eve");
  const plan p = j.analyse();
  CHECK(p.removals.size() == 2);
  if (GENERATE(true, false))
    CHECK(people.forget("a", "b"));
  else
    people.decide(people.look_at("a", "b"), false, "eve");
  const janitor_report r = j.apply(p);
  CHECK(r.status == outcome::done);
  CHECK(r.removed() == 1);
  CHECK(r.changed == 1);
  CHECK(w.has("b"));
  CHECK(w.ledger().count(key("b")) == 0);
}

TEST_CASE("pair_review: where there is nothing to decide, it says why", "[pair_review]") {
  world w;
  fill(w);
  record other = row("g", 0.05, "The valve opens at 7 bar.");
  other.scope = "tenant";
  w.insert(other);
  other.key = "h";
  other.model = "m";
  w.insert(other);
  for (const char* k : {"p", "q"}) {
    record pinned = row(k, -1.5, std::string("Pinned text ") + k);
    pinned.pinned = true;
    w.insert(pinned);
  }
  record zero = row("z", 0.0);
  zero.vector = {0, 0, 0, 0};
  w.insert(zero);
  auto j = janitor_of(w);
  auto people = j.review();
  const std::tuple<const char*, const char*, errc, const char*> cases[] = {
      {"a", "a", errc::invalid_argument, "one row"},      {"a", "x", errc::not_found, "\"x\" is not there"},
      {"a", "c", errc::invalid_argument, "not close"},    {"e", "f", errc::invalid_argument, "go without asking"},
      {"a", "g", errc::invalid_argument, "scopes"},       {"g", "h", errc::invalid_argument, "models"},
      {"p", "q", errc::invalid_argument, "both are pin"}, {"a", "z", errc::invalid_argument, "usable vector"}};
  for (const auto& refused : cases) {
    const key a(std::get<0>(refused)), b(std::get<1>(refused));
    const auto failure = failure_of([&] { static_cast<void>(people.look_at(a, b)); });
    INFO(to_string(a) << " " << to_string(b) << " " << failure.message);
    CHECK(failure.code == std::get<2>(refused));
    CHECK(failure.names(std::get<3>(refused)));
  }
  CHECK(failure_of([&] { people.decide(people.look_at("a", "b"), true, ""); }).names("`who` is empty"));
  // A row that stands for another one stays until that one can no longer be brought back, whatever people say.
  const ledger_entry held[] = {
      {.removed = "gone", .source = {}, .witness = "b", .score = 1, .receipt = {}, .until = w.clock.now() + std::chrono::hours(1)}};
  w.store.inner.history().add_to_ledger(held);
  CHECK(failure_of([&] { static_cast<void>(people.look_at("a", "b")); }).names("stands for the removed row \"gone\" until"));
  w.clock.advance(std::chrono::hours(1));
  CHECK(people.look_at("a", "b").removed == key("b"));
  CHECK(people.decisions().empty());
  CHECK_FALSE(people.forget("a", "b"));
}

TEST_CASE("pair_review: of more pairs than a plan may list, the closest are listed and the others counted", "[pair_review]") {
  world w;
  for (int i = 0; i < 12; ++i) w.insert(row(i, .01 * i * i, "text number " + std::to_string(i) + " of many"));
  w.options.max_review = 1000;
  const plan all = w.janitor().analyse();
  REQUIRE(all.review.size() > 12);
  REQUIRE(all.review_left_out == 0);
  std::vector<double> scores;
  for (const review_pair& r : all.review) scores.push_back(r.score);
  std::sort(scores.begin(), scores.end(), std::greater<>());
  for (const std::size_t most : {std::size_t{0}, std::size_t{1}, std::size_t{7}, all.review.size() - 1, all.review.size()}) {
    w.options.max_review = most;
    auto j = w.janitor();
    const janitor_report r = j.run();
    const plan& some = j.last_plan();
    CHECK(some.review.size() == most);
    CHECK(some.review_left_out == all.review.size() - most);
    CHECK(r.review_pairs == all.review.size());
    CHECK(r.review_left_out == some.review_left_out);
    // In the order of the whole list, and none of them less close than one that is left out.
    auto from = all.review.begin();
    for (const review_pair& p : some.review) {
      from = std::find(from, all.review.end(), p);
      REQUIRE(from != all.review.end());
      CHECK(p.score >= scores.at(most - 1));
    }
  }
}
