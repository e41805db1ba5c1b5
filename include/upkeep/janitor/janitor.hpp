#pragma once
// The nightly janitor: finds near-duplicates and orphans, and removes them so that nothing is lost.

#include "../base/file_lock.hpp"
#include "cleanup.hpp"
#include "end_of_run.hpp"
#include "expire_backups.hpp"
#include "give_space_back.hpp"
#include "pair_review.hpp"
#include "report_text.hpp"
#include "space_check.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Who stands for whom.
struct alias {
  key removed, witness;
  double score = 0;
  std::string receipt;  ///< id of the backup that holds the removed row
  time_point until{};   ///< end of the undo window
};

/// Keeps one store clean. Made by make_janitor; the plain template is for those who spell types. The store is borrowed and must outlive it.
///
/// Errors: before the first row is gone, operations throw upkeep::error; from then on they return a report whose `status`, `error` and
/// `receipt` tell what happened.
/// @par Thread safety
/// One operation at a time; another thread may request a stop through the token. Several janitors, also in other processes, exclude each
/// other by the run lock.
template <class Store, class Finder, class Guard, class Retention, class Oracle, class Removal, class Backup, class Lock, class History,
          class Notifier, class Observer, class Clock>
class janitor {
 public:
  using parts_type =
      detail::janitor_parts<Store, Finder, Guard, Retention, Oracle, Removal, Backup, Lock, History, Notifier, Observer, Clock>;

  /// @throws error invalid_argument for options that cannot be used.
  janitor(parts_type parts, janitor_options options) : parts_(std::move(parts)), options_(std::move(options)) {
    check_options(options_);
    if constexpr (requires { detail::use(parts_.removal).attach(parts_.store); }) detail::use(parts_.removal).attach(parts_.store);
  }

  // Not moved: events are told through a pointer to the observer inside. make_janitor returns it in place.
  janitor(const janitor&) = delete;
  janitor& operator=(const janitor&) = delete;

  [[nodiscard]] const janitor_options& options() const noexcept { return options_; }

  /// Goes as far as `options().phase` says.
  /// @throws error busy (another run holds the store), cancelled, or whatever kept it from starting.
  janitor_report run(std::stop_token stop = {}) {
    const bool detects = options_.phase == phase::detect;
    const std::string_view what = to_string(options_.phase);
    return told(
        what, [&](progress& p) { return detects ? detect(p) : locked(what, p, [&] { return clean(p); }); }, stop);
  }

  /// What a cleanup would do now, baseline aside. Reads only and takes no lock.
  plan analyse(std::stop_token stop = {}) {
    progress p = progress_to_observer(stop);
    analysis found = detail::analyser<parts_type>(parts_, options_, p, now(), false).run();
    found.plan.id = new_id();
    return std::move(found.plan);
  }

  /// Carries out a plan that was made before, under the same limits.
  /// @throws error changed where the plan is of another store or too old, busy, limit_exceeded never: a limit gives status `aborted`.
  janitor_report apply(const plan& plan, std::stop_token stop = {}) {
    const auto body = [&](progress& p) { return locked("apply", p, [&] { return apply_locked(plan, p); }); };
    return told("apply", body, stop);
  }

  /// Brings the rows of a receipt back; rows that exist again with other content are left alone. Can be run twice.
  restore_report undo(const receipt& receipt) {
    progress p = progress_to_observer({});
    started_ = now();
    began_ = std::chrono::steady_clock::now();
    if (receipt.store != parts_.store.identity())
      throw error(errc::changed,
                  "undo: the receipt " + receipt.id + " is of the store " + receipt.store + ", not of " + parts_.store.identity());
    restore_report result;
    locked("undo", p, [&] {
      const event_field wanted[] = {{"receipt", std::string_view(receipt.id)}, {"rows", receipt.rows}};
      p.tell({event_level::info, "undo_started", "the rows of a receipt are about to be brought back", wanted});
      std::vector<key> keys;
      detail::use(parts_.backup).verify(receipt, [&](key_view k, std::uint64_t) { keys.emplace_back(k); });
      result = detail::use(parts_.backup).restore(parts_.store, receipt);
      std::vector<key_view> back;
      for (const key& k : keys)
        if (std::find(result.conflicts.begin(), result.conflicts.end(), k) == result.conflicts.end()) back.push_back(k);
      detail::use(parts_.history).drop_from_ledger(back);
      detail::forget_acceptances(detail::use(parts_.history), back);
      janitor_report r;
      r.run_id = new_id();
      r.phase = "undo";
      record(r, to_string(outcome::done));
      return r;
    });
    const event_field fields[] = {{"restored", result.restored},
                                  {"unchanged", result.unchanged},
                                  {"conflicts", static_cast<std::uint64_t>(result.conflicts.size())},
                                  {"receipt", std::string_view(receipt.id)}};
    tell_safely(p, {event_level::info, "undone", "the rows of a receipt were brought back", fields});
    return result;
  }

