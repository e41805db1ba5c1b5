// memory_store against a list of rows that is changed the plain way.

#include "upkeep/store/memory_store.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>
#include <thread>

#include "support/catch.hpp"
#include "upkeep/testing/generated_rows.hpp"

using upkeep::errc;
using upkeep::field;
using upkeep::key_view;
using upkeep::memory_store;
using upkeep::record_batch;
using upkeep::testing::generated_row;
using upkeep::testing::row_generator;

namespace {

constexpr std::size_t dimension = 3;

struct failed_on_purpose {};

std::vector<generated_row> scanned(memory_store& store, field wanted = upkeep::stored_fields) {
  std::vector<generated_row> rows;
  store.scan(wanted, [&](const record_batch& b) {
    for (std::size_t i = 0; i < b.size(); ++i) rows.emplace_back(b[i]);
  });
  return rows;
}

std::string differences(const std::vector<generated_row>& seen, const std::vector<generated_row>& expected) {
  if (seen.size() != expected.size()) return std::to_string(seen.size()) + " rows, not " + std::to_string(expected.size());
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (auto d = upkeep::testing::difference(seen[i].view(), expected[i].view()); !d.empty()) return "row " + std::to_string(i) + ": " + d;
  return {};
}

void upsert(memory_store& store, const std::vector<generated_row>& rows) {
  upkeep::record_buffer buffer(upkeep::stored_fields, dimension);
  CHECK(store.upsert(batch_of(rows, buffer)) == rows.size());
}

std::string refusal(errc code, const std::function<void()>& action) {
  try {
    action();
  } catch (const upkeep::error& e) {
    CHECK(upkeep::to_string(e.code()) == upkeep::to_string(code));
    return e.what();
  }
  FAIL("was not refused");
  return {};
}

// The reference: the same steps on a plain list.
struct list {
  std::vector<generated_row> rows;

  void upsert(const std::vector<generated_row>& changed) {
    for (const generated_row& r : changed) {
      const auto at = std::find_if(rows.begin(), rows.end(), [&](const generated_row& old) { return old.key == r.key; });
      if (at == rows.end())
        rows.push_back(r);
      else
        *at = r;
    }
  }
  std::size_t erase(const std::vector<key_view>& keys) {
    return std::erase_if(rows, [&](const generated_row& r) { return std::find(keys.begin(), keys.end(), r.key.view()) != keys.end(); });
  }
};

// A random change, made to both.
void change(memory_store& store, list& reference, row_generator& generator) {
  upkeep::rng& random = generator.random();
  if (random.chance(0.6)) {
    std::vector<generated_row> rows = generator.next(static_cast<std::size_t>(random.below(6)));
    for (const generated_row& old : reference.rows)
      if (random.chance(0.1)) {
        rows.push_back(old);
        generator.refill(rows.back());
      }
    upsert(store, rows);
    reference.upsert(rows);
  } else {
    std::vector<upkeep::key> keys{generator.next_key()};
    for (const generated_row& old : reference.rows)
      if (random.chance(0.2)) keys.insert(keys.end(), random.chance(0.1) ? 2 : 1, old.key);
    const std::vector<key_view> views(keys.begin(), keys.end());
    const std::size_t erased = store.erase(views);
    CHECK(erased == reference.erase(views));
  }
}

}  // namespace

TEST_CASE("a memory_store is a list of rows under keys", "[memory_store]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    row_generator generator(seed, {.dimension = dimension});
    memory_store store(dimension);
    list reference;
    for (int step = 0; step < 15; ++step) {
      change(store, reference, generator);
      INFO("seed " << seed << ", step " << step);
      REQUIRE(differences(scanned(store), reference.rows) == "");
      REQUIRE(store.size() == reference.rows.size());
    }
  }
}

TEST_CASE("a transaction is kept whole or not at all", "[memory_store]") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    row_generator generator(seed, {.dimension = dimension});
    memory_store store(dimension);
    list reference;
    for (int step = 0; step < 4; ++step) change(store, reference, generator);
    for (int round = 0; round < 4; ++round) {
      const list before = reference;
      const std::uint64_t bytes = store.bytes();
      const bool fails = generator.random().chance(0.5);
      const auto steps = generator.random().below(8);
      const auto action = [&] {
        for (std::uint64_t i = 0; i < steps; ++i) {
          change(store, reference, generator);
          REQUIRE(differences(scanned(store), reference.rows) == "");  // its own changes are seen inside
        }
        if (fails) throw failed_on_purpose{};
      };
      INFO("seed " << seed << ", round " << round);
      if (fails) {
        REQUIRE_THROWS_AS(store.transact(action), failed_on_purpose);
        reference = before;
        REQUIRE(store.bytes() == bytes);
      } else {
        store.transact(action);
      }
      REQUIRE(differences(scanned(store), reference.rows) == "");
      REQUIRE(store.size() == reference.rows.size());
    }
    // Keys are still found after everything was taken back.
    for (const generated_row& r : reference.rows) {
      std::size_t found = 0;
      const std::vector<key_view> one{r.key};
      store.fetch(one, field::none, [&](const record_batch& b) { found += b.size(); });
      REQUIRE(found == 1);
    }
  }
}

