#pragma once
// Carries out the jobs of one workflow in this process, so that a process that dies goes on where it was.

#include "../base/event.hpp"
#include "../concepts/clock.hpp"
#include "../concepts/observer.hpp"
#include "cron_schedule.hpp"
#include "due_times.hpp"
#include "next_step.hpp"
#include "step_watch.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// What an activity is given.
class step_call {
 public:
  step_call(const upkeep::job& j, unsigned attempt_number, bool resumed_after, const std::vector<step_event>& history, step_watch& watch)
      : job(j), attempt(attempt_number), resumed(resumed_after), history_(history), watch_(watch) {}

  const upkeep::job& job;
  const unsigned attempt;  ///< from 1
  const bool resumed;      ///< an earlier attempt was interrupted and may have done part of the work

  /// Requested when the process is to end or the step takes too long: the step ends within one batch, by throwing errc::cancelled.
  [[nodiscard]] std::stop_token stop() const noexcept { return watch_.token(); }

  /// A sign of life: the start-to-close time begins anew. May be called by any thread.
  void heartbeat() noexcept { watch_.sign_of_life(); }

  /// A fact of the last completed run of a step of this job; empty where there is none.
  [[nodiscard]] std::string_view fact_of(std::string_view step, std::string_view name) const noexcept {
    for (auto e = history_.rbegin(); e != history_.rend(); ++e)
      if (e->kind == step_event::what::completed && e->step == step) return fact(e->facts, name).value_or("");
    return {};
  }
  [[nodiscard]] const std::vector<step_event>& history() const noexcept { return history_; }

 private:
  const std::vector<step_event>& history_;
  step_watch& watch_;
};

/// Does a step's work and returns what it found out. It may be called again after an attempt that failed or was interrupted at any
/// instruction: what it does has to bear that.
using activity = std::function<step_facts(step_call&)>;

/// How jobs begin.
struct serve_options {
  overlap_policy overlap = overlap_policy::skip;
  std::chrono::seconds catch_up_window = std::chrono::hours(1);
  std::chrono::seconds jitter{0};  ///< jobs of the schedule begin up to so much later, by a distance that their due time fixes
  bool pause_on_failure = false;   ///< a job that ended otherwise than `done` pauses the schedule
  std::chrono::milliseconds poll = std::chrono::seconds(1);  ///< how soon a request of another process is seen
};

/// Asks whoever serves the workflow for a job now, besides its schedule, also while that is paused. Returns the job's id.
template <job_store Jobs>
std::string ask_for_job(Jobs& jobs, const std::string& workflow, time_point now) {
  for (unsigned n = 0;; ++n) {  // two within one microsecond get two names
    const job asked{workflow + '-' + to_iso8601(now + std::chrono::microseconds(n)) + "-manual", workflow, "manual", now, now};
    if (jobs.add_job(asked)) return asked.id;
  }
}

/// Runs the jobs of one workflow, one at a time. Two runners of one workflow must exclude each other: see file_lock.
/// @par Thread safety
/// None; the job store may be used by others meanwhile.
template <job_store Jobs, class Observer, clock Clock = system_clock>
  requires observer<std::unwrap_reference_t<Observer>>
class local_runner {
 public:
  /// @param jobs        borrowed
  /// @param activities  by the name of their step
  /// @throws error invalid_argument for a table that check_table refuses or that names a step without activity
  local_runner(step_table table, std::map<std::string, activity, std::less<>> activities, Jobs& jobs, Observer observer, Clock clock = {})
      : table_(std::move(table)),
        activities_(std::move(activities)),
        jobs_(jobs),
        observer_(std::move(observer)),
        clock_(std::move(clock)) {
    check_table(table_);
    for (const step_rule& rule : table_.steps)
      if (const auto found = activities_.find(rule.name); found == activities_.end() || !found->second)
        throw error(errc::invalid_argument,
                    "workflow \"" + table_.name + "\": nothing carries out the step \"" + rule.name + "\": give an activity of that name");
  }

