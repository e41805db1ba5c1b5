// The subcommands that work on a store: run, plan, apply, undo, aliases.
#include "commands.hpp"

#include <upkeep/base/file.hpp>
#include <upkeep/base/function_ref.hpp>
#include <upkeep/janitor/plan_json.hpp>
#include <upkeep/janitor/receipt_json.hpp>
#include <upkeep/janitor/report_text.hpp>

#include "session.hpp"
#include "summary.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stop_token>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nightly_janitor {
namespace {

exit_code exit_code_of(upkeep::outcome status) {
  switch (status) {
    case upkeep::outcome::done: return exit_done;
    case upkeep::outcome::aborted: return exit_aborted;
    default: return exit_failed;
  }
}

/// Runs `work`, which makes a report, and does what run, plan and apply have in common afterwards.
ending run_and_show(const screen& out, const settings& s, upkeep::sqlite_store& store, watcher& events, chosen_janitor& janitor,
                    upkeep::function_ref<upkeep::janitor_report()> work) {
  std::vector<example> examples;
  // While the rows are still there. An example that cannot be read must not stop a run.
  const auto look = [&] {
    try {
      if (!s.quiet && s.examples) examples = examples_of(janitor.last_plan(), store);
    } catch (const std::exception&) {
    }
  };
  events.before_removal = look;
  upkeep::janitor_report report = work();
  events.before_removal = nullptr;
  if (report.removed() == 0) look();
  name_policies(report.policies, s);
  if (!report.observer_error.empty()) events.warnings.push_back("the end of the run could not be told: " + report.observer_error);
  // From here on rows may be gone: whatever else fails, the summary that names the receipt is shown.
  settings shown = s;
  std::string unwritten;
  const auto write = [&](std::string& path, auto&& action) {
    try {
      if (!path.empty()) action();
    } catch (const std::exception& failure) {
      unwritten = failure.what();
      path.clear();
    }
  };
  if (report.phase != "apply")
    write(shown.plan, [&] {
      upkeep::plan plan = janitor.last_plan();
      name_policies(plan.policies, s);
      upkeep::write_plan(plan, s.plan);
    });
  write(shown.report, [&] { upkeep::write_file_atomically(s.report, upkeep::report_as_json(report)); });
  upkeep::limit_excess excess;
  if (report.phase == "detect")
    excess = exceeded_limit(janitor.last_plan(), janitor_options_of(s).limits, upkeep::limit_basis{.rows = report.rows});
  show_report(out, shown, report, examples, events.warnings, excess);
  const std::string ended = std::string(to_string(report.status)) + (report.error.empty() ? "" : ": " + report.error) +
                            (report.receipt ? "; the receipt is " + short_path(report.receipt_path) : "");
  if (!unwritten.empty()) throw upkeep::error(upkeep::errc::io, unwritten + "; the run itself ended as " + ended);
  // Who asked for quiet, in cron say, still has to hear of this.
  if (s.quiet && !s.json_log && report.status != upkeep::outcome::done)
    std::fprintf(stderr, "nightly_janitor: %s\n", one_line(in_options(ended), 1000).c_str());
  if (s.quiet && !s.json_log && !report.observer_error.empty())
    std::fprintf(stderr, "nightly_janitor: %s\n", one_line(events.warnings.back(), 1000).c_str());
  const exit_code code = exit_code_of(report.status);
  return {code, std::move(report)};
}

/// A receipt may be missing for a reason, which is no mistake of the user's.
void require_receipt(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::exists(path, failure)) return require_file(path, "--receipt");
  throw usage_error("--receipt: there is no file '" + path +
                    "'; a cleanup deletes old backups together with their receipts (see --keep-backups-for)");
}

/// The settings with the policies that a plan was made with: they are what its report has to name.
settings settings_of(const upkeep::plan& plan, const settings& given) {
  settings s = given;
  for (const auto& [role, name] : plan.policies) {
    for (const guard_kind kind : {guard_kind::contained, guard_kind::same_words, guard_kind::digits, guard_kind::any})
      if (role == "duplicate_guard" && name == to_string(kind)) s.guard = kind;
    for (const keep_kind kind : {keep_kind::fullest, keep_kind::oldest, keep_kind::newest})
      if (role == "retention" && name == to_string(kind)) s.keep = kind;
  }
  return s;
}

}  // namespace

exit_code exit_code_of(upkeep::errc code) {
  switch (code) {
    case upkeep::errc::invalid_argument:
    case upkeep::errc::not_found:
    case upkeep::errc::unsupported: return exit_usage;
    case upkeep::errc::limit_exceeded: return exit_aborted;
    case upkeep::errc::busy:
    case upkeep::errc::unavailable: return exit_busy;
    default: return exit_failed;
  }
}

ending run_command(const screen& out, const settings& s, std::stop_token stop) {
  require_folder_of(s.plan, "--plan");
  upkeep::sqlite_store store(s.database, layout_of(s), {.read_only = s.phase == upkeep::phase::detect});
  watcher events(s, true);
  const auto janitor = choose_janitor(s, store, events);
  return run_and_show(out, s, store, events, *janitor, [&] { return janitor->run(stop); });
}

