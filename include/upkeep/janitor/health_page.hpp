#pragma once
// The health of a store over its runs as one HTML page that needs nothing else: no network, no script, no font of its own.

#include "../concepts/history.hpp"
#include "page_chart.hpp"
#include "page_style.hpp"
#include "plan.hpp"
#include "report.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// One run of the history.
struct page_run {
  std::string phase;
  std::string status;  ///< as run_summary has it: `started` where it never ended
  time_point started{};
  std::optional<janitor_report> report{};  ///< none where the history holds none
};

/// One row of a group of duplicates.
struct page_member {
  upkeep::key key;
  std::string text{};
  double score = 0;           ///< with the witness
  std::string accepted_by{};  ///< who accepted that it goes, where the guard hesitated
};

/// A row and the rows it stands for.
struct page_group {
  upkeep::key witness;
  std::string text{};
  std::vector<page_member> members{};  ///< the first few
  std::uint64_t size = 0;              ///< all
};

/// Two rows that a person should look at.
struct page_pair {
  review_pair pair;
  std::string removed_text{}, survivor_text{};
};

/// Everything that a health page shows. Texts of any origin are escaped; those of rows are cut after 300 characters.
struct health_page {
  std::string store;               ///< what people call it
  time_point made{};               ///< now
  std::vector<page_run> runs{};    ///< the oldest first
  std::uint64_t earlier_runs = 0;  ///< recorded before these
  std::string looked{};            ///< where findings below come from: "the store, at 2026-01-02 03:04"; empty where nobody looked
  double threshold = 0;
  std::vector<page_histogram> histograms{};
  std::vector<page_group> found{};    ///< groups of which rows could go now, the largest first
  std::uint64_t all_found = 0;        ///< how many of them there are
  std::vector<page_group> removed{};  ///< groups of which rows have gone and can be brought back, the largest first
  std::uint64_t all_removed = 0;
  std::vector<page_pair> review{};
  std::uint64_t all_review = 0;
};

/// Groups of one witness each, the largest first, in the order of the witnesses where equal.
/// @param most     groups that are kept
/// @param members  members of each that are named, those with the lowest scores: they are the ones to look at
/// @return the groups, and how many there are in all
inline std::pair<std::vector<page_group>, std::uint64_t> largest_groups(const std::vector<std::pair<key, page_member>>& by_witness,
                                                                        std::size_t most, std::size_t members) {
  std::map<key, page_group> groups;
  for (const auto& [witness, member] : by_witness) {
    page_group& g = groups[witness];
    g.witness = witness;
    g.members.push_back(member);
    ++g.size;
  }
  std::vector<page_group> sorted;
  sorted.reserve(groups.size());
  for (auto& [witness, group] : groups) sorted.push_back(std::move(group));
  std::stable_sort(sorted.begin(), sorted.end(), [](const page_group& a, const page_group& b) { return a.size > b.size; });
  const std::uint64_t all = sorted.size();
  sorted.resize(std::min<std::size_t>(sorted.size(), most));
  for (page_group& g : sorted) {
    std::sort(g.members.begin(), g.members.end(),
              [](const page_member& a, const page_member& b) { return a.score != b.score ? a.score < b.score : a.key < b.key; });
    g.members.resize(std::min<std::size_t>(g.members.size(), members));
  }
  return {std::move(sorted), all};
}

namespace detail {

/// Writes one page, section by section.
class page_writer {
 public:
  explicit page_writer(const health_page& page) : page_(page) {}

