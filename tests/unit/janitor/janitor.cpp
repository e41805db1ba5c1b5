#include "upkeep/janitor/janitor.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/janitor_world.hpp"
#include "upkeep/janitor/receipt_json.hpp"
#include "upkeep/janitor/report_json.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>

using namespace upkeep;
using namespace std::chrono_literals;
using upkeep_test::failure_of;
using upkeep_test::row;
using upkeep_test::world;

namespace {

constexpr auto night = 24h;

std::size_t files_in(const world& w) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::recursive_directory_iterator(w.folder.path())) ++count;
  return count;
}

// Reads pass, writes are counted as offences by throwing.
struct reading_history {
  memory_history inner;
  [[noreturn]] static void refuse() { throw std::logic_error("the history was written to"); }
  void record_run(const run_summary&) { refuse(); }
  std::optional<run_summary> last_run() { return inner.last_run(); }
  void record_orphans(std::span<const orphan_sighting>) { refuse(); }
  void visit_orphans(function_ref<void(const orphan_sighting&)> visit) { inner.visit_orphans(visit); }
  void add_to_ledger(std::span<const ledger_entry>) { refuse(); }
  void drop_from_ledger(std::span<const key_view>) { refuse(); }
  void visit_ledger(function_ref<void(const ledger_entry&)> visit) { inner.visit_ledger(visit); }
};
struct forbidden_lock {
  lock_answer try_lock(const std::string&) { throw std::logic_error("the lock was taken"); }
  void unlock() {}
};
struct forbidden_backup {
  template <class Store>
  receipt back_up(Store&, std::span<const key_view>, const std::string&) {
    throw std::logic_error("a backup was written");
  }
  void verify(const receipt&, digest_visitor) {}
  template <class Store>
  restore_report restore(Store&, const receipt&) {
    throw std::logic_error("a backup was restored");
  }
};

void forbid_writing(world& w) {
  w.store.before = [](std::string_view step) {
    if (step != "scan" && step != "fetch") throw std::logic_error("the store was written to: " + std::string(step));
  };
}

void two_equal_rows_and_an_orphan(world& w) {
  w.insert(row(1, 0.0));
  w.insert(row(2, 0.0));
  w.insert(row(3, 1.0, "something else", "gone"));
  w.oracle.lose("gone");
}

}  // namespace

// ---- phases ---------------------------------------------------------------------------------------------------------------------------

TEST_CASE("detect finds everything, takes no lock, writes nothing and tells nobody", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  REQUIRE(w.store.inner.run_lock().try_lock("somebody").acquired);  // frees itself: the lock is held by a temporary
  forbid_writing(w);
  w.options.phase = phase::detect;
  auto j = w.janitor(reading_history{w.store.inner.history()}, forbidden_lock{}, forbidden_backup{});
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.phase == "detect");
  CHECK(r.rows == 3);
  CHECK(r.pairs == 1);
  CHECK(r.duplicates_found == 1);
  CHECK(r.orphans_found == 1);
  CHECK(r.planned == 2);
  CHECK(r.removed() == 0);
  CHECK_FALSE(r.receipt);
  CHECK(files_in(w) == 0);
  CHECK(w.notifier.messages.empty());
  CHECK(j.last_plan().removals.size() == 2);
  CHECK(j.analyse().removals == j.last_plan().removals);
}

TEST_CASE("log remembers what it saw and leaves the store alone", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  forbid_writing(w);
  w.options.phase = phase::log;
  auto j = w.janitor(forbidden_backup{});
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.duplicates_found == 1);
  CHECK(r.removed() == 0);
  CHECK(files_in(w) == 0);
  const auto last = w.store.inner.history().last_run();
  REQUIRE(last);
  CHECK(last->id == r.run_id);
  CHECK(last->phase == "log");
  CHECK(last->status == "done");
  CHECK(last->started == w.clock.now());
  CHECK(last->rows == 3);
  CHECK(last->sources == 2);
  CHECK(last->absent_sources == 1);
  CHECK(last->asked_oracle);
  std::vector<key> waiting;
  w.store.inner.history().visit_orphans([&](const orphan_sighting& s) { waiting.emplace_back(s.key); });
  CHECK(waiting == std::vector<key>{3});
  REQUIRE(w.notifier.messages.size() == 1);
  CHECK(w.notifier.messages[0].level == message::urgency::notice);
}

