// The subcommand `profile`.
#include "profile.hpp"

#include <upkeep/base/file.hpp>
#include <upkeep/join/similarity_profile.hpp>

#include "profile_chart.hpp"
#include "profile_measure.hpp"
#include "session.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace nightly_janitor {
namespace {

/// All rows of a store with the number of their scope and model.
struct loaded_rows {
  std::vector<float> vectors;
  std::vector<std::uint32_t> group;
  std::vector<std::string> names;  ///< of the groups
  std::uint64_t usable = 0;
};

std::string value_text(std::string_view value) {
  return !upkeep::is_present(value) ? "(none)" : value.empty() ? "(empty)" : std::string(value);
}

loaded_rows load(upkeep::sqlite_store& store, upkeep::progress& progress) {
  const upkeep::field there = store.fields();
  const bool scoped = has(there, upkeep::field::scope), modelled = has(there, upkeep::field::model);
  upkeep::string_table scopes, models;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> numbers;
  loaded_rows rows;
  const std::size_t expected = store.size();
  rows.vectors.reserve(expected * store.dimension());
  rows.group.reserve(expected);
  store.scan(((upkeep::field::scope | upkeep::field::model) & there) | upkeep::field::vector, [&](const upkeep::record_batch& batch) {
    progress.check("the scan");
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::string_view scope = scoped ? batch.scopes[i] : std::string_view(), model = modelled ? batch.models[i] : std::string_view();
      const auto [at, fresh] =
          numbers.try_emplace({scopes.intern(scope), models.intern(model)}, static_cast<std::uint32_t>(rows.names.size()));
      if (fresh) rows.names.emplace_back();
      rows.group.push_back(at->second);
      // What is no vector arrives as a row of zeros, which a profile sets aside as well.
      const bool sound = batch.health[i] == upkeep::set_aside::no;
      rows.usable += sound ? 1 : 0;
      if (sound)
        rows.vectors.insert(rows.vectors.end(), batch.vectors[i].begin(), batch.vectors[i].end());
      else
        rows.vectors.resize(rows.vectors.size() + store.dimension());
    }
    progress.report("scan", rows.group.size(), std::max(expected, rows.group.size()), "rows");
  });
  if (!rows.group.empty() && rows.usable == 0)
    throw upkeep::error(upkeep::errc::inconsistent,
                        "none of the " + std::to_string(rows.group.size()) +
                            " rows has a usable vector: check which column holds the vectors and how they are encoded");
  // A column that never has a value tells nothing.
  const auto tells = [](const upkeep::string_table& t) { return t.size() > 1 || (t.size() == 1 && upkeep::is_present(t[0])); };
  for (const auto& [of, number] : numbers) {
    std::string& name = rows.names[number];
    if (tells(scopes)) name = "scope " + value_text(scopes[of.first]);
    if (tells(models)) name += (name.empty() ? "model " : ", model ") + value_text(models[of.second]);
    if (name.empty()) name = "all rows";
  }
  return rows;
}

std::string padded(const std::string& text, std::size_t width) { return std::string(width - std::min(width, columns(text)), ' ') + text; }

std::string share(std::uint64_t part, std::uint64_t whole) {
  return percent(whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole));
}

/// One histogram and its thresholds.
void show_profile(const screen& out, const named_profile& named, bool chosen) {
  const upkeep::group_profile& p = named.profile;
  out.line();
  out.line(out.bold(one_line(named.name, 78)));
  std::string about = counted(p.rows, "row");
  if (p.set_aside != 0) about += ", " + grouped(p.set_aside) + " of them without a usable vector";
  if (p.sampled())
    about += "; of a sample of " + counted(p.compared, "row") + ": neighbours outside of it are not seen, so every figure is a lower bound";
  if (chosen && p.lowest > upkeep::profiled_thresholds.front())
    about += "; neighbours are looked for from " + score_text(p.lowest) + " on, as there are very many rows or pairs (--lowest sets it)";
  if (p.compared != 0 && p.below == p.compared) about += "; none has another one at " + score_text(p.lowest) + " or closer";
  out.text(about, 2);
  if (p.below == p.compared) return;
  const bar_scale scale(p.bins);
  const double longest = scale.height(static_cast<double>(*std::max_element(p.bins.begin(), p.bins.end())));
  const int digits = edge_digits(p);
  constexpr std::size_t label = 21, number = 10, bar = 34;
  const auto row = [&](const std::string& name, const std::string& count) {
    return "  " + name + std::string(label - std::min(label, name.size()), ' ') + padded(count, number);
  };
  const auto shared = [&](std::uint64_t rows) { return padded(share(rows, p.compared), 9); };
  out.line();
  out.line(out.faint(row("nearest other row", "rows") + padded("share", 9) +
                     (scale.logarithmic() ? "  # by the logarithm of the rows" : "  # by the rows")));
  out.line(row("below " + decimal(p.lowest, digits), grouped(p.below)) + shared(p.below));
  for (std::size_t i = 0; i < p.bins.size(); ++i) {
    const double height = longest > 0 ? scale.height(static_cast<double>(p.bins[i])) / longest : 0;
    const auto marks = static_cast<std::size_t>(std::ceil(height * static_cast<double>(bar) - 1e-9));
    out.line(row(decimal(p.edge(i), digits) + " to " + decimal(p.edge(i + 1), digits), grouped(p.bins[i])) + shared(p.bins[i]) +
             (marks == 0 ? "" : "  " + std::string(marks, '#')));
  }
  out.line();
  out.line(out.faint(row("threshold", "pairs") + padded("rows in a pair", 18) + padded("share", 9)));
  for (const upkeep::threshold_effect& t : p.sweep)
    out.line(row(score_text(t.threshold), grouped(t.pairs)) + padded(grouped(t.rows), 18) + shared(t.rows));
}

