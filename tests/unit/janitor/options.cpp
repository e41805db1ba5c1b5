#include "upkeep/janitor/options.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <cmath>

using namespace upkeep;
using namespace std::chrono_literals;

namespace {

std::string refusal(const janitor_options& o) {
  const auto failure = upkeep_test::failure_of([&] { check_options(o); });
  CHECK((!failure.happened || failure.code == errc::invalid_argument));
  return failure.message;
}

}  // namespace

TEST_CASE("the defaults are the careful ones", "[options]") {
  const janitor_options o;
  CHECK(refusal(o).empty());
  CHECK(o.threshold == .98);
  CHECK(o.phase == phase::detect);
  CHECK_FALSE(o.dry_run);
  CHECK(o.baseline);
  CHECK(o.grace == 20h);
  CHECK(o.undo_window == 24h * 30);
  CHECK(o.limits.fraction == .05);
  CHECK(o.limits.absence_spike == .10);
  CHECK(o.limits.container_sources == 10);
  CHECK(o.limits.excess == on_excess::abort);
  CHECK_FALSE(o.across_scopes);
  CHECK(o.batch == 200);
  CHECK(o.backups.newest == 7);
  CHECK(o.backups.age == 24h * 30);
  CHECK(o.compaction.mode == compaction_mode::slices);
}

TEST_CASE("what cannot be used is refused by name", "[options]") {
  CHECK(refusal({.limits = {.fraction = 1.01}}).find("limits.fraction") != std::string::npos);
  CHECK(refusal({.limits = {.fraction = -.01}}).find("limits.fraction") != std::string::npos);
  CHECK(refusal({.limits = {.fraction = std::nan("")}}).find("limits.fraction") != std::string::npos);
  CHECK(refusal({.limits = {.scope_fraction = 5}}).find("limits.scope_fraction") != std::string::npos);
  CHECK(refusal({.limits = {.absence_spike = 10}}).find("limits.absence_spike") != std::string::npos);
  CHECK(refusal({.compaction = {.least_free_share = 1.5}}).find("least_free_share") != std::string::npos);
  CHECK(refusal({.compaction = {.slice_pages = 0}}).find("slice_pages is 0") != std::string::npos);
  CHECK(refusal({.batch = 0}).find("batch is 0") != std::string::npos);
  CHECK(refusal({.batch = 201}).find("batch is 201") != std::string::npos);
  CHECK(refusal({.grace = -1s}).find("grace") != std::string::npos);
  CHECK(refusal({.undo_window = -1s}).find("undo_window") != std::string::npos);
  CHECK(refusal({.backups = {.age = -1s}}).find("backups.age") != std::string::npos);
  CHECK(refusal({.plan_age = 0s}).find("plan_age") != std::string::npos);
}

TEST_CASE("the ends of every range can be used", "[options]") {
  CHECK(refusal({.limits = {.fraction = 0, .scope_fraction = 0, .absence_spike = 0}, .batch = 1}).empty());
  CHECK(refusal({.limits = {.fraction = 1, .scope_fraction = 1, .absence_spike = 1}, .batch = 200}).empty());
  CHECK(refusal({.grace = 0s, .undo_window = 0s, .plan_age = 1s}).empty());
  CHECK(refusal({.grace = 24h * 36'500, .undo_window = 24h * 36'500, .plan_age = 24h * 36'500}).empty());
}

TEST_CASE("a time so long that sums of it overflow is refused rather than over at once", "[options]") {
  CHECK(refusal({.grace = std::chrono::seconds::max()}).find("grace") != std::string::npos);
  CHECK(refusal({.undo_window = std::chrono::seconds::max()}).find("undo_window") != std::string::npos);
  CHECK(refusal({.plan_age = std::chrono::seconds::max()}).find("plan_age") != std::string::npos);
}

TEST_CASE("phases have names", "[options]") {
  CHECK(to_string(phase::detect) == "detect");
  CHECK(to_string(phase::log) == "log");
  CHECK(to_string(phase::cleanup) == "cleanup");
}
