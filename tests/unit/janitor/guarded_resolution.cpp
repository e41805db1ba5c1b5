#include "upkeep/janitor/guarded_resolution.hpp"

#include "support/catch.hpp"
#include "support/janitor_world.hpp"

#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/keep_newest.hpp"

#include <algorithm>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

using namespace upkeep;
using upkeep_test::row;

namespace {

row_table table_of(memory_store& store) {
  row_table table;
  store.scan(row_table::needed | field::vector, [&](const record_batch& batch) { table.append(batch); });
  table.index();
  return table;
}

// What resolve_guarded asks of a janitor's parts.
template <class Guard>
struct few_parts {
  using guard_type = Guard;
  upkeep_test::watched_store& store;
  Guard guard{};
  keep_fullest retention{};
};

// A guard that says one thing.
struct says {
  verdict answer = verdict::review;
  verdict judge(const pair_view&) const { return answer; }
  std::string_view doubt(const pair_view&) const { return "why"; }
};

struct parts_with_history {
  using guard_type = says;
  upkeep_test::watched_store& store;
  says guard{};
  keep_fullest retention{};
  memory_history history{};
};

template <class Parts>
v0::detail::guarded_resolution resolve_all(Parts& parts, const row_table& rows, const std::vector<scored_pair>& pairs, progress& p,
                                           const v0::detail::kept_texts& kept = v0::detail::kept_texts(0)) {
  const std::vector<std::uint8_t> held(rows.size());
  return v0::detail::resolve_guarded(parts, rows, kept, pairs, held, p);
}

}  // namespace

TEST_CASE("guarded_resolution: pinned rows come first, then the retention's, equals by key, rows of no pair last", "[guarded_resolution]") {
  memory_store store(4);
  const auto insert = [&](key k, std::int64_t created, bool pinned) {
    record r = row(std::move(k), 0);
    r.created = created;
    r.pinned = pinned;
    store.insert(r);
  };
  insert("z", 7, true);
  insert("d", 5, false);
  insert("c", 9, false);
  insert("b", 5, false);
  insert("a", 1, true);
  insert("y", 8, true);
  const row_table table = table_of(store);
  std::vector<scored_pair> pairs;
  const std::vector<std::pair<key, key>> named{{"d", "c"}, {"c", "a"}, {"b", "c"}};
  for (const auto& [x, y] : named) pairs.push_back({*table.find(x), *table.find(y), .99});
  std::vector<key> order;
  for (const row_index r : v0::detail::retention_order(keep_newest{}, table, pairs)) order.emplace_back(table.key(r));
  REQUIRE(order.size() == 6);
  REQUIRE(std::vector<key>(order.begin(), order.begin() + 4) == std::vector<key>{"a", "c", "b", "d"});
  std::sort(order.begin() + 4, order.end());
  REQUIRE(std::vector<key>(order.begin() + 4, order.end()) == std::vector<key>{"y", "z"});
}

TEST_CASE("guarded_resolution: a row that changed since the scan neither goes nor stands for another", "[guarded_resolution]") {
  upkeep_test::world w;
  w.options.text_memory = 0;
  for (int i = 0; i < 3; ++i) w.insert(row(i, .001 * i, i == 0 ? "the same words, and more" : "the same words"));
  // Row 0 outranks the others by its length. It is rewritten between the scan and the guard's reading.
  bool changed = false;
  w.store.before = [&](std::string_view step) {
    if (step == "fetch" && !changed) {
      changed = true;
      w.store.inner.insert(row(0, 1.5, "something else"));
    }
  };
  auto janitor = w.janitor();
  const plan p = janitor.analyse();
  REQUIRE(changed);
  REQUIRE(p.removals.size() == 1);
  REQUIRE(p.removals[0].key == key(2));
  REQUIRE(p.removals[0].witness == key(1));
}

TEST_CASE("guarded_resolution: texts are fetched only for rows of pairs, and only for guards that read them", "[guarded_resolution]") {
  upkeep_test::world w;
  w.options.text_memory = 0;
  w.insert(row(0, 0));
  w.insert(row(1, .001));
  w.insert(row(2, 1.0));  // close to nobody
  std::size_t fetches = 0;
  w.store.before = [&](std::string_view step) { fetches += step == "fetch" ? 1 : 0; };
  REQUIRE(w.janitor(any_pair{}).analyse().removals.size() == 1);
  REQUIRE(fetches == 0);
  REQUIRE(w.janitor().analyse().removals.size() == 1);
  REQUIRE(fetches == 1);
  w.options.text_memory = 1 << 20;  // room for what the scan showed
  REQUIRE(w.janitor().analyse().removals.size() == 1);
  REQUIRE(fetches == 1);
}

