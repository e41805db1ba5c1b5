// The subcommand `report`: gathers what the page shows; the library draws it.
#include "health.hpp"

#include <upkeep/base/file.hpp>
#include <upkeep/janitor/health_page.hpp>
#include <upkeep/janitor/plan_json.hpp>
#include <upkeep/janitor/report_json.hpp>

#include "profile_measure.hpp"
#include "review.hpp"
#include "session.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nightly_janitor {
namespace {

constexpr std::size_t most_groups = 10, most_members = 5, most_pairs = 50, most_histograms = 8;

/// The last runs. A report that cannot be read leaves its run without one, and is told.
void add_runs(upkeep::health_page& page, upkeep::sqlite_history& history, std::size_t most, std::vector<std::string>& warnings) {
  std::deque<upkeep::run_summary> last;
  history.visit_runs(std::numeric_limits<std::size_t>::max(), [&](const upkeep::run_summary& run) {
    last.push_back(run);
    if (last.size() <= most) return;
    last.pop_front();
    ++page.earlier_runs;
  });
  for (const upkeep::run_summary& run : last) {
    upkeep::page_run shown{.phase = run.phase, .status = run.status, .started = run.started};
    try {
      if (!run.report.empty()) shown.report = upkeep::parse_report(run.report, "the report of the run " + run.id);
    } catch (const upkeep::error& failure) {
      if (warnings.size() < 5) warnings.emplace_back(failure.what());
    }
    page.runs.push_back(std::move(shown));
  }
}

/// Rows that have gone and can come back, by the row that stands for them.
void add_removed(upkeep::health_page& page, upkeep::sqlite_history& history) {
  std::vector<std::pair<upkeep::key, upkeep::page_member>> members;
  history.visit_ledger([&](const upkeep::ledger_entry& e) {
    if (e.until > page.made) members.push_back({upkeep::key(e.witness), {.key = upkeep::key(e.removed), .score = e.score}});
  });
  std::tie(page.removed, page.all_removed) = largest_groups(members, most_groups, most_members);
}

void add_findings(upkeep::health_page& page, const upkeep::plan& plan) {
  page.threshold = plan.threshold;
  std::vector<std::pair<upkeep::key, upkeep::page_member>> members;
  for (const upkeep::planned_removal& r : plan.removals)
    if (r.reason == upkeep::removal_reason::duplicate)
      members.push_back({r.witness, {.key = r.key, .score = r.score, .accepted_by = r.accepted_by}});
  std::tie(page.found, page.all_found) = largest_groups(members, most_groups, most_members);
  const std::vector<upkeep::review_pair> pairs = by_attention(plan.review);
  page.all_review = pairs.size() + plan.review_left_out;
  for (std::size_t i = 0; i < pairs.size() && i < most_pairs; ++i) page.review.push_back({.pair = pairs[i]});
}

/// Fetches the texts of the rows that the page names, as far as they are still there.
void add_texts(upkeep::health_page& page, upkeep::sqlite_store& store) {
  if (!has(store.fields(), upkeep::field::text)) return;
  std::unordered_map<upkeep::key, std::vector<std::string*>> wanted;
  for (std::vector<upkeep::page_group>* groups : {&page.found, &page.removed})
    for (upkeep::page_group& g : *groups) {
      wanted[g.witness].push_back(&g.text);
      for (upkeep::page_member& m : g.members) wanted[m.key].push_back(&m.text);
    }
  for (upkeep::page_pair& p : page.review) {
    wanted[p.pair.removed].push_back(&p.removed_text);
    wanted[p.pair.survivor].push_back(&p.survivor_text);
  }
  std::vector<upkeep::key_view> keys;
  for (const auto& [key, texts] : wanted) keys.emplace_back(key);
  if (keys.empty()) return;
  store.fetch(keys, upkeep::field::text, [&](const upkeep::record_batch& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (const auto found = wanted.find(upkeep::key(rows.keys[i])); found != wanted.end())
        for (std::string* text : found->second) *text = rows.texts[i].substr(0, 4000);
  });
}

void add_histograms(upkeep::health_page& page, std::vector<named_profile> profiles) {
  profiles.resize(std::min(profiles.size(), most_histograms));
  for (const named_profile& p : profiles)
    if (p.profile.compared != 0)
      page.histograms.push_back({p.name, p.profile.rows, p.profile.compared, p.profile.below, p.profile.lowest, p.profile.bins});
}

}  // namespace

exit_code health_command(const screen& out, const settings& s, const health_request& request, std::stop_token stop) {
  require_folder_of(request.html, "--html");
  if (request.html.empty()) throw usage_error("--html is empty: name the file for the page");
  if (request.runs < 1 || request.runs > 1'000'000)
    throw usage_error("--runs is " + std::to_string(request.runs) + ": give a number of runs from 1 to 1000000");
  if (!s.plan.empty()) require_file(s.plan, "--plan");
  upkeep::sqlite_store store(s.database, layout_of(s), {.read_only = true});
  upkeep::sqlite_history history = upkeep::defaults<upkeep::sqlite_store>::make_history(store);
  watcher events(s, true);
  upkeep::health_page page;
  page.store = short_path(s.database) + ", table " + s.table;
  page.made = upkeep::system_clock().now();
  add_runs(page, history, static_cast<std::size_t>(request.runs), events.warnings);
  add_removed(page, history);
  if (!s.plan.empty()) {
    const upkeep::plan plan = upkeep::read_plan(s.plan);
    if (plan.store != store.identity())
      throw usage_error("--plan: the plan is of the store " + plan.store + ", not of " + store.identity());
    page.looked = "a plan made at " + upkeep::to_iso8601(std::chrono::floor<std::chrono::seconds>(plan.made));
    add_findings(page, plan);
  } else if (!request.no_look && store.size() != 0) {
    page.looked = "the store, when this page was made";
    add_findings(page, choose_janitor(s, store, events)->analyse(stop));
  }
  if (!request.no_look && store.size() != 0) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(store.size()) * store.dimension() * sizeof(float);
    if (bytes > static_cast<std::uint64_t>(s.vector_memory) << 20U) {
      events.warnings.emplace_back("the page shows no histogram: the vectors are more than --vector-memory allows to hold");
    } else {
      const auto tell = [&](const upkeep::event& e) { events.observe(e); };  // a progress only refers to it
      upkeep::progress progress(stop, tell);
      add_histograms(page, measure_profiles(store, {.threads = static_cast<unsigned>(s.threads)}, progress).profiles);
    }
  }
  add_texts(page, store);
  upkeep::write_file_atomically(request.html, to_html(page));
  out.line(out.bold("report") + " on " + short_path(s.database) + ", table " + one_line(s.table, 30) + ": " + out.good("done"));
  out.item("runs", grouped(page.runs.size()));
  if (!page.looked.empty()) {
    out.item("groups", grouped(page.all_found));
    out.item("for a person", counted(page.all_review, "pair"));
  }
  out.item("page", short_path(request.html));
  for (const std::string& w : events.warnings) out.text(out.bad("Warning:") + ' ' + w + '.');
  return exit_done;
}

}  // namespace nightly_janitor
