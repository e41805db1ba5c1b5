// Firestore is asked for documents by name; the emulator where the environment names one.

#include "upkeep/oracle/firestore_oracle.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/firestore_emulator.hpp"
#include "support/oracle_answers.hpp"
#include "support/raw_server.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace std::string_literals;
using upkeep::errc;
using upkeep::firestore_oracle_options;
using upkeep::ownership;
using upkeep::testing::manual_clock;
using upkeep_test::ask;
using upkeep_test::body_of;
using upkeep_test::failure_of;
using upkeep_test::http_answer;
using upkeep_test::raw_server;
using oracle = upkeep::firestore_oracle<manual_clock>;

namespace {

const std::string prefix = "projects/demo/databases/(default)/documents/";

/// Finds the documents whose names end in an even digit, in the reverse of the order they were asked in.
std::string answer_to(const std::string& request) {
  std::string elements;
  std::string body = body_of(request);
  body = body.substr(body.find('[') + 1);
  body = body.substr(0, body.find(']'));
  while (!body.empty()) {
    const std::size_t end = body.find('"', 1) + 1;
    const std::string name = body.substr(0, end);
    const std::string element = name[name.size() - 2] % 2 == 0 ? R"({"found":{"name":)" + name + R"(,"createTime":"t"},"readTime":"t"})"
                                                               : R"({"missing":)" + name + R"(,"readTime":"t"})";
    elements = element + (elements.empty() ? "" : "," + elements);
    body.erase(0, end + 1);
  }
  return "[" + elements + "]";
}

struct emulator {
  raw_server server;
  emulator()
      : server([this](raw_server::peer& client) {
          const std::string request = client.read_request();
          server.keep(request);
          client.send(http_answer(200, answer_to(request)));
        }) {}

  [[nodiscard]] firestore_oracle_options options() const {
    firestore_oracle_options made;
    made.remote.http.deadline = 20s;
    made.remote.http.variables = [host = server.host()](const std::string& name) {
      return name == "FIRESTORE_EMULATOR_HOST" ? std::optional(host) : std::nullopt;
    };
    made.remote.retry.policy = {.attempts = 2, .jitter = 0};
    return made;
  }
};

}  // namespace

TEST_CASE("documents are asked for in pages, each once, without their fields", "[firestore_oracle]") {
  const emulator there;
  firestore_oracle_options options = there.options();
  options.batch = 2;
  options.at_a_time = 1;
  CHECK(ask(oracle("demo", "articles/{id}", options), {"a1", "a2", "a1", "a3", "a4", "a6"}) == "apaapp");
  const auto requests = there.server.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].starts_with("POST /v1/projects/demo/databases/(default)/documents:batchGet HTTP/1.1\r\n"));
  CHECK(requests[0].find("Authorization: Bearer owner\r\n") != std::string::npos);
  CHECK(body_of(requests[0]) ==
        "{\"documents\":[\"" + prefix + "articles/a1\",\"" + prefix + "articles/a2\"],\"mask\":{\"fieldPaths\":[]}}");
  CHECK(body_of(requests[2]) == "{\"documents\":[\"" + prefix + "articles/a6\"],\"mask\":{\"fieldPaths\":[]}}");
}

TEST_CASE("a token of one's own is sent, each time a new one", "[firestore_oracle]") {
  const emulator there;
  firestore_oracle_options options = there.options();
  int renewed = 0;
  options.remote.bearer_token = [&] { return "token" + std::to_string(++renewed); };
  const oracle asked("demo", "articles/{id}", options);
  CHECK(ask(asked, {"1"}) == "a");
  CHECK(ask(asked, {"2"}) == "p");
  CHECK(there.server.requests().at(1).find("Authorization: Bearer token2\r\n") != std::string::npos);
}

TEST_CASE("what cannot be the name of a document stays unknown and is not asked for", "[firestore_oracle]") {
  const emulator there;
  const oracle in_collection("demo", "articles/{id}", there.options()), whole("demo", "{id}", there.options());
  CHECK(ask(in_collection, {"", ".", "..", "__x__", "a/b", "\xff", std::string(1501, 'x'), "__proto", "__", "____"}) == "???????aa?");
  CHECK(ask(whole, {"users/7", "users/8", "users", "users/7/notes", "users/7/notes/2", "/users/8", "users/8/", "users//8", "",
                    "users/__8__"}) == "ap??p?????");
  const oracle below("demo", "users/{id}/profile/v2", there.options());
  CHECK(ask(below, {"7"}) == "p");
}

