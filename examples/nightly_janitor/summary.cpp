// What a run did, for a person: the figures, three rows as an example, where things are, and what to do next.
#include "summary.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nightly_janitor {
namespace {

std::string duration_text(std::chrono::seconds s) {
  if (s.count() != 0 && s.count() % 86'400 == 0) return counted(static_cast<std::uint64_t>(s.count() / 86'400), "day");
  if (s.count() != 0 && s.count() % 3600 == 0) return counted(static_cast<std::uint64_t>(s.count() / 3600), "hour");
  if (s.count() != 0 && s.count() % 60 == 0) return counted(static_cast<std::uint64_t>(s.count() / 60), "minute");
  return counted(static_cast<std::uint64_t>(s.count()), "second");
}

/// The option, with a value that suffices, which lifts the limit that a plan of `planned` rows exceeds.
std::string lifting_option(std::string_view reason, std::uint64_t planned, std::uint64_t rows, double absent_share) {
  if (reason == "count_limit") return "--max-count " + std::to_string(planned);
  const auto share = [](double value) { return decimal(std::min(1.0, std::ceil(value * 100.0 - 1e-9) / 100.0), 2); };
  if (reason == "absence_spike") return "--max-absence-rise " + share(absent_share);
  return "--max-removal " + share(static_cast<double>(planned) / static_cast<double>(std::max<std::uint64_t>(rows, 1)));
}

void show_examples(const screen& out, const std::vector<example>& examples, bool gone) {
  if (examples.empty()) return;
  out.line();
  const std::string count = examples.size() == 1 ? "One" : examples.size() == 2 ? "Two" : "Three";
  out.line("  " + count + " of the rows that " + (gone ? "went:" : "would go:"));
  for (const example& e : examples) {
    const bool orphan = e.reason == upkeep::removal_reason::orphan;
    const std::string gone_key = one_line(to_string(e.removed), 24), kept_key = orphan ? "" : one_line(to_string(e.witness), 24);
    const std::size_t width = std::max(columns(gone_key), columns(kept_key));
    const auto row = [&](const char* what, const std::string& key, const std::string& text) {
      const std::string head = std::string("    ") + what + key + std::string(width - columns(key), ' ');
      out.line(text.empty() ? head : head + "  " + out.faint(one_line(text, 77 - std::min<std::size_t>(columns(head), 57))));
    };
    row(gone ? "gone    " : "goes    ", gone_key, e.removed_text);
    if (orphan)
      out.line("            its source " + one_line(e.source, 40) + " does not exist any more");
    else
      row("stays   ", kept_key, e.witness_text);
    if (!orphan) out.line(out.faint("    cosine  " + decimal(e.score, 4)));
  }
}

/// What the removed rows' space became: a smaller file, or room within it.
void show_space(const screen& out, const upkeep::janitor_report& r, bool removed) {
  const upkeep::compaction_report& c = *r.compaction;
  const bool shrank = c.file_bytes_after < c.file_bytes_before;
  if (!shrank && !removed) return;
  out.item("the file", shrank ? size_text(c.file_bytes_before) + " before, " + size_text(c.file_bytes_after) + " now"
                              : "stays at " + size_text(c.file_bytes_after));
  if (c.free_pages_after == 0) return;
  out.item("free within it", size_text(c.free_bytes_after()) + ", which new rows fill first");
  // The usual case, which is a choice of the application's.
  const bool needs_vacuum = c.left.find("VACUUM gives") != std::string::npos;
  out.line(out.faint(needs_vacuum ? "    to give it back to the disk as well: --vacuum" : "    " + one_line(c.left, 74)));
}

