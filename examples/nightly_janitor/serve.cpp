// The subcommands of the schedule: serve, trigger, pause, resume, history, status.
#include "serve.hpp"

#include <upkeep/base/file.hpp>
#include <upkeep/base/file_lock.hpp>
#include <upkeep/janitor/interrupted_runs.hpp>
#include <upkeep/janitor/nightly_workflow.hpp>
#include <upkeep/janitor/receipt_json.hpp>
#include <upkeep/janitor/report_json.hpp>
#include <upkeep/janitor/report_text.hpp>
#include <upkeep/workflow/sqlite_job_store.hpp>

#include "people.hpp"
#include "session.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nightly_janitor {
namespace {

using upkeep::job_record;
using upkeep::time_point;

const std::string workflow = upkeep::nightly_workflow().name;

std::string directory_of(const settings& s) { return std::filesystem::canonical(s.database).string() + ".upkeep"; }
upkeep::sqlite_job_store jobs_of(const settings& s) { return upkeep::sqlite_job_store(directory_of(s) + "/jobs.sqlite"); }
std::string lock_of(const settings& s) { return directory_of(s) + "/serve.lock"; }

std::string shown(time_point t) { return upkeep::to_iso8601(std::chrono::floor<std::chrono::seconds>(t)); }

upkeep::serve_options options_of(const schedule_request& r) {
  upkeep::serve_options o;
  if (r.overlap == "buffer-one")
    o.overlap = upkeep::overlap_policy::buffer_one;
  else if (r.overlap != "skip")
    throw usage_error("--overlap is '" + r.overlap + "': it is one of skip and buffer-one");
  o.catch_up_window = parse_duration(r.catch_up, "--catch-up");
  o.jitter = parse_duration(r.jitter, "--jitter");
  o.pause_on_failure = r.pause_on_failure;
  return o;
}

upkeep::cron_schedule schedule_of(const schedule_request& r) {
  const auto offset = upkeep::parse_utc_offset(r.utc_offset);
  if (!offset) throw usage_error("--utc-offset is '" + r.utc_offset + "': give Z, or a distance such as +02:00");
  try {
    return upkeep::cron_schedule(r.schedule, *offset);
  } catch (const upkeep::error& mistake) {
    throw usage_error(std::string("--schedule: ") + mistake.what());
  }
}

/// What the server and its janitors tell: lines for whoever reads the server's log.
struct server_log {
  explicit server_log(const settings& s)
      : lines(stderr, {.format = s.json_log ? upkeep::log_format::json_lines : upkeep::log_format::text}),
        quiet(s.quiet),
        audit(audit_log_of(s)) {
    if (s.metrics.empty()) return;
    metrics.emplace(upkeep::metrics_options{.textfile = s.metrics});
    if (const std::string trouble = metrics->trouble(); !trouble.empty())
      observe({upkeep::event_level::warning, "metrics_begun_anew", trouble, {}});
  }

  void observe(const upkeep::event& e) {
    if (!quiet || e.level >= upkeep::event_level::warning) lines.observe(e);
    tell(metrics, audit, e);  // last, because it may throw: the step then fails before what it was told of
  }

  upkeep::log_observer lines;
  bool quiet;
  std::optional<upkeep::audit_log> audit;
  std::optional<upkeep::metrics_observer> metrics;
};

/// Runs the janitor once, on a store that is opened for it: a schedule outlives every change of the application's tables.
upkeep::janitor_report run_once(settings s, upkeep::phase phase, upkeep::step_call& call, server_log& log) {
  s.phase = upkeep::phase::cleanup;  // a server may write, also before it looks
  const upkeep::sqlite_layout layout = layout_of(s);
  s.phase = phase;
  upkeep::sqlite_store store(s.database, layout, {.read_only = phase == upkeep::phase::detect});
  upkeep::interrupted_removals before;
  if (call.resumed && phase == upkeep::phase::cleanup) {
    upkeep::sqlite_history runs(directory_of(s) + "/history.sqlite");
    upkeep::sqlite_backup backup;
    before = upkeep::removals_of_interrupted_runs(runs, backup, store, call.job.begin, upkeep::read_receipt, upkeep::parse_report);
  }
  // Each event is also a sign of life of the step.
  const auto tell = [&](const upkeep::event& e) {
    call.heartbeat();
    log.observe(e);
  };
  upkeep::janitor_report report = choose_janitor(s, store, tell)->run(call.stop());
  add_interrupted_removals(report, before, log);
  name_policies(report.policies, s);
  if (!s.report.empty()) upkeep::write_file_atomically(s.report, upkeep::report_as_json(report));
  return report;
}

std::string spelled(std::chrono::microseconds distance) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(distance).count();
  if (minutes < 1) return "less than a minute";
  if (minutes < 120) return counted(static_cast<std::uint64_t>(minutes), "minute");
  return counted(static_cast<std::uint64_t>(minutes / 60), "hour");
}

std::string state_of(const job_record& r, bool begun) {
  if (!r.end) return begun ? "begun, not ended" : "waits";
  return r.end->status + (r.end->reason.empty() ? "" : " (" + r.end->reason + ")");
}

}  // namespace

