// The janitor on three real collections against a slow reference, written from the rules and not from the code: a guard that looks for the words of
// one text in the other at every place, a retention order, a walk that compares each row with all rows that stay.

#include "support/catch.hpp"
#include "support/data.hpp"
#include "support/janitor_world.hpp"

#include "upkeep/base/json.hpp"
#include "upkeep/join/exhaustive_join.hpp"
#include "upkeep/oracle/set_oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

using namespace upkeep;

namespace {

struct item {
  std::string name, source, scope, text;
  std::int64_t created = no_time;
  bool orphan = false;
};

struct collection {
  upkeep_test::vectors vectors;
  std::vector<item> items;
};

std::string text_of(const json_object& row, std::string_view name) {
  const auto* const value = row.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<collection> load(const std::string& vectors, const std::string& lines, std::string_view name, std::string_view scope) {
  const auto vectors_path = upkeep_test::data_file(vectors);
  const auto lines_path = upkeep_test::data_file(lines);
  if (!vectors_path || !lines_path) return std::nullopt;
  collection c{upkeep_test::read_fvecs(*vectors_path), {}};
  std::ifstream file(*lines_path);
  for (std::string line; std::getline(file, line);) {
    const json_value parsed = parse_json(line, "a line of the data");
    const json_object& row = parsed.as_object();
    item i{text_of(row, name),
           text_of(row, "source"),
           scope.empty() ? std::string() : text_of(row, scope),
           text_of(row, "text"),
           no_time,
           false};
    if (const auto* const when = row.if_contains("updated_at")) i.created = when->is_int64() ? when->get_int64() : no_time;
    if (const auto* const orphan = row.if_contains("orphan")) i.orphan = orphan->is_bool() && orphan->get_bool();
    c.items.push_back(std::move(i));
  }
  REQUIRE(c.items.size() == c.vectors.rows);
  return c;
}

// ---- the reference --------------------------------------------------------------------------------------------------------------------

struct word {
  std::string bytes;
  bool after_break;  // a line ended before it
};

std::vector<word> words_of(const std::string& text) {
  std::vector<word> words;
  std::string current;
  bool broke = false;
  const auto flush = [&] {
    if (current.empty()) return;
    words.push_back({current, broke});
    current.clear();
    broke = false;
  };
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r') {
      flush();
      broke = broke || c == '\n' || c == '\r';
    } else {
      current += c;
    }
  }
  flush();
  return words;
}

bool ends_sentence(const word& w) { return std::string(".!?:;").find(w.bytes.back()) != std::string::npos; }

bool covers(const std::vector<word>& survivor, const std::vector<word>& removed) {
  if (removed.empty()) return false;
  const std::size_t n = removed.size();
  for (std::size_t at = 0; at + n <= survivor.size(); ++at) {
    const auto boundary_before = [&](std::size_t i) {
      return i == 0 || i == survivor.size() || survivor[i].after_break || ends_sentence(survivor[i - 1]);
    };
    if (!boundary_before(at) || !boundary_before(at + n)) continue;
    bool equal = true;
    for (std::size_t i = 0; equal && i < n; ++i) equal = survivor[at + i].bytes == removed[i].bytes;
    if (equal) return true;
  }
  return false;
}

double slow_cosine(const float* a, const float* b, std::size_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < n; ++i) {
    ab += double{a[i]} * double{b[i]};
    aa += double{a[i]} * double{a[i]};
    bb += double{b[i]} * double{b[i]};
  }
  return ab / std::sqrt(aa * bb);
}

struct decisions {
  std::map<std::size_t, std::size_t> removed;            // row to witness
  std::set<std::pair<std::size_t, std::size_t>> review;  // row that stays, row it was compared with
  std::size_t pairs = 0;
};

