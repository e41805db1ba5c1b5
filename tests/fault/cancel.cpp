// A stop that is requested at any step of a run ends it with nothing changed, or with whole batches, a receipt and an undo that works.

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/fault_scene.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

using upkeep::errc;
using upkeep::outcome;
using upkeep_test::failure;
using upkeep_test::failure_of;
using upkeep_test::fault_scene;
using upkeep_test::steps;

namespace {

struct cancelled_run {
  failure thrown;
  std::optional<upkeep::janitor_report> report;
};

cancelled_run cancel_at(const fault_scene& scene, std::size_t n, steps& watch) {
  std::stop_source stop;
  watch.at = [&](const std::string&) {
    if (watch.passed.size() == n + 1) stop.request_stop();
  };
  cancelled_run result;
  result.thrown = failure_of([&] { result.report = scene.run(watch, stop.get_token()); });
  return result;
}

}  // namespace

TEST_CASE("a stop at every step of a cleanup leaves nothing changed or whole batches with a receipt", "[cancel]") {
  const bool wal = GENERATE(false, true);
  const fault_scene scene({.wal = wal});
  const std::size_t planned = scene.plan().removals.size();
  steps whole;
  static_cast<void>(scene.run(whole));
  const std::vector<std::string>& all = whole.passed;
  std::size_t before = 0, between = 0, after = 0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (n != 0 && all[n] == all[n - 1] && n % 8 != 0) continue;  // one guard is like another
    if (wal && n % 3 != 0) continue;
    scene.reset();
    steps watch;
    const cancelled_run run = cancel_at(scene, n, watch);
    CAPTURE(n, all[n], wal);
    REQUIRE(watch.passed.at(n) == all[n]);
    const std::size_t gone = scene.removed().size();
    REQUIRE(scene.nothing_lost() == "");
    if (run.thrown.happened) {
      ++before;
      REQUIRE(run.thrown.code == errc::cancelled);
      REQUIRE(run.thrown.names("cancelled"));
      REQUIRE(gone == 0);
    } else if (run.report->status == outcome::cancelled) {
      ++between;
      REQUIRE(gone < planned);
      REQUIRE(run.report->removed() == gone);
      REQUIRE(run.report->error == "cancelled after " + std::to_string(gone) + " of " + std::to_string(planned) + " removals");
      REQUIRE(run.report->receipt);
      REQUIRE(run.report->receipt->rows == planned);
      REQUIRE(upkeep::read_receipt(run.report->receipt_path) == *run.report->receipt);
    } else {
      ++after;
      REQUIRE(run.report->status == outcome::done);
      REQUIRE(gone == planned);
    }
    REQUIRE(watch.has("unlock after"));
    REQUIRE(scene.recovers(false) == "");
  }
  CHECK(before > 10);
  CHECK(between > 10);
  CHECK(after > 1);
}

TEST_CASE("a stop from another thread at any moment of a cleanup leaves nothing changed or whole batches with a receipt", "[cancel]") {
  const fault_scene scene;
  const std::size_t planned = scene.plan().removals.size();
  using clock = std::chrono::steady_clock;
  auto started = clock::now();
  steps whole;
  static_cast<void>(scene.run(whole));
  std::chrono::duration<double> takes = clock::now() - started;
  upkeep::rng random(7);
  std::size_t stopped = 0;
  for (int n = 0; n < 40 / UPKEEP_FAULT_STRIDE; ++n) {
    scene.reset();
    std::stop_source stop;
    steps watch;
    cancelled_run run;
    {
      const auto wait = takes * random.uniform();
      const std::jthread other([&] {
        std::this_thread::sleep_for(wait);
        stop.request_stop();
      });
      started = clock::now();
      run.thrown = failure_of([&] { run.report = scene.run(watch, stop.get_token()); });
    }
    const std::chrono::duration<double> took = clock::now() - started;
    const std::size_t gone = scene.removed().size();
    CAPTURE(n, gone, watch.passed.size());
    REQUIRE(scene.nothing_lost() == "");
    if (run.thrown.happened) {
      REQUIRE(run.thrown.code == errc::cancelled);
      REQUIRE(gone == 0);
    } else {
      REQUIRE(run.report->removed() == gone);
      REQUIRE(run.report->status == (gone == planned ? outcome::done : outcome::cancelled));
    }
    if (gone == planned)
      takes = std::min(takes, took);  // the first run may have been disturbed
    else
      ++stopped;
    REQUIRE(scene.recovers(false) == "");
  }
  CHECK(stopped > 0);
}

TEST_CASE("a stop that was requested before the run begins changes nothing", "[cancel]") {
  const fault_scene scene;
  std::stop_source stop;
  stop.request_stop();
  steps watch;
  const failure thrown = failure_of([&] { static_cast<void>(scene.run(watch, stop.get_token())); });
  CHECK(thrown.code == errc::cancelled);
  CHECK(scene.rows() == scene.original());
  CHECK(scene.files(".backup").empty());
  CHECK(scene.recovers(false) == "");
}