TEST_CASE("cleanup removes what it found, and the report adds up", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  const std::uint64_t before = w.store.bytes();
  auto j = w.janitor();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.error.empty());
  CHECK(r.duplicates_removed == 1);
  CHECK(r.orphans_removed == 1);
  CHECK(r.planned == 2);
  CHECK(r.changed == 0);
  CHECK(r.file_bytes_before == before);
  CHECK(r.file_bytes_after == w.store.bytes());
  CHECK(r.bytes_reclaimed == before - w.store.bytes());
  CHECK(r.kb_reclaimed == Approx(static_cast<double>(r.bytes_reclaimed) / 1024));
  REQUIRE(r.receipt);
  CHECK(r.receipt->rows == 2);
  CHECK(r.receipt->store == w.store.identity());
  CHECK(read_receipt(r.receipt_path) == *r.receipt);
  CHECK(w.has(1));
  CHECK_FALSE(w.has(2));
  CHECK_FALSE(w.has(3));
  CHECK(w.ledger() == std::map<key, key>{{2, 1}});
  const auto last = w.store.inner.history().last_run();
  REQUIRE(last);
  CHECK(last->status == "done");
  CHECK(last->receipt == r.receipt_path);
  CHECK(w.observer.named("run_started").size() == 1);
  CHECK(w.observer.named("backup_proven").size() == 1);
  CHECK(w.observer.named("run_finished").size() == 1);
  const auto removed = w.observer.named("row_removed");
  REQUIRE(removed.size() == 2);
  CHECK(removed[1].fields.at("reason") == "duplicate");
  CHECK(removed[1].fields.at("key") == "2");
  CHECK(removed[1].fields.at("witness") == "1");
  REQUIRE(w.notifier.messages.size() == 1);
  CHECK(w.notifier.messages[0].text.find("receipt: " + r.receipt_path) != std::string::npos);
}

TEST_CASE("a store without rows, or without work, is done", "[janitor]") {
  world w;
  auto j = w.janitor();
  CHECK(j.run().status == outcome::done);
  w.insert(row(1, 0));
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.rows == 1);
  CHECK_FALSE(r.receipt);
  CHECK(files_in(w) == 0);
}

// ---- baseline and grace ---------------------------------------------------------------------------------------------------------------

TEST_CASE("the first log or cleanup run records and removes nothing", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.baseline = true;
  forbid_writing(w);
  auto j = w.janitor();
  janitor_report r = j.run();
  CHECK(r.baseline);
  CHECK(r.planned == 2);
  CHECK(r.removed() == 0);
  CHECK(files_in(w) == 0);
  w.store.before = nullptr;
  r = j.run();
  CHECK_FALSE(r.baseline);
  CHECK(r.removed() == 2);
}

TEST_CASE("a log run is a baseline for the cleanup after it; detect, apply, undo and dry runs are none", "[janitor]") {
  world w;
  w.options.baseline = true;
  const auto run = [&](phase p, bool dry = false) {
    w.options.phase = p;
    w.options.dry_run = dry;
    return w.janitor().run();
  };
  two_equal_rows_and_an_orphan(w);
  SECTION("log") {
    run(phase::log);
    CHECK(run(phase::cleanup).removed() == 2);
  }
  SECTION("detect") {
    run(phase::detect);
    CHECK(run(phase::cleanup).baseline);
  }
  SECTION("dry run") {
    CHECK(run(phase::cleanup, true).baseline);
    CHECK(run(phase::cleanup).baseline);
  }
  SECTION("apply and undo") {
    auto j = w.janitor();
    const janitor_report r = j.apply(j.analyse());
    REQUIRE(r.removed() == 2);
    j.undo(*r.receipt);
    CHECK(run(phase::cleanup).baseline);
    CHECK(run(phase::cleanup).removed() == 2);
  }
}

TEST_CASE("an orphan goes when it is seen again after the grace period", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.grace = 20h;
  auto j = w.janitor();
  janitor_report r = j.run();
  CHECK(r.orphans_found == 1);
  CHECK(r.waiting_grace == 1);
  CHECK(w.has(3));
  w.clock.advance(20h - 1us);
  r = j.run();
  CHECK(r.waiting_grace == 1);
  CHECK(w.has(3));
  w.clock.advance(1us);
  r = j.run();
  CHECK(r.waiting_grace == 0);
  CHECK(r.orphans_removed == 1);
  CHECK_FALSE(w.has(3));
}

TEST_CASE("grace starts anew where the source came back, or the row is of another source now", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.grace = 20h;
  auto j = w.janitor();
  j.run();
  w.clock.advance(night);
  SECTION("the source came back for one night") {
    w.oracle.known["gone"] = ownership::present;
    CHECK(j.run().orphans_found == 0);
    w.oracle.lose("gone");
    w.clock.advance(night);
  }
  SECTION("the row names another source, gone as well") {
    w.insert(row(3, 1.0, "something else", "gone too"));
    w.oracle.lose("gone too");
  }
  CHECK(j.run().waiting_grace == 1);
  CHECK(w.has(3));
  w.clock.advance(night);
  CHECK(j.run().orphans_removed == 1);
}

