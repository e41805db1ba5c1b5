// An answer is believed as a whole or not at all.

#include "upkeep/oracle/http_answer_json.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/oracle_answers.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

using upkeep::errc;
using upkeep::ownership;
using upkeep_test::failure_of;

namespace {

const std::vector<std::string_view> asked{"a", "b", "c"};

/// "pa?" or, where it was refused, what was said; a refusal must leave the answers alone.
std::string read(std::string_view body, const std::vector<std::string_view>& sources = asked) {
  std::vector<ownership> answers(sources.size(), static_cast<ownership>(7));
  const auto failure = failure_of([&] { upkeep::read_http_answer(body, "the answer", sources, answers); });
  if (failure.happened) {
    CHECK((failure.code == errc::corrupt || failure.code == errc::limit_exceeded));
    for (const ownership o : answers) CHECK(o == static_cast<ownership>(7));
    return failure.message;
  }
  return upkeep_test::letters(answers);
}

}  // namespace

TEST_CASE("each source stands in one list", "[http_answer]") {
  CHECK(read(R"({"present":["a"],"absent":["c","b"]})") == "paa");
  CHECK(read(R"({"unknown":["a"],"absent":["b"],"present":["c"]})") == "?ap");
  CHECK(read(R"( {"present":["a","b","c"],"absent":[],"unknown":null,"took":3} )") == "ppp");
  CHECK(read(R"({"present":["\u0061"],"absent":["b"],"unknown":["c"]})") == "pa?");
  CHECK(read(R"({"present":[],"absent":[]})", {}) == "");
  CHECK(read(R"({"present":["\u0000\n\"\ud83d\ude00"],"absent":[]})", {std::string_view("\0\n\"\xf0\x9f\x98\x80", 7)}) == "p");
}

TEST_CASE("everything else is refused as a whole", "[http_answer]") {
  for (const char* body : {"",
                           "null",
                           "[]",
                           "{}",
                           "true",
                           "\"a\"",
                           R"({"present":["a","b","c"]})",
                           R"({"absent":["a","b","c"]})",
                           R"({"present":null,"absent":["a","b","c"]})",
                           R"({"present":[],"absent":["a","b"]})",
                           R"({"present":["a"],"absent":["a","b","c"]})",
                           R"({"present":["a"],"absent":["b","c","c"]})",
                           R"({"present":["a"],"absent":["b","c"],"unknown":["a"]})",
                           R"({"present":["a"],"absent":["b","c","d"]})",
                           R"({"present":["a"],"absent":["b","d"]})",
                           R"({"present":["a"],"absent":["b",null]})",
                           R"({"present":["a"],"absent":["b",3]})",
                           R"({"present":"a","absent":["b","c"]})",
                           R"({"present":{"a":1},"absent":["b","c"]})",
                           R"({"present":["a"],"absent":["b","c"],"unknown":7})",
                           R"({"present":["a"],"absent":["b","C"]})",
                           R"({"present":["a"],"absent":["b","c"]}{})",
                           R"({"present":["a"],"absent":["b","c"]})"
                           "x",
                           R"({"present":["a"],"absent":["b","c"])",
                           R"({"error":"overloaded"})",
                           "<html>no such host</html>"}) {
    CAPTURE(body);
    CHECK(read(body).size() > 3);
  }
  CHECK(read(std::string(100, '[')).find("nested") != std::string::npos);
}

TEST_CASE("half of an answer is none, wherever it was cut", "[http_answer]") {
  const std::string whole = R"({"present":["a"],"absent":["c","b"]})";
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(read(whole.substr(0, size)).size() > 3);
  CHECK(read(whole) == "paa");
}

TEST_CASE("generated answers are believed exactly when they are right", "[http_answer]") {
  upkeep::rng random(21);
  const std::string_view ids[] = {"a", "b", "c", "d"};
  int believed = 0;
  for (int round = 0; round < 3000; ++round) {
    std::map<std::string, std::vector<std::string>> lists{{"present", {}}, {"absent", {}}, {"unknown", {}}};
    std::vector<std::string> names{"present", "absent", "unknown"};
    // Right, then with some chance wrong in one of many ways.
    for (const std::string_view id : asked) lists[names[random.below(3)]].emplace_back(id);
    if (random.chance(0.6))
      for (std::uint64_t n = random.below(3); n > 0; --n) {
        auto& list = lists[names[random.below(3)]];
        if (random.chance(0.5) && !list.empty())
          list.pop_back();
        else
          list.emplace_back(ids[random.below(4)]);
      }
    std::string body = "{";
    for (const auto& [name, list] : lists) {
      body += (body.size() > 1 ? ",\"" : "\"") + name + "\":[";
      for (std::size_t i = 0; i < list.size(); ++i) body += (i == 0 ? "\"" : ",\"") + list[i] + '"';
      body += ']';
    }
    body += '}';
    std::string expected;
    std::size_t total = 0;
    for (const auto& [name, list] : lists) total += list.size();
    for (const std::string_view id : asked) {
      const auto in = [&](const char* name) { return std::count(lists[name].begin(), lists[name].end(), id); };
      if (in("present") + in("absent") + in("unknown") == 1) expected += in("present") != 0 ? 'p' : in("absent") != 0 ? 'a' : '?';
    }
    CAPTURE(body);
    if (total == 3 && expected.size() == 3) {
      ++believed;
      REQUIRE(read(body) == expected);
      std::string damaged = body;  // one byte: it means the same, or nothing
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
      const std::string seen = read(damaged);
      REQUIRE((seen.size() > 3 || seen == expected));
    } else {
      REQUIRE(read(body).size() > 3);
    }
  }
  CHECK(believed > 1000);
}
