#include "upkeep/janitor/parts.hpp"

#include "upkeep/guard/all_guards.hpp"
#include "upkeep/guard/contained.hpp"
#include "upkeep/guard/same_scope.hpp"

#include "support/catch.hpp"

#include <functional>

namespace someone {
struct own_guard {
  upkeep::verdict judge(const upkeep::pair_view&) const { return upkeep::verdict::covers; }
};
}  // namespace someone

TEST_CASE("policies are called by their own name, without versions and instruction sets", "[parts]") {
  using upkeep::v0::detail::type_name;
  REQUIRE(type_name<upkeep::contained>() == "contained");
  REQUIRE(type_name<std::reference_wrapper<upkeep::contained>>() == "contained");
  REQUIRE(type_name<upkeep::all_guards<upkeep::same_scope, upkeep::contained>>() == "all_guards<same_scope, contained>");
  REQUIRE(type_name<someone::own_guard>() == "someone::own_guard");
}

TEST_CASE("no oracle leaves every question open", "[parts]") {
  upkeep::no_oracle oracle;
  upkeep::ownership answer = upkeep::ownership::unknown;
  const std::string_view source = "s";
  oracle.tell_owners({&source, 1}, {&answer, 1});
  REQUIRE(answer == upkeep::ownership::unknown);
}