  /// Carries out jobs as they become due or are asked for, until `stop` is requested; begins with a job that was interrupted.
  void serve(const cron_schedule& schedule, const serve_options& options, const std::stop_token& stop) {
    if (!jobs_.schedule(table_.name).last_due)  // what was due before anybody served it was not missed
      jobs_.change_schedule(table_.name, [&](schedule_state& s) { s.last_due = s.last_due.value_or(now()); });
    bool busy = false;
    time_point busy_since{};  // not within the optional: GCC 12 takes what an empty one holds for used
    while (!stop.stop_requested()) {
      enter_due(schedule, options, busy ? std::optional<time_point>(busy_since) : std::nullopt);
      const std::optional<job> next = jobs_.claim(table_.name, now());
      if (next) {
        busy = true;
        busy_since = now();
        const std::optional<job_end> end = run(*next, stop);
        if (end && end->status != "done" && options.pause_on_failure) pause("job_" + end->status);
        continue;
      }
      busy = false;
      sleep(now() + options.poll, stop);
    }
  }

  /// Carries out the steps of a job that are left. Nothing where it was stopped before its end.
  std::optional<job_end> run(const job& j, const std::stop_token& stop) {
    std::vector<step_event> history = jobs_.steps(j.id);
    if (!history.empty() && history.back().kind == step_event::what::started) {
      note(j, history,
           {.kind = step_event::what::interrupted,
            .step = history.back().step,
            .code = errc::unavailable,
            .text = "the process ended within this step"});
    }
    for (;;) {
      const step_decision next = decide(j, history);
      if (next.step.empty()) return finish(j, {next.status, next.reason, now()});
      // A clock that is set back must not make a pause of seconds one of days.
      sleep(std::min<time_point>(next.not_before, now() + table_.find(next.step)->retry.maximum_delay), stop);
      if (stop.stop_requested()) return std::nullopt;
      if (!carry_out(j, next, history, stop)) return std::nullopt;
    }
  }

  /// Asks for a job now, besides the schedule, also while that is paused. Returns its id.
  std::string trigger() { return ask_for_job(jobs_, table_.name, now()); }

  void pause(const std::string& reason) {
    jobs_.change_schedule(table_.name, [&](schedule_state& s) {
      s.paused = true;
      s.reason = reason;
    });
    tell(event_level::alert, "schedule_paused", "the schedule is paused: no job begins by itself until it is resumed",
         {{"reason", reason}});
  }

 private:
  time_point now() { return clock_.now(); }

  // In slices, because no clock can be woken by a stop token; where it is set back meanwhile, what is left stays what it was.
  void sleep(time_point until, const std::stop_token& stop) {
    time_point t = now();
    while (t < until && !stop.stop_requested()) {
      clock_.sleep_until(std::min<time_point>(until, t + std::chrono::milliseconds(100)));
      const time_point before = std::exchange(t, now());
      if (t < before) until -= before - t;
    }
  }

  [[nodiscard]] std::string job_id(time_point at) const { return table_.name + '-' + to_iso8601(at); }

  void enter_due(const cron_schedule& schedule, const serve_options& options, std::optional<time_point> busy_since) {
    const time_point at = now();
    const schedule_state state = jobs_.schedule(table_.name);
    const due_decision due = what_is_due(schedule, state, at, busy_since, options.overlap, options.catch_up_window);
    if (due.kind == due_decision::what::nothing) return;
    const std::string time = to_iso8601(due.time);
    const bool waits = options.overlap == overlap_policy::buffer_one && is_waiting();
    switch (due.kind) {
      case due_decision::what::nothing: break;
      case due_decision::what::clock_set_back:
        tell(event_level::alert, "clock_set_back", "the clock was set back by more than a day: due times count from now on",
             {{"last_due", time}});
        break;
      case due_decision::what::run:
      case due_decision::what::catch_up: {
        if (waits) {
          tell(event_level::warning, "due_time_skipped", "a job waits already", {{"due", time}});
          break;
        }
        const bool late = due.kind == due_decision::what::catch_up;
        // The name is fixed by the due time: whoever enters it twice, after a crash between here and below, has one job.
        jobs_.add_job({job_id(due.time), table_.name, late ? "catch_up" : "schedule", due.time, due.time + jitter_of(due.time, options)});
        tell(event_level::info, late ? "job_caught_up" : "job_due", {}, {{"due", time}});
        break;
      }
      case due_decision::what::overlapped:
        tell(event_level::warning, "due_time_skipped", "the job before took longer than until the next was due", {{"due", time}});
        break;
      case due_decision::what::missed:
        tell(event_level::warning, "due_time_missed", "nobody served the schedule, and the catch-up window is over", {{"due", time}});
        break;
      case due_decision::what::paused: tell(event_level::info, "due_time_paused", {}, {{"due", time}, {"reason", state.reason}}); break;
    }
    const time_point dealt_with = due.kind == due_decision::what::clock_set_back ? at : due.time;
    jobs_.change_schedule(table_.name, [&](schedule_state& s) { s.last_due = dealt_with; });
  }

