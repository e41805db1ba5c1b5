#include "upkeep/base/progress.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace upkeep;

TEST_CASE("nobody who listens, nobody who stops", "[progress]") {
  progress p;
  REQUIRE_NOTHROW(p.check("nothing"));
  p.report("step", 1, 2, "rows");
  p.tell({});
  REQUIRE_FALSE(p.stop_requested());
}

TEST_CASE("a stop is an error that says during what", "[progress]") {
  std::stop_source source;
  const progress p(source.get_token());
  REQUIRE_NOTHROW(p.check("the scan"));
  source.request_stop();
  try {
    p.check("the scan");
    FAIL("not stopped");
  } catch (const error& stopped) {
    REQUIRE(stopped.code() == errc::cancelled);
    REQUIRE(std::string(stopped.what()).find("the scan") != std::string::npos);
  }
}

TEST_CASE("progress is told seldom, but its end always", "[progress]") {
  std::vector<std::uint64_t> told;
  const auto sink = [&](const event& e) {
    REQUIRE(e.level == event_level::progress);
    REQUIRE(std::get<std::string_view>(e.find("step")->value) == "join");
    REQUIRE(std::get<std::uint64_t>(e.find("total")->value) == 100'000);
    told.push_back(std::get<std::uint64_t>(e.find("done")->value));
  };
  progress p({}, sink);
  for (std::uint64_t i = 1; i <= 100'000; ++i) p.report("join", i, 100'000, "rows");
  REQUIRE(told.front() == 1);
  REQUIRE(told.back() == 100'000);
  REQUIRE(told.size() < 10'000);  // ten a second: a loop this short cannot take a quarter of an hour
}

TEST_CASE("other events pass through as they are", "[progress]") {
  std::vector<std::string> names;
  const auto sink = [&](const event& e) { names.emplace_back(e.name); };
  const progress p({}, sink);
  p.tell({event_level::warning, "careful", {}, {}});
  REQUIRE(names == std::vector<std::string>{"careful"});
}
