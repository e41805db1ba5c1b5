#include "upkeep/base/error.hpp"

#include "support/catch.hpp"

#include <set>
#include <string>

using namespace upkeep;

TEST_CASE("an error carries its code and its sentence", "[error]") {
  try {
    throw error(errc::busy, "the store is held by a:1 since noon");
  } catch (const std::runtime_error& caught) {
    REQUIRE(std::string(caught.what()) == "the store is held by a:1 since noon");
    REQUIRE(dynamic_cast<const error&>(caught).code() == errc::busy);
  }
}

TEST_CASE("every code has a name of its own", "[error]") {
  std::set<std::string_view> names;
  for (int code = static_cast<int>(errc::invalid_argument); code <= static_cast<int>(errc::inconsistent); ++code)
    names.insert(to_string(static_cast<errc>(code)));
  REQUIRE(names.size() == 11);
  REQUIRE_FALSE(names.contains("unknown"));
  REQUIRE(to_string(static_cast<errc>(99)) == "unknown");
}
