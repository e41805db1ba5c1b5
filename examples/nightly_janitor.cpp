// The reference application: keeps one SQLite table of vectors clean, from the command line or from cron.
//
//   nightly_janitor run --database app.sqlite --table notes --sources-table documents             finds and reports, changes nothing
//   nightly_janitor run ... --phase cleanup                                                       removes, with a backup and within limits
//
// Where is what: the command line here; nightly_janitor/chosen_janitor.cpp composes the janitor, choices.hpp its policies, commands.cpp runs it,
// summary.cpp says what it did, review.cpp asks people, health.cpp shows how the store has been, demo.cpp shows it all.
#include <upkeep/base/stop_signals.hpp>
#include <upkeep/observe/log_observer.hpp>
#include <upkeep/version.hpp>

#include "nightly_janitor/audit.hpp"
#include "nightly_janitor/commands.hpp"
#include "nightly_janitor/demo.hpp"
#include "nightly_janitor/health.hpp"
#include "nightly_janitor/import.hpp"
#include "nightly_janitor/profile.hpp"
#include "nightly_janitor/review.hpp"
#include "nightly_janitor/serve.hpp"
#include "nightly_janitor/summary.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdio>
#include <exception>
#include <new>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace nightly_janitor {
namespace {

void add_store(CLI::App& command, settings& s) {
  command.add_option("--database", s.database, "SQLite file with the vectors")->required()->group("Store");
  command.add_option("--table", s.table, "table of the vectors (" + s.table + ")")->group("Store");
  command.add_option("--id-column", s.id_column, "column of the unique ids (" + s.id_column + ")")->group("Store");
  command.add_option("--vector-column", s.vector_column, "column of the vectors (" + s.vector_column + ")")->group("Store");
  const auto optional = [&](const char* name, std::optional<std::string>& column, const char* what) {
    command.add_option(name, column, what)->group("Store");
  };
  optional("--source-column", s.source_column, "what a row was made from (source, where the table has it)");
  optional("--scope-column", s.scope_column, "tenant or collection: duplicates stay within one (scope)");
  optional("--text-column", s.text_column, "the text that was embedded (text)");
  optional("--model-column", s.model_column, "which model made the vector (model)");
  optional("--created-column", s.created_column, "when the row was made (created)");
  optional("--pinned-column", s.pinned_column, "rows that must stay (pinned)");
}

void add_sources(CLI::App& command, settings& s) {
  command.add_option("--sources-table", s.sources_table, "table of the sources that exist; rows of others are orphans")->group("Sources");
  command.add_option("--sources-database", s.sources_database, "its SQLite file, if not that of the vectors")->group("Sources");
  command.add_option("--sources-id-column", s.sources_id_column, "its column of ids (" + s.sources_id_column + ")")->group("Sources");
  command.add_option("--sources-file", s.sources_file, "or: a file with one source that exists a line")->group("Sources");
}

void add_search(CLI::App& command, settings& s) {
  command.add_option("--threshold", s.threshold, "cosine from which rows are close (0.98)")->group("Search");
  command.add_option("--guard", s.guard_name, "contained, same-words, digits, any: when a close row may go (contained)")->group("Search");
  command.add_option("--keep", s.keep_name, "fullest, oldest, newest: which row stays (fullest)")->group("Search");
  command.add_option("--grace", s.grace_text, "how long an orphan must have been known: 20h, 30m, 2d, 0 (20h)")->group("Search");
  command.add_option("--threads", s.threads, "threads (all cores)")->group("Search");
  command
      .add_option("--vector-memory", s.vector_memory,
                  "MiB of vectors held in memory (4096); where there are more, they are read where they are")
      ->group("Search");
}

void add_containers(CLI::App& command, settings& s) {
  command
      .add_option("--container-sources", s.container_sources,
                  "keep the rows of a container none of whose sources is left, where so many went at a time; 0 removes them (10)")
      ->group("Limits");
  command.add_option("--container-separators", s.container_separators, "what ends the container in a source's name (/:)")->group("Limits");
  command.add_option("--gone-container", s.gone_containers, "a container that is gone for good: its rows may go; may be repeated")
      ->group("Limits");
}

void add_limits(CLI::App& command, settings& s) {
  command.add_option("--max-removal", s.max_removal, "largest share of all rows to remove (0.05)")->group("Limits");
  command.add_option("--max-count", s.max_count, "largest number of rows to remove (no limit)")->group("Limits");
  command.add_option("--max-absence-rise", s.max_absence_rise, "how far the share of gone sources may rise between runs (0.10)")
      ->group("Limits");
  add_containers(command, s);
}

void add_removal(CLI::App& command, settings& s) {
  command.add_flag("--dry-run", s.dry_run, "everything but the removals")->group("Removal");
  command.add_option("--batch", s.batch, "rows removed in one transaction, 1 to 200 (200)")->group("Removal");
  command.add_flag("--vacuum", s.vacuum, "write the database file anew when a quarter of it is free (writers wait)")->group("Removal");
  command.add_option("--backup-dir", s.backup_dir, "where backups go (<database>.upkeep)")->group("Removal");
  command.add_option("--keep-backups", s.keep_backups, "so many of the newest backups stay, however old (7)")->group("Removal");
  command.add_option("--keep-backups-for", s.keep_backups_for_text, "younger backups stay, however many (30d)")->group("Removal");
  command.add_option("--undo-window", s.undo_window_text, "how long what stands for a removed row is held, and its backup (30d)")
      ->group("Removal");
}

void add_output(CLI::App& command, settings& s) {
  command.add_option("--report", s.report, "write the report to this file as JSON")->group("Output");
}

void add_metrics(CLI::App& command, settings& s) {
  command.add_option("--metrics", s.metrics, "count the run in this file of Prometheus metrics (NAME.prom)")->group("Output");
}

void add_speech(CLI::App& command, settings& s) {
  command.add_flag("--quiet", s.quiet, "no output but errors")->group("Output");
  command.add_flag("--json-log", s.json_log, "every event as a line of JSON on standard error")->group("Output");
}

void add_audit(CLI::App& command, settings& s) {
  command.add_option("--audit-log", s.audit_log, "keep a record of every removal that nobody can change unseen")->group("Audit");
  command.add_option("--audit-key", s.audit_key, std::string("file of its key (the variable ") + audit_key_variable + ")")->group("Audit");
  command.add_option("--audit-head", s.audit_head, "file of its sealed head, best on another machine's disk (<log>.head)")->group("Audit");
}

/// The command line of the whole program.
struct command_line {
  CLI::App app{
      "Keeps a SQLite table of vectors clean: near-duplicates and orphans go, with a backup, within limits, and can be brought back.",
      "nightly_janitor"};
  settings s;
  import_request imported;
  demo_request shown;
  profile_request profiled;
  health_request health;
  review_request reviewed;
  schedule_request scheduled;
  CLI::App *run = nullptr, *plan = nullptr, *apply = nullptr, *undo = nullptr, *aliases = nullptr, *profile = nullptr, *report = nullptr,
           *review = nullptr, *import = nullptr, *demo = nullptr, *serve = nullptr, *trigger = nullptr, *pause = nullptr, *resume = nullptr,
           *history = nullptr, *status = nullptr, *verify_audit = nullptr, *verify = nullptr, *restore = nullptr;

