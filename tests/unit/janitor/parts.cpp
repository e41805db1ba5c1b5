#include "upkeep/janitor/parts.hpp"

#include "support/catch.hpp"
#include "upkeep/guard/all_guards.hpp"
#include "upkeep/guard/contained.hpp"
#include "upkeep/guard/same_words.hpp"
#include "upkeep/join/exhaustive_join.hpp"
#include "upkeep/metric/cosine.hpp"
#include "upkeep/store/memory_store.hpp"

#include <functional>
#include <map>

namespace our_own {
struct guard_of_mine {};
}  // namespace our_own

using namespace upkeep;

TEST_CASE("a policy is called by its type's name, without upkeep's own namespaces, on every compiler and instruction set", "[parts]") {
  CHECK(v0::detail::type_name<contained>() == "contained");
  CHECK(v0::detail::type_name<std::reference_wrapper<contained>>() == "contained");
  CHECK(v0::detail::type_name<memory_store>() == "memory_store");
  CHECK(v0::detail::type_name<exhaustive_join<cosine>>().find("exhaustive_join<") == 0);
  const std::string mine = v0::detail::type_name<our_own::guard_of_mine>();
  CHECK(mine.ends_with("our_own::guard_of_mine"));  // compiled together with other tests it stands in a namespace more
  CHECK(mine.find("upkeep") == std::string::npos);
  for (const std::string& name :
       {v0::detail::type_name<exhaustive_join<cosine>>(), v0::detail::type_name<all_guards<contained, same_words>>()}) {
    CHECK(name.find("upkeep") == std::string::npos);
    CHECK(name.find("v0") == std::string::npos);
  }
  CHECK(v0::detail::type_name<all_guards<contained, same_words>>() == "all_guards<contained, same_words>");
}

TEST_CASE("parts know whether there is an oracle to ask", "[parts]") {
  struct one {
    void tell_owners(std::span<const std::string_view>, std::span<ownership>) {}
  };
  struct nothing {};
  using without = v0::detail::janitor_parts<memory_store, nothing, contained, nothing, no_oracle, nothing, nothing, nothing, nothing,
                                            nothing, nothing, nothing>;
  using with = v0::detail::janitor_parts<memory_store, nothing, std::reference_wrapper<contained>, nothing, std::reference_wrapper<one>,
                                         nothing, nothing, nothing, nothing, nothing, nothing, nothing>;
  CHECK_FALSE(without::asks_oracle);
  CHECK(with::asks_oracle);
  CHECK(std::is_same_v<with::guard_type, contained>);
  const auto listed = without::names();
  const std::map<std::string, std::string> names(listed.begin(), listed.end());
  CHECK(names.size() == 7);
  CHECK(names.at("store") == "memory_store");
  CHECK(names.at("duplicate_guard") == "contained");
  CHECK(names.at("orphan_oracle") == "no_oracle");
}

TEST_CASE("no oracle leaves every question open", "[parts]") {
  const std::string_view sources[] = {"a", "b"};
  ownership answers[] = {ownership::unknown, ownership::unknown};
  no_oracle().tell_owners(sources, answers);
  for (const ownership a : answers) CHECK(a == ownership::unknown);
}
