#include "upkeep/janitor/cleanup.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/janitor_world.hpp"
#include "upkeep/guard/any_pair.hpp"
#include "upkeep/janitor/receipt_json.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <stop_token>

using namespace upkeep;
using namespace std::chrono_literals;
using upkeep_test::basic_world;
using upkeep_test::failure_of;
using upkeep_test::first_difference;
using upkeep_test::row;
using upkeep_test::transacting_store;
using upkeep_test::watched_store;
using upkeep_test::world;

namespace {

// Seven families of a row that stays (10 k) and one that goes (10 k + 1), and three orphans (100, 101, 102).
template <class World>
void populate(World& w) {
  for (int i = 0; i < 7; ++i) {
    w.insert(row(10 * i, .5 * i, "the longer text " + std::to_string(i), "source " + std::to_string(i)));
    w.insert(row(10 * i + 1, .5 * i + .1, "the text " + std::to_string(i), "other source"));
  }
  for (int i = 0; i < 3; ++i) {
    w.insert(row(100 + i, 4.0 + .3 * i, "orphan", "gone " + std::to_string(i)));
    w.oracle.lose("gone " + std::to_string(i));
  }
}

using keys = std::set<key>;

keys orphans() { return {100, 101, 102}; }
keys duplicates() { return {1, 11, 21, 31, 41, 51, 61}; }

template <class World>
keys gone_of(World& w, const upkeep_test::snapshot& before) {
  keys gone;
  const auto now = w.rows();
  for (const auto& [k, r] : before)
    if (!now.contains(k)) gone.insert(k);
  return gone;
}

// Nothing is lost: what is gone is in the receipt's backup as it was; the ledger holds the duplicates that are gone, and nothing else.
template <class World, class Janitor>
void check_nothing_lost(World& w, Janitor& j, const upkeep_test::snapshot& before, const janitor_report& r) {
  const keys gone = gone_of(w, before);
  CHECK(r.removed() == gone.size());
  keys in_ledger, expected;
  for (const auto& [removed, witness] : w.ledger()) in_ledger.insert(removed);
  for (const key& k : gone)
    if (!orphans().contains(k)) expected.insert(k);
  CHECK(in_ledger == expected);
  REQUIRE(r.receipt);
  std::map<key, std::uint64_t> saved;
  file_backup().verify(read_receipt(r.receipt_path), [&](key_view k, std::uint64_t digest) { saved.emplace(k, digest); });
  for (const key& k : gone) {
    REQUIRE(saved.contains(k));
    CHECK(saved[k] == row_digest(before.at(k).view()));
  }
  w.store.before = nullptr;
  w.observer.then = nullptr;
  j.undo(*r.receipt);
  const auto back = w.rows();
  for (const key& k : gone) CHECK(testing::difference(back.at(k).view(), before.at(k).view()).empty());
}

// A backup that does what a test says instead of, or with, what file_backup does.
struct bent_backup {
  file_backup straight{};
  std::function<void(std::vector<key_view>&)> leave_out{};
  std::function<void()> instead_of_writing{}, after_writing{}, before_proof{};
  std::function<std::uint64_t(key_view, std::uint64_t)> digest{};
  std::optional<key> foreign{};
  std::size_t hidden = 0;  // rows that verify does not visit

  template <class Store>
  receipt back_up(Store& store, std::span<const key_view> wanted, const std::string& path) {
    if (instead_of_writing) instead_of_writing();
    std::vector<key_view> some(wanted.begin(), wanted.end());
    if (leave_out) leave_out(some);
    receipt r = straight.back_up(store, some, path);
    if (after_writing) after_writing();
    return r;
  }
  void verify(const receipt& r, digest_visitor visit) {
    if (before_proof) before_proof();
    std::size_t seen = 0;
    straight.verify(r, [&](key_view k, std::uint64_t d) {
      if (seen++ < hidden) return;
      visit(k, digest ? digest(k, d) : d);
    });
    if (foreign) visit(*foreign, 1);
  }
  template <class Store>
  restore_report restore(Store& store, const receipt& r) {
    return straight.restore(store, r);
  }
};

// A removal that does what a test says.
struct bent_removal {
  std::function<std::size_t(memory_store&, std::span<const key_view>)> how{};
  std::vector<std::size_t> sizes{};

