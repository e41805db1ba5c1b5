// The client against servers that are right, and against every way of being wrong that a byte stream has.

#include "upkeep/net/http_client.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/raw_server.hpp"
#include "upkeep/base/rng.hpp"

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::http_client;
using upkeep::http_options;
using upkeep::http_request;
using upkeep::http_response;
using upkeep_test::body_of;
using upkeep_test::failure_of;
using upkeep_test::http_answer;
using upkeep_test::raw_server;

namespace {

http_options options(std::chrono::microseconds deadline = 20s) {
  return {.deadline = deadline, .maximum_response_bytes = 1000, .variables = [](const std::string&) { return std::nullopt; }};
}

/// What comes of one GET answered with exactly these bytes, and the end of the connection.
struct outcome {
  http_response response;
  upkeep_test::failure failure;
};
outcome get(const std::string& answer, const char* method = "GET") {
  raw_server server({answer});
  outcome o;
  o.failure = failure_of([&] { o.response = http_client(options()).send({.method = method, .url = server.url("/x?key=secret")}); });
  CHECK_FALSE(o.failure.names("secret"));
  return o;
}

}  // namespace

TEST_CASE("a request arrives as it was meant", "[http_client]") {
  raw_server server({http_answer(200, "fine", "X-One: 1\r\nx-two:2\r\n")});
  const http_client client(options());
  const auto response = client.send({.method = "POST",
                                     .url = server.url("/a%20b/c?d=e%2Ff&g#h"),
                                     .headers = {{"X-Mine", "yes"}, {"Authorization", "Bearer t"}},
                                     .body = std::string("{\0}", 3),
                                     .content_type = "application/json"});
  CHECK(response.status == 200);
  CHECK(response.body == "fine");
  CHECK(response.header("x-one") == "1");
  CHECK(response.header("X-Two") == "2");
  CHECK_FALSE(response.retry_after);
  const std::string sent = server.requests().at(0);
  CHECK(sent.starts_with("POST /a%20b/c?d=e%2Ff&g HTTP/1.1\r\n"));
  for (const char* line : {"Host: 127.0.0.1:", "X-Mine: yes\r\n", "Authorization: Bearer t\r\n", "Content-Type: application/json\r\n",
                           "Content-Length: 3\r\n", "User-Agent: upkeep/", "Accept-Encoding: identity\r\n", "Connection: close\r\n"}) {
    CAPTURE(line, sent);
    const std::size_t at = sent.find(line);
    CHECK(at != std::string::npos);
    CHECK(sent.find(line, at + 1) == std::string::npos);
  }
  CHECK(body_of(sent) == std::string("{\0}", 3));
}

TEST_CASE("a status is an answer, never an exception", "[http_client]") {
  for (const int status : {200, 201, 204, 301, 302, 304, 400, 401, 404, 410, 418, 429, 500, 503, 599}) {
    const bool empty = status == 204 || status == 304;
    const outcome o = get(http_answer(status, empty ? "" : "why", "Location: http://127.0.0.1:1/\r\n"));
    INFO(o.failure.message);
    CHECK_FALSE(o.failure.happened);
    CHECK(o.response.status == status);
    CHECK(o.response.body == (empty ? "" : "why"));
  }
}

TEST_CASE("a body is read by its length, in chunks, or to the end", "[http_client]") {
  CHECK(get("HTTP/1.1 200 OK\r\n\r\nto the end").response.body == "to the end");
  CHECK(get("HTTP/1.0 200 OK\r\n\r\nto the end").response.body == "to the end");
  CHECK(get("HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabcdef").response.body == "abc");
  CHECK(get("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").response.body == "abcde");
  CHECK(get("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\nContent-Length: 1\r\n\r\nx").response.status == 201);
  const outcome head = get("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n", "HEAD");
  CHECK(head.response.status == 200);
  CHECK(head.response.body.empty());
}