  std::string write() {
    out_ =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        // Even a browser that were tricked into more would fetch and run nothing.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>Health of ";
    append_html_text(out_, page_.store, 200);
    ((out_ += "</title>\n<style>") += page_style) += "</style>\n</head>\n<body>\n<header>\n<h1>Health of <bdi>";
    append_html_text(out_, page_.store, 200);
    out_ += "</bdi></h1>\n<p class=\"faint\">Made at " + page_time(page_.made) + " UTC.</p>\n</header>\n<main>\n";
    last_run();
    trends();
    similarity();
    groups("found", "Duplicates that could go", page_.found, page_.all_found, "stands for", !page_.looked.empty());
    groups("removed", "Rows that stand for removed ones", page_.removed, page_.all_removed, "stands for", true);
    review();
    runs();
    out_ +=
        "</main>\n<footer><p>Times are in UTC. Counts are rows. The page holds texts of your rows: keep it where they may be read.</p>"
        "</footer>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  static constexpr std::size_t text_length = 300;

  void section(const char* id, const char* title) {
    out_ += std::string("<section class=\"card\" id=\"") + id + "\">\n<h2>" + title + "</h2>\n";
  }
  void paragraph(const std::string& safe, const char* kind = "faint") {
    out_ += std::string("<p class=\"") + kind + "\">" + safe + "</p>\n";
  }
  void figure(const char* name, const std::string& safe) { out_ += std::string("<div><dt>") + name + "</dt><dd>" + safe + "</dd></div>\n"; }
  static std::string counted(std::uint64_t count, const std::string& what) {
    return page_count(count) + ' ' + what + (count == 1 ? "" : "s");
  }

  static std::string key_code(key_view k) {
    const std::string shown = k.is_integer() ? std::to_string(k.integer()) : "&quot;" + html_text(k.bytes(), 80) + "&quot;";
    return "<bdi><code>" + shown + "</code></bdi>";
  }

  // White space is folded, so that a text of many lines stays one paragraph.
  static std::string row_text(std::string_view text) {
    std::string folded;
    for (const char c : text.substr(0, 8 * text_length)) {
      const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
      if (!blank)
        folded += c;
      else if (!folded.empty() && folded.back() != ' ')
        folded += ' ';
    }
    return folded.empty() ? "" : "<p class=\"text\"><bdi>" + html_text(folded, text_length) + "</bdi></p>\n";
  }

  static std::string badge(std::string_view status) {
    const bool good = status == "done";
    return std::string("<span class=\"badge ") + (good ? "good" : "bad") + "\">" + (good ? "✓ " : "✗ ") + html_text(status) + "</span>";
  }

  static std::string status_of(const page_run& run) { return run.status == "started" ? "never ended" : run.status; }

  static std::string ago(std::chrono::microseconds age) {
    const auto whole = [&](std::chrono::seconds unit) { return static_cast<std::uint64_t>(age / unit); };
    if (age < std::chrono::minutes(1)) return "just before this page was made";
    if (age < std::chrono::hours(2)) return counted(whole(std::chrono::minutes(1)), "minute") + " before this page was made";
    if (age < std::chrono::hours(48)) return counted(whole(std::chrono::hours(1)), "hour") + " before this page was made";
    return counted(whole(std::chrono::hours(24)), "day") + " before this page was made";
  }

  void last_run() {
    section("last-run", "The last run");
    if (page_.runs.empty()) {
      paragraph("No run has been recorded yet. The phases log and cleanup record theirs; detect leaves no trace.");
      out_ += "</section>\n";
      return;
    }
    const page_run& run = page_.runs.back();
    paragraph(
        badge(status_of(run)) + ' ' + html_text(run.phase) + " at " + page_time(run.started) + ", " + ago(page_.made - run.started) + '.',
        "");
    if (!run.report) {
      paragraph(run.status == "started"
                    ? "It removed rows and was interrupted: whole batches of it may be gone, all of them are in its backup."
                    : "It left no report.",
                "alarm");
      out_ += "</section>\n";
      return;
    }
    const janitor_report& r = *run.report;
    if (!r.error.empty()) paragraph("<bdi>" + html_text(r.error, 1000) + "</bdi>", "alarm");
    if (!r.would_abort.empty() && !r.baseline)
      paragraph("A cleanup is refused, because of <code>" + html_text(r.would_abort, 100) + "</code>.", "alarm");
    if (!r.refused.empty()) paragraph("<bdi>" + html_text(r.refused, 1000) + "</bdi>", "alarm");
    if (!r.notifier_error.empty())
      paragraph("The message could not be delivered: <bdi>" + html_text(r.notifier_error, 1000) + "</bdi>", "alarm");
    if (r.baseline && r.phase != "detect") paragraph("The first run on this store: it looked and remembered, and removed nothing.");
    out_ += "<dl class=\"figures\">\n";
    figure("Rows", page_count(r.rows));
    const auto found = [](std::uint64_t seen, std::uint64_t gone) {
      return page_count(seen) + (gone != 0 ? " <span class=\"faint\">" + page_count(gone) + " removed</span>" : "");
    };
    figure("Duplicates", found(r.duplicates_found, r.duplicates_removed));
    figure("Orphans", found(r.orphans_found, r.orphans_removed));
    if (r.waiting_grace != 0) figure("Orphans waiting", page_count(r.waiting_grace));
    figure("For a person", counted(r.review_pairs, "pair"));
    if (r.accepted_pairs != 0) figure("Accepted", counted(r.accepted_pairs, "pair"));
    if (r.rejected_pairs != 0) figure("Rejected", counted(r.rejected_pairs, "pair"));
    if (r.unknown_sources != 0) figure("Sources not known", page_count(r.unknown_sources));
    std::uint64_t aside = 0;
    for (std::size_t i = 1; i < r.set_aside.size(); ++i) aside += r.set_aside[i];
    if (aside != 0) figure("Without a vector", page_count(aside));
    if (r.changed != 0) figure("Changed meanwhile", page_count(r.changed));
    if (r.witnesses_lost != 0) figure("Witnesses lost", page_count(r.witnesses_lost));
    figure("Reclaimed", page_size(r.bytes_reclaimed));
    if (r.file_bytes_after != 0) figure("Size", page_size(r.file_bytes_after));
    if (r.compaction && r.compaction->free_pages_after != 0) figure("Free within", page_size(r.compaction->free_bytes_after()));
    figure("Time", page_number(r.total_seconds, r.total_seconds < 1 ? 2 : r.total_seconds < 10 ? 1 : 0) + " s");
    out_ += "</dl>\n";
    if (r.receipt) paragraph("Receipt: <code>" + html_text(r.receipt_path) + "</code>");
    out_ += "</section>\n";
  }

  // Only runs that looked at the store say what was in it.
  void trends() {
    std::vector<time_point> times;
    chart_line duplicates{"Duplicates", {}}, orphans{"Orphans", {}}, rows{"Rows", {}}, bytes{"Size", {}};
    for (const page_run& run : page_.runs) {
      if (!run.report || (run.phase != "log" && run.phase != "cleanup")) continue;
      const janitor_report& r = *run.report;
      const auto share = [&](std::uint64_t part) {
        return r.rows == 0 ? std::nullopt : std::optional(static_cast<double>(part) / static_cast<double>(r.rows));
      };
      times.push_back(run.started);
      duplicates.values.push_back(share(r.duplicates_found));
      orphans.values.push_back(share(r.orphans_found));
      rows.values.push_back(static_cast<double>(r.rows));
      bytes.values.push_back(r.file_bytes_after == 0 ? std::nullopt : std::optional(static_cast<double>(r.file_bytes_after)));
    }
    if (times.empty()) return;
    section("over-runs", "Over the runs");
    out_ += "<div class=\"charts\">\n";
    const auto last = [](const chart_line& l) {
      for (std::size_t i = l.values.size(); i-- > 0;)
        if (l.values[i]) return *l.values[i];
      return 0.0;
    };
    const auto chart = [&](const std::string& caption, const char* label, const std::vector<chart_line>& lines, chart_words words,
                           bool in_bytes = false) {
      const std::string svg = trend_chart(label, times, lines, words, in_bytes);
      if (!svg.empty()) out_ += "<figure>\n<figcaption>" + caption + "</figcaption>\n" + svg + "</figure>\n";
    };
    const auto bytes_words = [](double value) { return page_size(static_cast<std::uint64_t>(value)); };
    chart("<b>Share of the rows</b><br><span class=\"key\"></span>duplicates " + page_percent(last(duplicates)) +
              " &nbsp; <span class=\"key two\"></span>orphans " + page_percent(last(orphans)),
          "Share of duplicates and of orphans over the runs", {duplicates, orphans}, &page_percent);
    chart("<b>Rows</b><br><span class=\"key\"></span>" + page_count(static_cast<std::uint64_t>(last(rows))), "Rows over the runs", {rows},
          &page_short);
    chart("<b>Size of the store</b><br><span class=\"key\"></span>" + bytes_words(last(bytes)), "Size of the store over the runs", {bytes},
          bytes_words, true);
    out_ += "</div>\n";
    if (page_.earlier_runs != 0) paragraph(counted(page_.earlier_runs, "earlier run") + " not shown.");
    out_ += "</section>\n";
  }

  void similarity() {
    if (page_.histograms.empty()) return;
    section("similarity", "How close rows are");
    paragraph("Rows by the cosine of their nearest other row. A heap at the right end is copies.");
    out_ += "<div class=\"charts\">\n";
    for (const page_histogram& h : page_.histograms) {
      std::string about = counted(h.compared, "row");
      if (h.compared < h.rows) about += " of " + page_count(h.rows);
      if (h.below != 0) about += ", " + page_count(h.below) + " of them below " + page_number(h.lowest, 4) + " and not drawn";
      if (bar_scale(h.bins).logarithmic()) about += "; logarithmic scale";
      out_ += "<figure>\n<figcaption><b><bdi>" + html_text(h.name, 80) + "</bdi></b><br>" + about + "</figcaption>\n" + histogram_chart(h) +
              "</figure>\n";
    }
    out_ += "</div>\n</section>\n";
  }

  void groups(const char* id, const char* title, const std::vector<page_group>& groups, std::uint64_t all, const char* verb, bool known) {
    if (!known) return;
    section(id, title);
    const bool present = std::string_view(id) == "found";
    if (present)
      paragraph("Found in " + html_text(page_.looked, 200) + ", from a cosine of " + page_number(page_.threshold, 4) + " on.");
    else
      paragraph("Removed as duplicates and not forgotten yet: undo brings them back.");
    if (groups.empty()) paragraph("None.", "");
    out_ += "<ul class=\"rows groups\">\n";
    for (const page_group& g : groups) {
      out_ += "<li><h3>" + key_code(g.witness) + ' ' + verb + ' ' + counted(g.size, "row") + "</h3>\n" + row_text(g.text);
      for (const page_member& m : g.members)
        out_ += "<div class=\"faint\">" + key_code(m.key) + " cosine " + page_decimal(m.score, 4) +
                (m.accepted_by.empty() ? "" : ", accepted by <bdi>" + html_text(m.accepted_by, 80) + "</bdi>") + "</div>\n" +
                row_text(m.text);
      if (g.size > g.members.size()) out_ += "<div class=\"faint\">and " + page_count(g.size - g.members.size()) + " more</div>\n";
      out_ += "</li>\n";
    }
    out_ += "</ul>\n";
    if (all > groups.size()) paragraph("And " + counted(all - groups.size(), "smaller group") + '.');
    out_ += "</section>\n";
  }

  static std::string reason_text(const review_pair& pair) {
    const std::string_view reason = pair.reason;
    if (reason == "guard")
      return (pair.doubt.empty() ? "close, but not the same to the guard" : html_text(pair.doubt, 200)) +
             (pair.asked_again ? "; decided before, but a row has changed since" : "");
    if (reason == "last_copy") return "its source is gone, and it stands for a removed row of a living source";
    if (reason == "witness_lost") return "the row that stood for this removed one is gone: bring it back with its receipt";
    return html_text(reason, 80);
  }

  void review() {
    if (page_.looked.empty()) return;
    section("review", "For a person to look at");
    paragraph(page_.review.empty() ? "None." : "Both rows of each pair stay until somebody decides.", page_.review.empty() ? "" : "faint");
    out_ += "<ul class=\"rows\">\n";
    for (const page_pair& p : page_.review) {
      const bool asked = p.pair.reason == "guard";
      const auto row = [](key_view k, const char* what, const std::string& text) {
        return "<div>" + key_code(k) + " <span class=\"faint\">" + what + "</span>\n" + row_text(text) + "</div>";
      };
      out_ += "<li>\n<div class=\"faint\">cosine " + page_decimal(p.pair.score, 4) + ": " + reason_text(p.pair) +
              "</div>\n<div class=\"pair\">" + row(p.pair.removed, asked ? "would go" : "", p.removed_text) +
              row(p.pair.survivor, asked ? "would stay" : "", p.survivor_text) + "</div>\n</li>\n";
    }
    out_ += "</ul>\n";
    if (page_.all_review > page_.review.size()) paragraph("And " + counted(page_.all_review - page_.review.size(), "more pair") + '.');
    out_ += "</section>\n";
  }

  void runs() {
    if (page_.runs.empty()) return;
    section("runs", "Runs");
    out_ +=
        "<div class=\"wide\"><table>\n<thead><tr><th>Started</th><th>Run</th><th class=\"number\">Rows</th>"
        "<th class=\"number\">Removed</th></tr></thead>\n<tbody>\n";
    constexpr std::size_t most = 30;
    for (std::size_t i = page_.runs.size(), shown = 0; i-- > 0 && shown < most; ++shown) {
      const page_run& run = page_.runs[i];
      const std::string time = page_time(run.started);
      const std::string rows = run.report && run.phase != "undo" ? page_count(run.report->rows) : "–";
      out_ += "<tr><td><span class=\"day\">" + time.substr(0, 10) + "</span> " + time.substr(10) + "</td><td>" + html_text(run.phase) +
              " <span class=\"" + (run.status == "done" ? "good" : "bad") + "\">" + html_text(status_of(run)) +
              "</span></td><td class=\"number\">" + rows + "</td><td class=\"number\">" +
              (run.report ? page_count(run.report->removed()) : "–") + "</td></tr>\n";
    }
    out_ += "</tbody>\n</table></div>\n";
    const std::uint64_t hidden = page_.earlier_runs + (page_.runs.size() > most ? page_.runs.size() - most : 0);
    if (hidden != 0) paragraph("And " + counted(hidden, "earlier run") + '.');
    out_ += "</section>\n";
  }

  const health_page& page_;
  std::string out_;
};

}  // namespace detail

/// The page as one HTML document (UTF-8). The same page gives the same document.
[[nodiscard]] inline std::string to_html(const health_page& page) { return detail::page_writer(page).write(); }

}  // namespace upkeep::inline v0