exit_code serve_command(const screen& out, const settings& s, const schedule_request& request, std::stop_token stop) {
  const upkeep::cron_schedule schedule = schedule_of(request);
  const upkeep::serve_options options = options_of(request);
  upkeep::create_directories_durably(directory_of(s));
  const upkeep::lock_attempt lock = upkeep::file_lock::try_acquire(lock_of(s), upkeep::process_name());
  if (!lock.lock)
    throw upkeep::error(upkeep::errc::busy, "the schedule of '" + s.database + "' is served already by " + lock.holder.owner + " since " +
                                                lock.holder.since + ": one is enough; end that one first");
  upkeep::sqlite_job_store jobs = jobs_of(s);
  const auto people = people_of({request.notification_channel, request.alert_channel, s.report});
  server_log log(s);
  const upkeep::nightly_tasks tasks = {[&](upkeep::phase phase, upkeep::step_call& call) { return run_once(s, phase, call, log); }, people,
                                       people};
  upkeep::local_runner runner(upkeep::nightly_workflow(), upkeep::nightly_activities(tasks), jobs, std::ref(log));
  out.line(out.bold("serving") + " " + short_path(s.database) + ", table " + one_line(s.table, 30) + ": '" +
           one_line(request.schedule, 60) + "', next at " + shown(schedule.next(upkeep::system_clock().now())));
  std::fflush(stdout);
  runner.serve(schedule, options, stop);
  out.line("stopped, as asked");
  return exit_done;
}

exit_code trigger_command(const screen& out, const settings& s) {
  upkeep::sqlite_job_store jobs = jobs_of(s);
  const std::string id = upkeep::ask_for_job(jobs, workflow, upkeep::system_clock().now());
  out.line(out.bold("asked for") + " " + id);
  out.line(upkeep::file_lock::holder_of(lock_of(s))
               ? "it begins within a second, unless another night is being carried out"
               : "nobody serves the schedule now: it begins when somebody does (nightly_janitor serve)");
  return exit_done;
}

exit_code pause_command(const screen& out, const settings& s, const schedule_request& request, bool pause) {
  jobs_of(s).change_schedule(workflow, [&](upkeep::schedule_state& state) {
    state.paused = pause;
    state.reason = pause ? request.reason : std::string();
    if (!pause && state.last_due) state.last_due = std::max(*state.last_due, upkeep::system_clock().now());
  });
  out.line(pause ? out.bold("paused") + ": no night begins by itself until `nightly_janitor resume`; `trigger` still works"
                 : out.bold("resumed") + ": due times that passed meanwhile are not made up for");
  return exit_done;
}

exit_code history_command(const screen& out, const settings& s, const schedule_request& request) {
  if (request.jobs < 1) throw usage_error("--jobs is " + std::to_string(request.jobs) + ": give at least 1");
  upkeep::sqlite_job_store jobs = jobs_of(s);
  std::vector<job_record> all = jobs.jobs(workflow, static_cast<std::size_t>(request.jobs));
  if (all.empty()) out.line("no night yet: nobody has served the schedule of " + short_path(s.database));
  for (auto r = all.rbegin(); r != all.rend(); ++r) {
    const std::vector<upkeep::step_event> steps = jobs.steps(r->job.id);
    out.line(shown(r->job.due) + "  " + r->job.cause + "  " + out.bold(state_of(*r, !steps.empty())));
    for (const upkeep::step_event& e : steps) {
      if (e.kind == upkeep::step_event::what::started) continue;
      std::string told;
      for (const char* name : {"duplicates_removed", "orphans_removed", "receipt"})
        if (const auto value = upkeep::fact(e.facts, name); value && !value->empty() && *value != "0")
          told += std::string(told.empty() ? "" : ", ") + name + " " + std::string(*value);
      if (!e.text.empty()) told += (told.empty() ? "" : ", ") + one_line(e.text, 200);
      out.line("  " + shown(e.time) + "  " + e.step + " " + std::string(to_string(e.kind)) + (told.empty() ? "" : ": " + told));
    }
  }
  return exit_done;
}

exit_code status_command(const screen& out, const settings& s) {
  upkeep::sqlite_job_store jobs = jobs_of(s);
  const upkeep::schedule_state state = jobs.schedule(workflow);
  const time_point now = upkeep::system_clock().now();
  out.line(out.bold("status") + " of the schedule of " + short_path(s.database));
  const auto server = upkeep::file_lock::holder_of(lock_of(s));
  out.item("served by", server ? server->owner + " since " + server->since : "nobody");
  out.item("paused", state.paused ? "yes: " + one_line(state.reason, 50) : "no");
  const std::vector<job_record> all = jobs.jobs(workflow, 1000);
  const auto waiting = std::count_if(all.begin(), all.end(), [](const job_record& r) { return !r.end; });
  out.item("not ended", counted(static_cast<std::uint64_t>(waiting), "job"));
  const auto ended = [&](bool done) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const job_record& r) { return r.end && (r.end->status == "done" || !done); });
    if (found == all.end()) return std::string("never");
    return shown(found->end->time) + ", " + spelled(now - found->end->time) + " ago: " + state_of(*found, true);
  };
  out.item("last ended", ended(false));
  out.item("last done", ended(true));
  return exit_done;
}

}  // namespace nightly_janitor
