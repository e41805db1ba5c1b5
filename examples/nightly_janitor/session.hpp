#pragma once
// What the subcommands share around a store: how it is laid out, who watches a janitor at work, examples of what goes.

#include <upkeep/observe/fanout_observer.hpp>
#include <upkeep/observe/log_observer.hpp>
#include <upkeep/observe/metrics_observer.hpp>
#include <upkeep/observe/progress_bar.hpp>
#include <upkeep/store/sqlite_store.hpp>

#include "audit.hpp"
#include "chosen_janitor.hpp"
#include "options.hpp"
#include "screen.hpp"
#include "summary.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nightly_janitor {

/// The layout that the settings describe: columns that are not named are taken by their usual names where the table has them.
inline upkeep::sqlite_layout layout_of(const settings& s) {
  upkeep::sqlite_layout layout{.table = s.table, .id_column = s.id_column, .vector_column = s.vector_column};
  // A program that was killed may have left a journal, which only who may write rolls back.
  using upkeep::sqlite::open_mode;
  const upkeep::sqlite::connection database(s.database,
                                            {.mode = s.phase == upkeep::phase::detect ? open_mode::read_only : open_mode::read_write});
  upkeep::sqlite::statement find(database, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2 COLLATE NOCASE");
  const auto choose = [&](const std::optional<std::string>& given, const char* usual, std::string& column) {
    if (given) {
      column = *given;
      return;
    }
    find.reset();
    find.bind_text(1, s.table);
    find.bind_text(2, usual);
    if (find.step() && layout.id_column != usual && layout.vector_column != usual) column = usual;
  };
  choose(s.source_column, "source", layout.source_column);
  choose(s.scope_column, "scope", layout.scope_column);
  choose(s.text_column, "text", layout.text_column);
  choose(s.model_column, "model", layout.model_column);
  choose(s.created_column, "created", layout.created_column);
  choose(s.pinned_column, "pinned", layout.pinned_column);
  return layout;
}

/// Up to three rows of a plan with their texts: duplicates before orphans, and those first whose texts differ.
inline std::vector<example> examples_of(const upkeep::plan& plan, upkeep::sqlite_store& store) {
  using upkeep::removal_reason;
  std::vector<const upkeep::planned_removal*> candidates;
  for (const upkeep::planned_removal& r : plan.removals) candidates.push_back(&r);
  const std::size_t looked_at = std::min<std::size_t>(candidates.size(), 200);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(looked_at), candidates.end(),
                    [](const auto* a, const auto* b) {
                      if (a->reason != b->reason) return a->reason == removal_reason::duplicate;
                      return a->score != b->score ? a->score < b->score : a->key < b->key;
                    });
  candidates.resize(looked_at);
  std::vector<upkeep::key_view> keys;
  for (const auto* c : candidates) {
    keys.push_back(c->key);
    if (c->reason == removal_reason::duplicate) keys.push_back(c->witness);
  }
  std::unordered_map<upkeep::key, std::string> texts;
  if (has(store.fields(), upkeep::field::text))
    store.fetch(keys, upkeep::field::text, [&](const upkeep::record_batch& rows) {
      for (std::size_t i = 0; i < rows.size(); ++i) texts.emplace(rows.keys[i], rows.texts[i].substr(0, 1000));
    });
  std::vector<example> shown;
  for (const bool alike : {false, true})
    for (const auto* c : candidates) {
      const example e{c->key, c->witness, c->reason, c->score, c->source, texts[c->key], texts[c->witness]};
      const bool same_text = one_line(e.removed_text, 500) == one_line(e.witness_text, 500);
      const bool known = std::any_of(shown.begin(), shown.end(), [&](const example& s) {
        return s.removed == e.removed || (!alike && (s.removed_text == e.removed_text || s.witness == e.witness));
      });
      if (shown.size() < 3 && !known && (alike || (e.reason == removal_reason::duplicate && !same_text))) shown.push_back(e);
    }
  return shown;
}

/// An observer that may be there.
template <class Observer>
struct optional_observer {
  std::optional<Observer>* observer;
  void observe(const upkeep::event& e) const {
    if (*observer) (*observer)->observe(e);
  }
};

/// Tells both, also where one of them cannot hear: metrics that cannot be written must leave no gap in the audit log. What one throws comes
/// last: what was told is then not done.
inline void tell(std::optional<upkeep::metrics_observer>& metrics, std::optional<upkeep::audit_log>& audit, const upkeep::event& e) {
  upkeep::fanout_observer(optional_observer<upkeep::metrics_observer>{&metrics}, optional_observer<upkeep::audit_log>{&audit}).observe(e);
}

/// Sees every event: writes the audit log, draws the bar, writes the log, counts the runs, keeps warnings for the end, and calls
/// `before_removal` while all rows are still there.
struct watcher {
  watcher(const settings& s, bool bar) : audit(audit_log_of(s)) {
    if (bar && !s.quiet && !s.json_log) progress.emplace(stderr);
    if (s.json_log)
      log.emplace(stderr, upkeep::log_options{.format = upkeep::log_format::json_lines, .minimum = upkeep::event_level::detail});
    if (s.metrics.empty()) return;
    metrics.emplace(upkeep::metrics_options{.textfile = s.metrics});
    if (const std::string trouble = metrics->trouble(); !trouble.empty()) {
      observe({upkeep::event_level::warning, "metrics_begun_anew", trouble, {}});
      if (s.quiet && !s.json_log) std::fprintf(stderr, "nightly_janitor: %s\n", one_line(trouble, 1000).c_str());
    }
  }

  void observe(const upkeep::event& e) {
    if (progress) progress->observe(e);
    if (log) log->observe(e);
    if (e.level == upkeep::event_level::warning) {
      std::string sentence(e.text.empty() ? e.name : e.text);
      for (const char* name : {"error", "receipt"})
        if (const upkeep::event_field* f = e.find(name))
          if (const auto* text = std::get_if<std::string_view>(&f->value); text != nullptr && !text->empty())
            sentence += " (" + std::string(name) + ": " + std::string(*text) + ")";
      if (std::find(warnings.begin(), warnings.end(), sentence) == warnings.end() && warnings.size() < 5) warnings.push_back(sentence);
    }
    if (e.name == "backup_started" && before_removal) before_removal();
    tell(metrics, audit, e);  // last, because it may throw: the run then stops before what it was told of
  }

  std::optional<upkeep::audit_log> audit;
  std::optional<upkeep::progress_bar> progress;
  std::optional<upkeep::log_observer> log;
  std::optional<upkeep::metrics_observer> metrics;
  std::vector<std::string> warnings;
  std::function<void()> before_removal;
};
static_assert(upkeep::observer<watcher>);

inline std::unique_ptr<chosen_janitor> choose_janitor(const settings& s, upkeep::sqlite_store& store, watcher& events) {
  return choose_janitor(s, store, [&events](const upkeep::event& e) { events.observe(e); });
}

/// Plans and reports name the policy that was chosen, not the switch that chose it.
inline void name_policies(std::vector<std::pair<std::string, std::string>>& policies, const settings& s) {
  for (auto& [role, name] : policies) {
    if (role == "duplicate_guard") name = to_string(s.guard);
    if (role == "retention") name = to_string(s.keep);
    if (role == "orphan_oracle" && s.asks_sources()) name = s.sources_table.empty() ? "set_oracle" : "sql_oracle";
  }
}

}  // namespace nightly_janitor
