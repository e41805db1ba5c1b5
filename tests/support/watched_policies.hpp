#pragma once
// The policies of a janitor, wrapped so that a test is called before and after everything they do.

#include "upkeep/base/event.hpp"
#include "upkeep/guard/contained.hpp"
#include "upkeep/janitor/make_janitor.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep_test {

/// The steps that a run takes, in their order, and what a test does at each of them. The order is the same in every run on the same store:
/// progress events, which depend on time, are steps only where they say that something is finished.
struct steps {
  std::function<void(const std::string&)> at{};
  std::function<void(const upkeep::event&)> hears{};  ///< every event, before it is a step
  std::vector<std::string> passed{};
  bool in_transaction = false;  ///< whether the store's write lock is held

  void pass(std::string name) {
    passed.push_back(std::move(name));
    if (at) at(std::string(passed.back()));
  }
  [[nodiscard]] bool has(std::string_view name) const {
    for (const std::string& s : passed)
      if (s == name) return true;
    return false;
  }
};

struct watched_observer {
  steps* watch;
  void observe(const upkeep::event& e) const {
    if (watch->hears) watch->hears(e);
    if (e.level != upkeep::event_level::progress) return watch->pass("event " + std::string(e.name));
    const auto number = [&](std::string_view name) {
      const upkeep::event_field* f = e.find(name);
      const auto* n = f != nullptr ? std::get_if<std::uint64_t>(&f->value) : nullptr;
      return n != nullptr ? *n : 0;
    };
    const upkeep::event_field* step = e.find("step");
    if (step == nullptr || number("total") == 0 || number("done") != number("total")) return;
    watch->pass("progress of " + std::string(std::get<std::string_view>(step->value)));
  }
};

struct watched_notifier {
  steps* watch;
  void deliver(const upkeep::message&) const { watch->pass("notifier"); }
};

struct watched_clock {
  steps* watch;
  upkeep::testing::manual_clock clock;
  [[nodiscard]] upkeep::time_point now() const {
    watch->pass("clock");
    return clock.now();
  }
  void sleep_until(upkeep::time_point t) const { clock.sleep_until(t); }
};

struct watched_finder {
  steps* watch;
  upkeep::exhaustive_join<upkeep::cosine> finder{};
  upkeep::find_report find_pairs(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink,
                                 upkeep::progress& progress) const {
    watch->pass("finder before");
    const upkeep::find_report report = finder.find_pairs(rows, options, sink, progress);
    watch->pass("finder after");
    return report;
  }
};

/// Remembers its sketches, of however few rows.
struct watched_sketch_finder {
  steps* watch;
  upkeep::sketch_join<upkeep::cosine> finder{{}, {}, 0};
  upkeep::find_report find_pairs(upkeep::matrix_view<const float> rows, const upkeep::find_options& options, upkeep::pair_sink sink,
                                 upkeep::progress& progress) const {
    return finder.find_pairs(rows, options, sink, progress);
  }
  upkeep::find_report find_pairs_since(upkeep::matrix_view<const float> rows, const upkeep::earlier_search& earlier,
                                       const upkeep::find_options& options, upkeep::pair_sink sink, upkeep::progress& progress) const {
    watch->pass("finder before");
    const upkeep::find_report report = finder.find_pairs_since(rows, earlier, options, sink, progress);
    watch->pass("finder after");
    return report;
  }
};

struct watched_guard {
  static constexpr upkeep::field reads = upkeep::contained::reads;
  steps* watch;
  [[nodiscard]] upkeep::verdict judge(const upkeep::pair_view& pair) const {
    watch->pass("guard");
    return upkeep::contained().judge(pair);
  }
};

/// Sources whose name begins with "doc" are there, those whose name begins with "unknown" are unknown, others are gone; `changes_mind` may
/// say something else.
struct watched_oracle {
  steps* watch;
  std::function<std::optional<upkeep::ownership>(std::string_view)> changes_mind{};
  void tell_owners(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers) const {
    watch->pass("oracle before");
    for (std::size_t i = 0; i < sources.size(); ++i) {
      const std::optional<upkeep::ownership> other = changes_mind ? changes_mind(sources[i]) : std::nullopt;
      answers[i] = other                               ? *other
                   : sources[i].starts_with("doc")     ? upkeep::ownership::present
                   : sources[i].starts_with("unknown") ? upkeep::ownership::unknown
                                                       : upkeep::ownership::absent;
    }
    watch->pass("oracle after");
  }
};

/// Deletes one row at a time.
struct watched_removal {
  steps* watch;
  template <class Store>
  std::size_t take_out(Store& store, std::span<const upkeep::key_view> keys) const {
    std::size_t removed = 0;
    watch->in_transaction = true;
    watch->pass("removal before");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      removed += store.erase(keys.subspan(i, 1));
      watch->pass("removal deleted");
    }
    watch->in_transaction = false;
    return removed;
  }
};

