// The suite for histories passes the shipped ones, and catches a history that breaks any one of its rules.

#include "upkeep/testing/conform_history.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/memory_history.hpp"
#include "upkeep/store/sqlite_history.hpp"

using upkeep::key_view;
using upkeep::ledger_entry;
using upkeep::memory_history;
using upkeep::orphan_sighting;
using upkeep::run_summary;
using upkeep::testing::conform_history;

namespace {

enum class bug {
  starts_with_a_run,
  latest_by_time,
  loses_the_receipt,
  brings_the_report,
  keeps_both_runs,
  takes_the_last_time,
  ignores_the_source,
  never_forgets,
  texts_end_at_nul,
  order_of_arrival,
  first_entry_stays,
  drops_nothing,
  dies_with_its_object,
  visits_the_newest_first,
  visits_all,
  visits_without_reports,
  hashes_are_numbers_with_a_sign,
  a_decision_for_each_direction,
  decisions_in_the_order_of_arrival,
  forgets_in_one_order_only,
  forgets_decisions_with_its_object
};

struct broken_history {
  bug which;
  memory_history inside;
  memory_history elsewhere{};  // what a history that forgets too much writes to
  std::vector<std::pair<upkeep::key, upkeep::key>> arrived{};

  void record_run(const run_summary& run) {
    if (which == bug::keeps_both_runs && inside.last_run()) {
      for (const run_summary& r : inside.runs())
        if (r.id == run.id) return;
    }
    if (which == bug::latest_by_time && inside.last_run() && inside.last_run()->started > run.started) return;
    run_summary copy = run;
    if (which == bug::loses_the_receipt) copy.receipt.clear();
    inside.record_run(copy);
  }
  std::optional<run_summary> last_run() {
    if (which == bug::starts_with_a_run && inside.runs().empty()) return run_summary{};
    if (which == bug::brings_the_report && !inside.runs().empty()) return inside.runs().back();
    return inside.last_run();
  }
  void visit_runs(std::size_t most, upkeep::function_ref<void(const run_summary&)> visit) {
    std::vector<run_summary> runs;
    inside.visit_runs(which == bug::visits_all ? inside.runs().size() : most, [&](const run_summary& run) { runs.push_back(run); });
    if (which == bug::visits_the_newest_first) std::reverse(runs.begin(), runs.end());
    for (run_summary& run : runs) {
      if (which == bug::visits_without_reports) run.report.clear();
      visit(run);
    }
  }
  void record_orphans(std::span<const orphan_sighting> seen) {
    std::vector<orphan_sighting> all(seen.begin(), seen.end());
    std::vector<std::pair<upkeep::key, std::string>> kept;
    memory_history before;
    if (which == bug::ignores_the_source) {
      inside.visit_orphans([&](const orphan_sighting& old) {
        for (orphan_sighting& s : all)
          if (s.key == old.key) s.first_seen = std::min(s.first_seen, old.first_seen);
      });
    }
    if (which == bug::never_forgets) {
      std::vector<upkeep::time_point> times;
      inside.visit_orphans([&](const orphan_sighting& old) {
        kept.emplace_back(upkeep::key(old.key), std::string(old.source));
        times.push_back(old.first_seen);
      });
      for (std::size_t i = 0; i < kept.size(); ++i) all.push_back({.key = kept[i].first, .source = kept[i].second, .first_seen = times[i]});
    }
    if (which == bug::takes_the_last_time) inside.record_orphans({});
    inside.record_orphans(all);
  }
  void visit_orphans(upkeep::function_ref<void(const orphan_sighting&)> visit) { inside.visit_orphans(visit); }
  void add_to_ledger(std::span<const ledger_entry> entries) {
    for (ledger_entry e : entries) {
      if (which == bug::texts_end_at_nul && !e.removed.is_integer()) e.removed = key_view(std::string(e.removed.bytes()).c_str());
      std::string cut;
      if (which == bug::texts_end_at_nul && !e.removed.is_integer()) {
        cut = std::string(e.removed.bytes().substr(0, e.removed.bytes().find('\0')));
        e.removed = std::string_view(cut);
      }
      if (which == bug::first_entry_stays) {
        bool there = false;
        inside.visit_ledger([&](const ledger_entry& old) { there = there || old.removed == e.removed; });
        if (there) continue;
      }
      inside.add_to_ledger({&e, 1});
    }
  }
  void drop_from_ledger(std::span<const key_view> removed) {
    if (which != bug::drops_nothing) inside.drop_from_ledger(removed);
  }
  void visit_ledger(upkeep::function_ref<void(const ledger_entry&)> visit) {
    if (which != bug::order_of_arrival) return inside.visit_ledger(visit);
    std::vector<key_view> order;  // texts before integers
    inside.visit_ledger([&](const ledger_entry& e) {
      if (!e.removed.is_integer()) visit(e);
    });
    inside.visit_ledger([&](const ledger_entry& e) {
      if (e.removed.is_integer()) visit(e);
    });
  }