ending apply_command(const screen& out, const settings& s, std::stop_token stop) {
  require_file(s.plan, "--plan");
  const upkeep::plan plan = upkeep::read_plan(s.plan);
  const settings made_with = settings_of(plan, s);
  upkeep::sqlite_store store(s.database, layout_of(s));
  watcher events(s, true);
  const auto janitor = choose_janitor(made_with, store, events);
  return run_and_show(out, made_with, store, events, *janitor, [&] { return janitor->apply(plan, stop); });
}

exit_code undo_command(const screen& out, const settings& s) {
  require_receipt(s.receipt);
  const upkeep::receipt receipt = upkeep::read_receipt(s.receipt);
  upkeep::sqlite_store store(s.database, layout_of(s));
  watcher events(s, false);
  const upkeep::restore_report done = choose_janitor(s, store, events)->undo(receipt);
  out.line(out.bold("undo") + " of " + short_path(s.database) + ", table " + one_line(s.table, 30) + ": " + out.good("done"));
  out.item("in the backup", counted(done.rows, "row"));
  out.item("brought back", grouped(done.restored));
  if (done.unchanged != 0) out.item("there already", grouped(done.unchanged));
  if (!done.conflicts.empty()) {
    out.item("left alone", counted(done.conflicts.size(), "row") + " that exist again with other content, or collide with another:");
    for (std::size_t i = 0; i < done.conflicts.size() && i < 10; ++i) out.line("    " + one_line(to_string(done.conflicts[i]), 70));
    if (done.conflicts.size() > 10) out.line("    and " + grouped(done.conflicts.size() - 10) + " more");
  }
  return exit_done;
}

exit_code verify_command(const screen& out, const settings& s) {
  require_receipt(s.receipt);
  const upkeep::receipt receipt = upkeep::read_receipt(s.receipt);
  upkeep::sqlite_store store(s.database, layout_of(s), {.read_only = true});
  if (receipt.store != store.identity())
    throw upkeep::error(upkeep::errc::changed,
                        "the receipt " + receipt.id + " is of the store " + receipt.store + ", not of " + store.identity());
  std::unordered_map<upkeep::key, std::uint64_t> saved;
  upkeep::sqlite_backup().verify(receipt, [&](upkeep::key_view k, std::uint64_t digest) { saved.emplace(upkeep::key(k), digest); });
  std::vector<upkeep::key_view> keys;
  for (const auto& row : saved) keys.push_back(row.first);
  std::uint64_t same = 0, other = 0;
  store.fetch(keys, upkeep::field::digest, [&](const upkeep::record_batch& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) ++(saved.find(upkeep::key(rows.keys[i]))->second == rows.digests[i] ? same : other);
  });
  out.line(out.bold("verify") + " the backup of the receipt " + receipt.id + ": " + out.good("whole"));
  out.item("in the backup", counted(saved.size(), "row"));
  out.item("not in the store", grouped(saved.size() - same - other) + ", which `nightly_janitor undo` would bring back");
  if (same != 0) out.item("there already", grouped(same));
  if (other != 0) out.item("there, different", grouped(other) + ", which undo would leave alone");
  return exit_done;
}

exit_code restore_command(const screen& out, const settings& s) {
  require_receipt(s.receipt);
  require_folder_of(s.into, "--into");
  std::error_code failure;
  if (std::filesystem::exists(std::filesystem::symlink_status(s.into, failure)))
    throw usage_error("--into: '" + s.into + "' exists already, and nothing is written over it: name a file that does not exist");
  upkeep::receipt receipt = upkeep::read_receipt(s.receipt);
  // Backups that were carried to another machine lie beside their receipts.
  const std::filesystem::path beside = std::filesystem::path(s.receipt).replace_filename(std::filesystem::path(receipt.path).filename());
  if (!std::filesystem::exists(receipt.path, failure) && std::filesystem::exists(beside, failure)) receipt.path = beside.string();
  const std::uint64_t rows = upkeep::sqlite_backup().extract(receipt, s.into);
  out.line(out.bold("restore") + " of the receipt " + receipt.id + ": " + out.good("done"));
  out.item("rows", grouped(rows) + ", every column of them compared with the backup");
  out.item("into", short_path(s.into) + ", a new database");
  out.line();
  out.text("Nothing was changed in the store; `nightly_janitor undo` brings rows back there.");
  return exit_done;
}

exit_code aliases_command(const screen& out, const settings& s) {
  upkeep::sqlite_store store(s.database, layout_of(s), {.read_only = true});
  watcher events(s, false);
  std::vector<upkeep::key> spelled = {upkeep::key(s.key)};
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(s.key.data(), s.key.data() + s.key.size(), number);
  if (failure == std::errc() && end == s.key.data() + s.key.size()) spelled.emplace_back(number);
  std::vector<upkeep::alias> found;
  const auto janitor = choose_janitor(s, store, events);
  for (const upkeep::key& k : spelled)
    for (upkeep::alias& a : janitor->aliases(k)) found.push_back(std::move(a));
  for (const upkeep::alias& a : found)
    out.line(one_line(to_string(a.witness), 60) + " stands for " + one_line(to_string(a.removed), 60) + " (cosine " + decimal(a.score, 4) +
             ", receipt " + a.receipt + ", until " + upkeep::to_iso8601(std::chrono::floor<std::chrono::seconds>(a.until)) + ")");
  if (found.empty()) out.line("nobody stands for " + one_line(s.key, 60) + ", and it stands for nobody");
  return exit_done;
}

}  // namespace nightly_janitor
