// The recording observer keeps copies, shared between its own copies.

#include "upkeep/testing/recording_observer.hpp"

#include <algorithm>
#include <string>

#include "support/catch.hpp"
#include "upkeep/testing/conform_observer.hpp"

using upkeep::event_level;
using upkeep::testing::recording_observer;

TEST_CASE("a recording_observer conforms", "[recording_observer]") {
  recording_observer kept;
  const auto report = upkeep::testing::conform_observer([&] { return kept; },
                                                        [&] {
                                                          std::string all;
                                                          for (const auto& e : kept.events()) all += e.text + '\n';
                                                          return all;
                                                        });
  INFO(report.text());
  CHECK(report.ok());
}

TEST_CASE("events are found by name, with their fields", "[recording_observer]") {
  const recording_observer kept;
  recording_observer given = kept;
  std::string receipt = "path";
  const upkeep::event_field fields[] = {{"rows", 3U}, {"share", 0.5}, {"ok", true}, {"delta", -1}, {"receipt", receipt}};
  given.observe({event_level::warning, "removed", "three rows", fields});
  given.observe({event_level::info, "other", {}, {}});
  given.observe({event_level::alert, "removed", "again", {}});
  std::fill(receipt.begin(), receipt.end(), '#');
  CHECK(kept.events().size() == 3);
  CHECK(kept.count("removed") == 2);
  CHECK(kept.last("removed")->text == "again");
  CHECK_FALSE(kept.last("none").has_value());
  const auto first = kept.events()[0];
  CHECK(first.level == event_level::warning);
  CHECK(std::get<std::uint64_t>(*first.find("rows")) == 3);
  CHECK(std::get<double>(*first.find("share")) == 0.5);
  CHECK(std::get<bool>(*first.find("ok")));
  CHECK(std::get<std::int64_t>(*first.find("delta")) == -1);
  CHECK(std::get<std::string>(*first.find("receipt")) == "path");
  CHECK(first.find("none") == nullptr);
  given.clear();
  CHECK(kept.events().empty());
}
