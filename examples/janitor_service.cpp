// A micro-service that keeps one SQLite table of vectors clean, as a container runs it: one file, composed when it is compiled, set by
// UPKEEP_ variables when it is started. It asks a service over HTTP which sources exist, posts signed messages to a webhook, writes JSON
// Lines to standard output, and leaves every other choice (finder, metric, backup, history, lock) to the library's defaults.
//
//   UPKEEP_DATABASE=notes.db UPKEEP_TABLE=notes UPKEEP_ORACLE_URL='https://documents.example/exists' janitor_service
//
// The same schedule is seen by `nightly_janitor status`, `history`, `trigger`, `pause` and `resume`. Ends with 0 done or stopped as asked,
// 2 a setting that cannot be used, 3 a night refused by a limit, 4 somebody else serves it, 5 failed or not ended; see the page
// docs/how-to/run-in-a-container.md.
#include <upkeep/base/environment.hpp>
#include <upkeep/base/stop_signals.hpp>
#include <upkeep/guard/all_guards.hpp>
#include <upkeep/guard/same_source.hpp>
#include <upkeep/janitor/interrupted_runs.hpp>
#include <upkeep/janitor/make_janitor.hpp>
#include <upkeep/janitor/nightly_workflow.hpp>
#include <upkeep/janitor/receipt_json.hpp>
#include <upkeep/janitor/report_json.hpp>
#include <upkeep/notify/webhook_notifier.hpp>
#include <upkeep/observe/audit_log.hpp>
#include <upkeep/observe/fanout_observer.hpp>
#include <upkeep/observe/log_observer.hpp>
#include <upkeep/observe/metrics_observer.hpp>
#include <upkeep/oracle/http_oracle.hpp>
#include <upkeep/store/sqlite_store.hpp>
#include <upkeep/workflow/sqlite_job_store.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using text = std::string;
using upkeep::duration;
using upkeep::event_level;

enum exit_code : int { exit_done = 0, exit_setting = 2, exit_aborted = 3, exit_busy = 4, exit_failed = 5 };

/// The variables that mean something here.
std::set<text> known = {"UPKEEP_WEBHOOK_KEY", "UPKEEP_AUDIT_KEY", "UPKEEP_INSTRUCTIONS"};

/// Everything that can be set: a variable each, with what it is where it is not set, and what it may be.
struct settings {
  upkeep::environment env{"UPKEEP_", [](const text& name) {
                            known.insert(name);
                            return upkeep::environment::process_environment(name);
                          }};

  text database = env.require<text>("DATABASE", "the SQLite file with the vectors");
  text table = env.get_or<text>("TABLE", "records");
  text id_column = env.get_or<text>("ID_COLUMN", "id");
  text vector_column = env.get_or<text>("VECTOR_COLUMN", "vector");
  text source_column = env.get_or<text>("SOURCE_COLUMN", "source");
  text text_column = env.get_or<text>("TEXT_COLUMN", "text");
  text scope_column = env.get_or<text>("SCOPE_COLUMN", "");
  text oracle_url = env.require<text>("ORACLE_URL", "the address of the service that knows which sources exist");
  text oracle_token = env.get_or<text>("ORACLE_TOKEN", "", {.secret = true});
  text oracle_known_source = env.get_or<text>("ORACLE_KNOWN_SOURCE", "");
  duration oracle_timeout = env.get_or<duration>("ORACLE_TIMEOUT", 30s, {.minimum = 1ms, .maximum = 10min});
  double threshold = env.get_or<double>("THRESHOLD", 0.98, {.minimum = 0.01, .maximum = 1.0});
  double max_removal = env.get_or<double>("MAX_REMOVAL", 0.05, {.minimum = 0.0, .maximum = 1.0});
  duration grace = env.get_or<duration>("GRACE", 20h, {.maximum = 24h * 3650});
  bool baseline = env.get_or<bool>("BASELINE", true);
  std::size_t batch = env.get_or<std::size_t>("BATCH", 200, {.minimum = 1, .maximum = 200});
  unsigned threads = env.get_or<unsigned>("THREADS", 0, {.maximum = 4096});
  std::size_t keep_backups = env.get_or<std::size_t>("KEEP_BACKUPS", 7, {.maximum = 100000});
  duration keep_backups_for = env.get_or<duration>("KEEP_BACKUPS_FOR", 24h * 30, {.maximum = 24h * 3650});
  duration undo_window = env.get_or<duration>("UNDO_WINDOW", 24h * 30, {.maximum = 24h * 3650});
  text schedule = env.get_or<text>("SCHEDULE", "0 3 * * *");
  duration catch_up = env.get_or<duration>("CATCH_UP", 1h, {.maximum = 24h * 365});
  bool run_once = env.get_or<bool>("RUN_ONCE", false);
  text webhook_url = env.get_or<text>("WEBHOOK_URL", "", {.secret = true});
  text audit_log = env.get_or<text>("AUDIT_LOG", "");
  text audit_head = env.get_or<text>("AUDIT_HEAD", "");
  text metrics = env.get_or<text>("METRICS", "");

