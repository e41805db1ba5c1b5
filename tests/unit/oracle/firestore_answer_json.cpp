// What Firestore says is told apart by name, and believed as a whole or not at all.

#include "upkeep/oracle/firestore_answer_json.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/oracle_answers.hpp"
#include "upkeep/base/rng.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

using upkeep::errc;
using upkeep::ownership;
using upkeep_test::failure_of;

namespace {

const std::vector<std::string> asked{"p/a", "p/b", "p/c"};
const std::string found_a = R"({"found":{"name":"p/a","createTime":"t","updateTime":"t"},"readTime":"t"})";
const std::string missing_b = R"({"missing":"p/b","readTime":"t"})";
const std::string found_c = R"({"readTime":"t","found":{"fields":{"missing":{"stringValue":"p/c"}},"name":"p/c"}})";

std::string read(std::string_view body) {
  std::vector<ownership> answers(asked.size(), static_cast<ownership>(7));
  const auto failure = failure_of([&] { upkeep::read_firestore_answer(body, "the answer", asked, answers); });
  if (failure.happened) {
    CHECK((failure.code == errc::corrupt || failure.code == errc::limit_exceeded));
    for (const ownership o : answers) CHECK(o == static_cast<ownership>(7));
    return failure.message;
  }
  return upkeep_test::letters(answers);
}

}  // namespace

TEST_CASE("documents are told apart by name, in any order", "[firestore_answer]") {
  std::vector<std::string> elements{found_a, missing_b, found_c};
  upkeep::rng random(1);
  for (int i = 0; i < 20; ++i) {
    random.shuffle(std::span(elements));
    CHECK(read("[" + elements[0] + ",\n" + elements[1] + "," + elements[2] + "]") == "pap");
  }
  CHECK(read("[{\"transaction\":\"x\"}," + found_a + "," + missing_b + "," + found_c + ",{\"readTime\":\"t\"}]") == "pap");
}

TEST_CASE("everything else that Firestore may say is refused as a whole", "[firestore_answer]") {
  const std::string all = found_a + "," + missing_b + "," + found_c;
  for (const std::string& body : std::vector<std::string>{std::string(),
                                                          std::string("{}"),
                                                          std::string("[]"),
                                                          found_a,
                                                          "[" + found_a + "," + missing_b + "]",
                                                          "[" + all + "," + found_a + "]",
                                                          "[" + all + "," + R"({"missing":"p/a"})" + "]",
                                                          "[" + all + "," + R"({"missing":"p/d"})" + "]",
                                                          "[" + all,
                                                          "[" + all + ",]",
                                                          "[" + all + "]]",
                                                          "[" + all + R"(,{"error":{"code":14,"message":"unavailable"}}])",
                                                          R"([{"error":{"code":403}}])",
                                                          R"({"error":{"code":403}})",
                                                          "[" + found_a + "," + found_c + R"(,{"missing":"p/b","found":{"name":"p/b"}}])",
                                                          "[" + found_a + "," + found_c + R"(,{"missing":["p/b"]}])",
                                                          "[" + found_a + "," + found_c + R"(,{"missing":"p/B"}])",
                                                          "[" + found_a + "," + found_c + R"(,{"found":{"id":"p/b"}}])",
                                                          "[" + found_a + "," + found_c + R"(,{"found":"p/b"}])",
                                                          "[" + found_a + "," + found_c + R"(,"p/b"])",
                                                          "[" + found_a + "," + found_c + ",null]",
                                                          std::string("<html></html>")}) {
    CAPTURE(body);
    CHECK(read(body).size() > 3);
  }
}

TEST_CASE("half of an answer is none, wherever it was cut or damaged", "[firestore_answer]") {
  const std::string whole = "[" + found_a + "," + missing_b + "," + found_c + "]";
  for (std::size_t size = 0; size < whole.size(); ++size) REQUIRE(read(whole.substr(0, size)).size() > 3);
  // No single changed byte turns what was found into what is missing.
  upkeep::rng random(2);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << random.below(8)));
    const std::string seen = read(damaged);
    if (seen.size() == 3) REQUIRE(seen == "pap");
  }
}