  command_line() {
    app.require_subcommand(1);
    app.set_version_flag("--version", UPKEEP_VERSION_STRING);
    app.footer("Ends with 0 done, 2 usage, 3 aborted (nothing removed), 4 busy, 5 failed, inconsistent or cancelled.");

    run = app.add_subcommand("run", "find duplicates and orphans; with --phase cleanup also remove them");
    add_store(*run, s);
    add_sources(*run, s);
    add_search(*run, s);
    run->add_option("--phase", s.phase_name, "detect, log, cleanup: how far to go (detect)")->group("Removal");
    run->add_flag("--no-baseline", s.no_baseline, "let the very first run remove rows")->group("Removal");
    add_limits(*run, s);
    add_removal(*run, s);
    run->add_option("--plan", s.plan, "write the plan to this file")->group("Output");
    add_output(*run, s);
    add_metrics(*run, s);

    plan = app.add_subcommand("plan", "find what a cleanup would remove, and write it down to be read");
    add_store(*plan, s);
    add_sources(*plan, s);
    add_search(*plan, s);
    add_limits(*plan, s);
    plan->add_option("--plan", s.plan, "write the plan to this file (JSON Lines)")->group("Output");
    add_output(*plan, s);

    apply = app.add_subcommand("apply", "carry out a plan");
    add_store(*apply, s);
    add_sources(*apply, s);
    apply->add_option("--plan", s.plan, "the file that `plan` or `run` wrote")->required()->group("Removal");
    add_limits(*apply, s);
    add_removal(*apply, s);
    add_output(*apply, s);
    add_metrics(*apply, s);

    undo = app.add_subcommand("undo", "bring the rows of a receipt back");
    add_store(*undo, s);
    undo->add_option("--receipt", s.receipt, "the file that a cleanup named")->required()->group("Removal");

    verify = app.add_subcommand("verify", "read a backup to its end, and compare it with the store");
    add_store(*verify, s);
    verify->add_option("--receipt", s.receipt, "the file that a cleanup named")->required()->group("Removal");

    restore = app.add_subcommand("restore", "write the rows of a backup into a new database, to look into or to try a restore");
    restore->add_option("--receipt", s.receipt, "the file that a cleanup named; its backup may lie beside it")
        ->required()
        ->group("Removal");
    restore->add_option("--into", s.into, "a file that does not exist yet")->required()->group("Output");

    aliases = app.add_subcommand("aliases", "tell who stands for a removed row, and for whom a row stands");
    add_store(*aliases, s);
    aliases->add_option("key", s.key, "id of a row")->required();

    profile = app.add_subcommand("profile", "show how close the rows of each scope and model are, to choose a threshold by");
    add_store(*profile, s);
    profile->add_option("--lowest", profiled.lowest, "cosine from which neighbours are looked for (chosen for each scope and model)")
        ->group("Search");
    profile->add_option("--sample", profiled.sample, "compare only so many rows of each scope and model (all)")->group("Search");
    profile->add_option("--threads", s.threads, "threads (all cores)")->group("Search");
    profile->add_option("--groups", profiled.groups, "show only the largest scopes and models, 0 for all (8)")->group("Output");
    profile->add_option("--svg", profiled.svg, "write the histograms to this file as a picture")->group("Output");

    report = app.add_subcommand("report", "write one page about the health of the store over its runs");
    add_store(*report, s);
    add_sources(*report, s);
    add_search(*report, s);
    add_containers(*report, s);
    report->add_option("--html", health.html, "write the page to this file")->required()->group("Output");
    report->add_option("--runs", health.runs, "show so many of the last runs (366)")->group("Output");
    report->add_option("--plan", s.plan, "show what this plan found instead of looking at the store")->group("Output");
    report->add_flag("--no-look", health.no_look, "do not look at the store: show only what earlier runs left")->group("Output");
    add_review();
    add_schedule();

    verify_audit = app.add_subcommand("verify-audit", "check that an audit log is as it was written");
    add_audit(*verify_audit, s);
    verify_audit->get_option("--audit-log")->required();
    verify_audit->add_option("--first-file", s.first_audit_file, "begin with this file of the log: earlier ones were moved away (1)")
        ->group("Audit");
    for (CLI::App* command : {run, apply, undo}) add_audit(*command, s);

    import = app.add_subcommand("import", "make a table of vectors (.fvecs) and their records (.jsonl)");
    import->add_option("--vectors", imported.vectors, ".fvecs file")->required();
    import->add_option("--records", imported.records, ".jsonl file, one object for each vector; each field becomes a column")->required();
    import->add_option("--database", imported.database, "SQLite file, made where there is none")->required();
    import->add_option("--table", imported.table, "new table (" + imported.table + ")");
    import->add_option("--id-column", imported.id_column, "field that is the unique id (the first of id, key, row)");
    import->add_option("--vector-column", imported.vector_column, "column for the vectors (" + imported.vector_column + ")");
    import->add_option("--rows", imported.rows, "only the first rows");

    demo = app.add_subcommand("demo", "show all of it on a store made from this machine's package descriptions");
    demo->add_option("--notes", shown.notes, "use notes.jsonl and notes_bge-micro-v2_384.fvecs of this directory instead");
    demo->add_option("--rows", shown.rows, "only the first rows");
    demo->add_option("--directory", shown.directory, "where its files go (build/demo, or a temporary directory)");
    demo->add_option("--threads", shown.threads, "threads (all cores)");
    for (CLI::App* command : {run, plan, apply, undo, aliases, profile, report, review, serve, trigger, pause, resume, history, status,
                              verify_audit, verify, restore})
      add_speech(*command, s);
    import->add_flag("--quiet", s.quiet, "no output but errors");
    for (CLI::App* command : app.get_subcommands({}))
      for (CLI::Option* option : command->get_options())
        if (option->get_expected_max() != 0) option->check(is_no_option, "");
  }

