// Messages reach Slack once, where they are wanted, at its pace; and no secret is in what is said of a failure.

#include "upkeep/notify/slack_notifier.hpp"

#include <chrono>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/raw_server.hpp"
#include "support/stopping_clock.hpp"
#include "upkeep/testing/conform_notifier.hpp"
#include "upkeep/testing/manual_clock.hpp"

using namespace std::chrono_literals;
using upkeep::errc;
using upkeep::message;
using upkeep::slack_notifier;
using upkeep::slack_options;
using upkeep_test::body_of;
using upkeep_test::failure_of;
using upkeep_test::http_answer;
using upkeep_test::raw_server;

namespace {

const upkeep::time_point noon(std::chrono::hours(490'000));

slack_options webhook(const raw_server& server) {
  slack_options o;
  o.webhook = server.url("/services/T0/B0/secret");
  o.http.proxy_from_environment = false;
  return o;
}

slack_options bot(const raw_server& server) {
  slack_options o;
  o.token = "xoxb-secret";
  o.channel = "C1";
  o.api = server.url("/api/chat.postMessage");
  o.http.proxy_from_environment = false;
  return o;
}

message notice(const std::string& title) { return {.title = title, .text = "text"}; }
message alert(const std::string& title) { return {.level = message::urgency::alert, .title = title, .text = "text"}; }

}  // namespace

TEST_CASE("a webhook gets the message as JSON") {
  raw_server server({http_answer(200, "ok")});
  slack_notifier slack(webhook(server), upkeep::testing::manual_clock(noon));
  slack.deliver(notice("hello"));
  REQUIRE(server.requests().size() == 1);
  const std::string request = server.requests()[0];
  CHECK(request.starts_with("POST /services/T0/B0/secret HTTP/1.1\r\n"));
  CHECK(request.find("application/json") != std::string::npos);
  CHECK(request.find("Authorization") == std::string::npos);
  CHECK(body_of(request) == upkeep::slack_body(notice("hello")));
}

TEST_CASE("a bot writes with its token, alerts to their own channel") {
  raw_server server({http_answer(200, R"({"ok":true})")});
  slack_options o = bot(server);
  o.alert_channel = "C2";
  o.report = "/r.json";
  slack_notifier slack(o, upkeep::testing::manual_clock(noon));
  slack.deliver(notice("a"));
  slack.deliver(alert("b"));
  REQUIRE(server.requests().size() == 2);
  CHECK(server.requests()[0].find("Authorization: Bearer xoxb-secret\r\n") != std::string::npos);
  CHECK(body_of(server.requests()[0]) == upkeep::slack_body(notice("a"), "C1", "/r.json"));
  CHECK(body_of(server.requests()[1]) == upkeep::slack_body(alert("b"), "C2", "/r.json"));
}

TEST_CASE("alerts go to the webhook that is for them") {
  raw_server usual({http_answer(200, "ok")}), alerts({http_answer(200, "ok")});
  slack_options o = webhook(usual);
  o.alert_webhook = alerts.url("/alerts");
  slack_notifier slack(o, upkeep::testing::manual_clock(noon));
  slack.deliver(notice("a"));
  slack.deliver(alert("b"));
  slack.deliver(notice("c"));
  CHECK(usual.requests().size() == 2);
  CHECK(alerts.requests().size() == 1);
}

TEST_CASE("messages are a second apart, whatever the clock does") {
  raw_server server({http_answer(200, "ok")});
  const upkeep::testing::manual_clock clock(noon);
  slack_notifier slack(webhook(server), clock);
  slack.deliver(notice("1"));
  CHECK(clock.now() == noon);
  slack.deliver(notice("2"));
  CHECK(clock.now() == noon + 1s);
  clock.advance(400ms);
  slack.deliver(notice("3"));
  CHECK(clock.now() == noon + 2s);
  clock.advance(5s);
  slack.deliver(notice("4"));
  CHECK(clock.now() == noon + 7s);
  clock.advance(-1h);
  slack.deliver(notice("5"));
  CHECK(clock.now() == noon + 8s - 1h);
}

TEST_CASE("what Slack asks to wait is waited, and passing failures are tried again") {
  raw_server server({http_answer(429, "ratelimited", "Retry-After: 7\r\n"), http_answer(503), http_answer(200, "ok")});
  const upkeep::testing::manual_clock clock(noon);
  slack_notifier slack(webhook(server), clock);
  CHECK_NOTHROW(slack.deliver(notice("hello")));
  CHECK(server.requests().size() == 3);
  CHECK(clock.now() >= noon + 7s);
  CHECK(body_of(server.requests()[0]) == body_of(server.requests()[2]));
}

TEST_CASE("a stop ends the waiting for Slack, and the message can be delivered later") {
  raw_server server({http_answer(429, "ratelimited", "Retry-After: 60\r\n"), http_answer(200, "ok")});
  const upkeep_test::stopping_clock clock{upkeep::testing::manual_clock(noon)};
  slack_notifier slack(webhook(server), clock);
  CHECK(failure_of([&] { slack.deliver(notice("hello"), clock.stop->get_token()); }).code == errc::cancelled);
  CHECK(clock.now() - noon <= 200ms);
  CHECK(server.requests().size() == 1);
  CHECK_NOTHROW(slack.deliver(notice("hello"), std::stop_token()));
  CHECK(server.requests().size() == 2);
}

TEST_CASE("a stop ends the waiting for the turn of a message to Slack") {
  raw_server server({http_answer(200, "ok")});
  const upkeep_test::stopping_clock clock{upkeep::testing::manual_clock(noon)};
  slack_notifier slack(webhook(server), clock);
  slack.deliver(notice("1"));
  CHECK(failure_of([&] { slack.deliver(notice("2"), clock.stop->get_token()); }).code == errc::cancelled);
  CHECK(clock.now() - noon <= 200ms);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("what fails is said with Slack's word and without address or token") {
  for (const bool by_token : {false, true}) {
    const auto says = [&](const std::string& answer, errc code, std::string_view words, std::size_t requests) {
      raw_server server({answer});
      slack_notifier slack(by_token ? bot(server) : webhook(server), upkeep::testing::manual_clock(noon));
      const auto failed = failure_of([&] { slack.deliver(notice("hello")); });
      CAPTURE(by_token, answer, failed.message);
      REQUIRE(failed.happened);
      CHECK(failed.code == code);
      CHECK(failed.names(words));
      for (const char* secret : {"secret", "xoxb", "services", "/T0/", "127.0.0.1"}) CHECK_FALSE(failed.names(secret));
      CHECK(server.requests().size() == requests);
    };
    says(http_answer(404, "no_service"), errc::io, "no_service", 1);
    says(http_answer(302, "", "Location: http://127.0.0.1:1/secret\r\n"), errc::io, "redirects are not followed", 1);
    says(http_answer(429, "", "Retry-After: 3600\r\n"), errc::unavailable, "429", 1);  // longer than anybody waits
    says(http_answer(500, "xoxb-secret services /T0/"), errc::unavailable, "500", 1);
    says(http_answer(503), errc::unavailable, "503", 4);
    says("HTTP/1.1 200", errc::unavailable, "the message to Slack", 4);
    says("", errc::unavailable, "the message to Slack", 4);
    if (by_token) {
      says(http_answer(200, R"({"ok":false,"error":"channel_not_found"})"), errc::io, "channel_not_found", 1);
      says(http_answer(200, "ok"), errc::io, "none of chat.postMessage", 1);
    }
  }
}

TEST_CASE("what cannot be a way to Slack is refused without being shown") {
  const auto refused = [](auto change) {
    slack_options o;
    o.webhook = "https://hooks.slack.com/services/secret";
    change(o);
    const auto failed = failure_of([&] { slack_notifier<> slack(o); });
    CAPTURE(failed.message);
    CHECK(failed.code == errc::invalid_argument);
    CHECK_FALSE(failed.names("secret"));
  };
  CHECK_NOTHROW(slack_notifier<>([] {
    slack_options o;
    o.webhook = "https://hooks.slack.com/services/secret";
    return o;
  }()));
  refused([](slack_options& o) { o.webhook.clear(); });
  refused([](slack_options& o) { o.token = "xoxb-secret"; });
  refused([](slack_options& o) { o.webhook = "http://hooks.slack.com/services/secret"; });
  refused([](slack_options& o) { o.webhook = "hooks.slack.com/services/secret"; });
  refused([](slack_options& o) { o.alert_webhook = "ftp://hooks.slack.com/services/secret"; });
  refused([](slack_options& o) { o.webhook.clear(), o.token = "xoxb-secret"; });
  refused([](slack_options& o) { o.webhook.clear(), o.token = "xoxb-secret\n", o.channel = "C"; });
  refused([](slack_options& o) { o.webhook.clear(), o.token = "xoxb-secret", o.channel = "C", o.api = "http://example.org/secret"; });
}

TEST_CASE("slack_notifier keeps the promises of its role") {
  raw_server server({http_answer(200, "ok")});
  const upkeep::testing::manual_clock clock(noon);
  const auto report = upkeep::testing::conform_notifier([&] { return slack_notifier(webhook(server), clock); },
                                                        [&] {
                                                          std::string headers;  // the title stands twice in each body
                                                          for (const std::string& r : server.requests())
                                                            headers += body_of(r).substr(body_of(r).find("\"blocks\""));
                                                          return headers;
                                                        });
  INFO(report.text());
  CHECK(report.ok());
}