  std::size_t take_out(watched_store& store, std::span<const key_view> which) {
    sizes.push_back(which.size());
    return how ? how(store.inner, which) : store.erase(which);
  }
};

// Refuses to write when and where it is told.
struct bent_history {
  memory_history inner{};
  std::function<void(std::string_view)> before{};
  void tell(std::string_view what) {
    if (before) before(what);
  }
  void record_run(const run_summary& run) {
    tell("record " + run.status);
    inner.record_run(run);
  }
  std::optional<run_summary> last_run() { return inner.last_run(); }
  void record_orphans(std::span<const orphan_sighting> seen) { inner.record_orphans(seen); }
  void visit_orphans(function_ref<void(const orphan_sighting&)> visit) { inner.visit_orphans(visit); }
  void add_to_ledger(std::span<const ledger_entry> entries) {
    tell("add");
    inner.add_to_ledger(entries);
  }
  void drop_from_ledger(std::span<const key_view> removed) {
    tell("drop");
    inner.drop_from_ledger(removed);
  }
  void visit_ledger(function_ref<void(const ledger_entry&)> visit) { inner.visit_ledger(visit); }
};

// All bent parts, straight until a test bends them; one type of janitor for all cases.
template <class Store = transacting_store>
struct bent_world : basic_world<Store> {
  bent_backup backup{};
  bent_removal removal{};
  bent_history history{this->store.inner.history(), {}};
  auto make() { return this->janitor(std::ref(backup), std::ref(removal), std::ref(history), any_pair()); }
};

}  // namespace

TEST_CASE("rows leave in batches, each row once, and indexes elsewhere are told of each batch", "[cleanup]") {
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  w.options.batch = GENERATE(1u, 3u, 10u, 200u);
  std::vector<std::vector<key>> told;
  w.options.on_removed = [&](std::span<const key_view> batch) {
    told.emplace_back();
    for (const key_view k : batch) {
      CHECK_FALSE(w.has(k));  // committed before it is told
      told.back().emplace_back(k);
    }
  };
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.duplicates_removed == 7);
  CHECK(r.orphans_removed == 3);
  CHECK(told.size() == (10 + w.options.batch - 1) / w.options.batch);
  std::size_t sum = 0;
  keys all;
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(told[i].size() == w.removal.sizes[i]);
    CHECK(told[i].size() <= w.options.batch);
    sum += told[i].size();
    all.insert(told[i].begin(), told[i].end());
  }
  CHECK(sum == 10);
  keys expected = orphans();
  expected.merge(duplicates());
  CHECK(all == expected);
  check_nothing_lost(w, j, before, r);
}

// ---- rows that change ---------------------------------------------------------------------------------------------------------------------

TEST_CASE("a row or a witness that changes at whatever step is left alone, and nothing is lost", "[cleanup]") {
  // Row 31 would go because 30 stays; orphan 101. Each is changed, pinned or removed by the application at each step of the run.
  const std::string step = GENERATE("after the scan", "while the backup is written", "after the backup", "after the proof", "in the oracle",
                                    "before the transaction");
  const int what = GENERATE(range(0, 7));
  bent_world<> w;
  populate(w);
  w.options.batch = 4;
  const auto change = [&] {
    record pinned = row(31, 1.6, "the text 3", "other source");
    pinned.pinned = true;
    switch (what) {
      case 0: return w.insert(row(31, 1.6, "the application wrote something else", "other source"));
      case 1: return w.insert(pinned);
      case 2: return w.erase(31);
      case 3: return w.insert(row(30, 1.5, "the longer text, changed", "source 3"));
      case 4: return w.erase(30);
      case 5: return w.insert(row(101, 4.3, "orphan", "source 1"));  // it has found a source
      case 6: return w.erase(101);
      default: FAIL();
    }
  };
  std::size_t scans = 0, transactions = 0;
  bool done = false;
  upkeep_test::snapshot at_change;
  const auto once = [&] {
    if (done) return;
    done = true;
    at_change = w.rows();
    change();
  };
  w.store.before = [&](std::string_view op) {
    if (op == "scan") ++scans;
    if (op == "transact" && ++transactions == 1 && step == "before the transaction") once();
    if (op == "fetch" && scans == 1 && step == "after the scan") once();
  };
  if (step == "while the backup is written") w.backup.instead_of_writing = once;
  if (step == "after the backup") w.backup.after_writing = once;
  if (step == "after the proof")
    w.observer.then = [&](const upkeep_test::heard_event& e) {
      if (e.name == "backup_proven") once();
    };
  if (step == "in the oracle")
    w.oracle.then = [&](std::span<const std::string_view>, std::span<ownership>) {
      if (w.oracle.calls == 2) once();
    };
  auto j = w.make();
  const janitor_report r = j.run();
  REQUIRE(done);
  CHECK(r.status == outcome::done);
  const key left = what < 5 ? key(31) : key(101);
  CHECK(r.changed == 1);
  CHECK(r.removed() == 9);
  // Everything is as the application left it, but for the nine that went.
  auto expected = at_change;
  w.store.before = nullptr;
  const auto now = w.rows();
  keys untouched = {30, 31, 101};
  for (const key& k : untouched) {
    const bool there = now.contains(k);
    if (k == left) {
      CHECK(there == (what != 2 && what != 6));
    } else if (k == key(30)) {
      CHECK(there == (what != 4));
    } else {
      CHECK_FALSE(there);
    }
  }
  if (what == 0) CHECK(now.at(31).text == "the application wrote something else");
  if (what == 5) CHECK(now.at(101).source == "source 1");
  CHECK(w.ledger().contains(31) == (what >= 5));
  CHECK(w.ledger().size() == (what < 5 ? 6U : 7U));
}

