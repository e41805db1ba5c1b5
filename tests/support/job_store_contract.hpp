#pragma once
// What every job_store promises.

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/workflow/jobs.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace upkeep_test {

/// @param open  makes an object that stands for the same, at first empty, store each time
template <class Open>
void check_job_store(const Open& open) {
  using namespace upkeep;
  using std::chrono::seconds;
  const time_point noon(seconds(43200));
  const auto named = [&](const char* id, time_point begin) { return job{id, "nightly", "schedule", noon, begin}; };

  CHECK(open().jobs("nightly", 10).empty());
  CHECK_FALSE(open().claim("nightly", noon));
  CHECK_FALSE(open().schedule("nightly").last_due);
  CHECK(failure_of([&] { static_cast<void>(open().steps("a")); }).code == errc::not_found);

  REQUIRE(open().add_job(named("a", noon + seconds(2))));
  REQUIRE(open().add_job(named("b", noon + seconds(1))));
  CHECK_FALSE(open().add_job({"a", "other", "manual", noon, noon}));
  CHECK_FALSE(open().claim("nightly", noon));
  CHECK_FALSE(open().claim("other", noon + seconds(9)));
  REQUIRE(open().claim("nightly", noon + seconds(9)));
  const job first = *open().claim("nightly", noon + seconds(9));
  CHECK(first.id == "b");
  CHECK(first.workflow == "nightly");
  CHECK(first.cause == "schedule");
  CHECK(first.due == noon);
  CHECK(first.begin == noon + seconds(1));

  // A job that was begun comes before all others, whatever the clock says.
  open().record_step("a", {.kind = step_event::what::started, .step = "look", .time = noon});
  CHECK(open().claim("nightly", time_point())->id == "a");
  const std::string odd("quote ' and \" and \n and \0 and \xF0\x9F\x98\x80", 35);
  open().record_step(
      "a", {.kind = step_event::what::failed, .step = "look", .time = noon + seconds(1), .code = errc::limit_exceeded, .text = odd});
  open().record_step("a", {.kind = step_event::what::completed, .step = "look", .time = noon, .facts = {{"safe", "yes"}, {"path", odd}}});
  const std::vector<step_event> steps = open().steps("a");
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].kind == step_event::what::started);
  CHECK(steps[1].kind == step_event::what::failed);
  CHECK(steps[1].code == errc::limit_exceeded);
  CHECK(steps[1].text == odd);
  CHECK(steps[1].time == noon + seconds(1));
  CHECK(steps[2].step == "look");
  CHECK(fact(steps[2].facts, "safe") == "yes");
  CHECK(fact(steps[2].facts, "path") == odd);
  CHECK_FALSE(fact(steps[2].facts, "other"));
  CHECK(open().steps("b").empty());

  open().end_job("a", {"aborted", "safety_threshold", noon + seconds(5)});
  CHECK(open().claim("nightly", noon + seconds(9))->id == "b");
  const std::vector<job_record> all = open().jobs("nightly", 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].job.id == "b");
  CHECK_FALSE(all[0].end);
  REQUIRE(all[1].end);
  CHECK(all[1].end->status == "aborted");
  CHECK(all[1].end->reason == "safety_threshold");
  CHECK(all[1].end->time == noon + seconds(5));
  CHECK(open().jobs("nightly", 1).size() == 1);
  CHECK(open().jobs("other", 10).empty());
  CHECK(failure_of([&] { open().record_step("c", {.step = "look"}); }).code == errc::not_found);
  CHECK(failure_of([&] { open().end_job("c", {"done", "", noon}); }).code == errc::not_found);

  open().change_schedule("nightly", [&](schedule_state& s) { s = {true, "why", noon}; });
  CHECK(open().schedule("nightly").paused);
  CHECK(open().schedule("nightly").reason == "why");
  CHECK(open().schedule("nightly").last_due == noon);
  CHECK_FALSE(open().schedule("other").paused);
  const auto fails = [&] {
    open().change_schedule("nightly", [](schedule_state& s) {
      s.paused = false;
      throw error(errc::cancelled, "no");
    });
  };
  CHECK(failure_of(fails).code == errc::cancelled);
  CHECK(open().schedule("nightly").paused);
}

}  // namespace upkeep_test