TEST_CASE("a clock that was set back makes an orphan wait, never go early", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.grace = 20h;
  auto j = w.janitor();
  j.run();
  w.clock.advance(-10 * night);
  CHECK(j.run().waiting_grace == 1);
  CHECK(w.has(3));
}

TEST_CASE("an orphan seen by a log run has been seen", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.grace = 20h;
  w.options.phase = phase::log;
  w.janitor().run();
  w.clock.advance(night);
  w.options.phase = phase::cleanup;
  CHECK(w.janitor().run().orphans_removed == 1);
}

// ---- limits ---------------------------------------------------------------------------------------------------------------------------

TEST_CASE("a plan beyond a limit aborts the whole cleanup and raises an alert", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  const auto before = w.rows();
  forbid_writing(w);
  std::string reason;
  SECTION("fraction") {
    w.options.limits.fraction = .05;
    reason = "safety_threshold";
  }
  SECTION("count") {
    w.options.limits.count = 1;
    reason = "count_limit";
  }
  SECTION("scope") {
    w.options.limits.scope_fraction = .5;
    reason = "scope_threshold";
  }
  const janitor_report r = w.janitor().run();
  CHECK(r.status == outcome::aborted);
  CHECK(r.aborted_reason == reason);
  CHECK_FALSE(r.error.empty());
  CHECK(r.removed() == 0);
  CHECK(files_in(w) == 0);
  CHECK(upkeep_test::first_difference(before, w.rows()).empty());
  CHECK(w.ledger().empty());
  REQUIRE(w.notifier.messages.size() == 1);
  CHECK(w.notifier.messages[0].level == message::urgency::alert);
  CHECK(w.store.inner.history().last_run()->status == "aborted");
  // Who only looks is told what would happen.
  w.options.phase = phase::detect;
  const janitor_report looked = w.janitor().run();
  CHECK(looked.status == outcome::done);
  CHECK(looked.would_abort == reason);
  // So is who keeps a record of it.
  w.options.phase = phase::log;
  CHECK(w.janitor().run().would_abort == reason);
  CHECK(w.store.inner.history().last_run()->phase == "log");
}

TEST_CASE("a refused cleanup stays refused where it cannot be recorded; one that changed nothing else is an error", "[janitor]") {
  struct full_history : memory_history {
    void record_run(const run_summary&) { throw error(errc::io, "cannot write the history: No space left on device"); }
  };
  world w;
  for (int i = 0; i < 4; ++i) w.insert(row(i, 0));
  w.options.limits.count = 1;
  auto refused = w.janitor(full_history());
  const janitor_report r = refused.run();
  CHECK(r.status == outcome::aborted);
  CHECK(r.aborted_reason == "count_limit");
  CHECK(r.error.find("the history could not be written: cannot write the history") != std::string::npos);
  REQUIRE(w.notifier.messages.size() == 1);
  CHECK(w.notifier.messages[0].text.find(r.error) != std::string::npos);
  w.options.limits.count = 4;
  auto allowed = w.janitor(full_history());
  CHECK(failure_of([&] { allowed.run(); }).code == errc::io);
  CHECK(w.rows().size() == 4);
}

TEST_CASE("trim removes the safest up to the limit", "[janitor]") {
  world w;
  for (int i = 0; i < 4; ++i) {
    w.insert(row(10 * i, i));                      // angles 0, 1, 2, 3: far apart
    w.insert(row(10 * i + 1, i + .01 * (i + 1)));  // closest first
  }
  w.insert(row(100, 5.0, "orphan", "gone"));
  w.oracle.lose("gone");
  w.options.limits.count = 3;
  w.options.limits.excess = on_excess::trim;
  auto j = w.janitor();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.duplicates_found == 4);
  CHECK(r.planned == 3);
  CHECK(r.trimmed == 2);
  CHECK(r.duplicates_removed == 3);
  CHECK(r.orphans_removed == 0);
  CHECK(w.has(31));
  CHECK(w.has(100));
  CHECK(j.last_plan().removals.size() == 3);
}

