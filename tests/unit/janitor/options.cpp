#include "upkeep/janitor/options.hpp"

#include "support/failure.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <functional>
#include <vector>

using namespace upkeep;

TEST_CASE("the defaults are careful, and pass", "[options]") {
  const janitor_options o;
  REQUIRE_NOTHROW(check_options(o));
  REQUIRE(o.phase == phase::detect);
  REQUIRE(o.baseline);
  REQUIRE(o.grace == std::chrono::hours(20));
  REQUIRE(o.limits.fraction == 0.05);
  REQUIRE(o.limits.excess == on_excess::abort);
  REQUIRE(o.batch == 200);
  REQUIRE_FALSE(o.across_scopes);
}

TEST_CASE("each option that cannot be used is refused", "[options]") {
  const std::vector<std::function<void(janitor_options&)>> mistakes = {
      [](janitor_options& o) { o.limits.fraction = 1.01; },
      [](janitor_options& o) { o.limits.fraction = -.01; },
      [](janitor_options& o) { o.limits.fraction = std::nan(""); },
      [](janitor_options& o) { o.limits.scope_fraction = 5; },
      [](janitor_options& o) { o.limits.absence_spike = -1; },
      [](janitor_options& o) { o.batch = 0; },
      [](janitor_options& o) { o.batch = 201; },
      [](janitor_options& o) { o.grace = std::chrono::seconds(-1); },
      [](janitor_options& o) { o.grace = std::chrono::seconds::max(); },
      [](janitor_options& o) { o.undo_window = std::chrono::seconds(-1); },
      [](janitor_options& o) { o.plan_age = std::chrono::seconds(0); },
  };
  for (const auto& make : mistakes) {
    janitor_options o;
    make(o);
    REQUIRE(upkeep_test::failure_of([&] { check_options(o); }).code == errc::invalid_argument);
  }
}

TEST_CASE("the edges of what can be used pass", "[options]") {
  janitor_options o;
  o.limits.fraction = 0;
  o.limits.scope_fraction = 1;
  o.batch = 1;
  o.grace = o.undo_window = std::chrono::seconds(0);
  REQUIRE_NOTHROW(check_options(o));
}

TEST_CASE("phases have names", "[options]") {
  REQUIRE(to_string(phase::detect) == "detect");
  REQUIRE(to_string(phase::log) == "log");
  REQUIRE(to_string(phase::cleanup) == "cleanup");
}
