#include "upkeep/janitor/make_janitor.hpp"

#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/keep_oldest.hpp"
#include "upkeep/metric/dot.hpp"
#include "upkeep/oracle/set_oracle.hpp"
#include "upkeep/store/memory_store.hpp"

#include "support/failure.hpp"

#include "support/catch.hpp"

#include <map>
#include <string>
#include <vector>

using namespace upkeep;

namespace {

struct final_observer final {
  int* seen;
  void observe(const event&) { ++*seen; }
};

struct counting_guard {
  static constexpr field reads = field::none;
  mutable int judged = 0;
  verdict judge(const pair_view&) const {
    ++judged;
    return verdict::distinct;
  }
};

void fill(memory_store& store) {
  for (int i = 0; i < 4; ++i) {
    record r;
    r.key = i;
    r.vector = {1.0F, static_cast<float>(i / 2), 0.0F};
    r.text = "the same words";
    r.source = "s";
    store.insert(r);
  }
}

template <class Janitor>
std::map<std::string, std::string> names(Janitor& janitor) {
  std::map<std::string, std::string> all;
  for (const auto& [role, name] : janitor.analyse().policies) all[role] = name;
  return all;
}

}  // namespace

TEST_CASE("what is not given has its default", "[make_janitor]") {
  memory_store store(3);
  fill(store);
  auto janitor = make_janitor(store);
  const auto all = names(janitor);
  REQUIRE(all.at("duplicate_guard") == "contained");
  REQUIRE(all.at("retention") == "keep_fullest");
  REQUIRE(all.at("orphan_oracle") == "no_oracle");
  REQUIRE(all.at("removal") == "hard_delete");
  REQUIRE(all.at("duplicate_finder").starts_with("exhaustive_join"));
  REQUIRE(janitor.options().phase == phase::detect);
}

TEST_CASE("policies come in any order, options among them", "[make_janitor]") {
  memory_store store(3);
  fill(store);
  int seen = 0;
  set_oracle oracle;
  oracle.add("s");
  auto one = make_janitor(store, janitor_options{.threshold = .9}, any_pair{}, oracle, keep_oldest{}, final_observer{&seen});
  auto two = make_janitor(store, final_observer{&seen}, keep_oldest{}, oracle, any_pair{}, janitor_options{.threshold = .9});
  REQUIRE(names(one) == names(two));
  REQUIRE(names(one).at("duplicate_guard") == "any_pair");
  REQUIRE(names(one).at("retention") == "keep_oldest");
  REQUIRE(names(one).at("orphan_oracle") == "set_oracle");
  REQUIRE(one.options().threshold == .9);
  const janitor_report report = one.run();
  REQUIRE(report.duplicates_found == 2);
  REQUIRE(seen > 0);
}

TEST_CASE("a policy is copied unless it is borrowed", "[make_janitor]") {
  memory_store store(3);
  fill(store);
  const counting_guard guard;
  static_cast<void>(make_janitor(store, guard).analyse());
  REQUIRE(guard.judged == 0);
  static_cast<void>(make_janitor(store, std::ref(guard)).analyse());
  REQUIRE(guard.judged == 2);
}

TEST_CASE("a finder brings its own metric", "[make_janitor]") {
  memory_store store(3);
  fill(store);
  auto janitor = make_janitor(store, exhaustive_join<dot>{}, any_pair{}, janitor_options{.threshold = 1.5});
  REQUIRE(janitor.analyse().removals.size() == 1);  // only the two rows (1, 1, 0) have a product of 2
}

TEST_CASE("options that cannot be used are refused when the janitor is made", "[make_janitor]") {
  memory_store store(3);
  REQUIRE(upkeep_test::failure_of([&] { static_cast<void>(make_janitor(store, janitor_options{.batch = 0})); }).code == errc::invalid_argument);
}