TEST_CASE("half an answer is none", "[http_client]") {
  for (const char* answer :
       {"", "H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    CAPTURE(answer);
    const outcome o = get(answer);
    CHECK(o.failure.code == errc::unavailable);
    CHECK(o.failure.names("GET http://127.0.0.1:"));
  }
}

TEST_CASE("what is not HTTP is no answer", "[http_client]") {
  for (const char* answer : {"\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                             "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "200 OK\r\n\r\n", "{\"present\":[]}",
                             "HTTP/1.1 103 Early\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n"}) {
    CAPTURE(answer);
    CHECK(get(answer).failure.code == errc::unavailable);
  }
}

TEST_CASE("generated answers never crash, and never give more than was sent", "[http_client]") {
  upkeep::rng random(11);
  const std::string good = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\nTransfer-Encoding: identity\r\n\r\nfive!";
  std::vector<std::string> answers;
  for (int i = 0; i < 300; ++i) {
    std::string text = good.substr(0, random.below(good.size() + 1)) + (random.chance(0.5) ? good.substr(random.below(good.size())) : "");
    for (std::uint64_t n = random.below(4); n > 0 && !text.empty(); --n)
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    answers.push_back(text);
  }
  raw_server server(answers);
  const http_client client(options());
  for (const std::string& answer : answers) {
    http_response response;
    const auto failure = failure_of([&] { response = client.send({.url = server.url()}); });
    if (failure.happened) continue;
    INFO(answer);
    REQUIRE((response.status >= 200 && response.status <= 999));
    REQUIRE(answer.find(response.body) != std::string::npos);
  }
}

TEST_CASE("an answer that does not end is given up", "[http_client]") {
  using peer = raw_server::peer;
  const auto given_up = [](const raw_server::script& script, std::chrono::microseconds deadline) {
    raw_server server([&](peer& client) {
      static_cast<void>(client.read_request());
      script(client);
    });
    return failure_of([&] { static_cast<void>(http_client(options(deadline)).send({.url = server.url()})); });
  };
  SECTION("by the deadline, however steadily the bytes come") {
    for (const char* begin : {"", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
      CAPTURE(begin);
      const auto failure = given_up([&](peer& client) { client.send(begin), client.drip('1'); }, 60ms);
      CHECK(failure.code == errc::unavailable);
      CHECK(failure.names("within the time"));
    }
    CHECK(given_up([](peer& client) { client.wait_for_end(); }, 60ms).names("within the time"));
  }
  SECTION("by its size, long before") {
    for (const char* begin : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"}) {
      CAPTURE(begin);
      const auto failure = given_up([&](peer& client) { client.send(begin), client.flood(std::string(4096, 'x')); }, 20s);
      CHECK(failure.code == errc::limit_exceeded);
      CHECK(failure.names("1000 bytes"));
    }
    for (const char* begin : {"HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nX: "}) {  // lines that end the stack of a recursive std::regex
      CAPTURE(begin);
      CHECK(given_up([&](peer& client) { client.send(begin), client.flood(std::string(1U << 20U, 'x')); }, 20s).code ==
            errc::limit_exceeded);
    }
    CHECK(given_up([](peer& client) { client.send("HTTP/1.1 200 OK\r\n"), client.flood("A: b\r\n"); }, 20s).code == errc::limit_exceeded);
    CHECK(given_up([](peer& client) { client.flood("HTTP/1.1 100 Continue\r\n\r\n"); }, 20s).code == errc::limit_exceeded);
    CHECK(given_up([](peer& client) { client.send("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 "), client.flood(std::string(1U << 20U, 'x')); }, 20s)
              .code == errc::limit_exceeded);
    CHECK(given_up(
              [](peer& client) {
                client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
                client.flood(std::string(4096, 'x'));
              },
              20s)
              .code == errc::limit_exceeded);
  }
}

TEST_CASE("a header line that is whole and long is refused", "[http_client]") {
  const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
  CHECK(get("HTTP/1.1 200 " + std::string(8000, 'x') + rest).response.status == 200);
  CHECK(get("HTTP/1.1 200 " + std::string(500'000, 'x') + rest).failure.code == errc::limit_exceeded);
  CHECK(get("HTTP/1.1 200 OK\r\nX: " + std::string(8000, 'x') + rest).response.status == 200);
  CHECK(get("HTTP/1.1 200 OK\r\nX: " + std::string(8200, 'x') + rest).failure.code == errc::limit_exceeded);
}

TEST_CASE("a body of exactly the limit is taken", "[http_client]") {
  CHECK(get(http_answer(200, std::string(1000, 'x'))).response.body.size() == 1000);
  CHECK(get(http_answer(200, std::string(1001, 'x'))).failure.code == errc::limit_exceeded);
}

TEST_CASE("Retry-After is counted from the server's own date", "[http_client]") {
  const auto asked = [](const std::string& headers) { return get(http_answer(429, "", headers)).response.retry_after; };
  CHECK(asked("Retry-After: 7\r\n") == 7s);
  CHECK(asked("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n") == 30s);
  CHECK(asked("Retry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n") == 0s);
  CHECK_FALSE(asked("Retry-After: later\r\n"));
}

TEST_CASE("what must not be sent is not", "[http_client]") {
  raw_server server({http_answer(200)});
  const http_client client(options());
  for (const http_request& request :
       {http_request{.url = server.url() + "\r\nX: secret"}, http_request{.url = server.url(), .headers = {{"X", "secret\r\nY: z"}}},
        http_request{.url = server.url(), .headers = {{"X\r\nsecret", "y"}}},
        http_request{.method = "GET / HTTP/1.1\r\nsecret", .url = server.url()},
        http_request{.url = server.url(), .content_type = "secret\r\n\r\n"}, http_request{.url = "secret"}}) {
    const auto failure = failure_of([&] { static_cast<void>(client.send(request)); });
    CHECK(failure.code == errc::invalid_argument);
    CHECK_FALSE(failure.names("secret"));
  }
  CHECK(server.requests().empty());
  CHECK(failure_of([] { http_client({.deadline = 0s}); }).code == errc::invalid_argument);
  CHECK(failure_of([] { http_client({.connect_timeout = -1s}); }).code == errc::invalid_argument);
  CHECK(failure_of([] { http_client({.user_agent = "a\r\nb"}); }).code == errc::invalid_argument);
  CHECK(failure_of([] { http_client({.ca_file = "/nowhere/authorities.pem"}); }).names("/nowhere/authorities.pem"));
}

TEST_CASE("no failure shows a secret address", "[http_client]") {
  const auto message = [](const std::string& url) {
    return failure_of([&] {
             static_cast<void>(
                 http_client(options(50ms)).send({.method = "POST", .url = url, .secret_url = true, .what = "the message to Slack"}));
           })
        .message;
  };
  raw_server cut({""}), large({http_answer(200, std::string(2000, 'x'))});
  raw_server silent([](raw_server::peer& client) { client.wait_for_end(); });
  for (const std::string& url :
       {cut.url("/secret"), large.url("/secret"), silent.url("/secret"), std::string("http://secret.invalid/"),
        std::string("https://") + cut.host() + "/secret", std::string("secret://x"), std::string("http://u:secret@x/")}) {
    const std::string said = message(url);
    CAPTURE(said);
    CHECK(said.starts_with("the message to Slack: "));
    CHECK(said.find("secret") == std::string::npos);
    CHECK(said.find("127.0.0.1") == std::string::npos);
  }
}

TEST_CASE("a proxy is spoken to in its own way", "[http_client]") {
  raw_server proxy([&proxy](raw_server::peer& client) {
    const std::string request = client.read_request();
    proxy.keep(request);
    client.send(request.starts_with("CONNECT") ? "HTTP/1.1 407 Who are you?\r\nContent-Length: 0\r\n\r\n" : http_answer(200, "through"));
  });
  http_options through = options();
  std::map<std::string, std::string> set{{"ALL_PROXY", "http://me:it@" + proxy.host()}};
  through.variables = [&](const std::string& name) { return set.count(name) != 0 ? std::optional(set[name]) : std::nullopt; };
  CHECK(http_client(through).send({.url = "http://far.example:81/x?y"}).body == "through");
  CHECK(proxy.requests().at(0).starts_with("GET http://far.example:81/x?y HTTP/1.1\r\n"));
  CHECK(proxy.requests().at(0).find("Host: far.example:81\r\n") != std::string::npos);
  CHECK(proxy.requests().at(0).find("Proxy-Authorization: Basic bWU6aXQ=\r\n") != std::string::npos);

  const auto refused = failure_of([&] { static_cast<void>(http_client(through).send({.url = "https://far.example/secret"})); });
  CHECK(refused.code == errc::unavailable);
  CHECK(refused.names("407"));
  CHECK(proxy.requests().at(1).starts_with("CONNECT far.example:443 HTTP/1.1\r\n"));
  CHECK(proxy.requests().at(1).find("secret") == std::string::npos);

  through.proxy_from_environment = false;
  raw_server direct({http_answer(200, "direct")});
  CHECK(http_client(through).send({.url = direct.url()}).body == "direct");
}

TEST_CASE("one client serves several threads", "[http_client]") {
  raw_server server([](raw_server::peer& client) { client.send(http_answer(200, body_of(client.read_request()))); });
  const http_client client(options());
  std::vector<std::string> answers(8);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < answers.size(); ++i)
      threads.emplace_back([&, i] {
        for (int k = 0; k < 5; ++k)
          answers[i] = client.send({.method = "POST", .url = server.url(), .body = "thread " + std::to_string(i)}).body;
      });
  }
  for (std::size_t i = 0; i < answers.size(); ++i) CHECK(answers[i] == "thread " + std::to_string(i));
}