TEST_CASE("a witness that changes between two batches stops only what comes after", "[cleanup]") {
  bent_world<> w;
  for (int i = 0; i < 4; ++i) w.insert(row(i, .05 * i, std::string(static_cast<std::size_t>(20 - i), 'x')));  // 0 stands for 1, 2 and 3
  w.options.batch = 1;
  std::size_t batches = 0;
  w.options.on_removed = [&](std::span<const key_view>) {
    if (++batches == 1) w.insert(row(0, 0.0, "changed"));
  };
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.duplicates_found == 3);
  CHECK(r.duplicates_removed == 1);
  CHECK(r.changed == 2);
  CHECK(w.store.size() == 3);
  CHECK(w.ledger().size() == 1);
}

// ---- the oracle changes its mind -----------------------------------------------------------------------------------------------------

TEST_CASE("the oracle is asked again before each batch, outside the transaction", "[cleanup]") {
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  w.options.batch = 5;
  bool in_transaction = false;
  w.store.before = [&](std::string_view op) { in_transaction = op == "transact" || (in_transaction && op != "fetch"); };
  ownership instead = ownership::present;
  std::uint64_t left = 0;
  SECTION("an orphan's source is back") {
    left = 1;
    w.oracle.then = [&](std::span<const std::string_view> sources, std::span<ownership> answers) {
      if (w.oracle.calls == 1) return;
      for (std::size_t i = 0; i < sources.size(); ++i)
        if (sources[i] == "gone 1") answers[i] = instead;
    };
    SECTION("present") { instead = ownership::present; }
    SECTION("unknown") { instead = ownership::unknown; }
    SECTION("nonsense") { instead = static_cast<ownership>(9); }
  }
  SECTION("a witness's source is lost") {
    left = 1;
    w.oracle.then = [&](std::span<const std::string_view> sources, std::span<ownership> answers) {
      if (w.oracle.calls == 1) return;
      for (std::size_t i = 0; i < sources.size(); ++i)
        if (sources[i] == "source 3") answers[i] = instead;
    };
    SECTION("absent") { instead = ownership::absent; }
    SECTION("unknown") { instead = ownership::unknown; }
  }
  SECTION("it fails from the second batch on") {
    left = 5;
    w.oracle.then = [&](std::span<const std::string_view>, std::span<ownership>) {
      if (w.oracle.calls > 2) throw std::runtime_error("gone home");
    };
  }
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(w.oracle.calls == 3);
  CHECK(r.status == outcome::done);
  CHECK(r.changed == left);
  CHECK(r.removed() == 10 - left);
  if (left == 5) CHECK(w.observer.named("oracle_failed").size() == 1);
  check_nothing_lost(w, j, before, r);
}