  [[nodiscard]] upkeep::sqlite_layout layout() const {
    return {.table = table,
            .id_column = id_column,
            .vector_column = vector_column,
            .source_column = source_column,
            .scope_column = scope_column,
            .text_column = text_column};
  }
};

/// Everything that sees what happens: the log of the container, the metrics, the audit log.
struct observers {
  explicit observers(const settings& s) {
    s.env.explain("METRICS", [&] { metrics.emplace(upkeep::metrics_options{.textfile = s.metrics}); });
    if (s.audit_log.empty()) return;
    auto key = upkeep::secret_key::from_environment("UPKEEP_AUDIT_KEY");
    s.env.explain("AUDIT_LOG", [&] { audit.emplace(s.audit_log, key, upkeep::audit_log_options{.head = s.audit_head}); });
  }
  void observe(const upkeep::event& e) {
    log.observe(e);
    // Last, because they may throw: what they were told of is then not done. One that throws keeps nothing from the other.
    audit ? upkeep::fanout_observer(std::ref(*metrics), std::ref(*audit)).observe(e) : metrics->observe(e);
  }

  upkeep::log_observer log{stdout, {.format = upkeep::log_format::json_lines}};
  std::optional<upkeep::metrics_observer> metrics;
  std::optional<upkeep::audit_log> audit;
};

class service {
 public:
  service(const settings& s, observers& seen)
      : s_(s), seen_(seen), schedule_(s.env.explain("SCHEDULE", [&] { return upkeep::cron_schedule(s.schedule); })) {
    upkeep::http_oracle_options options{.known_present = s.oracle_known_source};
    options.remote.http.deadline = s.oracle_timeout;
    if (!s.oracle_token.empty()) options.remote.bearer_token = [&s] { return s.oracle_token; };
    options.remote.on_failure = [&seen](const upkeep::error& why) {
      seen.log.observe({event_level::warning, "oracle_failed", why.what(), {}});
    };
    s.env.explain("ORACLE_URL", [&] { oracle_.emplace(s.oracle_url, options); });
    if (!s.webhook_url.empty()) {
      const auto key = upkeep::secret_key::from_environment("UPKEEP_WEBHOOK_KEY");
      s.env.explain(
          "WEBHOOK_URL", [&] { people_.emplace(upkeep::webhook_options{.url = s.webhook_url}, key); }, true);
    }
    // Opened here as well, so that a wrong name ends the service now and not at three in the morning.
    const upkeep::sqlite_store store = s.env.explain("DATABASE", [&] { return upkeep::sqlite_store(s.database, s.layout()); });
    directory_ = upkeep::defaults<upkeep::sqlite_store>::directory(store);
  }

  int serve(std::stop_token stop) {
    upkeep::create_directories_durably(directory_);
    const upkeep::lock_attempt lock = upkeep::file_lock::try_acquire(directory_ + "/serve.lock", upkeep::process_name());
    if (!lock.lock)
      throw upkeep::error(upkeep::errc::busy, "the schedule is served already by " + lock.holder.owner + " since " + lock.holder.since);
    upkeep::sqlite_job_store jobs(directory_ + "/jobs.sqlite");
    const auto tell = [this](const upkeep::message& m, upkeep::step_call& call) { send(m, call.stop()); };
    const upkeep::nightly_tasks tasks = {[this](upkeep::phase p, upkeep::step_call& call) { return run(p, call); }, tell, tell};
    const upkeep::step_table night = upkeep::nightly_workflow();
    upkeep::local_runner runner(night, upkeep::nightly_activities(tasks), jobs, std::ref(seen_));
    seen_.log.observe({event_level::info, "service_started", s_.run_once ? "one night" : "until it is asked to stop", {}});
    if (!s_.run_once) {
      runner.serve(schedule_, {.catch_up_window = std::chrono::floor<std::chrono::seconds>(s_.catch_up)}, stop);
      return exit_done;
    }
    const auto now = [] { return upkeep::system_clock().now(); };
    if (!jobs.claim(night.name, now())) upkeep::ask_for_job(jobs, night.name, now());  // one that was interrupted goes first
    const std::optional<upkeep::job_end> end = runner.run(*jobs.claim(night.name, now()), stop);
    return !end ? exit_failed : end->status == "done" ? exit_done : end->status == "aborted" ? exit_aborted : exit_failed;
  }

