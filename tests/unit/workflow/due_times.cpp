#include "upkeep/workflow/due_times.hpp"

#include "support/catch.hpp"

#include <optional>

using namespace upkeep;
using what = due_decision::what;

namespace {

time_point at(const char* text) { return parse_iso8601(text).value(); }

struct scene {
  cron_schedule schedule = cron_schedule("0 3 * * *");
  schedule_state state{.last_due = at("2026-03-01T03:00:00Z")};
  std::optional<time_point> busy_since{};
  overlap_policy overlap = overlap_policy::skip;

  due_decision operator()(const char* now) const {
    return what_is_due(schedule, state, at(now), busy_since, overlap, std::chrono::hours(2));
  }
};

}  // namespace

TEST_CASE("a due time that passed is a job, late or missed", "[due_times]") {
  const scene s;
  CHECK(s("2026-03-02T02:59:59Z").kind == what::nothing);
  CHECK(s("2026-03-02T03:00:00Z").kind == what::run);
  CHECK(to_iso8601(s("2026-03-02T03:00:00Z").time) == "2026-03-02T03:00:00Z");
  CHECK(s("2026-03-02T03:01:00Z").kind == what::run);
  CHECK(s("2026-03-02T03:01:00.000001Z").kind == what::catch_up);
  CHECK(s("2026-03-02T05:00:00Z").kind == what::catch_up);
  CHECK(s("2026-03-02T05:00:01Z").kind == what::missed);
}

TEST_CASE("nights that a machine was off for are one job", "[due_times]") {
  const scene s;
  CHECK(s("2026-03-09T04:00:00Z").kind == what::catch_up);
  CHECK(to_iso8601(s("2026-03-09T04:00:00Z").time) == "2026-03-09T03:00:00Z");
}

TEST_CASE("while the job before is carried out, the policy decides", "[due_times]") {
  scene s;
  s.busy_since = at("2026-03-01T23:00:00Z");
  CHECK(s("2026-03-02T06:00:00Z").kind == what::overlapped);
  s.overlap = overlap_policy::buffer_one;
  CHECK(s("2026-03-02T06:00:00Z").kind == what::run);  // however long it took
  s.busy_since = at("2026-03-02T03:30:00Z");           // began after the due time: nothing overlapped
  CHECK(s("2026-03-02T06:00:00Z").kind == what::missed);
}

TEST_CASE("a paused schedule lets due times pass", "[due_times]") {
  scene s;
  s.state.paused = true;
  CHECK(s("2026-03-02T03:00:00Z").kind == what::paused);
  CHECK(s("2026-03-02T02:00:00Z").kind == what::nothing);
}

TEST_CASE("a clock that is set does not bring a due time twice, nor lose one", "[due_times]") {
  scene s;
  CHECK(s("2026-03-01T02:30:00Z").kind == what::nothing);   // set back an hour across 03:00
  CHECK(s("2026-03-01T03:00:00Z").kind == what::nothing);   // which comes again
  CHECK(s("2026-03-02T03:30:00Z").kind == what::catch_up);  // set forward an hour across 03:00
  const due_decision back = s("2026-02-20T00:00:00Z");
  CHECK(back.kind == what::clock_set_back);
  CHECK(back.time == *s.state.last_due);
}

TEST_CASE("before anything was dealt with, nothing is due", "[due_times]") {
  scene s;
  s.state.last_due.reset();
  CHECK(s("2026-03-02T03:00:00Z").kind == what::nothing);
}
