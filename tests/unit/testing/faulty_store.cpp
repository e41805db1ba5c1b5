// The faulty store fails where it is told to, and a failure leaves the inner store as its operations promise.

#include "upkeep/testing/faulty_store.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "upkeep/janitor/make_janitor.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/testing/conform_vector_store.hpp"

using upkeep::errc;
using upkeep::key_view;
using upkeep::memory_store;
using upkeep::testing::faulty_store;
using upkeep::testing::store_operation;

namespace {

// A store that is not borrowed, as the suite wants it.
struct owning {
  memory_store rows{3};
  faulty_store<memory_store> outer{rows};

  void scan(upkeep::field wanted, upkeep::record_visitor visit) { outer.scan(wanted, visit); }
  void fetch(std::span<const key_view> keys, upkeep::field wanted, upkeep::record_visitor visit) { outer.fetch(keys, wanted, visit); }
  std::size_t upsert(const upkeep::record_batch& b) { return outer.upsert(b); }
  std::size_t erase(std::span<const key_view> keys) { return outer.erase(keys); }
  void transact(upkeep::function_ref<void()> action) { outer.transact(action); }
  [[nodiscard]] std::size_t dimension() const { return outer.dimension(); }
  [[nodiscard]] std::size_t size() const { return outer.size(); }
  [[nodiscard]] upkeep::field fields() const { return outer.fields(); }
  [[nodiscard]] std::string identity() const { return outer.identity(); }
};

static_assert(upkeep::transactional_store<faulty_store<memory_store>> && upkeep::sized_store<faulty_store<memory_store>>);
static_assert(upkeep::has_defaults<faulty_store<memory_store>>);

}  // namespace

TEST_CASE("a faulty_store that was not told to fail conforms", "[faulty_store]") {
  const auto report = upkeep::testing::conform_vector_store([] { return owning(); });
  INFO(report.text());
  CHECK(report.ok());
}

TEST_CASE("it fails at every operation in turn, and a transaction takes everything back", "[faulty_store]") {
  std::vector<std::string> failures;
  for (std::uint64_t n = 1;; ++n) {
    memory_store rows(1);
    rows.insert({.key = 1, .vector = {1}});
    faulty_store store(rows);
    store.fail_at(n, errc::unavailable);
    try {
      store.transact([&] {
        upkeep::record_buffer buffer(upkeep::field::vector, 1);
        const float x[] = {2};
        buffer.push_back({.key = 2, .vector = x, .source = {}, .scope = {}, .text = {}, .model = {}});
        store.upsert(buffer.batch());
        const std::vector<key_view> first{1};
        store.erase(first);
        store.fetch(first, upkeep::field::none, [](const upkeep::record_batch&) {});
        store.scan(upkeep::field::none, [](const upkeep::record_batch&) {});
      });
      CHECK(store.operations() == n - 1);
      CHECK(rows.size() == 1);
      break;
    } catch (const upkeep::error& e) {
      CHECK(e.code() == errc::unavailable);
      failures.emplace_back(e.what());
      std::size_t found = 0;
      const std::vector<key_view> both{1, 2};
      rows.fetch(both, upkeep::field::none, [&](const upkeep::record_batch& b) { found += b.size(); });
      CHECK(found == 1);
      CHECK(rows.size() == 1);
    }
  }
  const char* const operations[] = {"transact", "upsert", "erase", "fetch", "scan", "visit", "commit"};
  REQUIRE(failures.size() == std::size(operations));
  for (std::size_t i = 0; i < failures.size(); ++i)
    CHECK_THAT(failures[i], Catch::Contains("operation " + std::to_string(i + 1) + " (" + operations[i] + ")"));
}

TEST_CASE("something can come in between", "[faulty_store]") {
  memory_store rows(1);
  rows.insert({.key = 1, .vector = {1}});
  faulty_store store(rows);
  store.before = [&](store_operation o) {
    if (o == store_operation::erase) rows.insert({.key = 2, .vector = {2}});
  };
  const std::vector<key_view> second{2};
  CHECK(store.erase(second) == 1);
}

TEST_CASE("a janitor takes a faulty_store with the defaults of the inner one", "[faulty_store]") {
  memory_store rows(2);
  faulty_store store(rows);
  auto janitor = upkeep::make_janitor(store);
  CHECK(janitor.run().rows == 0);
  store.fail_at(1);
  CHECK_THROWS_AS(janitor.run(), upkeep::error);
}