  /// An option without its value would take the next one for it.
  static std::string is_no_option(const std::string& value) {
    return value.starts_with("--") ? "a value is missing: '" + value + "' stands in its place" : std::string();
  }

  void add_review() {
    review = app.add_subcommand("review", "show the pairs over which the guard hesitates, and ask what is to become of them");
    add_store(*review, s);
    add_sources(*review, s);
    add_search(*review, s);
    add_containers(*review, s);
    review->add_option("--accept", reviewed.accept, "of these two rows, the one that is less worth keeping may go")
        ->expected(2)
        ->type_name("ID")
        ->group("Decisions");
    review->add_option("--reject", reviewed.reject, "these two rows both stay: never ask again")
        ->expected(2)
        ->type_name("ID")
        ->group("Decisions");
    review->add_option("--forget", reviewed.forget, "take a decision about two rows back")
        ->expected(2)
        ->type_name("ID")
        ->group("Decisions");
    review->add_flag("--decisions", reviewed.decisions, "show what was decided, by whom and when")->group("Decisions");
    review->add_option("--plan", s.plan, "show what this plan found instead of looking at the store")->group("Output");
    review->add_option("--most", reviewed.most, "show so many pairs, the closest (a terminal and --json: all; else 100)")->group("Output");
    review->add_flag("--json", reviewed.json, "print one JSON object a line")->group("Output");
  }