/// The figures of a run as one aligned block.
void show_figures(const screen& out, const settings& s, const upkeep::janitor_report& r) {
  const bool applied = r.phase == "apply";
  const bool removed = r.removed() != 0;
  const auto found = [&](std::uint64_t seen, std::uint64_t gone) {
    const std::string text = grouped(seen) + (applied ? " planned" : " found");
    return removed ? text + ", " + grouped(gone) + " removed" : text;
  };
  std::uint64_t unsound = 0;
  for (std::size_t i = 1; i < r.set_aside.size(); ++i) unsound += r.set_aside[i];
  out.item("rows", grouped(r.rows) + (unsound != 0 ? " (" + grouped(unsound) + " without a usable vector: set aside)" : ""));
  if (!applied) out.item("close pairs", grouped(r.pairs) + " at a cosine of at least " + decimal(s.threshold, s.threshold == 0.98 ? 2 : 4));
  if (s.guard == guard_kind::any) out.item("guard", "any: similarity alone decides, whatever the texts say");
  out.item("duplicates", found(r.duplicates_found, r.duplicates_removed));
  if (s.asks_sources() || r.orphans_found != 0) {
    std::string orphans = found(r.orphans_found, r.orphans_removed);
    if (r.waiting_grace != 0) orphans += ", " + grouped(r.waiting_grace) + " of them not known for " + duration_text(s.grace) + " yet";
    out.item("orphans", orphans);
    if (r.sources != 0)
      out.item("sources", grouped(r.sources) + ", " + grouped(r.absent_sources) + " of them gone" +
                              (r.unknown_sources != 0 ? ", " + grouped(r.unknown_sources) + " could not be found out" : ""));
    if (r.without_source != 0) out.item("no source", counted(r.without_source, "row") + " that name none: left alone");
    if (r.in_refused_container != 0)
      out.item("containers",
               counted(r.in_refused_container, "orphan") + " kept in " + counted(r.containers_refused, "container") + ": see below");
    if (r.last_copy != 0) out.item("last copies", counted(r.last_copy, "orphan") + " kept: they stand for rows that were removed");
  }
  if (r.pinned != 0) out.item("pinned", counted(r.pinned, "orphan") + " kept");
  if (r.accepted_pairs != 0) out.item("accepted", counted(r.accepted_pairs, "duplicate") + " of these, by " + one_line(r.accepted_by, 50));
  if (r.rejected_pairs != 0) out.item("rejected", counted(r.rejected_pairs, "pair") + " that a person wants to stay");
  if (r.review_pairs != 0) out.item("for a person", counted(r.review_pairs, "pair") + " close, but not the same to the guard: both stay");
  if (r.void_decisions != 0) out.item("asked again", counted(r.void_decisions, "pair") + " that people decided about before a row changed");
  if (r.witnesses_lost != 0) out.item("witnesses lost", counted(r.witnesses_lost, "removed row") + " whose witness is gone: see undo");
  if (r.changed != 0) out.item("changed meanwhile", counted(r.changed, "row") + " left alone");
  if (removed) out.item("reclaimed", size_text(r.bytes_reclaimed) + " of rows");
  if (r.compaction) show_space(out, r, removed);
}

void show_files(const screen& out, const settings& s, const upkeep::janitor_report& r) {
  if (s.plan.empty() && s.report.empty() && !r.receipt && !(r.backups && r.backups->deleted != 0)) return;
  out.line();
  if (r.receipt) {
    out.item("backup", counted(r.receipt->rows, "row") + ", " + size_text(r.receipt->bytes) + ", read again and compared");
    out.item("receipt", short_path(r.receipt_path));
  }
  if (r.backups && r.backups->deleted != 0)
    out.item("old backups", grouped(r.backups->deleted) + " deleted, " + size_text(r.backups->deleted_bytes) + "; " +
                                grouped(r.backups->kept) + " kept, " + size_text(r.backups->kept_bytes));
  if (!s.plan.empty()) out.item("plan", short_path(s.plan));
  if (!s.report.empty()) out.item("report", short_path(s.report));
}