  /// Who stands for `k` (where it was removed as a duplicate), and for whom `k` stands, as long as the undo windows last.
  std::vector<alias> aliases(key_view k) {
    std::vector<alias> found;
    detail::use(parts_.history).visit_ledger([&](const ledger_entry& e) {
      if ((e.removed == k || e.witness == k) && e.until > now())
        found.push_back({key(e.removed), key(e.witness), e.score, std::string(e.receipt), e.until});
    });
    return found;
  }

  pair_review<parts_type> review() { return {parts_, options_}; }  ///< what people decide about pairs over which the guard hesitates

  /// The plan of the last run() that made one.
  [[nodiscard]] const plan& last_plan() const noexcept { return last_plan_; }

 private:
  time_point now() { return detail::use(parts_.clock).now(); }

  progress progress_to_observer(std::stop_token stop) { return progress(std::move(stop), sink_); }

  // Times the whole run, tells observers and (unless it only looks) people how it ended, and lets an error through after telling them.
  template <class Body>
  janitor_report told(std::string_view what, Body&& body, std::stop_token stop) {
    progress p = progress_to_observer(std::move(stop));
    began_ = std::chrono::steady_clock::now();
    double total = 0;
    try {
      janitor_report r;
      {
        const detail::step_timer timer(total);
        r = body(p);
      }
      r.total_seconds = total;
      finish(r, p);
      return r;
    } catch (...) {
      const std::string failure = detail::what_was_thrown();
      const std::string store = store_name();
      const event_field fields[] = {{"phase", what}, {"store", std::string_view(store)}, {"error", std::string_view(failure)}};
      tell_safely(p, {event_level::alert, "run_failed", "the run ended before anything was changed", fields});
      if (what != "detect") deliver({message::urgency::alert, "upkeep: the janitor could not run", failure});
      throw;
    }
  }

  // For events about a failure, which may be that of the store itself.
  std::string store_name() const {
    try {
      return parts_.store.identity();
    } catch (...) {
      return {};
    }
  }

  // What a notifier throws is reported and changes nothing.
  std::string deliver(const message& m) {
    try {
      detail::use(parts_.notifier).deliver(m);
      return {};
    } catch (...) {
      return detail::what_was_thrown();
    }
  }

  // For events after the last change: what an observer throws then must not take the report, which names the receipt, away with it.
  static std::string tell_safely(progress& p, const event& e) {
    try {
      p.tell(e);
      return {};
    } catch (...) {
      return detail::what_was_thrown();
    }
  }

  void finish(janitor_report& r, progress& p) {
    if (r.phase != "detect") r.notifier_error = deliver(detail::message_about(r));
    r.observer_error = detail::with_end_of_run(r, [&](const event& e) { return tell_safely(p, e); });
  }

  template <class Body>
  janitor_report locked(std::string_view what, progress& p, Body&& body) {
    auto& lock = detail::use(parts_.lock);
    const lock_answer answer = lock.try_lock(options_.owner.empty() ? process_name() : options_.owner);
    if (!answer.acquired)
      throw error(errc::busy, "another maintenance run holds " + parts_.store.identity() + ": " + answer.owner + " since " + answer.since +
                                  "; wait for it to end and try again");
    struct release {
      Lock& held;
      ~release() {
        try {
          detail::use(held).unlock();
        } catch (...) {
        }  // the system frees it when the process ends: no reason to lose the report
      }
    } const at_end{parts_.lock};
    const std::string store = parts_.store.identity();
    const event_field fields[] = {{"phase", what}, {"store", std::string_view(store)}};
    p.tell({event_level::info, "run_started", {}, fields});
    return body();
  }

  std::string new_id() { return detail::new_run_id(now()); }

  analysis look(std::string_view what, progress& p) {
    started_ = now();
    analysis found = detail::analyser<parts_type>(parts_, options_, p, started_, options_.phase != phase::detect).run();
    found.plan.id = found.report.run_id = new_id();
    found.report.phase = std::string(what);
    found.report.dry_run = options_.dry_run;
    return found;
  }

  // What would become of a cleanup.
  void foresee(analysis& found) {
    found.report.baseline = options_.baseline && detail::looks_first(detail::use(parts_.history).last_run());
    if (options_.limits.excess == on_excess::abort)
      found.report.would_abort = exceeded_limit(found.plan, options_.limits, found.basis).reason;
  }

