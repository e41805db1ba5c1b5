#include "upkeep/janitor/row_table.hpp"

#include "support/failure.hpp"

#include "support/catch.hpp"

#include <string>

using namespace upkeep;

namespace {

void append(row_table& table, const std::vector<record>& records) {
  record_buffer buffer(row_table::needed | field::vector, 2);
  std::uint64_t digest = 100;
  for (const record& r : records) {
    record_view v = r.view();
    if (r.source == "-") v.source = {};
    buffer.push_back(v, digest++, 50);
  }
  table.append(buffer.batch());
}

record row(key k, std::string source, std::string scope = "") {
  record r;
  r.key = std::move(k);
  r.vector = {1, 0};
  r.source = std::move(source);
  r.scope = std::move(scope);
  r.text = "text";
  r.created = 7;
  return r;
}

}  // namespace

TEST_CASE("rows keep what a batch said of them", "[row_table]") {
  row_table table;
  append(table, {row("b", "s1", "x"), row("a", "-", "x")});
  append(table, {row("c", "s1", "y")});
  table.index();
  REQUIRE(table.size() == 3);
  REQUIRE(table[1].key == key_view("a"));
  REQUIRE_FALSE(is_present(table[1].source));
  REQUIRE(table[0].source == "s1");
  REQUIRE(table[0].text_size == 4);
  REQUIRE_FALSE(is_present(table[0].text));
  REQUIRE(table[2].created == 7);
  REQUIRE(table.source(0) == table.source(2));
  REQUIRE(table.scope(0) == table.scope(1));
  REQUIRE(table.scope(0) != table.scope(2));
  REQUIRE(table.digest(1) == 101);
  REQUIRE(table.bytes(1) == 50);
  REQUIRE(table.health(0) == set_aside::no);
}

TEST_CASE("rows are found by key", "[row_table]") {
  row_table table;
  append(table, {row("b", "s"), row(1, "s"), row("a", "s"), row("1", "s")});
  table.index();
  REQUIRE(table.find("a") == row_index{2});
  REQUIRE(table.find(1) == row_index{1});
  REQUIRE(table.find("1") == row_index{3});
  REQUIRE_FALSE(table.find("c").has_value());
  REQUIRE_FALSE(table.find(2).has_value());
}

TEST_CASE("a key that was handed out twice is refused by name", "[row_table]") {
  row_table table;
  append(table, {row("b", "s"), row("a", "s")});
  append(table, {row("b", "t")});
  REQUIRE(upkeep_test::failure_of([&] { table.index(); }).code == errc::inconsistent);
  REQUIRE_THROWS_WITH(table.index(), Catch::Contains("\"b\""));
}
