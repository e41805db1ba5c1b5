// The suite for removals passes the shipped ones, and catches a removal that breaks any one of its rules.

#include "upkeep/testing/conform_removal.hpp"

#include <string>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/hard_delete.hpp"
#include "upkeep/store/mark.hpp"
#include "upkeep/store/memory_store.hpp"
#include "upkeep/store/sqlite_store.hpp"

using upkeep::key_view;
using upkeep::memory_store;
using upkeep::testing::conform_removal;

namespace {

using keys = std::span<const key_view>;

struct store_without_a_way_back : memory_store {
  using memory_store::memory_store;
  void transact(upkeep::function_ref<void()> action) { action(); }
};

template <class Act>
struct removal_that {
  Act act;
  std::size_t take_out(memory_store& store, keys gone) { return act(store, gone); }
};

template <class Act>
void caught(Act act, const char* rule) {
  const auto report = conform_removal([] { return memory_store(2); }, [&] { return removal_that<Act>{act}; });
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
  CHECK(report.failures.size() < report.rules.size());
}

}  // namespace

TEST_CASE("the shipped removals conform", "[conformance][removal]") {
  const auto in_memory = conform_removal([] { return memory_store(2); }, [] { return upkeep::hard_delete(); });
  INFO(in_memory.text());
  CHECK(in_memory.ok());

  const upkeep_test::temporary_directory directory;
  const auto in_a_database =
      conform_removal([&, n = 0]() mutable { return upkeep::sqlite_store::create(directory / std::to_string(++n), 2); },
                      [] { return upkeep::hard_delete(); });
  INFO(in_a_database.text());
  CHECK(in_a_database.ok());

  const auto marked = conform_removal(
      [&, n = 0]() mutable {
        const std::string path = directory / ("marked" + std::to_string(++n));
        upkeep::sqlite::connection(path, {.mode = upkeep::sqlite::open_mode::create})
            .execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, v BLOB, deleted INTEGER DEFAULT 0)");
        return upkeep::sqlite_store(path, {.table = "notes", .vector_column = "v"}, {.dimension = 2});
      },
      [] {
        return upkeep::mark{"deleted", 1};
      },
      {.keys = upkeep::testing::key_kind::integers});
  INFO(marked.text());
  CHECK(marked.ok());
}

TEST_CASE("the suite catches a removal that breaks one rule", "[conformance][removal]") {
  caught([](memory_store&, keys gone) { return gone.size() == 50 ? std::size_t{50} : std::size_t{0}; }, "rows_leave");
  caught([](memory_store& store, keys gone) { return store.erase(gone), gone.size(); }, "counts_only_what_left");
  caught([](memory_store& store,
            keys gone) { return gone.empty() ? throw upkeep::error(upkeep::errc::invalid_argument, "no keys") : store.erase(gone); },
         "takes_no_keys");
  const auto no_way_back = conform_removal([] { return store_without_a_way_back(2); }, [] { return upkeep::hard_delete(); });
  INFO(no_way_back.text());
  CHECK(no_way_back.broke("a_transaction_takes_it_back"));
  CHECK(no_way_back.failures.size() == 1);
}
