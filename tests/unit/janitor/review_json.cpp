#include "upkeep/janitor/review_json.hpp"

#include "support/catch.hpp"
#include "upkeep/testing/generated_rows.hpp"

#include <string>
#include <string_view>

using namespace upkeep;
using namespace std::string_view_literals;

TEST_CASE("a pair is one line in the words of a plan", "[review_json]") {
  review_pair pair{1, "b\n\"", 0.985, "guard"};
  CHECK(review_as_json(pair) == R"({"removed":1,"survivor":"b\n\"","score":0.985,"reason":"guard","asked_again":false})"
                                "\n");
  pair.doubt = "a number differs";
  pair.asked_again = true;
  CHECK(review_as_json(pair, "", "\xff\n") ==
        R"({"removed":1,"survivor":"b\n\"","score":0.985,"reason":"guard","doubt":"a number differs","asked_again":true,)"
        R"("removed_text":"","survivor_text":{"base64":"/wo="}})"
        "\n");
}

TEST_CASE("a decision is one line", "[review_json]") {
  pair_decision d{"a", -7, true, "eve@host", time_point(std::chrono::hours(24)), pair_decision::standing::changed};
  CHECK(decision_as_json(d) ==
        R"({"removed":"a","survivor":-7,"decision":"accepted","who":"eve@host","when":"1970-01-02T00:00:00Z","now":"changed"})"
        "\n");
  d.accepted = false;
  d.now = pair_decision::standing::gone;
  CHECK(decision_as_json(d).find(R"("decision":"rejected","who":"eve@host","when":"1970-01-02T00:00:00Z","now":"gone"})") !=
        std::string::npos);
}

TEST_CASE("keys of any bytes make one line of sound JSON, from which they can be spelled", "[review_json]") {
  testing::row_generator keys(5);
  for (int i = 0; i < 200; ++i) {
    const key removed = keys.next_key(), survivor = keys.next_key();
    const std::string line = review_as_json({removed, survivor, 1, "guard"}, removed.view().is_integer() ? ""sv : removed.view().bytes());
    REQUIRE(line.find('\n') == line.size() - 1);
    REQUIRE(is_utf8(line));
    const json_value read = parse_json(line, "a line");
    const json_fields fields(read, "a line", errc::corrupt);
    const json_value* const shown = fields.find("removed");
    REQUIRE(shown != nullptr);
    if (shown->is_object()) REQUIRE(key_from_base64(serialize(*shown)) == removed);
  }
  for (const std::string_view no :
       {""sv, "7"sv, "\"a\""sv, "{}"sv, "{\"base64\":7}"sv, "{\"base64\":\"!\"}"sv, "{base64}"sv, "{\"base64\":\"AA==\""sv})
    CHECK_FALSE(key_from_base64(no));
  CHECK(key_from_base64("{\"base64\": \"AP8=\"}") == key("\0\xff"sv));
}
