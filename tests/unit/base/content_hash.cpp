#include "upkeep/base/content_hash.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace upkeep;

TEST_CASE("vector and text count, and no byte of one passes for a byte of the other", "[content_hash]") {
  const std::vector<float> one = {1}, two = {1, 2};
  const std::uint64_t h = content_hash(one, "text");
  REQUIRE(content_hash(one, "text") == h);
  REQUIRE(content_hash(one, "texu") != h);
  REQUIRE(content_hash(two, "text") != h);
  REQUIRE(content_hash({}, "") != content_hash(one, ""));
  const std::string moved(reinterpret_cast<const char*>(&two[1]), sizeof(float));
  REQUIRE(content_hash(two, "") != content_hash(one, moved));
  const std::vector<float> zero = {0.0F}, minus = {-0.0F};
  REQUIRE(content_hash(zero, "") != content_hash(minus, ""));
}
