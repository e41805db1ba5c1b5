#pragma once
// Puts a history through every promise of its role, in one line and without a test framework.

#include "../base/string_column.hpp"
#include "../concepts/history.hpp"
#include "conformance.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

template <class Open>
class history_suite {
 public:
  explicit history_suite(Open& open) : open_(open), runner_("history") {}

  conformance_report run() {
    const auto rule = [&](std::string_view name, void (history_suite::*body)()) {
      ++number_;
      runner_.rule(name, [&] { (this->*body)(); });
    };
    rule("starts_empty", &history_suite::starts_empty);
    rule("the_last_run_is_the_last_recorded", &history_suite::the_last_run_is_the_last_recorded);
    rule("a_run_keeps_its_fields", &history_suite::a_run_keeps_its_fields);
    rule("a_run_is_replaced_under_its_id", &history_suite::a_run_is_replaced_under_its_id);
    rule("orphans_keep_their_first_time", &history_suite::orphans_keep_their_first_time);
    rule("another_source_is_another_orphan", &history_suite::another_source_is_another_orphan);
    rule("orphans_not_seen_are_forgotten", &history_suite::orphans_not_seen_are_forgotten);
    rule("ledger_entries_keep_their_fields", &history_suite::ledger_entries_keep_their_fields);
    rule("ledger_is_in_the_order_of_the_keys", &history_suite::ledger_is_in_the_order_of_the_keys);
    rule("ledger_entries_are_replaced", &history_suite::ledger_entries_are_replaced);
    rule("ledger_entries_are_dropped", &history_suite::ledger_entries_are_dropped);
    rule("outlives_its_object", &history_suite::outlives_its_object);
    if constexpr (browsable_history<std::remove_cvref_t<decltype(open())>>) {
      rule("visits_the_last_runs_oldest_first", &history_suite::visits_the_last_runs_oldest_first);
      rule("visited_runs_bring_their_reports", &history_suite::visited_runs_bring_their_reports);
    }
    if constexpr (deciding_history<std::remove_cvref_t<decltype(open())>>) {
      rule("decisions_keep_their_fields", &history_suite::decisions_keep_their_fields);
      rule("two_rows_have_one_decision", &history_suite::two_rows_have_one_decision);
      rule("decisions_are_in_the_order_of_the_keys", &history_suite::decisions_are_in_the_order_of_the_keys);
      rule("decisions_are_forgotten", &history_suite::decisions_are_forgotten);
      rule("decisions_outlive_their_object", &history_suite::decisions_outlive_their_object);
    }
    return runner_.finish();
  }

