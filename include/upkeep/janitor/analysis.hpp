#pragma once
// Finds what could be removed from a store, and only reads: scan, orphans, near-duplicate pairs, witnesses.

#include "../base/file.hpp"
#include "containers.hpp"
#include "guarded_resolution.hpp"
#include "limits.hpp"
#include "options.hpp"
#include "ownership.hpp"
#include "parts.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "row_table.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// What an analysis found.
struct analysis {
  upkeep::plan plan;
  janitor_report report;                    ///< filled as far as an analysis goes
  limit_basis basis;                        ///< what the limits are measured against
  std::vector<key> orphans;                 ///< rows whose source is absent now; of a refused container only those that were known before
  std::vector<std::string> orphan_sources;  ///< the source of each
  std::vector<key> ledger_stale;            ///< removed rows that are there again, or whose undo window is over
};

namespace detail {

/// Adds the seconds of its lifetime to a step.
class step_timer {
 public:
  explicit step_timer(double& seconds) : seconds_(seconds) {}
  step_timer(const step_timer&) = delete;
  step_timer& operator=(const step_timer&) = delete;
  ~step_timer() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// A ledger entry that still binds, with copies of what a visit only lends.
struct bound_entry {
  upkeep::key removed, witness;
  std::string source;
  bool has_source = false;
  double score = 0;
};

// Of how many rows people said that they go, and who these people are.
inline void count_accepted(const plan& p, janitor_report& r) {
  std::set<std::string_view> people;
  for (const planned_removal& removal : p.removals)
    if (!removal.accepted_by.empty()) {
      ++r.accepted_pairs;
      people.insert(removal.accepted_by);
    }
  constexpr std::size_t named = 5;
  std::size_t count = 0;
  for (const std::string_view who : people)
    if (++count <= named) r.accepted_by.append(count == 1 ? "" : ", ").append(who);
  if (count > named) r.accepted_by += " and " + std::to_string(count - named) + " more";
}

/// One analysis, step by step; each step leaves its result in a member that later steps read.
template <class Parts>
class analyser {
 public:
  /// @param locked  whether the run holds the store's lock and may replace what an earlier one remembered
  analyser(Parts& parts, const janitor_options& options, progress& progress, time_point now, bool locked)
      : parts_(parts), options_(options), progress_(progress), now_(now), locked_(locked), texts_(options.text_memory) {}

  analysis run() {
    scan();
    read_ledger();
    ask_oracle();
    refuse_containers();
    find_lost_witnesses();
    sort_out_orphans();
    find_pairs();
    resolve_pairs();
    summarise();
    return std::move(result_);
  }

 private:
  using finder_type = std::remove_reference_t<decltype(use(std::declval<Parts&>().finder))>;

  auto& store() { return parts_.store; }

  void scan() {
    const step_timer timer(result_.report.seconds.scan);
    const field there = store().fields();
    if (Parts::asks_oracle && !has(there, field::source))
      throw error(errc::invalid_argument,
                  "janitor: an orphan oracle was given but the store has no source field: name the column that holds the source");
    dimension_ = store().dimension();
    const std::size_t expected = store().size();
    paged_ = paged_finder<finder_type> && expected != 0 && dimension_ > options_.vector_memory / sizeof(float) / expected;
    if (!paged_) vectors_.reserve(expected * dimension_);
    const bool keeps_texts = reads_text<typename Parts::guard_type> && options_.text_memory != 0;
    const field judged = (keeps_texts ? field::text : field::none) & there;
    store().scan((row_table::needed & there) | judged | field::vector, [&](const record_batch& batch) {
      progress_.check("the scan");
      const std::size_t first = rows_.size();
      rows_.append(batch);
      for (std::size_t i = 0; judged != field::none && i < batch.size(); ++i) {
        if (batch.texts.empty())
          texts_.end();
        else
          texts_.push_back(batch.texts[i]);
      }
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch.health[i] != set_aside::no) {
          ++result_.report.set_aside[static_cast<std::size_t>(batch.health[i])];
          continue;
        }
        vector_row_.push_back(static_cast<row_index>(first + i));
        if (!paged_) vectors_.insert(vectors_.end(), batch.vectors[i].begin(), batch.vectors[i].end());
      }
      progress_.report("scan", rows_.size(), std::max(expected, rows_.size()), "rows");
    });
    rows_.index();
    if (rows_.size() != 0 && vector_row_.empty())
      throw error(errc::inconsistent, "janitor: none of the " + std::to_string(rows_.size()) +
                                          " rows has a usable vector: check which column holds the vectors and how they are encoded");
  }

