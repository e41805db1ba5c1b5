// A webhook's receiver can tell who sent a message, when, and whether it had it before.

#include "upkeep/notify/webhook_notifier.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/raw_server.hpp"
#include "support/stopping_clock.hpp"
#include "upkeep/base/json.hpp"
#include "upkeep/testing/conform_notifier.hpp"
#include "upkeep/testing/manual_clock.hpp"

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::message;
using upkeep::webhook_notifier;
using upkeep_test::body_of;
using upkeep_test::failure_of;
using upkeep_test::http_answer;
using upkeep_test::raw_server;

namespace {

const upkeep::time_point noon(std::chrono::hours(490'000));

upkeep::secret_key key() { return upkeep::secret_key(std::as_bytes(std::span<const char>(std::string(32, 'k')))); }

upkeep::webhook_options to(const raw_server& server) {
  upkeep::webhook_options o;
  o.url = server.url("/hook/secret?token=secret");
  o.http.proxy_from_environment = false;
  return o;
}

std::string header_of(const std::string& request, const std::string& name) {
  const std::size_t at = request.find("\r\n" + name + ": ");
  REQUIRE(at != std::string::npos);
  const std::size_t begin = at + 4 + name.size();
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

}  // namespace

TEST_CASE("a webhook message is JSON, signed with its time") {
  raw_server server({http_answer(204)});
  const upkeep::testing::manual_clock clock(noon + 1234us);
  auto options = to(server);
  options.report = "/r.json";
  webhook_notifier hook(options, key(), clock);
  hook.deliver({.level = message::urgency::alert, .title = "a \"b\"", .text = "c\nd\xff"});
  REQUIRE(server.requests().size() == 1);
  const std::string request = server.requests()[0], body = body_of(request);
  CHECK(request.starts_with("POST /hook/secret?token=secret HTTP/1.1\r\n"));
  const upkeep::json_value value = upkeep::parse_json(body, "body");
  const upkeep::json_fields fields(value, "body");
  CHECK(fields.integer("upkeep_message") == 1);
  CHECK(fields.text("level") == "alert");
  CHECK(fields.text("title") == "a \"b\"");
  CHECK(fields.text("text") == "c\nd\xef\xbf\xbd");
  CHECK(fields.text("report") == "/r.json");
  CHECK(fields.text("time") == upkeep::to_iso8601(noon));
  CHECK(fields.text("id").size() == 32);
  const std::string time = header_of(request, "X-Upkeep-Timestamp"), signature = header_of(request, "X-Upkeep-Signature");
  CHECK(upkeep::is_signed_webhook(key(), time, signature, body, noon));
  hook.deliver({.title = "e", .text = ""});
  const upkeep::json_value second = upkeep::parse_json(body_of(server.requests()[1]), "body");
  CHECK(upkeep::json_fields(second, "body").text("id") != fields.text("id"));
}

TEST_CASE("a message that is sent again has the same id and signature") {
  raw_server server({http_answer(503), "", http_answer(200)});
  webhook_notifier hook(to(server), key(), upkeep::testing::manual_clock(noon));
  hook.deliver({.title = "t", .text = "x"});
  REQUIRE(server.requests().size() == 3);
  CHECK(body_of(server.requests()[0]) == body_of(server.requests()[2]));
  CHECK(header_of(server.requests()[0], "X-Upkeep-Signature") == header_of(server.requests()[2], "X-Upkeep-Signature"));
}

TEST_CASE("a stop ends the waiting for a webhook that is busy, and the message can be delivered later") {
  for (const std::string& busy : {http_answer(429, "", "Retry-After: 60\r\n"), http_answer(503), std::string()}) {
    raw_server server({busy, http_answer(200)});
    const upkeep_test::stopping_clock clock{upkeep::testing::manual_clock(noon)};
    webhook_notifier hook(to(server), key(), clock);
    CHECK(failure_of([&] { hook.deliver({.title = "t", .text = "x"}, clock.stop->get_token()); }).code == errc::cancelled);
    CHECK(clock.now() - noon <= 200ms);
    CHECK(server.requests().size() == 1);
    CHECK(failure_of([&] { hook.deliver({.title = "t", .text = "x"}, clock.stop->get_token()); }).code == errc::cancelled);
    CHECK(server.requests().size() == 1);
    CHECK_NOTHROW(hook.deliver({.title = "t", .text = "x"}, std::stop_token()));
    CHECK(server.requests().size() == 2);
  }
}

TEST_CASE("what fails names neither address nor key") {
  for (const auto& [answer, code] :
       {std::pair{http_answer(401, "secret"), errc::io}, {http_answer(500), errc::unavailable}, {std::string(), errc::unavailable}}) {
    raw_server server({answer});
    webhook_notifier hook(to(server), key(), upkeep::testing::manual_clock(noon));
    const auto failed = failure_of([&] { hook.deliver({.title = "t", .text = "x"}); });
    CHECK(failed.code == code);
    CHECK(failed.names("the message to the webhook"));
    for (const char* secret : {"secret", "hook/", "127.0.0.1", "kkkk"}) CHECK_FALSE(failed.names(secret));
  }
  const auto refused = failure_of([] { webhook_notifier<> hook({.url = "http://example.org/secret"}, key()); });
  CHECK(refused.code == errc::invalid_argument);
  CHECK_FALSE(refused.names("secret"));
}

TEST_CASE("webhook_notifier keeps the promises of its role") {
  raw_server server({http_answer(200)});
  const auto report =
      upkeep::testing::conform_notifier([&] { return webhook_notifier(to(server), key(), upkeep::testing::manual_clock(noon)); },
                                        [&] {
                                          std::string all;
                                          for (const std::string& r : server.requests()) all += body_of(r);
                                          return all;
                                        });
  INFO(report.text());
  CHECK(report.ok());
}
