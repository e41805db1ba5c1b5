#include "upkeep/janitor/row_table.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/testing/generated_rows.hpp"

#include <algorithm>
#include <vector>

using namespace upkeep;

namespace {

row_table table_of(const std::vector<testing::generated_row>& rows, field fields, std::size_t page = 7) {
  row_table table;
  record_buffer buffer(fields, 3);
  for (std::size_t begin = 0; begin < rows.size(); begin += page) {
    buffer.clear();
    for (std::size_t i = begin; i < std::min(begin + page, rows.size()); ++i) buffer.push_back(rows[i].view(), 1000 + i, 2000 + i);
    table.append(buffer.batch());
  }
  table.index();
  return table;
}

}  // namespace

TEST_CASE("a table gives back every column of every row but text and vector, and finds rows by key", "[row_table]") {
  testing::row_generator generator(5);
  const auto rows = generator.next(300);
  const row_table table = table_of(rows, row_table::needed | field::vector);
  REQUIRE(table.size() == 300);
  for (row_index i = 0; i < 300; ++i) {
    const record_view expected = rows[i].view(), got = table[i];
    CHECK(table.key(i) == expected.key);
    CHECK(got.key == expected.key);
    CHECK(same_value(got.source, expected.source));
    CHECK(same_value(got.scope, expected.scope));
    CHECK(same_value(got.model, expected.model));
    CHECK(got.created == expected.created);
    CHECK(got.text_size == expected.text_size);
    CHECK(got.pinned == expected.pinned);
    CHECK_FALSE(is_present(got.text));
    CHECK(got.vector.empty());
    CHECK(same_value(table.sources()[table.source(i)], expected.source));
    CHECK(same_value(table.scopes()[table.scope(i)], expected.scope));
    CHECK(same_value(table.models()[table.model(i)], expected.model));
    CHECK(table.digest(i) == 1000 + i);
    CHECK(table.bytes(i) == 2000 + i);
    CHECK(table.pinned(i) == expected.pinned);
    CHECK(table.health(i) == judge_vector(expected.vector));
    CHECK(table.find(expected.key) == i);
  }
  for (int i = 0; i < 50; ++i) CHECK_FALSE(table.find(generator.next_key()));
}

TEST_CASE("columns that a store lacks are absent, zero or unpinned", "[row_table]") {
  testing::row_generator generator(6);
  const auto rows = generator.next(10);
  const row_table table = table_of(rows, field::none);
  for (row_index i = 0; i < 10; ++i) {
    CHECK_FALSE(is_present(table[i].source));
    CHECK_FALSE(is_present(table[i].scope));
    CHECK(table[i].created == no_time);
    CHECK(table[i].text_size == 0);
    CHECK_FALSE(table.pinned(i));
    CHECK(table.health(i) == set_aside::no);
    CHECK(table.digest(i) == 0);
  }
}

TEST_CASE("absent and empty are two values, and equal values have one number", "[row_table]") {
  std::vector<testing::generated_row> rows(4);
  for (int i = 0; i < 4; ++i) {
    rows[static_cast<std::size_t>(i)].key = i;
    rows[static_cast<std::size_t>(i)].vector = {1, 2, 3};
  }
  rows[1].source = rows[2].source = "";
  rows[3].source = "a";
  row_table table = table_of(rows, row_table::needed, 1);
  CHECK(table.source(0) != table.source(1));
  CHECK(table.source(1) == table.source(2));
  CHECK(table.sources().size() == 3);
  CHECK(table.intern_source("a") == table.source(3));
  CHECK(table.intern_source("b") == 3);
}

TEST_CASE("a key that comes twice is refused by name", "[row_table]") {
  std::vector<testing::generated_row> rows(3);
  rows[0].key = "1";
  rows[1].key = 1;
  rows[2].key = "1";
  for (auto& r : rows) r.vector = {1, 2, 3};
  const auto failure = upkeep_test::failure_of([&] { table_of(rows, row_table::needed); });
  CHECK(failure.code == errc::inconsistent);
  CHECK(failure.names("\"1\" twice"));
  rows.pop_back();
  CHECK(table_of(rows, row_table::needed).size() == 2);  // the text 1 and the number 1 are two keys
}

TEST_CASE("an empty table finds nothing", "[row_table]") {
  row_table table;
  table.index();
  CHECK(table.size() == 0);
  CHECK_FALSE(table.find(1));
}