TEST_CASE("a sudden rise of absent sources aborts, trim or not", "[janitor]") {
  world w;
  for (int i = 0; i < 20; ++i) w.insert(row(i, .3 * i, "text " + std::to_string(i), "source " + std::to_string(i)));
  w.options.limits.absence_spike = .10;
  w.options.limits.excess = GENERATE(on_excess::abort, on_excess::trim);
  w.options.limits.count = 1;
  auto j = w.janitor();
  CHECK(j.run().status == outcome::done);
  for (int i = 0; i < 3; ++i) w.oracle.lose("source " + std::to_string(i));
  const janitor_report r = j.run();
  CHECK(r.status == outcome::aborted);
  CHECK(r.aborted_reason == "absence_spike");
  CHECK(w.store.size() == 20);
  SECTION("an oracle that fails the same way the next night is not believed either") {
    w.clock.advance(night);
    CHECK(j.run().aborted_reason == "absence_spike");
    CHECK(w.store.size() == 20);
  }
  SECTION("nor is it after a night that only logs") {
    w.options.phase = phase::log;
    CHECK(w.janitor().run().status == outcome::done);
    w.options.phase = phase::cleanup;
    CHECK(w.janitor().run().aborted_reason == "absence_spike");
  }
  SECTION("nor through a plan made by hand and applied") {
    const janitor_report applied = j.apply(j.analyse());
    CHECK(applied.status == outcome::aborted);
    CHECK(applied.aborted_reason == "absence_spike");
  }
  SECTION("nor after an undo of something else, which asks no oracle") {
    receipt none;
    none.store = "another";
    CHECK(failure_of([&] { j.undo(none); }).code == errc::changed);
    CHECK(j.run().aborted_reason == "absence_spike");
  }
  SECTION("the option lifts it, and the next night compares with what was accepted") {
    w.options.limits.absence_spike = .15;
    w.options.limits.count = 100;
    CHECK(w.janitor().run().orphans_removed == 3);
    w.options.limits.absence_spike = .10;
    CHECK(w.janitor().run().status == outcome::done);
  }
  CHECK(w.store.size() >= 17);
}

TEST_CASE("a night in which the oracle knew nothing is not compared with", "[janitor]") {
  world w;
  for (int i = 0; i < 10; ++i) w.insert(row(i, .3 * i, "text " + std::to_string(i), "source " + std::to_string(i)));
  for (int i = 0; i < 3; ++i) w.oracle.lose("source " + std::to_string(i));
  w.options.grace = 1000h;
  w.options.limits.absence_spike = .10;
  auto j = w.janitor();
  CHECK(j.run().absent_sources == 3);
  w.oracle.then = [](std::span<const std::string_view>, std::span<ownership>) { throw std::runtime_error("no answer"); };
  const janitor_report blind = j.run();
  CHECK(blind.status == outcome::done);
  CHECK(blind.unknown_sources == 10);
  CHECK(blind.orphans_found == 0);
  CHECK(w.notifier.messages.back().level == message::urgency::alert);
  CHECK(w.notifier.messages.back().text.find("none of 10 sources") != std::string::npos);
  w.oracle.then = nullptr;
  CHECK(j.run().status == outcome::done);
  // Sources that could not be judged take no part in the share: 3 of the 4 that were answered for are absent.
  w.oracle.then = [](std::span<const std::string_view> sources, std::span<ownership> answers) {
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (sources[i] > "source 3") answers[i] = ownership::unknown;
  };
  CHECK(j.run().aborted_reason == "absence_spike");
}

// ---- dry run --------------------------------------------------------------------------------------------------------------------------

TEST_CASE("a dry run does everything but remove and remember", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  const auto before = w.rows();
  forbid_writing(w);
  w.options.dry_run = true;
  bool removed = false;
  w.options.on_removed = [&](std::span<const key_view>) { removed = true; };
  auto j = w.janitor(reading_history{w.store.inner.history()});
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.dry_run);
  CHECK(r.planned == 2);
  CHECK(r.changed == 0);
  CHECK(r.removed() == 0);
  CHECK(r.bytes_reclaimed == 0);
  REQUIRE(r.receipt);
  CHECK(r.receipt->rows == 2);
  CHECK(std::filesystem::exists(r.receipt->path));
  CHECK(w.observer.named("backup_proven").size() == 1);
  CHECK_FALSE(removed);
  CHECK(upkeep_test::first_difference(before, w.rows()).empty());
}

TEST_CASE("a dry run says what would be left alone", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.dry_run = true;
  w.oracle.then = [&](std::span<const std::string_view>, std::span<ownership>) {
    if (w.oracle.calls == 2) w.insert(row(2, 0.0, "new words"));
  };
  const janitor_report r = w.janitor().run();
  CHECK(r.changed == 1);
  CHECK(r.removed() == 0);
}