/// What a person would do now, given how the run ended.
void show_next(const screen& out, const settings& s, const upkeep::janitor_report& r, const std::string& excess) {
  using upkeep::outcome;
  const auto next = [&](const std::string& sentence) {
    out.line();
    out.text(out.bold("Next:") + ' ' + sentence);
  };
  const double absent = r.sources == 0 ? 0 : static_cast<double>(r.absent_sources) / static_cast<double>(r.sources);
  if (r.removed() != 0 || (r.receipt && r.status == outcome::inconsistent)) {
    next(r.status == outcome::done ? "nothing; if you want the rows back:" : "to bring the removed rows back:");
    std::vector<std::string> undo = command_on_store("undo", s, false);
    undo.push_back("--receipt " + shell_word(short_path(r.receipt_path)));
    out.command(undo);
  } else if (r.aborted_reason == "not_enough_space") {
    next("free space there, or let backups go elsewhere with --backup-dir DIRECTORY; then run the same command again.");
  } else if (r.status == outcome::aborted || !excess.empty()) {
    const std::string reason = r.status == outcome::aborted ? r.aborted_reason : excess;
    next("look at " + (s.plan.empty() ? std::string("a plan (--plan FILE)") : "the plan " + s.plan) + "; if it is right, allow it with");
    out.command({lifting_option(reason, r.planned, r.rows, absent)});
  } else if (r.baseline && r.phase != "detect") {
    next("a first run only looks and remembers. Run it again " + (s.grace.count() != 0 && s.asks_sources()
                                                                      ? "after " + duration_text(s.grace) + ": orphans must be seen twice."
                                                                      : std::string("to clean up.")));
  } else if (r.phase == "detect" && r.planned != 0) {
    next(s.plan.empty() ? "write the plan to a file and read it (--plan FILE), or clean up:" : "read the plan, then carry it out:");
    std::vector<std::string> words = command_on_store(s.plan.empty() ? "run" : "apply", s, true);
    words.push_back(s.plan.empty() ? "--phase cleanup" : "--plan " + shell_word(s.plan));
    out.command(words);
  } else if (r.dry_run && r.receipt) {
    next("this was a rehearsal: the same command without --dry-run removes the rows.");
  } else if (r.review_pairs != 0) {
    next("say what is to become of the pairs for a person:");
    out.command(command_on_store("review", s, true));
  }
}

}  // namespace

std::string in_options(std::string sentence) {
  const std::pair<std::string_view, std::string_view> words[] = {{"limits.fraction", "--max-removal"},
                                                                 {"limits.count", "--max-count"},
                                                                 {"limits.absence_spike", "--max-absence-rise"},
                                                                 {"backup_directory", "--backup-dir"},
                                                                 {"name them in gone_containers", "give each as --gone-container"}};
  for (const auto& [from, to] : words)
    if (const std::size_t at = sentence.find(from); at != std::string::npos) sentence.replace(at, from.size(), to);
  return sentence;
}

void show_report(const screen& out, const settings& s, const upkeep::janitor_report& r, const std::vector<example>& examples,
                 const std::vector<std::string>& warnings, const upkeep::limit_excess& excess) {
  using upkeep::outcome;
  if (out.quiet()) return;
  const std::string status(to_string(r.status));
  const std::string what = r.phase + (r.dry_run ? " (dry run)" : "");
  out.line(out.bold(what) + " of " + short_path(s.database) + ", table " + one_line(s.table, 30) + ": " +
           (r.status == outcome::done ? out.good(status) : out.bad(status)) + " in " + decimal(r.total_seconds, 1) + " s");
  show_figures(out, s, r);
  show_examples(out, examples, r.removed() != 0);
  show_files(out, s, r);
  if (!r.error.empty()) {
    out.line();
    out.text((r.removed() == 0 ? out.bad("Nothing was removed:") : out.bad("Attention:")) + ' ' + in_options(r.error) + '.');
  }
  if (!r.refused.empty()) {
    out.line();
    out.text(out.bad("Attention:") + ' ' + in_options(r.refused) + '.');
  }
  if (r.backups && !r.backups->error.empty())
    out.text(out.bad("Warning:") + " old backups could not be deleted: " + r.backups->error + '.');
  for (const std::string& w : warnings) out.text(out.bad("Warning:") + ' ' + w + '.');
  const bool no_text = r.pairs != 0 && r.duplicates_found == 0 && s.guard != guard_kind::any;
  if (no_text && r.phase != "apply") {
    out.line();
    out.text("No duplicate was found among the close pairs: the guard '" + s.guard_name +
             "' compares texts. Is --text-column the column of the embedded text?");
  }
  if (!excess.reason.empty()) {
    out.line();
    out.text("A cleanup would refuse this: " + in_options(excess.message) + '.');
  }
  show_next(out, s, r, excess.reason);
}

}  // namespace nightly_janitor