  // Rows that stand for removed ones must stay; rows that came back, and windows that ended, are forgotten.
  void read_ledger() {
    held_.assign(rows_.size(), 0);
    use(parts_.history).visit_ledger([&](const ledger_entry& e) {
      if (e.until <= now_ || rows_.find(e.removed)) {
        result_.ledger_stale.emplace_back(e.removed);
        return;
      }
      ledger_.push_back({key(e.removed), key(e.witness), std::string(e.source), is_present(e.source), e.score});
      if (const auto witness = rows_.find(e.witness)) held_[*witness] = 1;
    });
  }

  // That a whole container has gone is not believed: its sources count as unknown. On a baseline it is, for what is gone then has been gone
  // before, and that run removes nothing.
  void refuse_containers() {
    refused_.assign(rows_.sources().size(), 0);
    if constexpr (!Parts::asks_oracle) return;
    use(parts_.history).visit_orphans([&](const orphan_sighting& s) {
      known_.emplace(key(s.key), std::pair(std::string(s.source), s.first_seen));
    });
    const std::uint64_t least = options_.limits.container_sources;
    if (least == 0 || (options_.baseline && looks_first(use(parts_.history).last_run()))) return;
    std::unordered_set<std::string_view> known_sources;
    for (const auto& [row, sighting] : known_) known_sources.insert(sighting.first);
    container_census census(options_.container_of, options_.gone_containers);
    const auto each_source = [&](auto&& action) {
      for (std::uint32_t s = 0; s < rows_.sources().size(); ++s)
        if (const std::string_view source = rows_.sources()[s]; is_present(source)) action(s, source);
    };
    each_source([&](std::uint32_t s, std::string_view source) { census.count(source, owner_[s], known_sources.contains(source)); });
    const std::vector<refused_container> refused = census.refuse(least);
    if (refused.empty()) return;
    each_source([&](std::uint32_t s, std::string_view source) {
      if (owner_[s] != ownership::absent || !census.refused(source)) return;
      owner_[s] = ownership::unknown;
      refused_[s] = 1;
    });
    result_.report.refused = about_refused(refused);
    result_.report.containers_refused = refused.size();
    for (const refused_container& c : refused) {
      const event_field fields[] = {{"container", std::string_view(c.name)}, {"sources", c.sources}, {"newly_absent", c.newly_absent}};
      progress_.tell({event_level::alert, "container_refused", "no source of this container is left: its rows are kept", fields});
    }
  }

  // A removed row of a source that is gone as well needs nobody to stand for it: its witness may have left as an orphan.
  void find_lost_witnesses() {
    for (std::size_t i = 0; i < ledger_.size(); ++i) {
      if (rows_.find(ledger_[i].witness) || is_absent(i)) continue;
      ++result_.report.witnesses_lost;
      result_.plan.review.push_back({ledger_[i].removed, ledger_[i].witness, ledger_[i].score, "witness_lost"});
    }
  }

  [[nodiscard]] bool is_absent(std::size_t entry) const {
    return ledger_[entry].has_source && owner_[ledger_source_[entry]] == ownership::absent;
  }

  void ask_oracle() {
    const step_timer timer(result_.report.seconds.oracle);
    // The sources of removed rows count too: whether they live decides what a last copy is.
    std::vector<std::uint32_t> ledger_sources;
    for (const bound_entry& e : ledger_) ledger_sources.push_back(e.has_source ? rows_.intern_source(e.source) : string_table::none);
    ledger_source_ = std::move(ledger_sources);
    if constexpr (Parts::asks_oracle) {
      std::vector<std::string_view> ids;
      std::vector<std::uint32_t> numbers;
      for (std::uint32_t s = 0; s < rows_.sources().size(); ++s)
        if (is_present(rows_.sources()[s])) {
          ids.push_back(rows_.sources()[s]);
          numbers.push_back(s);
        }
      const std::vector<ownership> answers = ask_owners(use(parts_.oracle), ids, progress_);
      owner_.assign(rows_.sources().size(), ownership::unknown);
      janitor_report& r = result_.report;
      for (std::size_t i = 0; i < answers.size(); ++i) {
        owner_[numbers[i]] = answers[i];
        r.absent_sources += answers[i] == ownership::absent ? 1 : 0;
        r.unknown_sources += answers[i] == ownership::unknown ? 1 : 0;
      }
      r.sources = ids.size();
      result_.basis.absent_share = absent_share(r.absent_sources, r.sources - r.unknown_sources).value_or(0);
    } else {
      owner_.assign(rows_.sources().size(), ownership::present);
    }
  }

