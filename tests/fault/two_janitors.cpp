// Two maintenance runs of one store: one of them works, the other is told who does, and a run that dies leaves the store free.

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/failure.hpp"
#include "support/fault_scene.hpp"

#include <atomic>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using upkeep::errc;
using upkeep::outcome;
using upkeep_test::child;
using upkeep_test::ended;
using upkeep_test::failure;
using upkeep_test::failure_of;
using upkeep_test::fault_scene;
using upkeep_test::steps;

namespace {

/// A cleanup in a child that says "here" and waits at the given step (the n-th of its name).
std::unique_ptr<child> cleanup_waiting_at(const fault_scene& scene, const std::string& step, int nth = 1) {
  return std::make_unique<child>([&scene, step, nth](const child::line_to_parent& parent) {
    steps watch;
    int seen = 0;
    watch.at = [&](const std::string& now) {
      if (now != step || ++seen != nth) return;
      parent.say("here");
      parent.wait();
    };
    const upkeep::janitor_report report = scene.run(watch);
    return std::string(upkeep::to_string(report.status)) + " " + std::to_string(report.removed());
  });
}

bool names_owner_and_since(const failure& f) {
  // The lock says since when by the machine's clock, of which only the shape is known here.
  const std::size_t since = f.message.find("the fault test since 2");
  return f.happened && f.code == errc::busy && since != std::string::npos && f.message.find('T', since) != std::string::npos &&
         f.message.find("notes.sqlite#notes(id)") != std::string::npos;
}

/// What every way to start a maintenance run answers while another one holds the store.
void check_all_are_busy(const fault_scene& scene, const upkeep::receipt& some_receipt) {
  upkeep::sqlite_store store(scene.database(), fault_scene::layout());
  upkeep::janitor_options options = fault_scene::options();
  options.owner = "the second";
  steps watch;
  {
    auto janitor = upkeep_test::watched_janitor(store, watch, options, scene.clock());
    CHECK(names_owner_and_since(failure_of([&] { static_cast<void>(janitor.run()); })));
    CHECK(names_owner_and_since(failure_of([&] { static_cast<void>(janitor.apply(scene.plan())); })));
    CHECK(names_owner_and_since(failure_of([&] { static_cast<void>(janitor.undo(some_receipt)); })));
  }
  {
    options.phase = upkeep::phase::log;
    auto janitor = upkeep_test::watched_janitor(store, watch, options, scene.clock());
    CHECK(names_owner_and_since(failure_of([&] { static_cast<void>(janitor.run()); })));
  }
  CHECK_FALSE(watch.has("backup before"));
  CHECK_FALSE(watch.has("record_run started before"));
  {
    options.phase = upkeep::phase::detect;  // takes no lock
    auto janitor = upkeep_test::watched_janitor(store, watch, options, scene.clock());
    const upkeep::janitor_report report = janitor.run();
    CHECK(report.status == outcome::done);
    CHECK(report.removed() == 0);
  }
}

}  // namespace

TEST_CASE("while one process cleans, others are told who does", "[two_janitors]") {
  const fault_scene scene;
  const std::string whole = "done " + std::to_string(scene.plan().removals.size());
  for (const char* step : {"try_lock after", "finder after", "event backup_proven", "event rows_removed", "notifier"}) {
    CAPTURE(step);
    scene.reset();
    const upkeep::receipt none{.id = "x", .path = "x", .format = "sqlite_backup 1", .store = scene.plan().store};
    const auto first = cleanup_waiting_at(scene, step);
    REQUIRE(first->hear() == "here");
    if (step == std::string("notifier")) {  // the last word is spoken after the lock was freed
      upkeep::file_run_lock lock(scene.database() + ".upkeep.lock");
      CHECK(lock.try_lock("anybody").acquired);
    } else {
      check_all_are_busy(scene, none);
    }
    first->go_on();
    CHECK(first->end().said == whole);
    CHECK(scene.nothing_lost() == "");
    CHECK(scene.recovers(false) == "");
  }
}