TEST_CASE("an answer that is not all of what was asked is unknown", "[firestore_oracle]") {
  const std::string found = R"([{"found":{"name":")" + prefix + R"(c/1"}},{"missing":")" + prefix + R"(c/2"}])";
  for (const std::string& answer : {http_answer(200, "[]"), http_answer(200, found.substr(0, found.size() - 1)),
                                    http_answer(200, R"([{"missing":")" + prefix + R"(c/1"}])"), http_answer(401, found),
                                    http_answer(403, R"({"error":{}})"), http_answer(404), http_answer(429), http_answer(503, found),
                                    std::string(), "HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + found}) {
    CAPTURE(answer);
    raw_server server({answer});
    firestore_oracle_options options = emulator().options();
    options.remote.http.variables = [&](const std::string& name) {
      return name == "FIRESTORE_EMULATOR_HOST" ? std::optional(server.host()) : std::nullopt;
    };
    const oracle asked("demo", "c/{id}", options);
    CHECK(failure_of([&] { ask(asked, {"1", "2"}); }).happened);
  }
}

TEST_CASE("a document that exists tells the right database from a wrong one", "[firestore_oracle]") {
  const emulator there;
  firestore_oracle_options options = there.options();
  options.known_present = "k2";
  CHECK(ask(oracle("demo", "c/{id}", options), {"1", "2", "k2"}) == "app");
  CHECK(body_of(there.server.requests().at(0)).find("k2") == body_of(there.server.requests().at(0)).rfind("k2"));
  CHECK(ask(oracle("demo", "c/{id}", options), {"1"}) == "a");
  options.known_present = "k1";
  CHECK(failure_of([&] { ask(oracle("demo", "c/{id}", options), {"2"}); }).code == errc::inconsistent);
}

TEST_CASE("what cannot be asked is said at once", "[firestore_oracle]") {
  const emulator there;
  const auto refused = [](const std::string& project, const std::string& document, const firestore_oracle_options& options) {
    return failure_of([&] { oracle(project, document, options); }).code == errc::invalid_argument;
  };
  firestore_oracle_options options = there.options();
  CHECK_FALSE(refused("demo", "c/{id}", options));
  CHECK(refused("", "c/{id}", options));
  CHECK(refused("a/b", "c/{id}", options));
  CHECK(refused("a\r\n", "c/{id}", options));
  CHECK(refused("demo", "c/id", options));
  options.known_present = "a/b";
  CHECK(refused("demo", "c/{id}", options));
  options = there.options();
  options.batch = 0;
  CHECK(refused("demo", "c/{id}", options));
  options = there.options();
  options.remote.http.variables = [](const std::string&) { return std::nullopt; };
  CHECK(refused("demo", "c/{id}", options));  // neither emulator nor token
  options.remote.bearer_token = [] { return std::string("t"); };
  CHECK_FALSE(refused("demo", "c/{id}", options));
  options.address = "http://firestore.example.com";  // a token in plain text
  CHECK(refused("demo", "c/{id}", options));
}

TEST_CASE("the official emulator is understood", "[firestore_oracle][long]") {
  const auto jar = upkeep_test::firestore_emulator::find();
  if (!jar) {
    std::cout << "skipped: no Firestore emulator; install google-cloud-cli-firestore-emulator and Java, or set FIRESTORE_EMULATOR_JAR\n";
    return;
  }
  upkeep_test::firestore_emulator there(*jar);
  const std::vector<std::string> ids = {"plain",        "a b",        "100%",    "a+b",        "x.y", "...",
                                        "\u00e4\u00f6", "\U0001F600", "q\"uote", "semi;colon", "_x_"};
  for (const std::string& id : ids) REQUIRE(there.send("POST", "/notes?documentId=" + upkeep::percent_encode(id)) == 200);
  REQUIRE(there.send("POST", "/users/u/notes?documentId=n") == 200);

  firestore_oracle_options options;
  options.batch = 3;
  options.remote.retry.policy.attempts = 1;
  options.remote.http.variables = [&](const std::string& name) -> std::optional<std::string> {
    return name == "FIRESTORE_EMULATOR_HOST" ? std::optional(there.host()) : std::nullopt;
  };
  const upkeep::firestore_oracle<> notes("demo", "notes/{id}", options);
  CHECK(ask(notes, ids) == std::string(ids.size(), 'p'));
  // One that is absent, one twice, and those that no document can be called.
  CHECK(ask(notes, {"plain", "Plain", "plain", "gone", "", ".", "..", "a/b", "__x__", "\xff"}) == "papa??????");
  CHECK(ask(upkeep::firestore_oracle<>("demo", "{id}", options), {"users/u/notes/n", "users/u", "notes/plain", "notes"}) == "pap?");
  CHECK(ask(upkeep::firestore_oracle<>("another", "notes/{id}", options), {"plain"}) == "a");

  REQUIRE(there.send("DELETE", "/notes/plain") == 200);
  CHECK(ask(notes, {"plain", "a b"}) == "ap");
  options.known_present = "plain";
  CHECK(failure_of([&] { ask(upkeep::firestore_oracle<>("demo", "notes/{id}", options), {"a b"}); }).code == errc::inconsistent);

  there.stop();
  CHECK(failure_of([&] { ask(notes, {"a b"}); }).code == errc::unavailable);
}