TEST_CASE("an orphan stays when the source of a row it stands for comes back before its batch", "[cleanup]") {
  bent_world<> w;
  w.insert(row(1, 0.0, "text", "gone"));
  w.insert(row(2, 2.0, "else"));
  w.oracle.lose("gone");
  w.oracle.lose("its own");
  const ledger_entry e{77, "its own", 1, .99, "r", w.clock.now() + 1h};
  w.store.inner.history().add_to_ledger(std::span(&e, 1));
  const auto instead = GENERATE(ownership::present, ownership::unknown, ownership::absent);
  w.oracle.then = [&](std::span<const std::string_view> sources, std::span<ownership> answers) {
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (w.oracle.calls > 1 && sources[i] == "its own") answers[i] = instead;
  };
  const janitor_report r = w.make().run();
  CHECK(r.orphans_removed == (instead == ownership::absent ? 1 : 0));
  CHECK(r.changed == (instead == ownership::absent ? 0 : 1));
}

// ---- cancellation ------------------------------------------------------------------------------------------------------------------------

TEST_CASE("a stop is obeyed at every boundary between batches, and whole batches are gone", "[cleanup]") {
  const std::size_t after = GENERATE(range(0u, 6u));
  const bool from_oracle = GENERATE(false, true);
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  w.options.batch = 2;
  std::stop_source stop;
  std::size_t batches = 0;
  if (from_oracle) {  // inside the questions before batch `after`
    w.oracle.then = [&](std::span<const std::string_view>, std::span<ownership>) {
      if (w.oracle.calls == after + 2) stop.request_stop();
    };
  } else {
    w.observer.then = [&](const upkeep_test::heard_event& e) {
      if (after == 0 && e.name == "backup_proven") stop.request_stop();
    };
    w.options.on_removed = [&](std::span<const key_view>) {
      if (++batches == after) stop.request_stop();
    };
  }
  auto j = w.make();
  const janitor_report r = j.run(stop.get_token());
  const std::size_t expected = std::min<std::size_t>(10, from_oracle ? 2 * after + 2 : 2 * after);
  CHECK(r.status == (expected == 10 ? outcome::done : outcome::cancelled));
  CHECK(r.removed() == expected);
  if (r.status == outcome::cancelled) {
    CHECK(r.error.find("cancelled after " + std::to_string(expected) + " of 10 removals") == 0);
    CHECK(w.store.inner.history().last_run()->status == "cancelled");
    CHECK(w.notifier.messages.back().level == message::urgency::alert);
  }
  check_nothing_lost(w, j, before, r);
}

TEST_CASE("an oracle that throws an error called cancelled answers for nothing, and the run goes on", "[cleanup]") {
  bent_world<> other;
  populate(other);
  other.oracle.then = [&](std::span<const std::string_view>, std::span<ownership>) {
    if (other.oracle.calls > 1) throw error(errc::cancelled, "the oracle's own business");
  };
  const janitor_report blind = other.make().run();
  CHECK(blind.status == outcome::done);
  CHECK(blind.changed == 10);
}

TEST_CASE("an error called cancelled without a stop is a failure", "[cleanup]") {
  bent_world<> w;
  populate(w);
  w.removal.how = [](memory_store&, std::span<const key_view>) -> std::size_t { throw error(errc::cancelled, "somebody else's"); };
  const janitor_report r = w.make().run();
  CHECK(r.status == outcome::failed);
  CHECK(r.error == "somebody else's");
}

// ---- the backup ----------------------------------------------------------------------------------------------------------------------------

TEST_CASE("a backup that cannot be written or proven ends the run before the first removal", "[cleanup]") {
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  SECTION("writing fails") {
    w.backup.instead_of_writing = [] { throw error(errc::io, "disk full"); };
  }
  SECTION("no folder is named") { w.options.backup_directory.clear(); }
  SECTION("the folder cannot be made") { w.options.backup_directory = w.folder.write("file", "x").string() + "/folder"; }
  SECTION("a flipped byte") {
    w.backup.after_writing = [&] {
      for (const auto& entry : std::filesystem::directory_iterator(w.folder.path())) {
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(100);
        const char c = static_cast<char>(file.get());
        file.seekp(100);
        file.put(static_cast<char>(c ^ 1));
      }
    };
  }
  SECTION("a foreign row") { w.backup.foreign = key(999); }
  SECTION("a row less than the receipt says") { w.backup.hidden = 1; }
  SECTION("the receipt cannot be written") {
    w.backup.after_writing = [&] { std::filesystem::remove_all(w.folder.path()); };
  }
  SECTION("the ledger cannot be read") {
    w.history.before = [](std::string_view what) {
      if (what == "record started") throw error(errc::io, "disk full");
    };
  }
  CHECK(failure_of([&] { w.make().run(); }).happened);
  CHECK(first_difference(before, w.rows()).empty());
  CHECK(w.ledger().empty());
  CHECK(w.store.inner.run_lock().try_lock("next").acquired);
  REQUIRE(w.notifier.messages.size() == 1);
  CHECK(w.notifier.messages[0].level == message::urgency::alert);
}