TEST_CASE("a janitor that is stopped keeps the store, one that is killed frees it", "[two_janitors]") {
  const fault_scene scene;
  const upkeep::receipt none{.id = "x", .path = "x", .format = "sqlite_backup 1", .store = scene.plan().store};
  const auto first = cleanup_waiting_at(scene, "event rows_removed", 2);
  REQUIRE(first->hear() == "here");
  first->stop();
  check_all_are_busy(scene, none);
  CHECK(scene.removed().size() == 2 * fault_scene::batch);
  first->send(SIGKILL);
  CHECK(first->end().killed());
  CHECK(scene.nothing_lost() == "");
  CHECK(scene.recovers(true) == "");
}

TEST_CASE("a janitor that is stopped in the middle of a batch keeps nothing half done when it is killed", "[two_janitors]") {
  const fault_scene scene({.wal = true});
  const auto first = cleanup_waiting_at(scene, "removal deleted", 3);
  REQUIRE(first->hear() == "here");
  first->stop();
  CHECK(scene.rows() == scene.original());
  first->send(SIGKILL);
  CHECK(first->end().killed());
  CHECK(scene.removed().empty());
  CHECK(scene.nothing_lost() == "");
  CHECK(scene.recovers(true) == "");
}

TEST_CASE("of processes that start together each cleans or is told to wait, and together they remove the plan once", "[two_janitors]") {
  const fault_scene scene;
  for (int round = 0; round < 5; ++round) {
    scene.reset();
    std::vector<std::unique_ptr<child>> all;
    for (int i = 0; i < 4; ++i)
      all.push_back(std::make_unique<child>([&](const child::line_to_parent& parent) -> std::string {
        parent.say("ready");
        parent.wait();
        steps watch;
        std::optional<upkeep::janitor_report> report;
        const failure f = failure_of([&] { report = scene.run(watch); });
        if (report) return std::string(upkeep::to_string(report->status)) + " " + std::to_string(report->removed());
        // Who has only just locked may not have written its name yet.
        return f.code == errc::busy && f.names("another maintenance run holds") ? "busy" : f.message;
      }));
    for (const auto& c : all) REQUIRE(c->hear() == "ready");
    for (const auto& c : all) c->go_on();
    std::size_t removed = 0, done = 0;
    for (const auto& c : all) {
      const std::string said = c->end().said;
      CAPTURE(said);
      if (said == "busy") continue;
      REQUIRE(said.rfind("done ", 0) == 0);
      ++done;
      removed += std::stoul(said.substr(5));
    }
    CHECK(done >= 1);
    CHECK(removed == scene.plan().removals.size());
    CHECK(scene.nothing_lost() == "");
    CHECK(scene.recovers(false) == "");
  }
}

TEST_CASE("two threads with a store each exclude one another", "[two_janitors]") {
  const fault_scene scene;
  steps watch;
  int asked = 0, busy = 0;
  watch.at = [&](const std::string& step) {
    if (step != "finder after" && step != "event rows_removed" && step != "event backup_started") return;
    ++asked;
    failure second;
    std::thread([&] {
      steps other;
      second = failure_of([&] { static_cast<void>(scene.run(other)); });
    }).join();
    busy += names_owner_and_since(second) ? 1 : 0;
  };
  const upkeep::janitor_report report = scene.run(watch);
  CHECK(report.status == outcome::done);
  CHECK(asked > 3);
  CHECK(busy == asked);
  CHECK(scene.nothing_lost() == "");
  CHECK(scene.recovers(false) == "");
}

TEST_CASE("of threads that start together each cleans or is told to wait", "[two_janitors]") {
  const fault_scene scene;
  std::atomic<int> ready{0};
  std::atomic<std::size_t> removed{0};
  std::atomic<int> done{0}, busy{0}, other{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      ++ready;
      while (ready.load() != 3) std::this_thread::yield();
      try {
        steps watch;
        const upkeep::janitor_report report = scene.run(watch);
        if (report.status == outcome::done) ++done;
        removed += report.removed();
      } catch (const upkeep::error& e) {
        ++(e.code() == errc::busy ? busy : other);
      } catch (...) {
        ++other;
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(other == 0);
  CHECK(done >= 1);
  CHECK(done + busy == 3);
  CHECK(removed == scene.plan().removals.size());
  CHECK(scene.nothing_lost() == "");
  CHECK(scene.recovers(false) == "");
}
