#include "upkeep/base/key.hpp"

#include "upkeep/base/rng.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_set>
#include <vector>

using namespace upkeep;
using namespace std::string_literals;

namespace {

// In their order: integers by value, then byte strings by unsigned bytes.
const std::vector<key> ordered = {std::numeric_limits<std::int64_t>::min(),
                                  -1,
                                  0,
                                  1,
                                  std::numeric_limits<std::int64_t>::max(),
                                  ""s,
                                  "\0"s,
                                  "\0a"s,
                                  "0"s,
                                  "1"s,
                                  "10"s,
                                  "a"s,
                                  "ab"s,
                                  "b"s,
                                  "\x7f"s,
                                  "\x80"s,
                                  "\xff"s,
                                  "\xff\0"s};

}  // namespace

TEST_CASE("keys are ordered: integers by value, then bytes unsigned", "[key]") {
  for (std::size_t i = 0; i < ordered.size(); ++i)
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      REQUIRE((ordered[i] < ordered[j]) == (i < j));
      REQUIRE((ordered[i] == ordered[j]) == (i == j));
      REQUIRE((ordered[i].view() < ordered[j].view()) == (i < j));
    }
}

TEST_CASE("an integer and its digits are two keys", "[key]") {
  REQUIRE(key(1) != key("1"));
  REQUIRE(key_view(0) != key_view(""));
}

TEST_CASE("equal keys hash equally, however they are held", "[key]") {
  const std::string text = "some id", copy = text;
  REQUIRE(key_hash{}(key_view(text)) == key_hash{}(key(copy)));
  REQUIRE(std::hash<key_view>{}(42) == std::hash<key>{}(key(42)));
  std::unordered_set<std::size_t> hashes;
  for (std::int64_t i = 0; i < 10000; ++i) hashes.insert(key_hash{}(i) % 16384);
  REQUIRE(hashes.size() > 6000);  // sequential ids spread over a table; a constant or the identity modulo a power would not
}

TEST_CASE("a key owns its bytes", "[key]") {
  std::string text = "abc";
  const key owned{key_view(text)};
  text = "xyz";
  REQUIRE(owned == key("abc"));
  REQUIRE(key_view(std::string_view()).bytes().empty());
  REQUIRE_FALSE(key_view(std::string_view()).is_integer());
}

TEST_CASE("a key in a message stays on its line and within measure", "[key]") {
  REQUIRE(to_string(key_view(-5)) == "-5");
  REQUIRE(to_string(key_view("a\"b\\c\n\0d"s)) == R"("a\"b\\c\x0a\x00d")");
  REQUIRE(to_string(key_view(std::string(200, 'x'))) == "\"" + std::string(80, 'x') + "…\"");
}

TEST_CASE("a column gives back what was put in", "[key]") {
  rng random(7);
  key_column column;
  std::vector<key> expected;
  for (int i = 0; i < 2000; ++i) {
    expected.push_back(ordered[static_cast<std::size_t>(random.below(ordered.size()))]);
    column.push_back(expected.back());
  }
  REQUIRE(column.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(column[i] == expected[i].view());
  column.clear();
  REQUIRE(column.empty());
  column.push_back(3);
  REQUIRE(column[0] == key_view(3));
}

TEST_CASE("a column can be cut short and go on from there", "[key]") {
  upkeep::key_column column;
  for (std::int64_t i = 0; i < 5; ++i) {
    column.push_back(i * 100);
    column.push_back(std::string_view("text"));
  }
  column.truncate(10);
  REQUIRE(column.size() == 10);
  column.truncate(3);
  REQUIRE(column.size() == 3);
  column.push_back(std::string_view(""));
  column.push_back(std::int64_t{-1});
  CHECK(column[2] == upkeep::key_view(std::int64_t{100}));
  CHECK(column[3] == upkeep::key_view(std::string_view("")));
  CHECK(column[4] == upkeep::key_view(std::int64_t{-1}));
  column.truncate(0);
  CHECK(column.empty());
  column.push_back(std::string_view("again"));
  CHECK(column[0] == upkeep::key_view(std::string_view("again")));
}