  [[nodiscard]] bool is_waiting() {
    const std::vector<job_record> all = jobs_.jobs(table_.name, 64);
    return std::any_of(all.begin(), all.end(), [](const job_record& r) { return !r.end; });
  }

  [[nodiscard]] std::chrono::microseconds jitter_of(time_point due, const serve_options& options) const {
    const auto most = static_cast<std::uint64_t>(std::chrono::microseconds(options.jitter).count());
    if (options.jitter.count() <= 0) return std::chrono::microseconds(0);
    return std::chrono::microseconds(static_cast<std::int64_t>(detail::chance_of(job_id(due), 0).below(most + 1)));
  }

  // A history that does not fit the table ends its job: to try again would not help.
  step_decision decide(const job& j, const std::vector<step_event>& history) {
    try {
      return next_step(table_, j.id, history);
    } catch (const error& e) {
      tell(event_level::alert, "job_unusable", e.what(), {{"job", j.id}});
      return {.status = "failed", .reason = "table_changed"};
    }
  }

  /// False where it was stopped from outside.
  bool carry_out(const job& j, const step_decision& next, std::vector<step_event>& history, const std::stop_token& stop) {
    const step_rule& rule = *table_.find(next.step);
    const bool resumed = !history.empty() && history.back().step == next.step && history.back().kind != step_event::what::completed;
    note(j, history, {.kind = step_event::what::started, .step = next.step});
    step_event end{.kind = step_event::what::failed, .step = next.step};
    bool ran_out = false;
    try {
      step_watch watch(rule.start_to_close, stop);
      try {
        step_call call(j, next.attempt, resumed, history, watch);
        end.facts = activities_.find(next.step)->second(call);
        end.kind = step_event::what::completed;
      } catch (...) {
        ran_out = watch.ran_out();
        throw;
      }
    } catch (const error& e) {
      end.code = e.code();
      end.text = e.what();
    } catch (const std::exception& e) {
      end.text = e.what();
    } catch (...) {
      end.text = "something was thrown that is no std::exception";
    }
    const bool stopped = end.kind == step_event::what::failed && end.code == errc::cancelled && !ran_out && stop.stop_requested();
    if (stopped) end.kind = step_event::what::interrupted;
    if (ran_out && end.kind == step_event::what::failed) end.kind = step_event::what::timed_out;
    note(j, history, std::move(end));
    return !stopped;
  }

  void note(const job& j, std::vector<step_event>& history, step_event event) {
    event.time = now();
    jobs_.record_step(j.id, event);
    const bool bad = event.kind != step_event::what::started && event.kind != step_event::what::completed;
    tell(bad ? event_level::warning : event_level::info, "step_" + std::string(to_string(event.kind)), event.text,
         {{"job", j.id}, {"step", event.step}, {"code", bad ? to_string(event.code) : std::string_view()}});
    history.push_back(std::move(event));
  }

  job_end finish(const job& j, job_end end) {
    jobs_.end_job(j.id, end);
    tell(end.status == "done" ? event_level::info : event_level::alert, "job_ended", {},
         {{"job", j.id}, {"cause", j.cause}, {"status", end.status}, {"reason", end.reason}});
    return end;
  }

  void tell(event_level level, std::string_view name, std::string_view text, std::initializer_list<event_field> fields) {
    detail::use(observer_).observe({level, name, text, {fields.begin(), fields.size()}});
  }

  step_table table_;
  std::map<std::string, activity, std::less<>> activities_;
  Jobs& jobs_;
  Observer observer_;
  Clock clock_;
};

}  // namespace upkeep::inline v0