TEST_CASE("a row that the backup lacks or holds otherwise stays", "[cleanup]") {
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  SECTION("lacks") {
    w.backup.leave_out = [](std::vector<key_view>& some) { some.erase(some.begin() + 4); };
  }
  SECTION("holds otherwise") {
    w.backup.digest = [](key_view k, std::uint64_t d) { return k == key_view(11) ? d ^ 1U : d; };
  }
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.changed == 1);
  CHECK(r.removed() == 9);
  CHECK(w.store.size() == 8);
  w.backup.digest = nullptr;
  check_nothing_lost(w, j, before, r);
}

// ---- removals that go wrong --------------------------------------------------------------------------------------------------------------

TEST_CASE("a batch that does not go whole is rolled back, and what went before is reported", "[cleanup]") {
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  w.options.batch = 4;
  std::string words;
  const std::size_t at = GENERATE(1u, 2u, 3u);
  const auto third = [&](std::function<std::size_t(memory_store&, std::span<const key_view>)> how) {
    w.removal.how = [&w, at, how](memory_store& store, std::span<const key_view> which) {
      return w.removal.sizes.size() == at ? how(store, which) : store.erase(which);
    };
  };
  SECTION("fewer") {
    words = "rolled back";
    third([](memory_store& store, std::span<const key_view> which) { return store.erase(which.subspan(1)); });
  }
  SECTION("throws in the middle") {
    words = "no more";
    third([](memory_store& store, std::span<const key_view> which) -> std::size_t {
      store.erase(which.subspan(0, 1));
      throw std::runtime_error("no more");
    });
  }
  SECTION("throws what is no exception") {
    words = "no std::exception";
    third([](memory_store&, std::span<const key_view>) -> std::size_t { throw 1; });
  }
  SECTION("more than asked") {
    words = "rolled back";
    third([](memory_store& store, std::span<const key_view> which) { return store.erase(which) + 1; });
  }
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::failed);
  CHECK(r.error.find(words) != std::string::npos);
  CHECK(r.removed() == (at - 1) * 4);
  CHECK(w.store.inner.history().last_run()->status == "failed");
  CHECK(w.store.inner.history().last_run()->receipt == r.receipt_path);
  w.removal.how = nullptr;
  check_nothing_lost(w, j, before, r);
}

TEST_CASE("without transactions, what a failed batch did remove is in the report and in the ledger", "[cleanup]") {
  bent_world<watched_store> w;
  populate(w);
  const auto before = w.rows();
  w.options.batch = 4;
  w.removal.how = [&](memory_store& store, std::span<const key_view> which) -> std::size_t {
    if (w.removal.sizes.size() != 2) return store.erase(which);
    store.erase(which.subspan(0, 3));
    if (w.options.threads == 1) throw std::runtime_error("the connection broke");
    return 3;
  };
  w.options.threads = GENERATE(1u, 2u);
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::failed);
  CHECK(r.removed() == 7);
  check_nothing_lost(w, j, before, r);
}

TEST_CASE("a store without transactions works as well", "[cleanup]") {
  bent_world<watched_store> w;
  populate(w);
  const auto before = w.rows();
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::done);
  CHECK(r.removed() == 10);
  check_nothing_lost(w, j, before, r);
}

TEST_CASE("a removal that lies is found out", "[cleanup]") {
  bent_world<> w;
  populate(w);
  w.removal.how = [](memory_store& store, std::span<const key_view> which) {
    store.erase(which.subspan(1));
    return which.size();
  };
  const janitor_report r = w.make().run();
  CHECK(r.status == outcome::inconsistent);
  CHECK(r.error.find("1 removed rows are still there") != std::string::npos);
  CHECK(r.error.find(r.receipt_path) != std::string::npos);
  CHECK(w.store.inner.history().last_run()->status == "inconsistent");
  CHECK(w.notifier.messages.back().level == message::urgency::alert);
}