upkeep::similarity_profile_options options_of(const settings& s, const profile_request& r) {
  if (r.lowest && !(*r.lowest > 0 && *r.lowest < 1))
    throw usage_error("--lowest is " + score_text(*r.lowest, 0) + ": give a cosine above 0 and below 1, such as 0.9");
  if (r.sample < 0) throw usage_error("--sample is " + std::to_string(r.sample) + ": give a number of rows, or 0 for all");
  if (r.groups < 0) throw usage_error("--groups is " + std::to_string(r.groups) + ": give a number of scopes and models, or 0 for all");
  require_folder_of(r.svg, "--svg");
  return {.lowest = r.lowest, .sample = static_cast<std::size_t>(r.sample), .threads = static_cast<unsigned>(s.threads)};
}

}  // namespace

measured_profiles measure_profiles(upkeep::sqlite_store& store, const upkeep::similarity_profile_options& options,
                                   upkeep::progress& progress) {
  measured_profiles measured;
  const loaded_rows rows = load(store, progress);
  const std::size_t width = store.dimension();
  measured.rows = rows.group.size();
  if (measured.rows == 0) return measured;
  upkeep::similarity_profile_report report =
      upkeep::similarity_profile({rows.vectors.data(), measured.rows, width}, rows.group, options, progress);
  measured.seconds = report.seconds;
  for (upkeep::group_profile& p : report.groups) measured.profiles.push_back({rows.names[p.group], std::move(p)});
  std::stable_sort(measured.profiles.begin(), measured.profiles.end(),
                   [](const named_profile& a, const named_profile& b) { return a.profile.rows > b.profile.rows; });
  return measured;
}

exit_code profile_command(const screen& out, const settings& s, const profile_request& request, std::stop_token stop) {
  const upkeep::similarity_profile_options options = options_of(s, request);
  upkeep::sqlite_store store(s.database, layout_of(s), {.read_only = true});
  measured_profiles measured;
  {
    watcher events(s, true);
    const auto tell = [&](const upkeep::event& e) { events.observe(e); };  // a progress only refers to it
    upkeep::progress progress(stop, tell);
    measured = measure_profiles(store, options, progress);
  }
  std::vector<named_profile>& profiles = measured.profiles;
  const std::size_t all = measured.rows;
  const double seconds = measured.seconds;
  const std::size_t found = profiles.size();
  std::uint64_t left_out = 0;
  if (request.groups != 0 && found > static_cast<std::size_t>(request.groups)) {
    for (std::size_t i = static_cast<std::size_t>(request.groups); i < found; ++i) left_out += profiles[i].profile.rows;
    profiles.resize(static_cast<std::size_t>(request.groups));
  }
  const std::string what = short_path(s.database) + ", table " + one_line(s.table, 30);
  if (!request.svg.empty()) upkeep::write_file_atomically(request.svg, profile_svg("Profile of " + what, profiles));
  out.line(out.bold("profile") + " of " + what + ": " + out.good("done") + " in " + decimal(seconds, 1) + " s");
  out.item("rows", grouped(all));
  for (const named_profile& p : profiles) show_profile(out, p, !request.lowest);
  if (profiles.size() < found) {
    out.line();
    out.text("And " + grouped(found - profiles.size()) + " smaller scopes and models with " + counted(left_out, "row") + ": --groups " +
             std::to_string(found) + " shows them too.");
  }
  if (!request.svg.empty()) {
    out.line();
    out.item("picture", short_path(request.svg));
  }
  if (all == 0) return exit_done;
  out.line();
  out.text(out.bold("Next:") + " choose a threshold, and read what it would find:");
  std::vector<std::string> words = command_on_store("plan", s, true);
  words.push_back("--threshold 0.98");
  words.push_back("--plan plan.jsonl");
  out.command(words);
  return exit_done;
}

}  // namespace nightly_janitor
