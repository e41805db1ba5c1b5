// file_backup over memory_store and over a store without transactions.

#include "upkeep/store/file_backup.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/testing/generated_rows.hpp"

using upkeep::errc;
using upkeep::field;
using upkeep::file_backup;
using upkeep::key_view;
using upkeep::memory_store;
using upkeep::receipt;
using upkeep::record_batch;
using upkeep::restore_report;
using upkeep::testing::generated_row;
using upkeep::testing::row_generator;

namespace {

std::vector<generated_row> scanned(memory_store& store) {
  std::vector<generated_row> rows;
  store.scan(upkeep::stored_fields, [&](const record_batch& b) {
    for (std::size_t i = 0; i < b.size(); ++i) rows.emplace_back(b[i]);
  });
  std::sort(rows.begin(), rows.end(), [](const generated_row& a, const generated_row& b) { return a.key < b.key; });
  return rows;
}

bool same_rows(const std::vector<generated_row>& a, const std::vector<generated_row>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const generated_row& x, const generated_row& y) { return upkeep::testing::difference(x.view(), y.view()).empty(); });
}

void fill(memory_store& store, const std::vector<generated_row>& rows) {
  upkeep::record_buffer buffer(upkeep::stored_fields, store.dimension());
  store.upsert(batch_of(rows, buffer));
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

std::size_t entries(const upkeep_test::temporary_directory& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory.path()), std::filesystem::directory_iterator()));
}

// A memory_store without transact, whose rows can be made to hold more than a record, and which can lose what is written to it.
struct plain_store {
  memory_store inside{2};
  std::uint64_t further_column = 0;
  bool drops_texts = false;

  void scan(field wanted, upkeep::record_visitor visit) { inside.scan(wanted, visit); }
  void fetch(std::span<const key_view> keys, field wanted, upkeep::record_visitor visit) {
    inside.fetch(keys, wanted, [&](const record_batch& b) {
      record_batch changed = b;
      std::vector<std::uint64_t> digests(b.digests.begin(), b.digests.end());
      for (std::uint64_t& d : digests) d ^= further_column;
      changed.digests = digests;
      visit(changed);
    });
  }
  std::size_t upsert(const record_batch& b) {
    record_batch changed = b;
    if (drops_texts) changed.texts = {};
    return inside.upsert(changed);
  }
  std::size_t erase(std::span<const key_view> keys) { return inside.erase(keys); }
  [[nodiscard]] std::size_t dimension() const { return inside.dimension(); }
  [[nodiscard]] std::size_t size() const { return inside.size(); }
  [[nodiscard]] field fields() const { return inside.fields(); }
  [[nodiscard]] std::string identity() const { return "plain"; }
};
static_assert(upkeep::vector_store<plain_store> && !upkeep::transactional_store<plain_store>);
static_assert(upkeep::backup<file_backup, plain_store>);

}  // namespace

TEST_CASE("rows that were erased come back as they were", "[file_backup]") {
  const upkeep_test::temporary_directory directory;
  const file_backup backup;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const std::size_t dimension = 1 + seed * 5;
    row_generator generator(seed, {.dimension = dimension});
    memory_store store(dimension);
    const auto rows = generator.next(seed == 0 ? 0 : 1500);  // several batches
    fill(store, rows);
    const auto before = scanned(store);

    std::vector<upkeep::key> chosen{generator.next_key()};  // one that the store does not have
    for (const auto& r : rows)
      if (generator.random().chance(0.5)) chosen.push_back(r.key);
    std::vector<key_view> keys(chosen.begin(), chosen.end());
    if (keys.size() > 2) keys.push_back(keys[1]);  // twice
    const receipt made = backup.back_up(store, keys, directory / ("b" + std::to_string(seed)));
    CHECK(made.rows == chosen.size() - 1);
    CHECK(made.store == store.identity());
    CHECK(made.bytes == std::filesystem::file_size(made.path));

    std::vector<std::pair<upkeep::key, std::uint64_t>> seen;
    backup.verify(made, [&](key_view k, std::uint64_t digest) { seen.emplace_back(k, digest); });
    CHECK(seen.size() == made.rows);
    for (const auto& [k, digest] : seen) {
      const auto row = std::find_if(rows.begin(), rows.end(), [&, id = k](const generated_row& r) { return r.key == id; });
      REQUIRE(row != rows.end());
      REQUIRE(digest == upkeep::row_digest(row->view()));
    }

    store.erase(keys);
    const restore_report first = backup.restore(store, made);
    CHECK(first.restored == made.rows);
    CHECK(same_rows(scanned(store), before));
    const restore_report second = backup.restore(store, made);
    CHECK(second.restored == 0);
    CHECK(second.unchanged == made.rows);
    CHECK(second.conflicts.empty());
    CHECK(same_rows(scanned(store), before));
  }
}