// A text that stood under another row's number would let the wrong row go.
TEST_CASE("guarded_resolution: a store that leaves a batch's texts out has them fetched", "[guarded_resolution]") {
  struct store_without : upkeep_test::watched_store {
    using watched_store::watched_store;
    void scan(field wanted, record_visitor visit) {
      watched_store::scan(wanted, [&](const record_batch& whole) {
        for (std::size_t i = 0; i < whole.size(); ++i) {
          record_buffer one(wanted, dimension());
          one.push_back(whole[i], whole.digests[i], whole.row_bytes[i]);
          record_batch batch = one.batch();
          if (i == 1) batch.texts = {};
          visit(batch);
        }
      });
    }
  };
  upkeep_test::basic_world<store_without> w;
  for (int i = 0; i < 4; ++i) w.insert(row(i, .001 * i, i == 3 ? "the same words" : "other words " + std::to_string(i)));
  w.insert(row(4, .005, "the same words, and more.\nthe same words"));
  const plan p = w.janitor().analyse();
  REQUIRE(p.removals.size() == 1);
  CHECK(p.removals[0].key == key(3));
  CHECK(p.removals[0].witness == key(4));
}

TEST_CASE("guarded_resolution: however many texts the scan could keep, the decisions are the same", "[guarded_resolution]") {
  upkeep_test::watched_store store(4);
  std::vector<scored_pair> pairs;
  for (int i = 0; i < 40; ++i) {
    store.inner.insert(row(i, 0, "these are " + std::string(static_cast<std::size_t>(i * 7 % 11), 'x')));
    for (int k = 0; k < i; k += 3) pairs.push_back({static_cast<row_index>(k), static_cast<row_index>(i), .99});
  }
  const row_table rows = table_of(store.inner);
  few_parts<contained> parts{store};
  progress silent;
  const auto expected = resolve_all(parts, rows, pairs, silent);
  REQUIRE_FALSE(expected.decisions.removed.empty());
  for (const std::uint64_t most : {1u, 9u, 10u, 200u, 100'000u}) {
    v0::detail::kept_texts kept(most);
    std::uint64_t bytes = 0;
    store.inner.scan(field::text, [&](const record_batch& batch) {
      for (const std::string_view text : batch.texts) kept.push_back(text);
    });
    std::size_t held = 0;
    for (; held < 40 && kept.has(static_cast<row_index>(held)); ++held) bytes += kept[static_cast<row_index>(held)].size();
    REQUIRE(bytes <= most);
    REQUIRE((held == 40) == (most == 100'000u));
    const auto r = resolve_all(parts, rows, pairs, silent, kept);
    REQUIRE(r.decisions.removed == expected.decisions.removed);
    REQUIRE(r.decisions.review == expected.decisions.review);
    REQUIRE(r.changed == 0);
  }
}

TEST_CASE("guarded_resolution: a row that is gone or another when its text is read is counted once, and no review is made of it",
          "[guarded_resolution]") {
  upkeep_test::watched_store store(4);
  for (int i = 0; i < 4; ++i) store.inner.insert(row(i, 0, std::string(static_cast<std::size_t>(10 - i), 'x')));
  const row_table rows = table_of(store.inner);
  const std::vector<scored_pair> all = {{0, 1, 1.0}, {0, 2, 1.0}, {0, 3, 1.0}, {1, 2, 1.0}, {1, 3, 1.0}, {2, 3, 1.0}};
  if (GENERATE(false, true)) {
    store.inner.insert(row(0, 0, "another text"));
  } else {
    const key_view k = 0;
    store.inner.erase(std::span(&k, 1));
  }
  struct yes {
    verdict judge(const pair_view&) const { return verdict::covers; }
  };
  few_parts<yes> parts{store};
  progress silent;
  const auto r = resolve_all(parts, rows, all, silent);
  REQUIRE(r.decisions.removed == std::vector<resolved_removal>{{2, 1, 1.0}, {3, 1, 1.0}});
  REQUIRE(r.decisions.review.empty());
  REQUIRE(r.changed == 1);
}

TEST_CASE("guarded_resolution: a store without texts lets the guard judge what there is", "[guarded_resolution]") {
  upkeep_test::watched_store store(4);
  store.inner.insert(row(0, 0, "longer text"));
  store.inner.insert(row(1, 0, "text"));
  store.shown = field::vector | field::digest | field::row_bytes;
  const row_table rows = table_of(store.inner);
  few_parts<contained> parts{store};
  progress silent;
  const auto r = resolve_all(parts, rows, {{0, 1, 1.0}}, silent);
  REQUIRE(r.decisions.removed.empty());
  REQUIRE(r.decisions.review.size() == 1);
}

TEST_CASE("guarded_resolution: texts that are read block by block decide as if all were there", "[guarded_resolution]") {
  // A chain of 5,000 rows, each close to the next: more than one block, more than one fetch a block; every other row goes.
  upkeep_test::watched_store store(4);
  std::vector<scored_pair> pairs;
  for (int i = 0; i < 5000; ++i) {
    record r = row(i, 0, "text");
    r.created = i;
    store.inner.insert(r);
    if (i != 0) pairs.push_back({static_cast<row_index>(i - 1), static_cast<row_index>(i), .99});
  }
  const row_table rows = table_of(store.inner);
  few_parts<contained> parts{store};
  progress silent;
  const auto r = resolve_all(parts, rows, pairs, silent);
  REQUIRE(r.decisions.removed.size() == 2500);
  for (std::size_t i = 0; i < 2500; ++i)
    REQUIRE(r.decisions.removed[i] == resolved_removal{static_cast<row_index>(2 * i + 1), static_cast<row_index>(2 * i), .99});
  REQUIRE(r.changed == 0);
}

TEST_CASE("guarded_resolution: a stop is obeyed while texts are read", "[guarded_resolution]") {
  upkeep_test::watched_store store(4);
  store.inner.insert(row(0, 0));
  store.inner.insert(row(1, 0));
  const row_table rows = table_of(store.inner);
  few_parts<contained> parts{store};
  const auto stop = std::make_unique<std::stop_source>();
  stop->request_stop();
  progress p(stop->get_token());
  REQUIRE_THROWS_AS(resolve_all(parts, rows, {{0, 1, 1.0}}, p), error);
}

TEST_CASE("guarded_resolution: a person's word counts where the guard hesitates, and nowhere else", "[guarded_resolution]") {
  upkeep_test::watched_store store(4);
  store.inner.insert(row(0, 0, "the longer text"));
  store.inner.insert(row(1, 0, "text"));
  const row_table rows = table_of(store.inner);
  parts_with_history parts{store};
  progress silent;
  const std::vector<std::uint8_t> held(2);
  for (const verdict answer : {verdict::covers, verdict::review, verdict::distinct, static_cast<verdict>(9)})
    for (const int word : {0, 1, 2}) {  // nobody's, yes, no
      INFO(static_cast<int>(answer) << " " << word);
      parts.guard.answer = answer;
      static_cast<void>(parts.history.forget_decision(0, 1));
      const auto content = [&](const char* text) { return content_hash(row(0, 0).vector, text); };
      if (word != 0) parts.history.record_decision({1, 0, content("text"), content("the longer text"), word == 1, "eve", {}});
      v0::detail::decided_pairs decided;
      decided.read(parts, rows, silent);
      const auto r =
          v0::detail::resolve_guarded(parts, rows, v0::detail::kept_texts(0), std::vector<scored_pair>{{0, 1, 1.0}}, held, silent, decided);
      const bool asked = answer == verdict::review, goes = answer == verdict::covers || (asked && word == 1);
      CHECK(r.decisions.removed == (goes ? std::vector<resolved_removal>{{1, 0, 1.0, asked}} : std::vector<resolved_removal>{}));
      CHECK(r.decisions.review == (asked && word == 0 ? std::vector<resolved_review>{{1, 0, 1.0, "why"}} : std::vector<resolved_review>{}));
      CHECK(r.rejected == (asked && word == 2 ? 1U : 0U));
    }
}
