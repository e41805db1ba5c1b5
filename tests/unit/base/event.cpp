#include "upkeep/base/event.hpp"

#include "support/catch.hpp"

#include <string>

using namespace upkeep;

TEST_CASE("fields keep the kind of their value", "[event]") {
  const event_field fields[] = {{"text", "a"}, {"flag", true}, {"size", 3U},
                                {"delta", -3}, {"score", .5F}, {"name", std::string_view("b")}};
  REQUIRE(std::get<std::string_view>(fields[0].value) == "a");
  REQUIRE(std::get<bool>(fields[1].value));
  REQUIRE(std::get<std::uint64_t>(fields[2].value) == 3);
  REQUIRE(std::get<std::int64_t>(fields[3].value) == -3);
  REQUIRE(std::get<double>(fields[4].value) == .5);
  REQUIRE(std::get<std::string_view>(fields[5].value) == "b");
}

TEST_CASE("a field is found by its name", "[event]") {
  const event_field fields[] = {{"rows", 1}, {"seconds", 2.0}};
  const event e{event_level::info, "done", "it is done", fields};
  REQUIRE(e.find("seconds") == &fields[1]);
  REQUIRE(e.find("second") == nullptr);
}

TEST_CASE("levels have names", "[event]") {
  REQUIRE(to_string(event_level::progress) == "progress");
  REQUIRE(to_string(event_level::detail) == "detail");
  REQUIRE(to_string(event_level::info) == "info");
  REQUIRE(to_string(event_level::warning) == "warning");
  REQUIRE(to_string(event_level::alert) == "alert");
}