TEST_CASE("an application that writes a removed key again, with other content, is no inconsistency", "[cleanup]") {
  bent_world<> w;
  populate(w);
  w.options.on_removed = [&](std::span<const key_view>) { w.insert(row(31, 2.5, "new")); };
  CHECK(w.make().run().status == outcome::done);
  CHECK(w.rows().at(31).text == "new");
}

TEST_CASE("a witness that vanishes during the removal is inconsistent, with the receipt named", "[cleanup]") {
  bent_world<> w;
  populate(w);
  w.options.on_removed = [&](std::span<const key_view>) { w.erase(30); };
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::inconsistent);
  CHECK(r.witnesses_lost == 1);
  CHECK(r.error.find(r.receipt_path) != std::string::npos);
  CHECK(j.undo(*r.receipt).restored == 10);
}

// ---- on_removed, histories ---------------------------------------------------------------------------------------------------------------

TEST_CASE("what on_removed throws ends the run as failed, after a whole batch", "[cleanup]") {
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  w.options.batch = 3;
  std::size_t calls = 0;
  const bool odd = GENERATE(false, true);
  w.options.on_removed = [&](std::span<const key_view>) {
    if (++calls != 2) return;
    if (odd) throw 7;
    throw std::runtime_error("the index is gone");
  };
  auto j = w.make();
  const janitor_report r = j.run();
  CHECK(r.status == outcome::failed);
  CHECK((odd || r.error == "the index is gone"));
  CHECK(r.removed() == 6);
  CHECK(calls == 2);
  check_nothing_lost(w, j, before, r);
}

TEST_CASE("a history that fails", "[cleanup]") {
  bent_world<> w;
  populate(w);
  const auto before = w.rows();
  w.options.batch = 4;
  std::size_t adds = 0;
  std::string at;
  w.history.before = [&](std::string_view what) {
    adds += what == "add" ? 1 : 0;
    if (what == at && (what != "add" || adds == 2)) throw error(errc::io, "no history today");
  };
  auto j = w.make();
  SECTION("before the second batch: that batch stays") {
    at = "add";
    const janitor_report r = j.run();
    CHECK(r.status == outcome::failed);
    CHECK(r.removed() == 4);
    w.history.before = nullptr;
    check_nothing_lost(w, j, before, r);
  }
  SECTION("at the end: the report says so and still names the receipt") {
    at = "record done";
    const janitor_report r = j.run();
    CHECK(r.status == outcome::failed);
    CHECK(r.error.find("no history today") != std::string::npos);
    CHECK(r.removed() == 10);
    w.history.before = nullptr;
    check_nothing_lost(w, j, before, r);
  }
  SECTION("while entries of rows that stay are taken back: the next run does it") {
    at = "drop";
    w.store.before = [&](std::string_view op) {
      if (op == "transact") w.insert(row(31, 1.6, "changed", "other source"));
    };
    const janitor_report r = j.run();
    CHECK(r.status == outcome::done);
    CHECK(r.changed == 1);
    CHECK(w.ledger().contains(31));
    w.history.before = nullptr;
    w.store.before = nullptr;
    w.options.phase = phase::log;
    w.make().run();
    CHECK_FALSE(w.ledger().contains(31));
  }
}

TEST_CASE("the ledger is written before the rows are gone", "[cleanup]") {
  bent_world<> w;
  populate(w);
  std::size_t seen = 0;
  w.removal.how = [&](memory_store& store, std::span<const key_view> which) {
    for (const key_view k : which)
      if (duplicates().contains(key(k))) seen += w.ledger().contains(key(k)) ? 1 : 0;
    return store.erase(which);
  };
  w.make().run();
  CHECK(seen == 7);
}

TEST_CASE("the store fails after the removal: the report says that the result was not checked", "[cleanup]") {
  bent_world<> w;
  populate(w);
  std::size_t batches = 0;
  w.options.on_removed = [&](std::span<const key_view>) { ++batches; };
  w.store.before = [&](std::string_view op) {
    if (op == "fetch" && batches == 1) throw std::runtime_error("the line is dead");
  };
  const janitor_report r = w.make().run();
  CHECK(r.status == outcome::failed);
  CHECK(r.error == "the result could not be checked: the line is dead");
  CHECK(r.removed() == 10);
  REQUIRE(r.receipt);
}
