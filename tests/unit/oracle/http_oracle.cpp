// A service is believed when it answers the question that was asked; in every other case nothing is absent.

#include "upkeep/oracle/http_oracle.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/oracle_answers.hpp"
#include "support/raw_server.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/testing/conform_orphan_oracle.hpp"
#include "upkeep/testing/manual_clock.hpp"

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <httplib.h>

using namespace std::chrono_literals;
using namespace std::string_literals;
using upkeep::errc;
using upkeep::http_oracle_options;
using upkeep::ownership;
using upkeep::testing::manual_clock;
using upkeep_test::ask;
using upkeep_test::body_of;
using upkeep_test::failure_of;
using upkeep_test::http_answer;
using upkeep_test::raw_server;
using subject = upkeep::http_oracle<manual_clock>;

namespace {

upkeep::remote_options quick() {
  return {.http = {.deadline = 20s, .variables = [](const std::string&) { return std::nullopt; }},
          .retry = {.policy = {.attempts = 2, .jitter = 0}},
          .circuit = {.failures = 0}};
}

/// A service that knows what exists, as the documentation of http_oracle describes it.
class service {
 public:
  explicit service(std::set<std::string> exist) : exist_(std::move(exist)) {
    const auto by_one = [this](const httplib::Request& request, httplib::Response& response) {
      const std::string id = request.has_param("id") ? request.get_param_value("id") : request.matches[1].str();
      response.status = exist_.count(id) != 0 ? 200 : 404;
    };
    server_.Get("/one/(.*)", by_one);
    server_.Get("/one", by_one);
    server_.set_tcp_nodelay(true);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~service() {
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string url(const std::string& target) const { return "http://127.0.0.1:" + std::to_string(port_) + target; }

 private:
  std::set<std::string> exist_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

/// Answers a batch: those of the sources that end in an even digit, or are called "known", exist.
std::string answer_to(const std::string& request) {
  std::string present, absent;
  std::string body = body_of(request);
  body = body.substr(body.find('[') + 1);
  body = body.substr(0, body.rfind(']'));
  while (!body.empty()) {
    const std::size_t end = body.find('"', 1) + 1;
    const std::string id = body.substr(0, end);
    std::string& list = id == "\"known\"" || (id.size() > 2 && id[id.size() - 2] % 2 == 0) ? present : absent;
    list += (list.empty() ? "" : ",") + id;
    body.erase(0, end + 1);
  }
  return "{\"present\":[" + present + "],\"absent\":[" + absent + "]}";
}

}  // namespace

TEST_CASE("one HEAD for each source", "[http_oracle]") {
  const service there({"a", "it's \"b\"", "100%", "a b&c=d"});
  for (const char* target : {"/one/{id}", "/one?id={id}&x=y"}) {
    CAPTURE(target);
    const subject asked(there.url(target), {.remote = quick()});
    CHECK(ask(asked, {"a", "b", "it's \"b\"", "100%", "a b&c=d", "a b", "A", "a"}) == "papppaap");
    CHECK(ask(asked, {}) == "");
  }
  CHECK(ask(subject(there.url("/one?id={id}"), {.remote = quick()}), {"x/y", "..", ""}) == "aaa");
}

TEST_CASE("in the path, what a server would not even ask for stays unknown", "[http_oracle]") {
  raw_server server({http_answer(404)});
  const subject asked(server.url("/one/{id}"), {.remote = quick()});
  CHECK(ask(asked, {"a/b", "a\\b", "", ".", "..", "a\0b"s, std::string(2001, 'x')}) == "???????");
  CHECK(server.requests().empty());
  CHECK(ask(asked, {"..."}) == "a");
}

TEST_CASE("only 404 and 410 make a source absent", "[http_oracle]") {
  for (const int status :
       {200, 204, 299, 300, 301, 302, 304, 400, 401, 403, 404, 405, 408, 410, 414, 418, 429, 451, 500, 501, 502, 503, 504, 599}) {
    raw_server server({http_answer(status, "", "Location: /elsewhere\r\n")});
    const subject asked(server.url("/{id}"), {.remote = quick()});
    CAPTURE(status);
    std::string seen;
    const auto failure = failure_of([&] { seen = ask(asked, {"x"}); });
    if (status < 300)
      CHECK(seen == "p");
    else if (status == 404 || status == 410)
      CHECK(seen == "a");
    else
      CHECK(failure.names(std::to_string(status)));
  }
}

TEST_CASE("one that fails stays unknown and is told, the others are answered", "[http_oracle]") {
  raw_server server([](raw_server::peer& client) {
    const std::string request = client.read_request();
    client.send(request.find("/bad ") != std::string::npos ? "HTTP/1.1 200"
                                                           : http_answer(request.find("/gone ") != std::string::npos ? 404 : 200));
  });
  http_oracle_options options{.remote = quick()};
  std::vector<std::string> told;
  options.remote.on_failure = [&](const upkeep::error& failure) { told.emplace_back(failure.what()); };
  CHECK(ask(subject(server.url("/{id}"), options), {"a", "bad", "gone"}) == "p?a");
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("not HTTP") != std::string::npos);
}

TEST_CASE("one POST for many sources", "[http_oracle]") {
  raw_server server([&server](raw_server::peer& client) {
    const std::string request = client.read_request();
    server.keep(request);
    client.send(http_answer(200, answer_to(request)));
  });
  http_oracle_options options{.headers = {{"X-Tenant", "7"}}, .batch = 2, .at_a_time = 1, .remote = quick()};
  options.remote.bearer_token = [] { return std::string("token"); };
  CHECK(ask(subject(server.url("/exist"), options), {"s1", "s2", "s3", "\xff", "s4", "s2"}) == "apa?pp");
  const auto requests = server.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].starts_with("POST /exist HTTP/1.1\r\n"));
  CHECK(requests[0].find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(requests[0].find("Authorization: Bearer token\r\n") != std::string::npos);
  CHECK(requests[0].find("X-Tenant: 7\r\n") != std::string::npos);
  CHECK(body_of(requests[0]) == R"({"sources":["s1","s2"]})");
  CHECK(body_of(requests[1]) == R"({"sources":["s3","s4"]})");
}

TEST_CASE("a batch that is not answered as asked is unknown as a whole", "[http_oracle]") {
  const std::string right = R"({"present":["a"],"absent":["b"]})";
  std::string half = http_answer(200, right);
  half.resize(half.size() - 1);
  for (const std::string& answer : std::vector<std::string>{
           std::string(), half, http_answer(200), http_answer(200, right.substr(0, right.size() - 1)),
           http_answer(200, R"({"present":["a"],"absent":[]})"), http_answer(200, R"({"present":["a"],"absent":["b","c"]})"),
           http_answer(200, R"({"present":["a"],"absent":["c"]})"), http_answer(200, "<html>"), http_answer(201, right),
           http_answer(202, right), http_answer(203, right), http_answer(206, right), http_answer(301, right), http_answer(404, right),
           http_answer(500, right), "HTTP/1.1 100 Continue\r\n\r\n" + half}) {
    CAPTURE(answer);
    raw_server server({answer});
    std::vector<ownership> answers(2, ownership::unknown);
    const std::string_view sources[] = {"a", "b"};
    const subject asked(server.url(), {.remote = quick()});
    CHECK(failure_of([&] { asked.tell_owners(sources, answers); }).happened);
    CHECK(answers == std::vector<ownership>(2, ownership::unknown));
  }
  raw_server server({http_answer(200, right)});
  CHECK(ask(subject(server.url(), {.remote = quick()}), {"a", "b"}) == "pa");
}

TEST_CASE("one batch of several that fails leaves the others answered", "[http_oracle]") {
  raw_server server([](raw_server::peer& client) {
    const std::string request = client.read_request();
    client.send(request.find("\"s3\"") != std::string::npos ? http_answer(200, "{\"present\":[],\"absent\":[\"s3\"")
                                                            : http_answer(200, answer_to(request)));
  });
  int told = 0;
  http_oracle_options options{.batch = 2, .remote = quick()};
  options.remote.on_failure = [&](const upkeep::error&) { ++told; };
  CHECK(ask(subject(server.url(), options), {"s1", "s2", "s3", "s4", "s5"}) == "ap??a");
  CHECK(told == 1);
}

TEST_CASE("a service that does not know what exists is not believed", "[http_oracle]") {
  raw_server wrong({http_answer(404)}), right({http_answer(200), http_answer(404)});
  http_oracle_options options{.known_present = "known", .remote = quick()};
  CHECK(failure_of([&] { ask(subject(wrong.url("/{id}"), options), {"a"}); }).code == errc::inconsistent);
  CHECK(wrong.requests().size() == 1);
  CHECK(ask(subject(right.url("/{id}"), options), {"a"}) == "a");

  raw_server all_gone({http_answer(200, R"({"present":[],"absent":["a","known"]})")});
  CHECK(failure_of([&] { ask(subject(all_gone.url(), options), {"a"}); }).names("'known', which exists, is absent"));
  raw_server good([](raw_server::peer& client) { client.send(http_answer(200, answer_to(client.read_request()))); });
  CHECK(ask(subject(good.url(), options), {"s1", "known", "s2"}) == "app");
  CHECK(ask(subject(good.url(), options), {"s1", "s2"}) == "ap");
}

TEST_CASE("a dead service is not asked for ever", "[http_oracle]") {
  raw_server server({http_answer(500)});
  http_oracle_options options{.at_a_time = 1, .remote = quick()};
  options.remote.circuit = {.failures = 3, .pause = 1min};
  const subject asked(server.url("/{id}"), options);
  const subject copy = asked;
  CHECK(failure_of([&] { ask(asked, {"1", "2", "3", "4", "5", "6"}); }).names("status 500 (and 5 more failed)"));
  CHECK(server.requests().size() == 3);
  CHECK(failure_of([&] { ask(copy, {"1"}); }).names("it is not sent"));
  CHECK(server.requests().size() == 3);
}

TEST_CASE("what cannot be asked is said at once, without a secret", "[http_oracle]") {
  const auto refused = [](const std::string& url, const http_oracle_options& options = {}) {
    const auto failure = failure_of([&] { subject(url, options); });
    CHECK_FALSE(failure.names("secret"));
    return failure.code == errc::invalid_argument;
  };
  CHECK(refused(""));
  CHECK(refused("ftp://a/{id}"));
  CHECK(refused("http://a/{id}/{id}"));
  CHECK(refused("http://a/{ID}"));
  CHECK(refused("http://secret@a/"));
  CHECK(refused("http://a/", {.headers = {{"X", "secret\r\n"}}}));
  CHECK(refused("http://a/", {.batch = 0}));
  CHECK(refused("http://a/{id}", {.known_present = "x/y"}));
  CHECK_FALSE(refused("http://a/{id}"));
  http_oracle_options with_token;
  with_token.remote.bearer_token = [] { return std::string("secret"); };
  CHECK(refused("http://a/", with_token));
  CHECK_FALSE(refused("https://a/", with_token));
  CHECK_FALSE(refused("http://127.0.0.1/", with_token));
}

TEST_CASE("a token that cannot be had, or cannot be sent, makes everything unknown and is not shown", "[http_oracle]") {
  raw_server server({http_answer(404)});
  http_oracle_options options{.remote = quick()};
  options.remote.bearer_token = []() -> std::string { throw upkeep::error(errc::unavailable, "no token today"); };
  CHECK(failure_of([&] { ask(subject(server.url("/{id}"), options), {"a"}); }).names("no token today"));
  options.remote.bearer_token = [] { return std::string("secret\r\nX: y"); };
  const auto failure = failure_of([&] { ask(subject(server.url("/{id}"), options), {"a"}); });
  CHECK(failure.names("Authorization"));
  CHECK_FALSE(failure.names("secret"));
  CHECK(server.requests().empty());
}

TEST_CASE("http_oracle keeps the promises of its role", "[http_oracle]") {
  raw_server server([](raw_server::peer& client) { client.send(http_answer(200, answer_to(client.read_request()))); });
  const auto report = upkeep::testing::conform_orphan_oracle([&] { return subject(server.url(), {.remote = quick()}); },
                                                             {.present = {"s2", "s4"}, .absent = {"s1", "S3"}});
  INFO(report.text());
  CHECK(report.ok());
}
