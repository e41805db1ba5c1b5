// An event becomes members of a JSON object, and no byte of it is lost.

#include "upkeep/base/event_record.hpp"

#include <cmath>
#include <string>
#include <string_view>

#include "support/catch.hpp"

using namespace std::string_view_literals;

namespace {

std::string written(const upkeep::event& event) {
  std::string out;
  upkeep::json_writer json(out);
  json.begin_object().key("n").value(1);
  upkeep::write_event(json, event);
  json.key("after").value(true).end().finish();
  return out;
}

}  // namespace

TEST_CASE("an event's members stand behind those that are there, and others may follow") {
  const upkeep::event_field fields[] = {{"rows", -3}, {"bytes", ~0ULL}, {"score", .5}, {"nan", NAN}, {"dry", false}, {"who", "a\"b"}};
  CHECK(written({upkeep::event_level::warning, "e", "T.", fields}) ==
        R"({"n":1,"level":"warning","event":"e","text":"T.","fields":{"rows":-3,"bytes":18446744073709551615,"score":0.5,"nan":null,)"
        R"("dry":false,"who":"a\"b"},"after":true})");
  CHECK(written({upkeep::event_level::detail, "", {}, {}}) == R"({"n":1,"level":"detail","event":"","after":true})");
}

TEST_CASE("bytes that are no UTF-8 stand in base64, in names, sentences and values") {
  const upkeep::event_field fields[] = {{"\xfe"sv, "\xff\0"sv}};
  CHECK(
      written({upkeep::event_level::info, "\xff"sv, "\xff"sv, fields}) ==
      R"({"n":1,"level":"info","event":{"base64":"/w=="},"text":{"base64":"/w=="},"fields":{"base64 /g==":{"base64":"/wA="}},"after":true})");
}