// ---- the lock -------------------------------------------------------------------------------------------------------------------------

TEST_CASE("a held lock is busy and names its owner; it is freed at the end, also after an error", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  {
    memory_lock other = w.store.inner.run_lock();
    REQUIRE(other.try_lock("the other night shift").acquired);
    for (const auto& action : std::vector<std::function<void()>>{[&] { j.run(); }, [&] { j.apply(j.analyse()); },
                                                                 [&] {
                                                                   receipt r;
                                                                   r.store = w.store.identity();
                                                                   j.undo(r);
                                                                 }}) {
      const auto failure = failure_of(action);
      CHECK(failure.code == errc::busy);
      CHECK(failure.names("the other night shift"));
      CHECK(failure.names(w.store.identity()));
    }
    CHECK(w.store.size() == 3);
    CHECK_FALSE(w.store.inner.history().last_run());
    REQUIRE(w.notifier.messages.size() == 2);  // run and apply are told to people, each as an alert
    CHECK(w.notifier.messages[0].level == message::urgency::alert);
  }
  w.options.backup_directory = "";
  CHECK(failure_of([&] { w.janitor().run(); }).code == errc::invalid_argument);
  CHECK(j.run().removed() == 2);
  CHECK(w.store.inner.run_lock().try_lock("next").acquired);
}

TEST_CASE("the owner of the lock is the one that was named, else host and process", "[janitor]") {
  struct asked_lock {
    std::vector<std::string>* owners;
    lock_answer try_lock(const std::string& owner) {
      owners->push_back(owner);
      return {.acquired = true, .owner = owner, .since = ""};
    }
    void unlock() {}
  };
  world w;
  std::vector<std::string> owners;
  w.janitor(asked_lock{&owners}).run();
  w.options.owner = "cron";
  w.janitor(asked_lock{&owners}).run();
  REQUIRE(owners.size() == 2);
  CHECK(owners[0] == process_name());
  CHECK(owners[1] == "cron");
}

// ---- observers, notifiers -------------------------------------------------------------------------------------------------------------

TEST_CASE("what a notifier throws stands in the report and changes nothing else", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  SECTION("an exception") {
    w.notifier.then = [] { throw std::runtime_error("no line"); };
    CHECK(w.janitor().run().notifier_error == "no line");
  }
  SECTION("anything") {
    w.notifier.then = [] { throw 42; };
    CHECK_FALSE(w.janitor().run().notifier_error.empty());
  }
  CHECK(w.store.size() == 1);
  CHECK(w.store.inner.history().last_run()->status == "done");
}

