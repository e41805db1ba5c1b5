// The suite for observers passes the shipped ones, and catches an observer that breaks any one of its rules.

#include "upkeep/testing/conform_observer.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/crypto/secret_key.hpp"
#include "upkeep/observe/audit_log.hpp"
#include "upkeep/observe/fanout_observer.hpp"
#include "upkeep/observe/log_observer.hpp"
#include "upkeep/observe/metrics_observer.hpp"
#include "upkeep/observe/null_observer.hpp"
#include "upkeep/observe/progress_bar.hpp"

using upkeep::event;
using upkeep::testing::conform_observer;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void check(const upkeep::testing::conformance_report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

template <class Act>
struct observer_that {
  Act act;
  void observe(const event& e) { act(e); }
};

template <class Act>
void caught(Act act, const char* rule, const std::function<std::string()>& shown = {}) {
  const auto report = conform_observer([&] { return observer_that<Act>{act}; }, shown);
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
  CHECK(report.failures.size() < report.rules.size());
}

}  // namespace

TEST_CASE("the shipped observers conform", "[conformance][observer]") {
  const upkeep_test::temporary_directory directory;
  const std::string text = directory / "text", json = directory / "json", both = directory / "both", bar = directory / "bar";
  check(conform_observer([&] { return upkeep::log_observer(text); }, [&] { return contents(text); }));
  check(conform_observer(
      [&] { return upkeep::log_observer(json, {.format = upkeep::log_format::json_lines, .minimum = upkeep::event_level::progress}); },
      [&] { return contents(json); }));
  check(conform_observer([&] { return upkeep::fanout_observer(upkeep::null_observer(), upkeep::log_observer(both)); },
                         [&] { return contents(both); }));
  check(conform_observer([] { return upkeep::null_observer(); }));
  check(conform_observer([] { return upkeep::metrics_observer(); }));
  const std::string metrics = directory / "metrics";
  check(conform_observer([&] { return upkeep::metrics_observer({.textfile = metrics}); }));
  upkeep_test::prefer_memory_for_temporary_files();  // an audit log syncs each line
  const upkeep_test::temporary_directory memory;
  const std::string audit = memory / "audit";
  const upkeep::secret_key key(std::vector<std::byte>(32, std::byte{1}));
  check(conform_observer([&] { return upkeep::audit_log(audit, key); }, [&] { return contents(audit); }));
  std::FILE* const stream = std::fopen(bar.c_str(), "w");
  REQUIRE(stream != nullptr);
  check(conform_observer([&] { return upkeep::progress_bar(stream, {.force = true}); }));
  std::fclose(stream);
}

TEST_CASE("the suite catches an observer that breaks one rule", "[conformance][observer]") {
  caught([](const event& e) { e.name.empty() ? throw std::runtime_error("an event without a name") : void(); }, "takes_every_event");
  caught(
      [](const event& e) {
        if (const auto* done = e.find("done")) static_cast<void>(std::get<std::uint64_t>(done->value));  // believes every progress event
      },
      "takes_any_progress");
  std::vector<std::string> kept;
  caught(
      [&](const event& e) {
        if (kept.size() < 20) kept.emplace_back(e.text);
      },
      "copies_what_it_keeps",
      [&] {
        std::string all;
        for (const std::string& s : kept) all += s;
        return all;
      });
}