  janitor_report detect(progress& p) {
    analysis found = look("detect", p);
    foresee(found);
    last_plan_ = std::move(found.plan);
    return std::move(found.report);
  }

  void record(const janitor_report& r, std::string_view status) {
    run_summary s;
    if (const auto last = detail::use(parts_.history).last_run()) s = *last;  // an undo asks no oracle: what the last run knew stays known
    s.id = r.run_id;
    s.phase = r.phase;
    s.status = std::string(status);
    s.started = started_;
    s.receipt = r.receipt_path;
    s.report.clear();
    if (status != "started") {  // a report of a run that goes on would say "done"
      janitor_report so_far = r;
      so_far.total_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
      s.report = report_as_json(so_far);
    }
    if (r.phase == "log" || r.phase == "cleanup") {
      s.rows = r.rows;
      // A rise beyond the limit is not what the next night is measured against: an oracle that fails two nights running must not be believed
      // in the second. Nor is one in which a whole container went, nor is there anything to learn from one that answered for no source.
      if (const std::uint64_t answered = r.sources - r.unknown_sources; answered != 0 && !absence_spike_ && r.refused.empty()) {
        s.sources = answered;
        s.absent_sources = r.absent_sources;
        s.asked_oracle = true;
      }
    }
    detail::use(parts_.history).record_run(s);
  }

  // What the run before left open is said before anything else happens.
  void tell_interruption(progress& p) {
    const auto last = detail::use(parts_.history).last_run();
    if (!last || last->status != "started") return;
    const std::string store = parts_.store.identity();
    const event_field fields[] = {{"run", std::string_view(last->id)},
                                  {"phase", std::string_view(last->phase)},
                                  {"store", std::string_view(store)},
                                  {"receipt", std::string_view(last->receipt)}};
    p.tell({event_level::warning, "interrupted_run",
            "the run before was interrupted: whole batches of it may be gone, all of them are in its backup; undo with its receipt",
            fields});
  }

  janitor_report clean(progress& p) {
    tell_interruption(p);
    analysis found = look(to_string(options_.phase), p);
    janitor_report& r = found.report;
    foresee(found);
    absence_spike_ = exceeded_limit(plan(), options_.limits, found.basis).reason == "absence_spike";
    if (!options_.dry_run) remember(found);
    if (options_.phase == phase::log || r.baseline) {
      if (!options_.dry_run) record(r, to_string(outcome::done));
      last_plan_ = std::move(found.plan);
      return std::move(r);
    }
    last_plan_ = std::move(found.plan);
    r.would_abort.clear();  // it is, or it is not
    execute(last_plan_, found.basis, r, p);
    return std::move(r);
  }

  void remember(const analysis& found) {
    auto& history = detail::use(parts_.history);
    if constexpr (parts_type::asks_oracle) {
      std::vector<orphan_sighting> seen;
      for (std::size_t i = 0; i < found.orphans.size(); ++i) seen.push_back({found.orphans[i], found.orphan_sources[i], started_});
      history.record_orphans(seen);
    }
    std::vector<key_view> stale(found.ledger_stale.begin(), found.ledger_stale.end());
    if (!stale.empty()) history.drop_from_ledger(stale);
  }

  janitor_report apply_locked(const plan& given, progress& p) {
    tell_interruption(p);
    started_ = now();
    if (given.format > plan::newest_format)
      throw error(errc::unsupported, "apply: the plan has format " + std::to_string(given.format) + "; this version reads up to " +
                                         std::to_string(plan::newest_format) + ": use a newer upkeep");
    if (given.store != parts_.store.identity())
      throw error(errc::changed, "apply: the plan is of the store " + given.store + ", not of " + parts_.store.identity());
    if (started_ - given.made > options_.plan_age)
      throw error(errc::changed, "apply: the plan was made at " + to_iso8601(given.made) + ", more than " +
                                     std::to_string(std::chrono::duration_cast<std::chrono::minutes>(options_.plan_age).count()) +
                                     " minutes ago: make a new one");
    check_plan(given);
    janitor_report r;
    r.run_id = new_id();
    r.phase = "apply";
    r.store = given.store;
    r.dry_run = options_.dry_run;
    r.rows = parts_.store.size();
    r.review_pairs = given.review.size() + given.review_left_out;
    r.review_left_out = given.review_left_out;
    detail::count_accepted(given, r);
    r.policies = parts_type::names();
    if constexpr (sized_store<Store>) r.file_bytes_before = r.file_bytes_after = parts_.store.bytes();
    for (const planned_removal& removal : given.removals)
      (removal.reason == removal_reason::duplicate ? r.duplicates_found : r.orphans_found) += 1;
    limit_basis basis;
    basis.rows = r.rows;
    basis.absent_share = detail::absent_share(given.absent_sources, given.sources).value_or(0);
    if (parts_type::asks_oracle) basis.last_absent_share = detail::absent_share(detail::use(parts_.history).last_run());
    if (options_.limits.scope_fraction < 1.0)
      parts_.store.scan(field::scope & parts_.store.fields(), [&](const record_batch& batch) {
        for (std::size_t i = 0; i < batch.size(); ++i)
          ++basis.scope_rows[batch.scopes.empty() ? std::string() : std::string(batch.scopes[i])];
      });
    last_plan_ = given;
    execute(last_plan_, basis, r, p);
    return r;
  }