decisions decide(const collection& c) {
  // All pairs come from the join that compares every two rows, whose own test compares them with a double loop; their scores are computed anew.
  decisions d;
  std::vector<std::vector<std::pair<double, std::size_t>>> near(c.items.size());
  const matrix_view<const float> rows(c.vectors.values.data(), c.vectors.rows, c.vectors.dimension);
  std::vector<scored_pair> pairs;
  progress silent;
  const auto take = [&](const scored_pair& p) { pairs.push_back(p); };
  exhaustive_join<cosine>{}.find_pairs(rows, {.threshold = .98}, take, silent);
  for (const scored_pair& p : pairs) {
    const item &a = c.items[p.first], &b = c.items[p.second];
    if (a.orphan || b.orphan || a.scope != b.scope) continue;
    const double score = slow_cosine(c.vectors.row(p.first), c.vectors.row(p.second), c.vectors.dimension);
    REQUIRE(std::fabs(score - p.score) < 1e-12);
    near[p.first].emplace_back(p.score, p.second);
    near[p.second].emplace_back(p.score, p.first);
    ++d.pairs;
  }
  // keep_fullest: the longest text first, then the oldest, a known time before an unknown one, then the smaller key: the number of the row.
  std::vector<std::size_t> order(c.items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto place = [&](std::size_t row) {
    const item& x = c.items[row];
    return std::tuple(-static_cast<std::int64_t>(x.text.size()), x.created == no_time, x.created, row);
  };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
  std::vector<std::size_t> rank(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  for (const std::size_t row : order) {
    std::vector<std::pair<double, std::size_t>> kept;
    for (const auto& [score, other] : near[row])
      if (rank[other] < rank[row] && !d.removed.contains(other)) kept.emplace_back(score, other);
    std::sort(kept.begin(), kept.end(),
              [&](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : rank[a.second] < rank[b.second]; });
    const std::vector<word> mine = kept.empty() ? std::vector<word>() : words_of(c.items[row].text);
    std::set<std::pair<std::size_t, std::size_t>> review;
    for (const auto& [score, other] : kept) {
      if (covers(words_of(c.items[other].text), mine)) {
        d.removed.emplace(row, other);
        review.clear();
        break;
      }
      review.emplace(row, other);
    }
    d.review.merge(review);
  }
  return d;
}

// ---- the janitor ----------------------------------------------------------------------------------------------------------------------

struct cleaned {
  janitor_report report;
  upkeep::plan plan;
  upkeep_test::snapshot before, after, back;
  restore_report undone;
};

// Returns the sources that exist.
set_oracle fill(memory_store& store, const collection& c) {
  set_oracle sources;
  for (std::size_t i = 0; i < c.items.size(); ++i) {
    const item& x = c.items[i];
    record r;
    r.key = static_cast<std::int64_t>(i);
    r.vector.assign(c.vectors.row(i), c.vectors.row(i) + c.vectors.dimension);
    r.text = x.text;
    r.source = x.source;
    r.scope = x.scope;
    r.created = x.created;
    store.insert(r);
    if (!x.orphan) sources.add(x.source);
  }
  return sources;
}

cleaned clean(const collection& c) {
  const upkeep_test::temporary_directory folder;
  memory_store store(c.vectors.dimension, "real data");
  const set_oracle sources = fill(store, c);
  auto j = make_janitor(store, sources,
                        janitor_options{.phase = phase::cleanup,
                                        .baseline = false,
                                        .grace = std::chrono::seconds(0),
                                        .limits = {.fraction = .7},
                                        .backup_directory = folder.path().string()});
  cleaned result;
  result.before = upkeep_test::rows_of(store);
  result.report = j.run();
  result.plan = j.last_plan();
  result.after = upkeep_test::rows_of(store);
  result.undone = j.undo(*result.report.receipt);
  result.back = upkeep_test::rows_of(store);
  return result;
}

std::size_t row_of(key_view k) { return static_cast<std::size_t>(k.integer()); }

// Compares what the janitor did with the reference, row by row.
decisions check_against_reference(const collection& c, const cleaned& done) {
  const decisions expected = decide(c);
  std::map<std::size_t, std::size_t> removed;
  std::set<std::size_t> orphans, expected_orphans;
  for (const planned_removal& r : done.plan.removals) {
    if (r.reason == removal_reason::orphan) {
      orphans.insert(row_of(r.key));
      continue;
    }
    removed.emplace(row_of(r.key), row_of(r.witness));
    CHECK(r.score >= .98);
  }
  std::set<std::pair<std::size_t, std::size_t>> review;
  for (const review_pair& r : done.plan.review) {
    REQUIRE(r.reason == "guard");
    review.emplace(row_of(r.removed), row_of(r.survivor));
  }
  for (std::size_t i = 0; i < c.items.size(); ++i)
    if (c.items[i].orphan) expected_orphans.insert(i);
  CHECK(done.report.pairs == expected.pairs);
  CHECK((removed == expected.removed));
  CHECK((review == expected.review));
  CHECK((orphans == expected_orphans));

  CHECK(done.report.status == outcome::done);
  CHECK(done.report.changed == 0);
  CHECK(done.report.duplicates_removed == expected.removed.size());
  CHECK(done.report.orphans_removed == expected_orphans.size());
  // What is left is what should be, unchanged; and undo gives back everything, column by column.
  upkeep_test::snapshot left = done.before;
  for (const auto& [row, witness] : expected.removed) left.erase(static_cast<std::int64_t>(row));
  for (const std::size_t row : expected_orphans) left.erase(static_cast<std::int64_t>(row));
  CHECK(upkeep_test::first_difference(left, done.after).empty());
  CHECK(done.undone.restored == done.report.removed());
  CHECK(upkeep_test::first_difference(done.before, done.back).empty());
  return expected;
}

// The removed row's words, and the figures in them, all stand in the survivor.
void check_nothing_is_lost(const collection& c, const decisions& d) {
  const auto figures_of = [](const std::string& text) {
    std::set<std::string> figures;
    std::string current;
    for (const char x : text + " ") {
      if (x >= '0' && x <= '9') {
        current += x;
      } else if (!current.empty()) {
        figures.insert(current);
        current.clear();
      }
    }
    return figures;
  };
  for (const auto& [row, witness] : d.removed) {
    std::set<std::string> words;
    for (const word& w : words_of(c.items[witness].text)) words.insert(w.bytes);
    for (const word& w : words_of(c.items[row].text)) REQUIRE(words.contains(w.bytes));
    const auto here = figures_of(c.items[row].text), there = figures_of(c.items[witness].text);
    REQUIRE(std::includes(there.begin(), there.end(), here.begin(), here.end()));
  }
}

void print(const char* name, const cleaned& done) {
  const janitor_report& r = done.report;
  std::printf("%s: %llu rows, %llu pairs, %llu duplicates and %llu orphans removed, %llu pairs to review\n", name,
              static_cast<unsigned long long>(r.rows), static_cast<unsigned long long>(r.pairs),
              static_cast<unsigned long long>(r.duplicates_removed), static_cast<unsigned long long>(r.orphans_removed),
              static_cast<unsigned long long>(r.review_pairs));
}

}  // namespace

TEST_CASE("notes: pairs, guard decisions, removals and undo equal the reference", "[real data]") {
  auto c = load("notes_bge-micro-v2_384.fvecs", "notes.jsonl", "key", "");
  if (!c) return;
  const cleaned done = clean(*c);
  check_nothing_is_lost(*c, check_against_reference(*c, done));
  print("notes", done);
  CHECK(done.report.pairs == 11'900);
  CHECK(done.report.rows == 28'053);
  CHECK(done.report.orphans_found == 1'700);
}

TEST_CASE("notes: no pair spans both collections", "[real data]") {
  const auto c = load("notes_bge-micro-v2_384.fvecs", "notes.jsonl", "key", "collection");
  if (!c) return;
  memory_store store(c->vectors.dimension);
  const set_oracle sources = fill(store, *c);
  const janitor_report r = make_janitor(store, sources, janitor_options{}).run();
  CHECK(r.phase == "detect");
  CHECK(r.pairs == 11'900);
}

TEST_CASE("treasury: no row goes whose figures or words the survivor lacks", "[real data]") {
  const auto c = load("treasury_text-embedding-3-large_1536.fvecs", "treasury.jsonl", "key", "");
  if (!c) return;
  const cleaned done = clean(*c);
  check_nothing_is_lost(*c, check_against_reference(*c, done));
  print("treasury", done);
  CHECK(done.report.pairs == 1'352);
}

TEST_CASE("packages: no row goes whose figures or words the survivor lacks", "[real data]") {
  const auto c = load("packages_all-MiniLM-L6-v2_384.fvecs", "packages.jsonl", "id", "");
  if (!c) return;
  const cleaned done = clean(*c);
  check_nothing_is_lost(*c, check_against_reference(*c, done));
  print("packages", done);
  CHECK(done.report.pairs == 1'309);
}
