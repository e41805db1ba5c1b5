#include "upkeep/janitor/give_space_back.hpp"

#include "support/catch.hpp"
#include "support/janitor_world.hpp"

#include <stdexcept>
#include <string>

using namespace upkeep;
using namespace upkeep_test;

namespace {

/// Gives back what a test says.
struct compactable_world_store : transacting_store {
  using transacting_store::transacting_store;
  compaction_report compact(const compaction_options& options, progress& p) {
    ++calls;
    asked = options.mode;
    told_space = options.free_space ? options.free_space("/") : 0;
    before_compacting();
    p.check("the compaction");
    for (std::uint64_t done = 0; done < answer.slices; ++done) p.report("compact", done, 0, "pages");
    return answer;
  }
  std::size_t calls = 0;
  compaction_mode asked{};
  std::uint64_t told_space = 0;
  std::function<void()> before_compacting = [] {};
  compaction_report answer{.method = "slices", .page_bytes = 4096, .free_pages_before = 9, .free_pages_after = 2, .slices = 3};
};
static_assert(compactable_store<compactable_world_store> && !compactable_store<transacting_store>);

struct small_world : basic_world<compactable_world_store> {
  small_world() {
    insert(row(1, 0));
    insert(row(2, 0));
  }
};

}  // namespace

TEST_CASE("give_space_back: after a cleanup that ended well, with what it was told", "[give_space_back]") {
  small_world w;
  w.options.compaction.mode = compaction_mode::rewrite;
  w.options.free_space = [](const std::string&) { return std::uint64_t{1} << 40U; };
  bool gone = false;
  std::string recorded;
  w.store.before_compacting = [&] {
    gone = w.rows().size() == 1;
    recorded = w.store.inner.history().last_run()->status;
  };
  auto j = w.janitor();
  janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(w.store.calls == 1);
  CHECK(w.store.asked == compaction_mode::rewrite);
  CHECK(gone);
  CHECK(recorded == "done");  // who dies here has left nothing to recover
  CHECK(w.store.told_space == std::uint64_t{1} << 40U);
  REQUIRE(r.compaction);
  CHECK(r.compaction->free_pages_after == 2);
  const auto told = w.observer.named("store_compacted");
  REQUIRE(told.size() == 1);
  CHECK(told[0].fields.at("free_pages_after") == "2");
  const auto finished = w.observer.named("run_finished");
  CHECK(finished.at(0).fields.at("free_bytes") == "8192");
  CHECK(finished.at(0).fields.at("page_bytes") == "4096");
  // A run that removes nothing goes on with what an earlier one had no time for.
  r = j.run();
  CHECK(r.removed() == 0);
  CHECK(w.store.calls == 2);
}

TEST_CASE("give_space_back: not for a look, a first run, a rehearsal or a run that a limit ended", "[give_space_back]") {
  small_world w;
  SECTION("detect") { w.options.phase = phase::detect; }
  SECTION("log") { w.options.phase = phase::log; }
  SECTION("baseline") { w.options.baseline = true; }
  SECTION("dry run") { w.options.dry_run = true; }
  SECTION("aborted") { w.options.limits.fraction = 0; }
  auto j = w.janitor();
  const janitor_report r = j.run();
  CHECK(w.store.calls == 0);
  CHECK_FALSE(r.compaction);
}

TEST_CASE("give_space_back: whatever happens to it, the run that removed rows stays done", "[give_space_back]") {
  small_world w;
  SECTION("the store") {
    w.store.before_compacting = [] { throw std::runtime_error("no such luck"); };
  }
  SECTION("an observer") {
    w.observer.then = [](const heard_event& e) {
      if (e.name == "store_compacted") throw std::runtime_error("no such luck");
    };
  }
  auto j = w.janitor();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.error.empty());
  CHECK(r.removed() == 1);
  REQUIRE(r.compaction);
  CHECK(r.compaction->left == "no such luck");
}

TEST_CASE("give_space_back: an observer that throws within a slice takes along nothing of what was done", "[give_space_back]") {
  small_world w;
  std::size_t heard = 0;
  w.observer.then = [&](const heard_event& e) {
    if (e.name != "progress" || e.fields.at("step") != "compact") return;
    ++heard;
    throw std::runtime_error("no such luck");
  };
  auto j = w.janitor();
  const janitor_report r = j.run();
  CHECK(heard > 0);
  CHECK(r.status == outcome::done);
  CHECK(r.removed() == 1);
  REQUIRE(r.compaction);
  CHECK(r.compaction->method == "slices");
  CHECK(r.compaction->slices == 3);
  CHECK(r.compaction->free_pages_after == 2);
  CHECK(r.compaction->left == "an observer failed: no such luck");
  CHECK(w.observer.named("store_compacted").size() == 1);
}

TEST_CASE("give_space_back: a stop during it does not undo that the rows are gone", "[give_space_back]") {
  small_world w;
  std::stop_source stop;
  w.store.before_compacting = [&] { stop.request_stop(); };
  auto j = w.janitor();
  const janitor_report r = j.run(stop.get_token());
  CHECK(r.status == outcome::done);
  CHECK(r.removed() == 1);
  REQUIRE(r.compaction);
  CHECK(r.compaction->left.find("cancelled") != std::string::npos);
}