  // A plan may come from somebody's own program: it must still keep every witness, remove nothing twice and nothing that is held.
  void check_plan(const plan& given) {
    std::unordered_map<key, removal_reason> going;
    for (const planned_removal& r : given.removals) {
      if (!going.emplace(r.key, r.reason).second)
        throw error(errc::invalid_argument, "apply: the plan removes the row " + to_string(r.key) + " twice");
      if (r.reason == removal_reason::orphan && !parts_type::asks_oracle)
        throw error(errc::invalid_argument,
                    "apply: the plan removes the orphan " + to_string(r.key) + ": give this janitor an oracle to ask");
    }
    for (const planned_removal& r : given.removals)
      if (r.reason == removal_reason::duplicate && going.contains(r.witness))
        throw error(errc::invalid_argument,
                    "apply: the plan removes the row " + to_string(r.witness) + ", which is the witness of " + to_string(r.key));
    detail::use(parts_.history).visit_ledger([&](const ledger_entry& e) {
      const auto witness = going.find(key(e.witness));
      // Whether an orphan may go all the same depends on the sources of the rows it stands for: asked before its batch.
      if (e.until > started_ && witness != going.end() && witness->second == removal_reason::duplicate)
        throw error(errc::changed, "apply: the row " + to_string(e.witness) + " stands for the removed row " + to_string(e.removed) +
                                       " since this plan was made: make a new one");
    });
  }

  void execute(plan& p, const limit_basis& basis, janitor_report& r, progress& progress) {
    limit_excess excess = exceeded_limit(p, options_.limits, basis);
    if (!excess.reason.empty() && excess.reason != "absence_spike" && options_.limits.excess == on_excess::trim) {
      r.trimmed = trim_to_limits(p, options_.limits, basis);
      excess = {};
    }
    r.planned = p.removals.size();
    if (!excess.reason.empty()) {
      r.status = outcome::aborted;
      r.aborted_reason = excess.reason;
      r.error = excess.message;
    } else if (std::string missing = detail::too_little_space(parts_, options_, p); !missing.empty()) {
      r.status = outcome::aborted;
      r.aborted_reason = detail::not_enough_space;
      r.error = std::move(missing);
    } else if (!p.removals.empty()) {
      detail::cleaner<parts_type> cleaner(parts_, options_, p, r, progress, started_);
      cleaner.back_up();
      if (!options_.dry_run) record(r, "started");
      cleaner.remove();
    }
    if (options_.dry_run) return;
    if (r.status == outcome::done) detail::expire_backups(parts_, options_, r, progress, now());
    // Twice, since giving space back may take long: a process that dies then has left nothing to recover.
    if (record_end(r) && r.status == outcome::done) {
      detail::give_space_back(parts_.store, options_, r, progress);
      record_end(r);
    }
  }

  // Whether it could be recorded. Once rows are gone or the run was refused, that it could not is said in the report, which must not be lost.
  bool record_end(janitor_report& r) {
    try {
      record(r, to_string(r.status));
      return true;
    } catch (...) {
      if (r.removed() == 0 && r.status != outcome::aborted) throw;
      r.status = r.status == outcome::done ? outcome::failed : r.status;
      r.error += (r.error.empty() ? "" : "; ") + std::string("the history could not be written: ") + detail::what_was_thrown();
      return false;
    }
  }

  struct observer_sink {
    Observer* observer;
    void operator()(const event& e) const { detail::use(*observer).observe(e); }
  };

  parts_type parts_;
  janitor_options options_;
  plan last_plan_;
  time_point started_{};
  std::chrono::steady_clock::time_point began_{};
  bool absence_spike_ = false;
  observer_sink sink_{&parts_.observer};
};

}  // namespace upkeep::inline v0