  void sort_out_orphans() {
    if constexpr (!Parts::asks_oracle) return;
    // A row that stands for a removed row of a living source is the last copy of what that source said.
    std::unordered_map<key, std::size_t, key_hash> last_copy;
    for (std::size_t i = 0; i < ledger_.size(); ++i)
      if (!is_absent(i)) last_copy.emplace(ledger_[i].witness, i);
    janitor_report& r = result_.report;
    for (row_index row = 0; row < rows_.size(); ++row) {
      r.without_source += is_present(rows_.sources()[rows_.source(row)]) ? 0 : 1;
      const bool refused = refused_[rows_.source(row)] != 0;
      if ((owner_[rows_.source(row)] != ownership::absent && !refused) || rows_.health(row) != set_aside::no) continue;
      ++r.orphans_found;
      const key id(rows_.key(row));
      const std::string source(rows_.sources()[rows_.source(row)]);
      const auto seen = known_.find(id);
      const bool was_known = seen != known_.end() && seen->second.first == source;
      if (was_known || !refused) {  // else the next night would take it for known
        result_.orphans.push_back(id);
        result_.orphan_sources.push_back(source);
      }
      if (rows_.pinned(row)) {
        ++r.pinned;
        continue;
      }
      if (const auto held = last_copy.find(id); held != last_copy.end()) {
        ++r.last_copy;
        result_.plan.review.push_back({id, ledger_[held->second].removed, ledger_[held->second].score, "last_copy"});
        continue;
      }
      if (refused) {
        ++r.in_refused_container;
        continue;
      }
      const bool long_enough = options_.grace == std::chrono::seconds(0) || (was_known && now_ - seen->second.second >= options_.grace);
      if (!long_enough) {
        ++r.waiting_grace;
        continue;
      }
      planned_removal p = planned(row, removal_reason::orphan);
      result_.plan.removals.push_back(std::move(p));
    }
  }