TEST_CASE("a failed step inside a transaction takes back only itself", "[memory_store]") {
  memory_store store(1);
  store.insert({.key = 1, .vector = {1.0F}});
  store.transact([&] {
    store.insert({.key = 2, .vector = {2.0F}});
    CHECK_THROWS_AS(store.insert({.key = 3, .vector = {3.0F, 3.0F}}), upkeep::error);
    CHECK_THROWS_AS(store.transact([] {}), upkeep::error);
    const std::vector<key_view> first{1};
    CHECK(store.erase(first) == 1);
  });
  const auto rows = scanned(store);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].key == upkeep::key(2));
}

TEST_CASE("fetch follows the order of the keys and leaves missing ones out", "[memory_store]") {
  row_generator generator(7, {.dimension = dimension});
  memory_store store(dimension);
  const auto rows = generator.next(5000);  // more than two pages
  upsert(store, rows);
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  generator.random().shuffle(std::span(order));
  std::vector<upkeep::key> missing;
  for (int i = 0; i < 100; ++i) missing.push_back(generator.next_key());
  std::vector<key_view> keys;
  for (std::size_t i = 0; i < order.size(); ++i) {
    keys.push_back(rows[order[i]].key);
    if (i % 50 == 0) keys.push_back(missing[i / 50]);
  }
  std::vector<std::string> wrong;
  std::size_t seen = 0;
  store.fetch(keys, upkeep::stored_fields, [&](const record_batch& b) {
    for (std::size_t i = 0; i < b.size(); ++i, ++seen)
      if (auto d = upkeep::testing::difference(b[i], rows[order.at(seen)].view()); !d.empty()) wrong.push_back(d);
  });
  CHECK(seen == rows.size());
  CHECK(wrong.empty());
}

TEST_CASE("a scan hands out pages, and its visitor may change the store", "[memory_store]") {
  row_generator generator(8, {.dimension = dimension});
  memory_store store(dimension);
  const auto rows = generator.next(memory_store::page_rows * 2 + 1);
  upsert(store, rows);
  std::vector<std::size_t> pages;
  std::size_t inserted = 0;
  store.scan(field::vector, [&](const record_batch& b) {
    pages.push_back(b.size());
    store.insert({.key = upkeep::key("new " + std::to_string(inserted++)), .vector = {1, 2, 3}});
    const std::vector<key_view> last{rows.back().key};
    store.erase(last);
  });
  CHECK(pages == std::vector<std::size_t>{memory_store::page_rows, memory_store::page_rows});
  CHECK(store.size() == rows.size() - 1 + inserted);
}

TEST_CASE("fields that were not asked for stay empty; those asked for are right", "[memory_store]") {
  memory_store store(2, "pages");
  store.insert({.key = "k", .vector = {0.0F, 0.0F}, .source = "s", .text = "four", .created = 5, .pinned = true});
  const std::vector<key_view> keys{"k"};
  store.fetch(keys, field::none, [](const record_batch& b) {
    CHECK(b.size() == 1);
    CHECK((b.vectors.empty() && b.health.empty() && b.sources.empty() && b.texts.empty() && b.created.empty() && b.digests.empty()));
  });
  std::size_t visited = 0;
  store.fetch(keys, store.fields(), [&](const record_batch& b) {
    ++visited;
    CHECK(b.health[0] == upkeep::set_aside::zero);
    CHECK(b.text_sizes[0] == 4);
    CHECK(b.digests[0] == upkeep::row_digest(b[0]));
    CHECK(b.row_bytes[0] == 1 + 2 * 4 + 1 + 4 + 8 + 1);
    CHECK(upkeep::is_present(b.sources[0]));
    CHECK_FALSE(upkeep::is_present(b.scopes[0]));  // an empty field of an inserted record is absent
    CHECK((b.created[0] == 5 && b.pinned[0] == 1));
  });
  CHECK(visited == 1);
  CHECK(store.bytes() == 23);
  CHECK(store.identity() == "memory:pages");
  store.insert({.key = 1, .vector = {1.0F, 0.0F}});
  CHECK(store.bytes() == 23 + 8 + 8 + 8 + 1);
}