  void record_decision(const upkeep::review_decision& d) {
    upkeep::review_decision spoilt = d;
    if (which == bug::hashes_are_numbers_with_a_sign) spoilt.survivor_hash &= ~std::uint64_t{0} >> 1U;
    // Not the keys that were given, but two that depend on their order.
    const std::string goes = "goes " + to_string(d.removed) + to_string(d.survivor), stays = "stays" + goes;
    if (which == bug::a_decision_for_each_direction) {
      inside.record_decision({std::string_view(goes), std::string_view(stays), d.removed_hash, d.survivor_hash, d.accepted, d.who, d.when});
      return;
    }
    if (which == bug::forgets_decisions_with_its_object) return elsewhere.record_decision(d);
    arrived.emplace_back(upkeep::key(d.removed), upkeep::key(d.survivor));
    inside.record_decision(spoilt);
  }
  bool forget_decision(key_view a, key_view b) {
    if (which == bug::forgets_in_one_order_only && b < a) return false;
    return which == bug::forgets_decisions_with_its_object ? elsewhere.forget_decision(a, b) : inside.forget_decision(a, b);
  }
  void visit_decisions(upkeep::function_ref<void(const upkeep::review_decision&)> visit) {
    if (which == bug::forgets_decisions_with_its_object) return elsewhere.visit_decisions(visit);
    if (which != bug::decisions_in_the_order_of_arrival) return inside.visit_decisions(visit);
    for (const auto& pair : arrived)
      inside.visit_decisions([&](const upkeep::review_decision& d) {
        if (pair == std::pair(upkeep::key(d.removed), upkeep::key(d.survivor))) visit(d);
      });
  }
};
static_assert(upkeep::deciding_history<broken_history>);

auto opener(bug b) {
  return [b, all = std::map<int, memory_history>()](int n) mutable {
    return broken_history{.which = b, .inside = b == bug::dies_with_its_object ? memory_history() : all[n]};
  };
}

}  // namespace

TEST_CASE("the shipped histories conform", "[conformance][history]") {
  const auto in_memory = conform_history([all = std::map<int, memory_history>()](int n) mutable { return all[n]; });
  INFO(in_memory.text());
  CHECK(in_memory.ok());
  const upkeep_test::temporary_directory directory;
  const auto in_a_database = conform_history([&](int n) { return upkeep::sqlite_history(directory / ("h" + std::to_string(n))); });
  INFO(in_a_database.text());
  CHECK(in_a_database.ok());
}

TEST_CASE("the suite catches a history that breaks one rule", "[conformance][history]") {
  const std::pair<bug, const char*> cases[] = {{bug::starts_with_a_run, "starts_empty"},
                                               {bug::latest_by_time, "the_last_run_is_the_last_recorded"},
                                               {bug::loses_the_receipt, "a_run_keeps_its_fields"},
                                               {bug::brings_the_report, "a_run_keeps_its_fields"},
                                               {bug::keeps_both_runs, "a_run_is_replaced_under_its_id"},
                                               {bug::takes_the_last_time, "orphans_keep_their_first_time"},
                                               {bug::ignores_the_source, "another_source_is_another_orphan"},
                                               {bug::never_forgets, "orphans_not_seen_are_forgotten"},
                                               {bug::texts_end_at_nul, "ledger_entries_keep_their_fields"},
                                               {bug::order_of_arrival, "ledger_is_in_the_order_of_the_keys"},
                                               {bug::first_entry_stays, "ledger_entries_are_replaced"},
                                               {bug::drops_nothing, "ledger_entries_are_dropped"},
                                               {bug::dies_with_its_object, "outlives_its_object"},
                                               {bug::visits_the_newest_first, "visits_the_last_runs_oldest_first"},
                                               {bug::visits_all, "visits_the_last_runs_oldest_first"},
                                               {bug::visits_without_reports, "visited_runs_bring_their_reports"},
                                               {bug::hashes_are_numbers_with_a_sign, "decisions_keep_their_fields"},
                                               {bug::a_decision_for_each_direction, "two_rows_have_one_decision"},
                                               {bug::decisions_in_the_order_of_arrival, "decisions_are_in_the_order_of_the_keys"},
                                               {bug::forgets_in_one_order_only, "decisions_are_forgotten"},
                                               {bug::forgets_decisions_with_its_object, "decisions_outlive_their_object"}};
  for (const auto& [b, rule] : cases) {
    const auto report = conform_history(opener(b));
    INFO(rule << "\n" << report.text());
    CHECK(report.broke(rule));
    CHECK(report.failures.size() < report.rules.size());
  }
}
