// The suite for notifiers passes the shipped ones, and catches a notifier that breaks any one of its rules.

#include "upkeep/testing/conform_notifier.hpp"

#include <chrono>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/raw_server.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/crypto/secret_key.hpp"
#include "upkeep/notify/fanout_notifier.hpp"
#include "upkeep/notify/log_notifier.hpp"
#include "upkeep/notify/null_notifier.hpp"
#include "upkeep/notify/slack_notifier.hpp"
#include "upkeep/notify/webhook_notifier.hpp"
#include "upkeep/testing/manual_clock.hpp"

using upkeep::message;
using upkeep::testing::conform_notifier;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Act>
struct notifier_that {
  Act act;
  void deliver(const message& m) { act(m); }
};

template <class Act>
void caught(Act act, const char* rule, const std::string& log) {
  const auto report = conform_notifier([&] { return notifier_that<Act>{act}; }, [&] { return log; });
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
  CHECK(report.failures.size() == 1);
}

}  // namespace

TEST_CASE("the shipped notifiers conform", "[conformance][notifier]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "log";
  const auto logged = conform_notifier([&] { return upkeep::log_notifier(path); }, [&] { return contents(path); });
  INFO(logged.text());
  CHECK(logged.ok());
  CHECK(conform_notifier([] { return upkeep::null_notifier(); }).ok());
}

TEST_CASE("a fanout conforms, for each of its parts", "[conformance][notifier]") {
  const upkeep_test::temporary_directory directory;
  const std::string first = directory / "first", second = directory / "second";
  upkeep::log_notifier borrowed(second);
  for (const std::string& path : {first, second}) {
    const auto both = conform_notifier([&] { return upkeep::fanout_notifier(upkeep::log_notifier(first), std::ref(borrowed)); },
                                       [&] { return contents(path); });
    INFO(both.text());
    CHECK(both.ok());
  }
  CHECK(conform_notifier([] { return upkeep::fanout_notifier(); }).ok());
}

TEST_CASE("notifiers that reach a service conform", "[conformance][notifier]") {
  const upkeep::testing::manual_clock clock(upkeep::time_point(std::chrono::hours(490'000)));
  // The whole of each body would count a title of Slack's twice: it stands in what a phone shows as well.
  const auto bodies = [](const upkeep_test::raw_server& server, const char* from) {
    std::string all;
    for (const std::string& request : server.requests()) {
      const std::string body = upkeep_test::body_of(request);
      all += body.substr(body.find(from));
    }
    return all;
  };
  upkeep_test::raw_server workspace({upkeep_test::http_answer(200, "ok")});
  upkeep::slack_options slack;
  slack.webhook = workspace.url("/services/T0/B0/secret");
  slack.http.proxy_from_environment = false;
  const auto to_slack =
      conform_notifier([&] { return upkeep::slack_notifier(slack, clock); }, [&] { return bodies(workspace, "\"blocks\""); });
  INFO(to_slack.text());
  CHECK(to_slack.ok());

  upkeep_test::raw_server listener({upkeep_test::http_answer(200)});
  upkeep::webhook_options hook;
  hook.url = listener.url("/hook");
  hook.http.proxy_from_environment = false;
  const upkeep::secret_key key(std::vector<std::byte>(32, std::byte{1}));
  const auto to_webhook =
      conform_notifier([&] { return upkeep::webhook_notifier(hook, key, clock); }, [&] { return bodies(listener, "{"); });
  INFO(to_webhook.text());
  CHECK(to_webhook.ok());
}

TEST_CASE("the suite catches a notifier that breaks one rule", "[conformance][notifier]") {
  std::string log;
  caught([&](const message& m) { m.title.empty() ? throw std::runtime_error("no title") : log += m.title; }, "takes_every_message", log);
  caught([&](const message& m) { log += m.level == message::urgency::alert ? m.title : ""; }, "delivers_each_message_once", log);
  caught([&](const message& m) { (log += m.title) += m.title; }, "delivers_each_message_once", log);
  caught([&](const message& m) { const_cast<message&>(m).text.clear(), log += m.title; }, "leaves_the_message_alone", log);
}
