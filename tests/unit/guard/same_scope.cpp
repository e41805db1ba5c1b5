#include "upkeep/guard/same_scope.hpp"

#include "support/catch.hpp"

using upkeep::verdict;

namespace {

verdict judge(std::string_view removed, std::string_view survivor) {
  upkeep::pair_view pair;
  pair.removed.scope = removed;
  pair.survivor.scope = survivor;
  return upkeep::same_scope{}.judge(pair);
}

}  // namespace

TEST_CASE("same_scope: rows of one scope cover, rows of two are distinct") {
  CHECK(judge("a", "a") == verdict::covers);
  CHECK(judge("a", "b") == verdict::distinct);
  CHECK(judge("a", "A") == verdict::distinct);
  CHECK(judge({}, {}) == verdict::covers);
  CHECK(judge("", "") == verdict::covers);
}

TEST_CASE("same_scope: no scope is not the empty scope") {
  CHECK(judge({}, "") == verdict::distinct);
  CHECK(judge("", {}) == verdict::distinct);
  CHECK(judge({}, "a") == verdict::distinct);
}

TEST_CASE("same_scope reads scopes only") { CHECK(upkeep::fields_read<upkeep::same_scope>() == upkeep::field::scope); }