 private:
  /// One look, or one cleanup, on a store that is opened for it: a service outlives every change of the application's tables.
  upkeep::janitor_report run(upkeep::phase phase, upkeep::step_call& call) {
    upkeep::sqlite_store store(s_.database, s_.layout());
    upkeep::janitor_options options{.threshold = s_.threshold, .phase = phase, .baseline = s_.baseline};
    options.grace = std::chrono::ceil<std::chrono::seconds>(s_.grace);
    options.limits.fraction = s_.max_removal;
    options.backups = {.newest = s_.keep_backups, .age = std::chrono::ceil<std::chrono::seconds>(s_.keep_backups_for)};
    options.undo_window = std::chrono::ceil<std::chrono::seconds>(s_.undo_window);
    options.batch = s_.batch;
    options.threads = s_.threads;
    struct {
      observers* seen;
      upkeep::step_call* call;
      void observe(const upkeep::event& e) const {
        call->heartbeat();
        seen->observe(e);
      }
    } events{&seen_, &call};
    // A row goes only if another row of the same document says all that it says.
    auto janitor = upkeep::make_janitor(store, upkeep::all_guards(upkeep::same_source(), upkeep::contained()), *oracle_, events, options);
    upkeep::interrupted_removals before;
    if (call.resumed && phase == upkeep::phase::cleanup) {
      upkeep::sqlite_history history(directory_ + "/history.sqlite");
      upkeep::sqlite_backup backup;
      before = upkeep::removals_of_interrupted_runs(history, backup, store, call.job.begin, upkeep::read_receipt, upkeep::parse_report);
    }
    upkeep::janitor_report report = janitor.run(call.stop());
    add_interrupted_removals(report, before, seen_);
    return report;
  }

  void send(const upkeep::message& m, const std::stop_token& stop) {
    const upkeep::event_field fields[] = {{"title", std::string_view(m.title)}};
    seen_.log.observe({m.level == upkeep::message::urgency::alert ? event_level::alert : event_level::info, "message", m.text, fields});
    if (people_) people_->deliver(m, stop);
  }

  const settings& s_;
  observers& seen_;
  upkeep::cron_schedule schedule_;
  std::optional<upkeep::http_oracle<>> oracle_;
  std::optional<upkeep::webhook_notifier<>> people_;
  std::string directory_;
};

}  // namespace

int main() {
  const upkeep::stop_signals signals;
  const upkeep::log_observer log(stdout, {.format = upkeep::log_format::json_lines});
  const auto end = [&](const char* why, int code) {
    const upkeep::event_field fields[] = {{"exit_code", code}};
    const bool well = code == exit_done;
    log.observe({well ? event_level::info : event_level::alert, well ? "service_stopped" : "service_failed", why, fields});
    return code;
  };
  try {
    const settings s;
    observers seen(s);
    service janitor(s, seen);
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const text name(*variable, std::strcspn(*variable, "="));
      const upkeep::event_field fields[] = {{"variable", std::string_view(name)}};
      if (name.starts_with("UPKEEP_") && !known.contains(name))
        log.observe({event_level::warning, "variable_unknown", "this variable means nothing here: is its name misspelt?", fields});
    }
    const int code = janitor.serve(signals.token());
    return end(code == exit_done ? "" : "the night did not end as done: the lines before say why", code);
  } catch (const upkeep::error& failure) {
    using enum upkeep::errc;
    const upkeep::errc why = failure.code();
    if (why == invalid_argument || why == not_found || why == unsupported) return end(failure.what(), exit_setting);
    return end(failure.what(), why == busy || why == unavailable ? exit_busy : exit_failed);
  } catch (const std::exception& failure) {
    return end(failure.what(), exit_failed);
  }
}
