#pragma once
// Decides what a due time means: a job, a job that is late, or nothing.

#include "cron_schedule.hpp"
#include "jobs.hpp"

#include <chrono>
#include <optional>

namespace upkeep::inline v0 {

/// What happens to a due time while the job before is still carried out.
enum class overlap_policy {
  skip,       ///< nothing: the next due time is the next chance
  buffer_one  ///< one job waits; further due times are skipped
};

/// What a due time that has passed means.
struct due_decision {
  enum class what {
    nothing,        ///< no due time has passed
    run,            ///< it is due now
    catch_up,       ///< it was due while nobody served the schedule, not longer ago than the catch-up window
    missed,         ///< the same, longer ago
    overlapped,     ///< it was due while the job before was carried out, and the policy is to skip it
    paused,         ///< the schedule is paused
    clock_set_back  ///< what was dealt with last lies more than a day ahead: the clock was wrong, or is
  };
  what kind = what::nothing;
  time_point time{};  ///< the last due time that has passed; of clock_set_back, the one that was dealt with last
};

/// A pure function. Several due times that passed are one: a job looks at the whole store. A clock that is set back does not make a due time
/// come twice; one that is set forward makes it late.
/// @param state       with last_due
/// @param busy_since  since when the server has been carrying out jobs without a pause, where it has
/// @param window      longest lateness of a catch-up; a minute late counts as in time
[[nodiscard]] inline due_decision what_is_due(const cron_schedule& schedule, const schedule_state& state, time_point now,
                                              std::optional<time_point> busy_since, overlap_policy overlap, std::chrono::seconds window) {
  using what = due_decision::what;
  const time_point last = state.last_due.value_or(now);
  if (last > now + std::chrono::days(1)) return {what::clock_set_back, last};
  const time_point due = schedule.previous(now + std::chrono::microseconds(1));
  if (due <= last) return {what::nothing, due};
  if (state.paused) return {what::paused, due};
  if (busy_since && due >= *busy_since) return {overlap == overlap_policy::skip ? what::overlapped : what::run, due};
  const auto late = now - due;
  if (late <= std::chrono::minutes(1)) return {what::run, due};
  return {late <= window ? what::catch_up : what::missed, due};
}

}  // namespace upkeep::inline v0