TEST_CASE("what a memory_store cannot hold is refused whole, naming the key", "[memory_store]") {
  CHECK_THAT(refusal(errc::invalid_argument, [] { memory_store bad(0); }), Catch::Contains("dimension is 0"));
  memory_store store(2);
  const auto width = refusal(errc::invalid_argument, [&] { store.insert({.key = "wide", .vector = {1, 2, 3}}); });
  CHECK_THAT(width, Catch::Contains("\"wide\"") && Catch::Contains("3 components") && Catch::Contains("the store 2"));

  upkeep::record_buffer wide(field::vector, 3);
  wide.push_back({.key = 1, .vector = {}, .source = {}, .scope = {}, .text = {}, .model = {}});
  CHECK_THAT(refusal(errc::invalid_argument, [&] { store.upsert(wide.batch()); }), Catch::Contains("key 1 has 3"));

  const float vector[] = {1, 2};
  const auto row = [&](key_view k) {
    return upkeep::record_view{.key = k, .vector = vector, .source = {}, .scope = {}, .text = {}, .model = {}};
  };
  upkeep::record_buffer buffer(field::vector, 2);
  buffer.push_back(row(1));
  buffer.push_back(row("two"));
  buffer.push_back(row(1));
  CHECK_THAT(refusal(errc::invalid_argument, [&] { store.upsert(buffer.batch()); }), Catch::Contains("the key 1 twice"));

  buffer.clear();
  buffer.push_back(row(1));
  buffer.push_back({.key = "narrow", .vector = {}, .source = {}, .scope = {}, .text = {}, .model = {}});
  CHECK_THAT(refusal(errc::invalid_argument, [&] { store.upsert(buffer.batch()); }), Catch::Contains("\"narrow\" is wrong_width"));

  upkeep::record_buffer without(field::text, 2);
  without.push_back(row(1));
  CHECK_THAT(refusal(errc::invalid_argument, [&] { store.upsert(without.batch()); }), Catch::Contains("has 0 components"));
  CHECK(store.size() == 0);
  CHECK(store.upsert(record_batch{}) == 0);
}

TEST_CASE("threads read and write one memory_store", "[memory_store]") {
  // Writers move amounts between two rows inside transactions; no reader may ever see a sum that is not 0.
  memory_store store(1);
  store.insert({.key = 1, .vector = {0.0F}, .created = 100});
  store.insert({.key = 2, .vector = {0.0F}, .created = -100});
  const std::vector<key_view> both{1, 2};
  const auto sum = [&] {
    std::int64_t total = 0;
    store.fetch(both, field::created, [&](const record_batch& b) { total += b.created[0] + b.created[1]; });
    return total;
  };
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r)
    readers.emplace_back([&] {
      while (!stop) {
        if (sum() != 0) ++wrong;
        std::size_t rows = 0;
        store.scan(field::vector, [&](const record_batch& b) { rows += b.size(); });
        if (rows < 2) ++wrong;
      }
    });
  std::vector<std::thread> writers;
  for (int w = 0; w < 2; ++w)
    writers.emplace_back([&, w] {
      for (int i = 0; i < 300; ++i) {
        try {
          store.transact([&] {
            store.insert({.key = 1, .vector = {0.0F}, .created = 1000 * w + i});
            if (i % 3 == 0) throw failed_on_purpose{};
            store.insert({.key = 2, .vector = {0.0F}, .created = -(1000 * w + i)});
          });
        } catch (const failed_on_purpose&) {
        }
        store.insert({.key = 100 + w, .vector = {1.0F}});
        const std::vector<key_view> own{100 + w};
        if (store.erase(own) != 1) ++wrong;
      }
    });
  for (auto& t : writers) t.join();
  stop = true;
  for (auto& t : readers) t.join();
  CHECK(wrong == 0);
  CHECK(sum() == 0);
  CHECK(store.size() == 2);
}

TEST_CASE("two who work on one memory_store share its lock and its history", "[memory_store]") {
  using parts = upkeep::defaults<memory_store>;
  memory_store store(1), other(1);
  upkeep::memory_lock first = parts::make_lock(store), second = parts::make_lock(store), third = parts::make_lock(other);
  CHECK(first.try_lock("one").acquired);
  CHECK_FALSE(second.try_lock("two").acquired);
  CHECK(third.try_lock("three").acquired);
  upkeep::memory_history writer = parts::make_history(store), reader = parts::make_history(store);
  writer.record_run({.id = "r1", .phase = "log", .status = "done", .receipt = {}, .report = {}});
  CHECK(reader.last_run().has_value());
  CHECK_FALSE(parts::make_history(other).last_run().has_value());
  CHECK(parts::directory(store).empty());
}