  void add_schedule() {
    serve = app.add_subcommand("serve", "run every night: look, clean where that is safe, tell people; until it is asked to stop");
    add_store(*serve, s);
    add_sources(*serve, s);
    add_search(*serve, s);
    serve->add_option("--schedule", scheduled.schedule, "minute hour day-of-month month day-of-week (" + scheduled.schedule + ")")
        ->group("Schedule");
    serve->add_option("--utc-offset", scheduled.utc_offset, "whose clock the schedule means: Z, +02:00 (Z)")->group("Schedule");
    serve->add_option("--overlap", scheduled.overlap, "skip, buffer-one: what is due while a night is carried out (skip)")
        ->group("Schedule");
    serve->add_option("--catch-up", scheduled.catch_up, "how late a night that was missed still begins (1h)")->group("Schedule");
    serve->add_option("--jitter", scheduled.jitter, "begin up to so much later (0)")->group("Schedule");
    serve->add_flag("--pause-on-failure", scheduled.pause_on_failure, "begin no further night after one that did not end well")
        ->group("Schedule");
    serve->add_option("--notification-channel", scheduled.notification_channel, "channel of Slack for summaries, with UPKEEP_SLACK_TOKEN")
        ->group("People");
    serve->add_option("--alert-channel", scheduled.alert_channel, "channel of Slack for alerts (that for summaries)")->group("People");
    serve->add_flag("--no-baseline", s.no_baseline, "let the very first run remove rows")->group("Removal");
    add_limits(*serve, s);
    add_removal(*serve, s);
    add_output(*serve, s);
    add_metrics(*serve, s);
    add_audit(*serve, s);

    const auto of_store = [&](const char* name, const char* what) {
      CLI::App* command = app.add_subcommand(name, what);
      command->add_option("--database", s.database, "SQLite file with the vectors")->required()->group("Store");
      return command;
    };
    trigger = of_store("trigger", "ask the server for a night now");
    pause = of_store("pause", "let no night begin by itself");
    pause->add_option("--reason", scheduled.reason, "why, for those who look at the status (" + scheduled.reason + ")");
    resume = of_store("resume", "let the schedule begin nights again");
    history = of_store("history", "show the latest nights and their steps");
    history->add_option("--jobs", scheduled.jobs, "how many (20)");
    status = of_store("status", "show whether the schedule is served, and how the last night went");
  }