 private:
  auto open() { return open_(number_); }
  static time_point at(int hours) { return time_point(std::chrono::hours(490'000 + hours) + std::chrono::microseconds(7)); }
  static std::string text(std::string_view value) { return is_present(value) ? "'" + std::string(value) + "'" : "none"; }
  static std::string hour(time_point when) { return std::to_string((when - at(0)) / std::chrono::hours(1)); }

  static run_summary run_of(std::string id, std::string status = "done") {
    run_summary run;
    run.id = std::move(id);
    run.phase = "log";
    run.status = std::move(status);
    run.started = at(0);
    return run;
  }

  template <class History>
  static std::map<key, std::string> orphans(History& history) {
    std::map<key, std::string> seen;
    history.visit_orphans([&](const orphan_sighting& s) {
      require(seen.emplace(key(s.key), text(s.source) + " since " + hour(s.first_seen)).second,
              "the orphan " + to_string(s.key) + " is visited twice");
    });
    return seen;
  }

  template <class History>
  static std::vector<std::pair<key, std::string>> ledger(History& history) {
    std::vector<std::pair<key, std::string>> seen;
    history.visit_ledger([&](const ledger_entry& e) {
      seen.emplace_back(key(e.removed), text(e.source) + " by " + to_string(e.witness) + " at " + std::to_string(e.score) + " in " +
                                            std::string(e.receipt) + " until " + hour(e.until));
    });
    return seen;
  }

  template <class History>
  static void require_orphan(History& history, const key& k, const std::string& expected) {
    const auto all = orphans(history);
    const auto found = all.find(k);
    require(found != all.end(), "the orphan " + to_string(k) + " is not known");
    require(found->second == expected, "the orphan " + to_string(k) + " is of " + found->second + ", not of " + expected);
  }

  static void require_ledger(const std::vector<std::pair<key, std::string>>& seen,
                             const std::vector<std::pair<key, std::string>>& expected) {
    require_equal(seen.size(), expected.size(), "the number of ledger entries");
    for (std::size_t i = 0; i < seen.size(); ++i) {
      require(seen[i].first == expected[i].first, "entry " + std::to_string(i) + " of the ledger is of " + to_string(seen[i].first) +
                                                      ", not of " + to_string(expected[i].first));
      require(seen[i].second == expected[i].second,
              "the ledger says of " + to_string(seen[i].first) + ": " + seen[i].second + ", not: " + expected[i].second);
    }
  }

  void starts_empty() {
    auto history = open();
    require(!history.last_run().has_value(), "a new history knows a run");
    require(orphans(history).empty(), "a new history knows orphans");
    require(ledger(history).empty(), "a new history has a ledger");
    history.record_orphans({});
    history.add_to_ledger({});
    history.drop_from_ledger({});
    require(orphans(history).empty() && ledger(history).empty(), "nothing was recorded, and something is there");
  }

  void the_last_run_is_the_last_recorded() {
    auto history = open();
    for (const char* id : {"b", "a", "c"}) {
      run_summary run = run_of(id);
      run.started = at(id[0] == 'c' ? -5 : 5);  // a clock that was set back does not change which run was recorded last
      history.record_run(run);
      const auto last = history.last_run();
      require(last.has_value() && last->id == id,
              "after recording the run '" + std::string(id) + "' the last one is '" + (last ? last->id : "none") + "'");
    }
  }

  void a_run_keeps_its_fields() {
    auto history = open();
    run_summary run = run_of("it's \"an\" id\n", "aborted");
    run.phase = "cleanup";
    run.started = at(3);
    run.rows = 1'234'567'890'123;
    run.sources = 7;
    run.absent_sources = 3;
    run.asked_oracle = true;
    run.receipt = "/folder/it's.receipt";
    run.report = "{\"long\": true}";
    history.record_run(run);
    const auto last = history.last_run();
    require(last.has_value(), "a recorded run is not known");
    require(last->id == run.id && last->phase == run.phase && last->status == run.status && last->started == run.started &&
                last->rows == run.rows && last->sources == run.sources && last->absent_sources == run.absent_sources &&
                last->asked_oracle && last->receipt == run.receipt,
            "a run comes back with another field");
    require(last->report.empty(), "last_run() brings the report along");
  }

  void a_run_is_replaced_under_its_id() {
    auto history = open();
    history.record_run(run_of("one", "started"));
    history.record_run(run_of("two", "done"));
    history.record_run(run_of("one", "failed"));
    const auto last = history.last_run();
    require(last.has_value() && last->id == "one" && last->status == "failed",
            "a run that was recorded again is not the last one, with its new status");
  }

  void orphans_keep_their_first_time() {
    auto history = open();
    const orphan_sighting first[] = {{.key = 1, .source = "s", .first_seen = at(1)}, {.key = "1", .source = {}, .first_seen = at(1)}};
    history.record_orphans(first);
    const orphan_sighting later[] = {{.key = 1, .source = "s", .first_seen = at(9)}, {.key = "1", .source = {}, .first_seen = at(9)}};
    history.record_orphans(later);
    require_orphan(history, key(1), "'s' since 1");
    require_orphan(history, key("1"), "none since 1");
    const orphan_sighting earlier[] = {{.key = 1, .source = "s", .first_seen = at(-3)}};
    history.record_orphans(earlier);
    require_orphan(history, key(1), "'s' since -3");
  }

  void another_source_is_another_orphan() {
    auto history = open();
    const orphan_sighting first[] = {{.key = 1, .source = "s", .first_seen = at(1)}, {.key = 2, .source = {}, .first_seen = at(1)}};
    history.record_orphans(first);
    const orphan_sighting later[] = {{.key = 1, .source = "S", .first_seen = at(9)}, {.key = 2, .source = "", .first_seen = at(9)}};
    history.record_orphans(later);
    require_orphan(history, key(1), "'S' since 9");
    require_orphan(history, key(2), "'' since 9");
  }

  void orphans_not_seen_are_forgotten() {
    auto history = open();
    const orphan_sighting first[] = {{.key = 1, .source = "s", .first_seen = at(1)}, {.key = 2, .source = "s", .first_seen = at(1)}};
    history.record_orphans(first);
    history.record_orphans(std::span(first).first(1));
    require_equal(orphans(history).size(), 1, "the number of orphans when one of two was seen again");
    history.record_orphans(first);
    require_orphan(history, key(1), "'s' since 1");
    const orphan_sighting back[] = {{.key = 2, .source = "s", .first_seen = at(8)}};
    history.record_orphans({});
    history.record_orphans(back);
    require_orphan(history, key(2), "'s' since 8");
  }

  void ledger_entries_keep_their_fields() {
    using namespace std::string_view_literals;
    auto history = open();
    const ledger_entry entries[] = {
        {.removed = "a\0b\xff'\n"sv, .source = "it's", .witness = -5, .score = 0.984375, .receipt = "r1", .until = at(30)},
        {.removed = std::numeric_limits<std::int64_t>::min(),
         .source = {},
         .witness = "w\0"sv,
         .score = 1,
         .receipt = "r2",
         .until = at(-30)}};
    history.add_to_ledger(entries);
    require_ledger(ledger(history), {{key(std::numeric_limits<std::int64_t>::min()), "none by \"w\\x00\" at 1.000000 in r2 until -30"},
                                     {key("a\0b\xff'\n"sv), "'it's' by -5 at 0.984375 in r1 until 30"}});
  }

  static ledger_entry entry(key_view removed, std::string_view receipt = "r") {
    return {.removed = removed, .source = "s", .witness = 1, .score = 0.5, .receipt = receipt, .until = at(1)};
  }
  static std::pair<key, std::string> shown(const key& removed, const std::string& receipt = "r") {
    return {removed, "'s' by 1 at 0.500000 in " + receipt + " until 1"};
  }

  void ledger_is_in_the_order_of_the_keys() {
    auto history = open();
    const ledger_entry entries[] = {entry("10"), entry(10), entry(""), entry(9), entry("\xff"), entry(-1), entry("9")};
    history.add_to_ledger(entries);
    require_ledger(ledger(history),
                   {shown(key(-1)), shown(key(9)), shown(key(10)), shown(key("")), shown(key("10")), shown(key("9")), shown(key("\xff"))});
  }

  void ledger_entries_are_replaced() {
    auto history = open();
    const ledger_entry first[] = {entry(1), entry("1")};
    history.add_to_ledger(first);
    const ledger_entry again[] = {entry(1, "later")};
    history.add_to_ledger(again);
    require_ledger(ledger(history), {shown(key(1), "later"), shown(key("1"))});
  }

  void ledger_entries_are_dropped() {
    auto history = open();
    const ledger_entry first[] = {entry(1), entry("1"), entry(2)};
    history.add_to_ledger(first);
    const key_view gone[] = {"1", 7, 2};
    history.drop_from_ledger(gone);
    require_ledger(ledger(history), {shown(key(1))});
    history.add_to_ledger(std::span(first).last(1));
    require_ledger(ledger(history), {shown(key(1)), shown(key(2))});
  }

  void outlives_its_object() {
    {
      auto history = open();
      history.record_run(run_of("kept"));
      const orphan_sighting seen[] = {{.key = 1, .source = "s", .first_seen = at(2)}};
      history.record_orphans(seen);
      const ledger_entry entries[] = {entry(5)};
      history.add_to_ledger(entries);
    }
    auto history = open();
    const auto last = history.last_run();
    require(last.has_value() && last->id == "kept", "a run is forgotten when the history is opened again");
    require_orphan(history, key(1), "'s' since 2");
    require_ledger(ledger(history), {shown(key(5))});
  }

  template <class History>
  static std::string visited(History& history, std::size_t most) {
    std::string ids;
    history.visit_runs(most, [&](const run_summary& run) { ids += run.id + " " + run.status + ", "; });
    return ids;
  }

  void visits_the_last_runs_oldest_first() {
    auto history = open();
    require(visited(history, 5).empty(), "a new history visits a run");
    for (const char* id : {"b", "a", "c"}) {
      run_summary run = run_of(id);
      run.started = at(id[0] == 'c' ? -5 : 5);
      history.record_run(run);
    }
    history.record_run(run_of("b", "failed"));
    const std::pair<std::size_t, std::string> cases[] = {{0, ""},
                                                         {1, "b failed, "},
                                                         {2, "c done, b failed, "},
                                                         {3, "a done, c done, b failed, "},
                                                         {std::numeric_limits<std::size_t>::max(), "a done, c done, b failed, "}};
    for (const auto& [most, expected] : cases) {
      const std::string seen = visited(history, most);
      require(seen == expected, "of the last " + std::to_string(most) + " runs were visited: " + seen + "not: " + expected);
    }
  }

  void visited_runs_bring_their_reports() {
    auto history = open();
    run_summary run = run_of("it's an id\n", "aborted");
    run.rows = 7;
    run.receipt = "/folder/r";
    run.report = "{\"long\": \"\xc3\xa4\"}";
    history.record_run(run);
    std::size_t seen = 0;
    history.visit_runs(1, [&](const run_summary& r) {
      ++seen;
      require(r.id == run.id && r.phase == run.phase && r.status == run.status && r.started == run.started && r.rows == run.rows &&
                  r.receipt == run.receipt,
              "a visited run has another field");
      require(r.report == run.report, "a visited run comes without its report");
      static_cast<void>(history.last_run());  // a visitor may call anything
    });
    require_equal(seen, 1, "the number of visited runs");
  }

  template <class History>
  static std::vector<std::string> decisions(History& history) {
    std::vector<std::string> seen;
    history.visit_decisions([&](const review_decision& d) {
      seen.push_back(to_string(d.removed) + " for " + to_string(d.survivor) + " hashes " + std::to_string(d.removed_hash) + " " +
                     std::to_string(d.survivor_hash) + (d.accepted ? " accepted" : " rejected") + " by " + std::string(d.who) + " at " +
                     hour(d.when));
    });
    return seen;
  }

  static void require_decisions(const std::vector<std::string>& seen, const std::vector<std::string>& expected) {
    require_equal(seen.size(), expected.size(), "the number of decisions");
    for (std::size_t i = 0; i < seen.size(); ++i) require(seen[i] == expected[i], "a decision is: " + seen[i] + ", not: " + expected[i]);
  }

  static review_decision decided(key_view removed, key_view survivor, bool accepted = true) {
    return {removed, survivor, 1, 2, accepted, "w", at(1)};
  }
  static std::string spelled(const std::string& removed, const std::string& survivor, bool accepted = true) {
    return removed + " for " + survivor + " hashes 1 2 " + (accepted ? "accepted" : "rejected") + " by w at 1";
  }

  void decisions_keep_their_fields() {
    using namespace std::string_view_literals;
    auto history = open();
    require(decisions(history).empty(), "a new history knows a decision");
    history.record_decision({"b\0\xff'"sv, -5, ~std::uint64_t{0}, 7, true, "it's\0me"sv, at(3)});
    history.record_decision({3, "b"sv, 1, std::uint64_t{1} << 63U, false, "", at(-4)});
    require_decisions(decisions(history),
                      {"\"b\\x00\xff'\" for -5 hashes 18446744073709551615 7 accepted by it's" + std::string("\0me", 3) + " at 3",
                       "3 for \"b\" hashes 1 9223372036854775808 rejected by  at -4"});
  }

  void two_rows_have_one_decision() {
    auto history = open();
    history.record_decision(decided(1, 2));
    history.record_decision(decided(1, 3));
    history.record_decision(decided("1", 2));
    history.record_decision(decided(2, 1, false));
    require_decisions(decisions(history), {spelled("2", "1", false), spelled("1", "3"), spelled("\"1\"", "2")});
  }

  void decisions_are_in_the_order_of_the_keys() {
    auto history = open();
    for (const auto& [removed, survivor] : std::initializer_list<std::pair<key_view, key_view>>{{"9", "10"}, {10, 9}, {"", -1}, {10, -1}})
      history.record_decision(decided(removed, survivor));
    require_decisions(decisions(history), {spelled("10", "-1"), spelled("\"\"", "-1"), spelled("10", "9"), spelled("\"9\"", "\"10\"")});
  }

  void decisions_are_forgotten() {
    auto history = open();
    require(!history.forget_decision(1, 2), "a new history forgets a decision");
    history.record_decision(decided(1, 2));
    history.record_decision(decided(1, 3));
    require(!history.forget_decision("1", 2), "a decision about other rows is forgotten");
    require(history.forget_decision(2, 1), "a decision is not found when its rows are named in the other order");
    require(!history.forget_decision(2, 1), "a decision is forgotten twice");
    require_decisions(decisions(history), {spelled("1", "3")});
  }

  void decisions_outlive_their_object() {
    {
      auto history = open();
      history.record_decision(decided(1, 2));
    }
    auto history = open();
    require_decisions(decisions(history), {spelled("1", "2")});
    history.visit_decisions([&](const review_decision& d) { static_cast<void>(history.forget_decision(d.removed, d.survivor)); });
    require(decisions(history).empty(), "a visitor cannot forget what it is shown");
  }

  Open& open_;
  rule_runner runner_;
  int number_ = 0;
};

}  // namespace detail

/// Checks what the prose of concepts/history.hpp promises.
/// @param open  opens history number n, empty when it is opened first: `[&](int n) { return my_history(folder + std::to_string(n)); }`
template <class Open>
conformance_report conform_history(Open open) {
  return detail::history_suite<Open>(open).run();
}

}  // namespace upkeep::inline v0::testing
