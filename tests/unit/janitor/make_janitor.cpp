#include "upkeep/janitor/make_janitor.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/keep_newest.hpp"
#include "upkeep/oracle/set_oracle.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <functional>
#include <map>
#include <string>

using namespace upkeep;

namespace {

std::map<std::string, std::string> names_of(const janitor_report& r) { return {r.policies.begin(), r.policies.end()}; }

struct counting_observer {
  int seen = 0;
  void observe(const event&) { ++seen; }
};
struct counting_notifier final {
  int* sent;
  void deliver(const message&) { ++*sent; }
};
struct final_guard final {
  verdict judge(const pair_view&) const { return verdict::covers; }
};

record some_row(key k, std::string text) {
  record r;
  r.key = std::move(k);
  r.vector = {1, 2};
  r.text = std::move(text);
  r.source = "s";
  return r;
}

// Two equal rows: kept is the one with the longer text, or the newer.
void fill(memory_store& store) {
  store.insert(some_row(1, "a longer text"));
  record newer = some_row(2, "other");
  newer.created = 5;
  store.insert(newer);
}

}  // namespace

TEST_CASE("with nothing but a store, a janitor has the careful defaults", "[make_janitor]") {
  memory_store store(2);
  fill(store);
  auto j = make_janitor(store);
  CHECK(j.options().phase == phase::detect);
  const janitor_report r = j.run();
  auto names = names_of(r);
  CHECK(names["store"] == "memory_store");
  CHECK(names["duplicate_guard"] == "contained");
  CHECK(names["retention"] == "keep_fullest");
  CHECK(names["orphan_oracle"] == "no_oracle");
  CHECK(names["removal"] == "hard_delete");
  CHECK(names["backup"] == "file_backup");
  CHECK(names["duplicate_finder"].find("sketch_join<") == 0);
  CHECK(r.pairs == 1);
  CHECK(r.duplicates_found == 0);  // "other" does not stand in "a longer text"
  CHECK(r.review_pairs == 1);
  CHECK(r.orphans_found == 0);
  CHECK(r.without_source == 0);
}

TEST_CASE("policies come in any order", "[make_janitor]") {
  memory_store store(2);
  fill(store);
  counting_observer observer;
  const auto check = [](auto&& j) {
    const janitor_report r = j.run();
    auto names = names_of(r);
    CHECK(names["duplicate_guard"] == "any_pair");
    CHECK(names["retention"] == "keep_newest");
    CHECK(names["orphan_oracle"] == "set_oracle");
    REQUIRE(j.last_plan().removals.size() == 1);
    CHECK(j.last_plan().removals[0].key == key(1));
    CHECK(j.options().threshold == .5);
  };
  const janitor_options options{.threshold = .5};
  check(make_janitor(store, any_pair(), keep_newest(), set_oracle({"s"}), options, std::ref(observer)));
  check(make_janitor(store, std::ref(observer), options, set_oracle({"s"}), keep_newest(), any_pair()));
  CHECK(observer.seen > 0);
}

TEST_CASE("a policy passed by std::ref is borrowed, one passed by value is copied", "[make_janitor]") {
  memory_store store(2);
  fill(store);
  counting_observer borrowed, copied;
  make_janitor(store, std::ref(borrowed)).run();
  make_janitor(store, copied).run();
  CHECK(borrowed.seen > 0);
  CHECK(copied.seen == 0);
}

TEST_CASE("final classes serve", "[make_janitor]") {
  memory_store store(2);
  fill(store);
  int sent = 0;
  auto j = make_janitor(store, final_guard(), counting_notifier{&sent}, janitor_options{.phase = phase::log});
  CHECK(j.run().duplicates_found == 1);
  CHECK(sent == 1);
}

TEST_CASE("lock, history and backup may be one's own", "[make_janitor]") {
  memory_store store(2);
  fill(store);
  const upkeep_test::temporary_directory folder;
  memory_lock lock;
  memory_history history;
  auto j = make_janitor(
      store, std::ref(history), std::ref(lock), file_backup(), any_pair(), testing::manual_clock(time_point()),
      janitor_options{.phase = phase::cleanup, .baseline = false, .limits = {.fraction = 1}, .backup_directory = folder.path().string()});
  CHECK(j.run().duplicates_removed == 1);
  CHECK(history.runs().size() == 1);
  CHECK_FALSE(store.history().last_run());
  CHECK(j.last_plan().made == time_point());
}

TEST_CASE("two janitors of one store share its lock and its history", "[make_janitor]") {
  memory_store store(2);
  fill(store);
  const upkeep_test::temporary_directory folder;
  const janitor_options options{.phase = phase::cleanup, .limits = {.fraction = 1}, .backup_directory = folder.path().string()};
  auto first = make_janitor(store, any_pair(), options);
  auto second = make_janitor(store, any_pair(), options);
  CHECK(first.run().baseline);
  CHECK_FALSE(second.run().baseline);
  CHECK(first.aliases(2).size() == 1);
}

TEST_CASE("the threshold is in the unit of the finder's own metric", "[make_janitor]") {
  memory_store store(2);
  fill(store);
  auto j = make_janitor(store, any_pair(), janitor_options{.threshold = 1.5});
  CHECK(upkeep_test::failure_of([&] { j.run(); }).code == errc::invalid_argument);
}