  [[nodiscard]] bool knows(const std::string& subcommand) const {
    for (const CLI::App* known : app.get_subcommands({}))
      if (known->get_name() == subcommand) return true;
    return false;
  }
};

exit_code import_command(const screen& out, const import_request& request) {
  const import_result made = import_records(request);
  out.line(out.bold("import") + " into " + short_path(request.database) + ", table " + one_line(request.table, 30) + ": " +
           out.good("done"));
  out.item("rows", grouped(made.rows) + ", vectors of " + counted(made.dimension, "component"));
  std::string names;
  for (const std::string& c : made.columns) names += (names.empty() ? "" : ", ") + one_line(c, 30);
  out.item("columns", one_line(names + ", " + request.vector_column, 56));
  out.line();
  out.text(out.bold("Next:") + " see what the janitor finds; name the columns of source, scope and text:");
  settings s;
  s.database = request.database;
  s.table = request.table;
  s.id_column = made.id_column;
  s.vector_column = request.vector_column;
  out.command(command_on_store("plan", s, false));
  return exit_done;
}

exit_code dispatch(command_line& line, std::stop_token stop) {
  settings& s = line.s;
  const screen out(s.quiet);
  if (line.import->parsed()) return import_command(out, line.imported);
  if (line.demo->parsed()) return demo_command(out, line.shown, stop);
  if (line.verify_audit->parsed()) return verify_audit_command(out, s);
  if (line.restore->parsed()) return restore_command(out, s);
  if (line.plan->parsed()) s.phase_name = "detect";
  if (line.apply->parsed()) s.phase_name = "cleanup";
  check_settings(s);
  if (line.apply->parsed()) return apply_command(out, s, stop).code;
  if (line.undo->parsed()) return undo_command(out, s);
  if (line.verify->parsed()) return verify_command(out, s);
  if (line.aliases->parsed()) return aliases_command(out, s);
  if (line.review->parsed()) return review_command(out, s, line.reviewed, stop);
  if (line.report->parsed()) return health_command(out, s, line.health, stop);
  if (line.profile->parsed()) return profile_command(out, s, line.profiled, stop);
  if (line.serve->parsed()) return serve_command(out, s, line.scheduled, stop);
  if (line.trigger->parsed()) return trigger_command(out, s);
  if (line.pause->parsed() || line.resume->parsed()) return pause_command(out, s, line.scheduled, line.pause->parsed());
  if (line.history->parsed()) return history_command(out, s, line.scheduled);
  if (line.status->parsed()) return status_command(out, s);
  return run_command(out, s, stop).code;
}

/// Says what went wrong: one sentence, or one line of JSON where the log is JSON.
int complain(const std::string& what, const settings& s, int code) {
  std::string sentence;
  upkeep::append_visible(sentence, in_options(what));
  if (s.json_log) {
    std::fflush(stdout);
    const upkeep::event_field fields[] = {{"exit_code", code}};
    upkeep::log_observer(stderr, {.format = upkeep::log_format::json_lines}).observe({upkeep::event_level::alert, "failed", what, fields});
  } else {
    std::fprintf(stderr, "nightly_janitor: %s\n", sentence.c_str());
  }
  return code;
}

/// The words of the command line from the last to the first, as the parser takes them. `--name=` becomes `--name` and an empty word: the
/// parser would take whatever follows for the value.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i) {
    std::string word = argv[i];
    if (word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1) {
      words.emplace_back();
      word.pop_back();
    }
    words.push_back(std::move(word));
  }
  return words;
}

int run_program(int argc, char** argv) {
  command_line line;
  try {
    std::vector<std::string> words = words_of(argc, argv);
    line.app.parse(words);
  } catch (const CLI::Success& asked) {  // --help, --version
    return line.app.exit(asked);
  } catch (const CLI::ParseError& mistake) {
    if (argc > 1 && *argv[1] != '-' && !line.knows(argv[1]))
      return complain("there is no subcommand '" + std::string(argv[1]) + "'; see nightly_janitor --help", settings(), exit_usage);
    return complain(std::string(mistake.what()) + "; see nightly_janitor --help", settings(), exit_usage);
  }
  try {
    const upkeep::stop_signals signals([] {
      if (::isatty(STDERR_FILENO) != 0) std::fputs("\nstopping within one batch; a second signal stops at once\n", stderr);
    });
    return dispatch(line, signals.token());
  } catch (const usage_error& mistake) {
    return complain(mistake.what(), line.s, exit_usage);
  } catch (const upkeep::error& failure) {
    return complain(failure.what(), line.s, exit_code_of(failure.code()));
  } catch (const std::bad_alloc&) {
    return complain("out of memory: lower --threads, or raise --threshold if very many rows are close", line.s, exit_failed);
  } catch (const std::exception& failure) {
    return complain(failure.what(), line.s, exit_failed);
  }
}

}  // namespace
}  // namespace nightly_janitor

int main(int argc, char** argv) { return nightly_janitor::run_program(argc, argv); }
