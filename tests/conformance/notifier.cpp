// The suite for notifiers passes the shipped ones, and catches a notifier that breaks any one of its rules.

#include "upkeep/testing/conform_notifier.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/notify/log_notifier.hpp"
#include "upkeep/notify/null_notifier.hpp"

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

TEST_CASE("the suite catches a notifier that breaks one rule", "[conformance][notifier]") {
  std::string log;
  caught([&](const message& m) { m.title.empty() ? throw std::runtime_error("no title") : log += m.title; }, "takes_every_message", log);
  caught([&](const message& m) { log += m.level == message::urgency::alert ? m.title : ""; }, "delivers_each_message_once", log);
  caught([&](const message& m) { (log += m.title) += m.title; }, "delivers_each_message_once", log);
  caught([&](const message& m) { const_cast<message&>(m).text.clear(), log += m.title; }, "leaves_the_message_alone", log);
}