TEST_CASE("what exists again with other content is a conflict and stays", "[file_backup]") {
  const upkeep_test::temporary_directory directory;
  const file_backup backup;
  row_generator generator(5, {.dimension = 2});
  memory_store store(2);
  auto rows = generator.next(900);
  fill(store, rows);
  std::vector<key_view> keys;
  for (const auto& r : rows) keys.push_back(r.key);
  const receipt made = backup.back_up(store, keys, directory / "b");

  std::vector<generated_row> changed;
  std::vector<key_view> erased;
  for (const auto& r : rows) {
    const auto fate = generator.random().below(3);
    if (fate == 0) erased.push_back(r.key);
    if (fate != 1) continue;
    changed.push_back(r);
    changed.back().created = r.created + 1;
  }
  store.erase(erased);
  fill(store, changed);
  auto expected = scanned(store);
  for (const auto& r : rows)
    if (std::find(erased.begin(), erased.end(), r.key.view()) != erased.end()) expected.push_back(r);
  std::sort(expected.begin(), expected.end(), [](const generated_row& a, const generated_row& b) { return a.key < b.key; });

  const restore_report report = backup.restore(store, made);
  CHECK(report.rows == rows.size());
  CHECK(report.restored == erased.size());
  CHECK(report.unchanged == rows.size() - erased.size() - changed.size());
  CHECK(report.conflicts.size() == changed.size());
  CHECK(std::all_of(report.conflicts.begin(), report.conflicts.end(), [&](const upkeep::key& k) {
    return std::any_of(changed.begin(), changed.end(), [&](const generated_row& r) { return r.key == k; });
  }));
  CHECK(same_rows(scanned(store), expected));
}

TEST_CASE("a store whose rows hold more than a record is refused before a file stands there", "[file_backup]") {
  const upkeep_test::temporary_directory directory;
  plain_store store;
  store.inside.insert({.key = "k", .vector = {1, 2}});
  const std::vector<key_view> keys{"k"};
  store.further_column = 1;
  const std::string sentence = refusal(errc::unsupported, [&] { file_backup{}.back_up(store, keys, directory / "b"); });
  CHECK_THAT(sentence, Catch::StartsWith("file_backup cannot hold every column of this store: use the store's own backup"));
  CHECK_THAT(sentence, Catch::Contains("\"k\""));
  CHECK(entries(directory) == 0);
  store.further_column = 0;
  const receipt made = file_backup{}.back_up(store, keys, directory / "b");
  // A column that came later makes the row another one.
  store.further_column = 1;
  CHECK(file_backup{}.restore(store, made).conflicts.size() == 1);
}

TEST_CASE("a store that does not give back what was restored is an error, and a transaction takes it back", "[file_backup]") {
  const upkeep_test::temporary_directory directory;
  plain_store store;
  store.inside.insert({.key = 1, .vector = {1, 2}, .text = "words"});
  const std::vector<key_view> keys{1};
  const receipt made = file_backup{}.back_up(store, keys, directory / "b");
  store.erase(keys);
  store.drops_texts = true;
  CHECK_THAT(refusal(errc::inconsistent, [&] { file_backup{}.restore(store, made); }), Catch::Contains("key 1"));

  struct transactional : plain_store {
    void transact(upkeep::function_ref<void()> action) { inside.transact(action); }
  } safe;
  static_assert(upkeep::transactional_store<transactional>);
  safe.drops_texts = true;
  CHECK_THROWS_AS(file_backup{}.restore(safe, made), upkeep::error);
  CHECK(safe.size() == 0);
}

TEST_CASE("wrong receipts, other stores and damaged files are refused before anything is written", "[file_backup]") {
  const upkeep_test::temporary_directory directory;
  const file_backup backup;
  memory_store store(2, "one"), other(2, "two"), wide(3, "one");
  for (int i = 0; i < 20; ++i) store.insert({.key = i, .vector = {1, static_cast<float>(i)}, .text = "text"});
  std::vector<key_view> keys;
  for (int i = 0; i < 20; ++i) keys.emplace_back(i);
  const std::string path = directory / "b";
  const receipt made = backup.back_up(store, keys, path);
  CHECK_THAT(refusal(errc::invalid_argument, [&] { backup.back_up(store, keys, path); }), Catch::Contains("exists"));
  store.erase(keys);

  const std::string elsewhere = refusal(errc::changed, [&] { backup.restore(other, made); });
  CHECK_THAT(elsewhere, Catch::Contains("memory:one") && Catch::Contains("memory:two"));
  CHECK_THAT(refusal(errc::changed, [&] { backup.restore(wide, made); }), Catch::Contains("2 components"));
  const auto ignore = [](key_view, std::uint64_t) {};
  receipt wrong = made;
  wrong.format = "sqlite_backup 1";
  CHECK_THAT(refusal(errc::unsupported, [&] { backup.verify(wrong, ignore); }), Catch::Contains("sqlite_backup 1"));
  wrong = made;
  wrong.store = "memory:two";
  refusal(errc::corrupt, [&] { backup.verify(wrong, ignore); });
  wrong = made;
  ++wrong.checksum;
  refusal(errc::corrupt, [&] { backup.verify(wrong, ignore); });
  wrong = made;
  wrong.path += ".missing";
  refusal(errc::not_found, [&] { backup.restore(store, wrong); });

  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(made.bytes / 2));
    file.put('!');
  }
  refusal(errc::corrupt, [&] { backup.verify(made, ignore); });
  refusal(errc::corrupt, [&] { backup.restore(store, made); });
  CHECK((store.size() == 0 && other.size() == 0 && wide.size() == 0));
}

TEST_CASE("a visitor that throws ends the verification", "[file_backup]") {
  const upkeep_test::temporary_directory directory;
  memory_store store(1);
  store.insert({.key = 1, .vector = {1}});
  const std::vector<key_view> keys{1};
  const receipt made = file_backup{}.back_up(store, keys, directory / "b");
  CHECK_THROWS_AS(file_backup{}.verify(made, [](key_view, std::uint64_t) { throw std::runtime_error("enough"); }), std::runtime_error);
}