template <class Backup>
struct watched_backup {
  steps* watch;
  Backup backup{};
  template <class Store>
  upkeep::receipt back_up(Store& store, std::span<const upkeep::key_view> keys, const std::string& path) {
    watch->pass("backup before");
    upkeep::receipt made = backup.back_up(store, keys, path);
    watch->pass("backup after");
    return made;
  }
  void verify(const upkeep::receipt& receipt, upkeep::digest_visitor visit) {
    watch->pass("verify before");
    backup.verify(receipt, visit);
    watch->pass("verify after");
  }
  template <class Store>
  upkeep::restore_report restore(Store& store, const upkeep::receipt& receipt) {
    watch->pass("restore before");
    upkeep::restore_report report = backup.restore(store, receipt);
    watch->pass("restore after");
    return report;
  }
};

template <class Lock>
struct watched_lock {
  steps* watch;
  Lock lock;
  upkeep::lock_answer try_lock(const std::string& owner) {
    watch->pass("try_lock before");
    upkeep::lock_answer answer = lock.try_lock(owner);
    watch->pass("try_lock after");
    return answer;
  }
  void unlock() {
    lock.unlock();
    watch->pass("unlock after");
  }
};

template <class History>
struct watched_history {
  steps* watch;
  History history;

  void record_run(const upkeep::run_summary& run) {
    around("record_run " + run.status, [&] { history.record_run(run); });
  }
  std::optional<upkeep::run_summary> last_run() {
    std::optional<upkeep::run_summary> last;
    around("last_run", [&] { last = history.last_run(); });
    return last;
  }
  void record_orphans(std::span<const upkeep::orphan_sighting> seen) {
    around("record_orphans", [&] { history.record_orphans(seen); });
  }
  void visit_orphans(upkeep::function_ref<void(const upkeep::orphan_sighting&)> visit) {
    around("visit_orphans", [&] { history.visit_orphans(visit); });
  }
  void add_to_ledger(std::span<const upkeep::ledger_entry> entries) {
    around("add_to_ledger", [&] { history.add_to_ledger(entries); });
  }
  void drop_from_ledger(std::span<const upkeep::key_view> removed) {
    around("drop_from_ledger", [&] { history.drop_from_ledger(removed); });
  }
  void visit_ledger(upkeep::function_ref<void(const upkeep::ledger_entry&)> visit) {
    around("visit_ledger", [&] { history.visit_ledger(visit); });
  }
  void visit_runs(std::size_t most, upkeep::function_ref<void(const upkeep::run_summary&)> visit) {
    around("visit_runs", [&] { history.visit_runs(most, visit); });
  }
  void record_decision(const upkeep::review_decision& decision) {
    around("record_decision", [&] { history.record_decision(decision); });
  }
  bool forget_decision(upkeep::key_view a, upkeep::key_view b) {
    bool there = false;
    around("forget_decision", [&] { there = history.forget_decision(a, b); });
    return there;
  }
  void visit_decisions(upkeep::function_ref<void(const upkeep::review_decision&)> visit) {
    around("visit_decisions", [&] { history.visit_decisions(visit); });
  }

 private:
  template <class Action>
  void around(const std::string& name, Action&& action) {
    watch->pass(name + " before");
    action();
    watch->pass(name + " after");
  }

 public:
  watched_history(steps* s, History h) : watch(s), history(std::move(h)) {}
};

/// A janitor for `store` with its usual backup, lock and history, all of them watched.
template <class Finder = watched_finder, class Store>
auto watched_janitor(Store& store, steps& watch, upkeep::janitor_options options, upkeep::testing::manual_clock clock,
                     std::function<std::optional<upkeep::ownership>(std::string_view)> changes_mind = {}) {
  using standard = upkeep::defaults<Store>;
  using backup_type = decltype(standard::make_backup(store));
  using lock_type = decltype(standard::make_lock(store));
  using history_type = decltype(standard::make_history(store));
  if (!options.on_removed) options.on_removed = [&watch](std::span<const upkeep::key_view>) { watch.pass("on_removed"); };
  return upkeep::make_janitor(store, watched_observer{&watch}, watched_notifier{&watch}, watched_clock{&watch, std::move(clock)},
                              Finder{&watch}, watched_guard{&watch}, watched_oracle{&watch, std::move(changes_mind)},
                              watched_removal{&watch}, watched_backup<backup_type>{&watch, standard::make_backup(store)},
                              watched_lock<lock_type>{&watch, standard::make_lock(store)},
                              watched_history<history_type>(&watch, standard::make_history(store)), std::move(options));
}

}  // namespace upkeep_test
