#include "upkeep/base/string_column.hpp"

#include "support/catch.hpp"

#include <string>

using namespace upkeep;
using namespace std::string_literals;

TEST_CASE("absent and empty are two values", "[string_column]") {
  REQUIRE_FALSE(is_present(std::string_view()));
  REQUIRE(is_present(""));
  REQUIRE(same_value({}, {}));
  REQUIRE_FALSE(same_value({}, ""));
  REQUIRE(same_value("a", "a"s));
  REQUIRE_FALSE(same_value("a", "b"));
}

TEST_CASE("a column gives back its strings, absent ones included", "[string_column]") {
  string_column column;
  const std::string nul = "a\0b"s;
  for (const std::string_view value :
       {std::string_view(), std::string_view(""), std::string_view("x"), std::string_view(), std::string_view(nul)})
    column.push_back(value);
  REQUIRE(column.size() == 5);
  REQUIRE_FALSE(is_present(column[0]));
  REQUIRE(same_value(column[1], ""));
  REQUIRE(column[2] == "x");
  REQUIRE_FALSE(is_present(column[3]));
  REQUIRE(column[4] == nul);
  column.clear();
  REQUIRE(column.empty());
  column.push_back("");
  REQUIRE(same_value(column[0], ""));
}

TEST_CASE("a table numbers distinct strings in order of appearance", "[string_column]") {
  string_table table;
  REQUIRE(table.intern("b") == 0);
  REQUIRE(table.intern({}) == 1);
  REQUIRE(table.intern("") == 2);
  REQUIRE(table.intern("b") == 0);
  REQUIRE(table.intern({}) == 1);
  REQUIRE(table.size() == 3);
  REQUIRE(table[0] == "b");
  REQUIRE_FALSE(is_present(table[1]));
  REQUIRE(is_present(table[2]));
  REQUIRE(table.find("b") == 0);
  REQUIRE(table.find("c") == string_table::none);
  string_table none;
  REQUIRE(none.find({}) == string_table::none);
}
