#include "upkeep/guard/same_source.hpp"

#include "support/catch.hpp"

using upkeep::verdict;

namespace {

verdict judge(std::string_view removed, std::string_view survivor) {
  upkeep::pair_view pair;
  pair.removed.source = removed;
  pair.survivor.source = survivor;
  return upkeep::same_source{}.judge(pair);
}

}  // namespace

TEST_CASE("same_source: rows of one source cover, rows of two are distinct") {
  CHECK(judge("a", "a") == verdict::covers);
  CHECK(judge("a", "b") == verdict::distinct);
  CHECK(judge("a", "a ") == verdict::distinct);
}

TEST_CASE("same_source: a row without a source is distinct from every row") {
  CHECK(judge({}, {}) == verdict::distinct);
  CHECK(judge("", "") == verdict::distinct);
  CHECK(judge({}, "a") == verdict::distinct);
  CHECK(judge("a", {}) == verdict::distinct);
}

TEST_CASE("same_source reads sources only") { CHECK(upkeep::fields_read<upkeep::same_source>() == upkeep::field::source); }
