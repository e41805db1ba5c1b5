#include "upkeep/workflow/next_step.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <vector>

using namespace upkeep;
using std::chrono::seconds;

namespace {

using what = step_event::what;

step_table nightly() {
  step_table t{.name = "nightly"};
  t.steps.push_back({.name = "look",
                     .retry = {.attempts = 3, .delay = seconds(10), .factor = 2, .maximum_delay = seconds(60), .jitter = 0},
                     .then = {{.fact = "safe", .equals = "yes", .next = "clean"}, {.next = "alert"}},
                     .on_failure = {.next = "alert"}});
  t.steps.push_back({.name = "clean", .then = {{.next = "tell"}}});
  t.steps.push_back({.name = "tell"});
  t.steps.push_back({.name = "alert", .then = {{.status = "aborted", .reason = "safety_threshold"}}});
  return t;
}

step_decision after(const std::vector<step_event>& history) { return next_step(nightly(), "job", history); }

const time_point noon(seconds(43200));

}  // namespace

TEST_CASE("a job begins with the first step and follows the facts", "[next_step]") {
  check_table(nightly());
  CHECK(after({}).step == "look");
  CHECK(after({}).attempt == 1);
  CHECK(after({{what::started, "look"}}).step == "look");
  const step_event safe{what::completed, "look", noon, {{"rows", "3"}, {"safe", "yes"}}},
      unsafe{what::completed, "look", noon, {{"safe", "no"}}};
  CHECK(after({{what::started, "look"}, safe}).step == "clean");
  CHECK(after({unsafe}).step == "alert");
  CHECK(after({{what::completed, "look"}}).step == "alert");  // what it does not say is not safe
  const step_decision done = after({safe, {what::completed, "clean"}, {what::completed, "tell"}});
  CHECK(done.step.empty());
  CHECK(done.status == "done");
  const step_decision aborted = after({unsafe, {what::completed, "alert"}});
  CHECK(aborted.step.empty());
  CHECK(aborted.status == "aborted");
  CHECK(aborted.reason == "safety_threshold");
}

TEST_CASE("what failed is tried again after growing pauses, as often as the rule says", "[next_step]") {
  const step_event failed{what::failed, "look", noon, {}, errc::unavailable, "no answer"};
  step_decision next = after({failed});
  CHECK(next.step == "look");
  CHECK(next.attempt == 2);
  CHECK(next.not_before == noon + seconds(10));
  const step_event late{what::timed_out, "look", noon + seconds(100)};
  next = after({failed, {what::started, "look"}, late});
  CHECK(next.attempt == 3);
  CHECK(next.not_before == noon + seconds(120));
  CHECK(after({failed, late, failed}).step == "alert");
  // A process that dies each time it tries must come to an end as well.
  const step_event died{what::interrupted, "look", noon, {}, errc::unavailable};
  CHECK(after({died, died}).attempt == 3);
  CHECK(after({died, died}).not_before == time_point());  // who was away has paused already
  CHECK(after({failed, died}).not_before == time_point());
  CHECK(after({died, died, died}).step == "alert");
}

TEST_CASE("what no retry can mend is not retried, and who was asked to stop has lost no attempt", "[next_step]") {
  CHECK(after({{what::failed, "look", noon, {}, errc::corrupt}}).step == "alert");
  const step_event stopped{what::interrupted, "look", noon, {}, errc::cancelled};
  const step_decision next = after({stopped, stopped, stopped, stopped});
  CHECK(next.step == "look");
  CHECK(next.attempt == 1);
  CHECK(next.not_before == time_point());
}

TEST_CASE("a step whose failure leads nowhere ends the job as failed", "[next_step]") {
  const step_event safe{what::completed, "look", noon, {{"safe", "yes"}}};
  const step_event corrupt{what::failed, "clean", noon, {}, errc::corrupt};
  const step_decision next = after({safe, corrupt});
  CHECK(next.step.empty());
  CHECK(next.status == "failed");
  CHECK(next.reason == "step_failed");
}

TEST_CASE("attempts count anew for each step", "[next_step]") {
  const step_event failed{what::failed, "look", noon, {}, errc::io};
  const step_event safe{what::completed, "look", noon, {{"safe", "yes"}}}, again{what::failed, "clean", noon, {}, errc::io};
  CHECK(after({failed, safe}).attempt == 1);
  CHECK(after({failed, safe, again}).attempt == 2);
}

TEST_CASE("pauses differ from job to job and are the same for whoever asks", "[next_step]") {
  step_table t = nightly();
  t.steps[0].retry.jitter = 0.5;
  const std::vector<step_event> history{{what::failed, "look", noon, {}, errc::io}};
  const step_decision a = next_step(t, "one", history), b = next_step(t, "another", history);
  CHECK(a.not_before != b.not_before);
  CHECK(a.not_before == next_step(t, "one", history).not_before);
  CHECK(a.not_before > noon + seconds(5));
  CHECK(a.not_before <= noon + seconds(10));
}

TEST_CASE("a history of another table is refused", "[next_step]") {
  using upkeep_test::failure_of;
  CHECK(failure_of([] { after({{what::completed, "clean"}}); }).names("where \"look\" is due"));
  CHECK(failure_of([] { after({{what::started, "wash"}}); }).code == errc::invalid_argument);
}
