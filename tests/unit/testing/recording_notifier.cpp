// The recording notifier keeps messages and fails when told to.

#include "upkeep/testing/recording_notifier.hpp"

#include <string>

#include "support/catch.hpp"
#include "upkeep/testing/conform_notifier.hpp"

using upkeep::testing::recording_notifier;

TEST_CASE("a recording_notifier conforms", "[recording_notifier]") {
  recording_notifier kept;
  const auto report = upkeep::testing::conform_notifier([&] { return kept; },
                                                        [&] {
                                                          std::string all;
                                                          for (const auto& m : kept.messages()) all += m.title + '\n';
                                                          return all;
                                                        });
  INFO(report.text());
  CHECK(report.ok());
}

TEST_CASE("a recording_notifier that is told to fail delivers nothing", "[recording_notifier]") {
  const recording_notifier kept;
  recording_notifier given = kept;
  given.deliver({.title = "one", .text = "text"});
  given.fail_with("the line is dead");
  CHECK_THROWS_WITH(given.deliver({.title = "two", .text = ""}), "the line is dead");
  given.fail_with("");
  given.deliver({.title = "three", .text = ""});
  REQUIRE(kept.messages().size() == 2);
  CHECK(kept.messages()[0].text == "text");
  CHECK(kept.messages()[1].title == "three");
}