TEST_CASE("an observer that throws before the first removal stops the run", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  const auto before = w.rows();
  const std::string at = GENERATE("run_started", "backup_started", "backup_proven");
  w.observer.then = [&](const upkeep_test::heard_event& e) {
    if (e.name == at || e.name == "run_failed") throw std::runtime_error("cannot write the audit at " + e.name);
  };
  std::string what;
  try {
    w.janitor().run();
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  CHECK(what == "cannot write the audit at " + at);  // not that of run_failed, which would hide the cause
  CHECK(upkeep_test::first_difference(before, w.rows()).empty());
  CHECK(w.store.inner.run_lock().try_lock("next").acquired);
}

TEST_CASE("an observer that cannot keep a record of a removal stops the run before it", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.batch = 1;
  const auto before = w.rows();
  const std::string at = GENERATE("removing_row", "removing_rows");
  const std::size_t batch = GENERATE(1U, 2U);
  w.observer.then = [&](const upkeep_test::heard_event& e) {
    if (e.name == at && w.observer.named(at).size() == batch) throw std::runtime_error("cannot write the audit");
  };
  const janitor_report r = w.janitor().run();
  CHECK(r.status == outcome::failed);
  CHECK(r.error.find("cannot write the audit") != std::string::npos);
  CHECK(r.removed() == batch - 1);
  CHECK(w.rows().size() == before.size() - (batch - 1));
  CHECK(w.ledger().empty());  // the orphan goes first
  CHECK(w.observer.named("rows_removed").size() == batch - 1);
}

TEST_CASE("an observer that throws after the first removal cannot take the receipt away", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  const std::string at = GENERATE("rows_removed", "row_removed", "run_finished");
  w.observer.then = [&](const upkeep_test::heard_event& e) {
    if (e.name == at) throw std::runtime_error("cannot write the audit");
  };
  std::vector<key> told;
  w.options.on_removed = [&](std::span<const key_view> keys) {
    for (const key_view k : keys) told.emplace_back(k);
  };
  const janitor_report r = w.janitor().run();
  REQUIRE(r.receipt);
  CHECK(r.removed() == 2);
  CHECK(told == std::vector<key>{3, 2});  // indexes elsewhere follow in any case
  CHECK(w.ledger() == std::map<key, key>{{2, 1}});
  if (at == "run_finished") {
    CHECK(r.status == outcome::done);
    CHECK(r.observer_error == "cannot write the audit");
  } else {
    CHECK(r.status == outcome::failed);
    CHECK(r.error.find("cannot write the audit") != std::string::npos);
    CHECK(w.store.inner.history().last_run()->status == "failed");
  }
}

// ---- apply ----------------------------------------------------------------------------------------------------------------------------

TEST_CASE("apply carries out a plan made before", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.insert(row(4, 2.0, "far away"));
  w.options.phase = phase::detect;  // how far a run would go does not bind an apply
  auto j = w.janitor();
  const plan p = j.analyse();
  CHECK(w.store.size() == 4);
  const janitor_report r = j.apply(p);
  CHECK(r.status == outcome::done);
  CHECK(r.phase == "apply");
  CHECK(r.duplicates_removed == 1);
  CHECK(r.orphans_removed == 1);
  CHECK(w.ledger() == std::map<key, key>{{2, 1}});
  CHECK(w.notifier.messages.size() == 1);
  const janitor_report again = j.apply(p);
  CHECK(again.status == outcome::done);
  CHECK(again.removed() == 0);
  CHECK(again.changed == 2);
  CHECK(w.ledger() == std::map<key, key>{{2, 1}});
}

TEST_CASE("apply refuses a plan that does not fit, and leaves the store alone", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  plan p = j.analyse();
  const auto before = w.rows();
  errc expected = errc::changed;
  SECTION("of another store") { p.store = "memory:another"; }
  SECTION("too old") { w.clock.advance(24h + 1us); }
  SECTION("of a newer format") {
    p.format = plan::newest_format + 1;
    expected = errc::unsupported;
  }
  SECTION("a row twice") {
    p.removals.push_back(p.removals[0]);
    expected = errc::invalid_argument;
  }
  SECTION("a witness that goes as well") {
    planned_removal witness = p.removals[1];
    std::swap(witness.key, witness.witness);
    std::swap(witness.digest, witness.witness_digest);
    p.removals.push_back(witness);
    expected = errc::invalid_argument;
  }
  SECTION("its own witness") {
    p.removals[1].witness = p.removals[1].key;
    expected = errc::invalid_argument;
  }
  SECTION("a row that stands for a removed one since") {
    const key_view removed = 77;
    const ledger_entry e{removed, {}, p.removals[1].key, .99, "r", w.clock.now() + 1h};
    w.store.inner.history().add_to_ledger(std::span(&e, 1));
  }
  const auto failure = failure_of([&] { j.apply(p); });
  CHECK(failure.happened);
  CHECK(failure.code == expected);
  CHECK(upkeep_test::first_difference(before, w.rows()).empty());
  CHECK(files_in(w) == 0);
  CHECK_FALSE(w.store.inner.history().last_run());
}

TEST_CASE("a plan exactly as old as allowed is applied", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  const plan p = j.analyse();
  w.clock.advance(24h);
  CHECK(j.apply(p).removed() == 2);
}

TEST_CASE("a plan with orphans is not applied without an oracle to ask again", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  const plan p = w.janitor().analyse();
  auto blind = make_janitor(w.store, w.options, w.clock);
  const auto failure = failure_of([&] { blind.apply(p); });
  CHECK(failure.code == errc::invalid_argument);
  CHECK(failure.names("oracle"));
  CHECK(w.store.size() == 3);
}

TEST_CASE("a plan edited to remove a changed, a pinned or a missing row removes the rest", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  plan p = j.analyse();
  SECTION("changed since") { w.insert(row(2, 0.0, "the same words!")); }
  SECTION("pinned since") {
    record pinned = row(2, 0.0);
    pinned.pinned = true;
    w.insert(pinned);
  }
  SECTION("gone since") { w.erase(2); }
  SECTION("another digest in the plan") { p.removals[1].digest ^= 1U; }
  SECTION("a witness that changed since") { w.insert(row(1, 0.0, "the same words!")); }
  SECTION("a witness that is gone since") { w.erase(1); }
  const auto before = w.rows();
  const janitor_report r = j.apply(p);
  CHECK(r.status == outcome::done);
  CHECK(r.changed == 1);
  CHECK(r.duplicates_removed == 0);
  CHECK(r.orphans_removed == 1);
  auto expected = before;
  expected.erase(3);
  CHECK(upkeep_test::first_difference(expected, w.rows()).empty());
  CHECK(w.ledger().empty());
}

TEST_CASE("limits hold for a plan that is applied", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  SECTION("fraction") { w.options.limits.fraction = .5; }
  SECTION("scope") { w.options.limits.scope_fraction = .5; }
  SECTION("count") { w.options.limits.count = 1; }
  auto j = w.janitor();
  const janitor_report r = j.apply(j.analyse());
  CHECK(r.status == outcome::aborted);
  CHECK(w.store.size() == 3);
}

TEST_CASE("apply asks the oracle again", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  const plan p = j.analyse();
  w.oracle.known["gone"] = GENERATE(ownership::present, ownership::unknown);
  const janitor_report r = j.apply(p);
  CHECK(r.orphans_removed == 0);
  CHECK(r.duplicates_removed == 1);
  CHECK(r.changed == 1);
}

// ---- undo and aliases -----------------------------------------------------------------------------------------------------------------

TEST_CASE("undo gives back every row as it was, and can be run twice", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  const auto before = w.rows();
  auto j = w.janitor();
  const janitor_report r = j.run();
  REQUIRE(w.store.size() == 1);
  w.clock.advance(1h);
  restore_report back = j.undo(*r.receipt);
  CHECK(back.rows == 2);
  CHECK(back.restored == 2);
  CHECK(back.unchanged == 0);
  CHECK(back.conflicts.empty());
  CHECK(upkeep_test::first_difference(before, w.rows()).empty());
  CHECK(w.ledger().empty());
  const auto last = w.store.inner.history().last_run();
  CHECK(last->phase == "undo");
  CHECK(last->started == w.clock.now());
  back = j.undo(read_receipt(r.receipt_path));
  CHECK(back.restored == 0);
  CHECK(back.unchanged == 2);
  CHECK(upkeep_test::first_difference(before, w.rows()).empty());
}

TEST_CASE("undo leaves a key alone that holds something else now", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  const janitor_report r = j.run();
  w.insert(row(2, 2.0, "new content"));
  const restore_report back = j.undo(*r.receipt);
  CHECK(back.restored == 1);
  CHECK(back.conflicts == std::vector<key>{2});
  CHECK(w.rows().at(2).text == "new content");
  CHECK(w.has(3));
}

TEST_CASE("undo refuses what is no receipt of this store, or has lost its backup", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  receipt r = *j.run().receipt;
  errc expected = errc::changed;
  SECTION("another store") { r.store = "memory:another"; }
  SECTION("no backup") {
    std::filesystem::remove(r.path);
    expected = errc::not_found;
  }
  SECTION("a damaged backup") {
    std::filesystem::resize_file(r.path, std::filesystem::file_size(r.path) - 1);
    expected = errc::corrupt;
  }
  CHECK(failure_of([&] { j.undo(r); }).code == expected);
  CHECK(w.store.size() == 1);
  CHECK(w.ledger() == std::map<key, key>{{2, 1}});
  CHECK(w.store.inner.run_lock().try_lock("next").acquired);
}

TEST_CASE("an observer that throws does not hide what undo did", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  const janitor_report r = j.run();
  w.observer.then = [](const upkeep_test::heard_event& e) {
    if (e.name == "undone") throw std::runtime_error("no");
  };
  CHECK(j.undo(*r.receipt).restored == 2);
}

TEST_CASE("aliases tell who stands for whom until the window ends or the row is back", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.undo_window = 10h;
  auto j = w.janitor();
  CHECK(j.aliases(2).empty());
  const janitor_report r = j.run();
  for (const int k : {1, 2}) {
    const auto found = j.aliases(k);
    REQUIRE(found.size() == 1);
    CHECK(found[0].removed == key(2));
    CHECK(found[0].witness == key(1));
    CHECK(found[0].score == Approx(1.0));
    CHECK(found[0].receipt == r.run_id);
    CHECK(found[0].until == w.clock.now() + 10h);
  }
  CHECK(j.aliases(3).empty());  // nobody stands for an orphan
  CHECK(j.aliases(key("2")).empty());
  SECTION("the window ends") {
    w.clock.advance(10h - 1us);
    CHECK(j.aliases(2).size() == 1);
    w.clock.advance(1us);
    CHECK(j.aliases(2).empty());
  }
  SECTION("undone") {
    j.undo(*r.receipt);
    CHECK(j.aliases(2).empty());
  }
}

// ---- what the run before left ---------------------------------------------------------------------------------------------------------

TEST_CASE("a run that never finished is told with its receipt", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  run_summary cut;
  cut.id = "r1";
  cut.phase = "cleanup";
  cut.status = "started";
  cut.receipt = "/somewhere/r1.receipt.json";
  cut.rows = 3;
  w.store.inner.history().record_run(cut);
  auto j = w.janitor();
  SECTION("by run") { j.run(); }
  SECTION("by apply") { j.apply(j.analyse()); }
  const auto told = w.observer.named("interrupted_run");
  REQUIRE(told.size() == 1);
  CHECK(told[0].level == event_level::warning);
  CHECK(told[0].fields.at("run") == "r1");
  CHECK(told[0].fields.at("phase") == "cleanup");
  CHECK(told[0].fields.at("store") == w.store.identity());
  CHECK(told[0].fields.at("receipt") == cut.receipt);
  w.observer.events.clear();
  j.run();
  CHECK(w.observer.named("interrupted_run").empty());
}

TEST_CASE("a stop before the first removal is an error that changes nothing", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  std::stop_source stop;
  stop.request_stop();
  auto j = w.janitor();
  CHECK(failure_of([&] { j.run(stop.get_token()); }).code == errc::cancelled);
  CHECK(failure_of([&] { static_cast<void>(j.analyse(stop.get_token())); }).code == errc::cancelled);
  CHECK(w.store.size() == 3);
}

// ---- what a run leaves for those who watch ------------------------------------------------------------------------------------------------

TEST_CASE("the end of a run is told with all that its report counts", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  upkeep::record nothing = row(9, 0);
  nothing.vector = {0, 0, 0, 0};
  w.insert(nothing);
  if (GENERATE(false, true)) w.options.limits.count = 0;
  auto j = w.janitor();
  const janitor_report r = j.run();
  const auto told = w.observer.named("run_finished");
  REQUIRE(told.size() == 1);
  const auto field = [&](const std::string& name) { return told[0].fields.at(name); };
  CHECK(field("store") == w.store.identity());
  CHECK(field("phase") == "cleanup");
  CHECK(field("status") == to_string(r.status));
  CHECK(field("aborted_reason") == r.aborted_reason);
  CHECK(field("would_abort").empty());
  CHECK(field("baseline") == "0");
  CHECK(field("set_aside_zero") == "1");
  CHECK(field("set_aside_unreadable") == "0");
  CHECK(field("sources") == std::to_string(r.sources));
  CHECK(field("unknown_sources") == "0");
  CHECK(field("file_bytes") == std::to_string(r.file_bytes_after));
  CHECK(field("scan_seconds") == std::to_string(r.seconds.scan));
  CHECK(field("remove_seconds") == std::to_string(r.seconds.remove));
}

TEST_CASE("a run that could not run is told with its phase and store", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.store.before = [](std::string_view step) {
    if (step == "scan") throw std::runtime_error("gone");
  };
  auto j = w.janitor();
  CHECK_THROWS(j.run());
  const auto told = w.observer.named("run_failed");
  REQUIRE(told.size() == 1);
  CHECK(told[0].fields.at("phase") == "cleanup");
  CHECK(told[0].fields.at("store") == w.store.identity());
  CHECK(w.notifier.messages.size() == 1);
}

TEST_CASE("the history keeps the report of each run that ended, and of none that goes on", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  auto j = w.janitor();
  std::string while_it_ran = "not looked at";
  w.observer.then = [&](const auto& e) {
    if (e.name == "rows_removed") while_it_ran = w.store.inner.history().runs().back().report;
  };
  const janitor_report r = j.run();
  CHECK(while_it_ran.empty());
  const std::vector<run_summary> runs = w.store.inner.history().runs();
  REQUIRE(runs.size() == 1);
  janitor_report kept = parse_report(runs[0].report, "the report");
  CHECK(kept.total_seconds > 0);
  CHECK(kept.total_seconds <= r.total_seconds);
  kept.total_seconds = r.total_seconds;
  CHECK(report_as_json(kept) == report_as_json(r));
}

TEST_CASE("options that cannot be used are refused when the janitor is made", "[janitor]") {
  world w;
  w.options.batch = 0;
  CHECK(failure_of([&] { static_cast<void>(w.janitor()); }).code == errc::invalid_argument);
}

TEST_CASE("a threshold that is no cosine is refused by one sentence", "[janitor]") {
  world w;
  two_equal_rows_and_an_orphan(w);
  w.options.threshold = GENERATE(98.0, -1.5, std::nan(""));
  const auto failure = failure_of([&] { w.janitor().run(); });
  CHECK(failure.code == errc::invalid_argument);
  CHECK(failure.names("threshold"));
  CHECK(w.store.size() == 3);
}