  // Only rows whose source is known to be there are compared: an orphan or an unknown is never a witness.
  void find_pairs() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < vector_row_.size(); ++i) {
      if (owner_[rows_.source(vector_row_[i])] != ownership::present) continue;
      if (kept != i) {
        if (!paged_)
          std::copy_n(vectors_.begin() + static_cast<std::ptrdiff_t>(i * dimension_), dimension_,
                      vectors_.begin() + static_cast<std::ptrdiff_t>(kept * dimension_));
        vector_row_[kept] = vector_row_[i];
      }
      ++kept;
    }
    vector_row_.resize(kept);
    const step_timer timer(result_.report.seconds.join);
    const find_options find{.threshold = options_.threshold, .threads = options_.threads};
    const auto sink = [&](const scored_pair& p) {
      const row_index a = vector_row_[p.first], b = vector_row_[p.second];
      if (rows_.model(a) != rows_.model(b)) return;  // vectors of different models live in different spaces
      if (!options_.across_scopes && rows_.scope(a) != rows_.scope(b)) return;
      if (pairs_.size() >= options_.max_pairs)
        throw error(errc::limit_exceeded, "janitor: more than " + std::to_string(options_.max_pairs) +
                                              " near-duplicate pairs: raise the threshold, or raise max_pairs (16 bytes of memory each)");
      pairs_.push_back({std::min(a, b), std::max(a, b), p.score});
    };
    auto& finder = use(parts_.finder);
    const matrix_view<const float> matrix =
        paged_ ? matrix_view<const float>() : matrix_view<const float>(vectors_.data(), kept, dimension_);
    if (paged_) {
      if constexpr (paged_finder<finder_type>) find_where_they_are(finder, find, sink);
    } else if constexpr (incremental_finder<finder_type>) {
      const auto key_of = [&](std::size_t i) { return rows_.key(vector_row_[i]); };
      const bool keep = locked_ && !options_.dry_run;
      if (parts_.directory.empty()) {
        finder.find_pairs(matrix, find, sink, progress_);
      } else {
        if (keep) create_directories_durably(parts_.directory);
        finder.find_pairs_since(matrix, {parts_.directory + "/sketches", keep, key_of}, find, sink, progress_);
      }
    } else {
      finder.find_pairs(matrix, find, sink, progress_);
    }
    result_.report.pairs = pairs_.size();
    vectors_ = {};
  }

  // The vectors are more than may be held in memory: the finder reads them in the store.
  void find_where_they_are(finder_type& finder, const find_options& find, pair_sink sink) {
    std::vector<row_index> number(rows_.size(), not_searched);
    for (std::size_t i = 0; i < vector_row_.size(); ++i) number[vector_row_[i]] = static_cast<row_index>(i);
    std::vector<row_index> numbers;
    const auto hand_over = [&](const record_batch& batch, page_visitor visit) {
      numbers.clear();
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto row = batch.health[i] == set_aside::no ? rows_.find(batch.keys[i]) : std::nullopt;
        numbers.push_back(row ? number[*row] : not_searched);
      }
      visit(numbers, batch.vectors);
    };
    const auto scan = [&](page_visitor visit) { store().scan(field::vector, [&](const record_batch& batch) { hand_over(batch, visit); }); };
    const auto fetch = [&](std::span<const row_index> wanted, page_visitor visit) {
      std::vector<key_view> keys;
      for (const row_index w : wanted) keys.push_back(rows_.key(vector_row_[w]));
      store().fetch(keys, field::vector, [&](const record_batch& batch) { hand_over(batch, visit); });
    };
    finder.find_pairs_in({vector_row_.size(), dimension_, scan, fetch}, find, sink, progress_);
  }

  void resolve_pairs() {
    const step_timer timer(result_.report.seconds.guard);
    for (row_index row = 0; row < rows_.size(); ++row)
      if (rows_.pinned(row)) held_[row] = 1;
    decided_pairs decided;
    decided.read(parts_, rows_, progress_);
    const guarded_resolution resolved = resolve_guarded(parts_, rows_, texts_, pairs_, held_, progress_, decided);
    texts_ = kept_texts(0);
    janitor_report& r = result_.report;
    r.duplicates_found = resolved.decisions.removed.size();
    r.changed += resolved.changed;
    r.rejected_pairs = resolved.rejected;
    for (const resolved_removal& d : resolved.decisions.removed) {
      planned_removal p = planned(d.removed, removal_reason::duplicate);
      p.witness = key(rows_.key(d.witness));
      const std::string_view source = rows_.sources()[rows_.source(d.witness)];
      p.witness_source = std::string(source);
      p.has_witness_source = is_present(source);
      p.witness_digest = rows_.digest(d.witness);
      p.score = d.score;
      if (d.accepted) {
        const std::string_view who = decided.who(d.removed, d.witness);
        p.accepted_by = who.empty() ? "somebody" : std::string(who);  // never empty: that would say that the guard let the row go
      }
      result_.plan.removals.push_back(std::move(p));
    }
    count_accepted(result_.plan, r);
    r.void_decisions = list_for_review(resolved.decisions.review, decided, rows_, options_.max_review, result_.plan);
  }

  planned_removal planned(row_index row, removal_reason reason) const {
    planned_removal p;
    p.key = key(rows_.key(row));
    p.reason = reason;
    const std::string_view source = rows_.sources()[rows_.source(row)];
    p.source = std::string(source);
    p.has_source = is_present(source);
    p.digest = rows_.digest(row);
    p.bytes = rows_.bytes(row);
    p.scope = std::string(rows_.scopes()[rows_.scope(row)]);
    return p;
  }

  void summarise() {
    janitor_report& r = result_.report;
    plan& p = result_.plan;
    r.rows = rows_.size();
    r.store = store().identity();
    r.policies = Parts::names();
    if (options_.across_scopes) r.policies.emplace_back("across_scopes", "yes");
    if (options_.grace == std::chrono::seconds(0)) r.policies.emplace_back("grace", "none");
    if (!options_.baseline) r.policies.emplace_back("baseline", "none");
    r.review_pairs = p.review.size() + p.review_left_out;
    r.review_left_out = p.review_left_out;
    r.planned = p.removals.size();
    p.store = r.store;
    p.made = now_;
    p.threshold = options_.threshold;
    p.rows = r.rows;
    p.sources = r.sources - r.unknown_sources;
    p.absent_sources = r.absent_sources;
    p.policies = r.policies;
    for (std::uint32_t m = 0; m < rows_.models().size(); ++m)
      if (is_present(rows_.models()[m])) p.models.emplace_back(rows_.models()[m]);
    result_.basis.rows = r.rows;
    for (row_index row = 0; row < rows_.size(); ++row) ++scope_rows_[rows_.scope(row)];
    for (const auto& [scope, count] : scope_rows_) result_.basis.scope_rows[std::string(rows_.scopes()[scope])] += count;
    if (Parts::asks_oracle) result_.basis.last_absent_share = absent_share(use(parts_.history).last_run());
    if constexpr (sized_store<typename Parts::store_type>) r.file_bytes_before = r.file_bytes_after = store().bytes();
  }

  Parts& parts_;
  const janitor_options& options_;
  progress& progress_;
  time_point now_;
  bool locked_;
  bool paged_ = false;  // the vectors stay in the store
  analysis result_;
  row_table rows_;
  kept_texts texts_;
  std::size_t dimension_ = 0;
  std::vector<float> vectors_;         // of sound rows, one after the other
  std::vector<row_index> vector_row_;  // which row each of them belongs to
  std::vector<std::uint8_t> held_;     // rows that must stay
  std::vector<bound_entry> ledger_;
  std::vector<std::uint32_t> ledger_source_;
  std::unordered_map<key, std::pair<std::string, time_point>, key_hash> known_;  // orphans of earlier runs
  std::vector<ownership> owner_;                                                 // by source number
  std::vector<std::uint8_t> refused_;                                            // the same: absent, and not believed
  std::vector<scored_pair> pairs_;
  std::unordered_map<std::uint32_t, std::uint64_t> scope_rows_;
};

}  // namespace detail
}  // namespace upkeep::inline v0
