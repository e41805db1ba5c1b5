"""Plausible bugs of the schedule and its runner."""
from collections import namedtuple

mutation = namedtuple("mutation", "name header text replacement test")

CRON, DUE, NEXT, RUNNER, STORE = ("workflow/cron_schedule.hpp", "workflow/due_times.hpp", "workflow/next_step.hpp", "workflow/local_runner.hpp",
                                  "workflow/memory_job_store.hpp")
TEST = "unit/workflow/"

mutations = [
    mutation("the due minute itself counts as after it", CRON,
             "std::chrono::floor<std::chrono::minutes>(instant + offset_) + std::chrono::minutes(1)",
             "std::chrono::floor<std::chrono::minutes>(instant + offset_)", TEST + "cron_schedule.cpp"),
    mutation("the offset is added twice", CRON, "std::chrono::minutes(minute) - offset_", "std::chrono::minutes(minute) + offset_", TEST + "cron_schedule.cpp"),
    mutation("both day fields must fit", CRON, "has(2, date.day) || has(4, weekday)", "has(2, date.day) && has(4, weekday)", TEST + "cron_schedule.cpp"),
    mutation("Sunday is 0 alone", CRON, "if ((set_[4] >> 7U & 1U) != 0) set_[4] |= 1U;", "", TEST + "cron_schedule.cpp"),
    mutation("weeks begin a day late", CRON, "((day + 4) % 7 + 7) % 7", "((day + 3) % 7 + 7) % 7", TEST + "cron_schedule.cpp"),
    mutation("a due time that was dealt with comes again", DUE, "if (due <= last)", "if (due < last)", TEST + "due_times.cpp"),
    mutation("the window does not end", DUE, "late <= window ? what::catch_up : what::missed", "what::catch_up", TEST + "due_times.cpp"),
    mutation("a pause does not hold", DUE, "if (state.paused) return {what::paused, due};", "", TEST + "due_times.cpp"),
    mutation("a due time before the job counts as during it", DUE, "if (busy_since && due >= *busy_since)", "if (busy_since)", TEST + "due_times.cpp"),
    mutation("who was asked to stop loses an attempt", NEXT, "if (e.code == errc::cancelled) break;", "", TEST + "next_step.cpp"),
    mutation("a process that dies each time tries for ever", NEXT, "case step_event::what::interrupted:\n        if (e.code == errc::cancelled) break;\n        [[fallthrough]];",
             "case step_event::what::interrupted: break;", TEST + "next_step.cpp"),
    mutation("attempts are those of the whole job", NEXT, "    spent = 0;\n    now = {.step = t.next};", "    now = {.step = t.next};", TEST + "next_step.cpp"),
    mutation("what no retry can mend is retried", NEXT, "if (final || spent >= rule->retry.attempts)", "if (spent >= rule->retry.attempts)", TEST + "next_step.cpp"),
    mutation("an interrupted step is not noted", RUNNER, "history.back().kind == step_event::what::started)", "false)", TEST + "local_runner.cpp"),
    mutation("the last due time is not kept", RUNNER, "[&](schedule_state& s) { s.last_due = dealt_with; }", "[&](schedule_state&) {}", TEST + "local_runner.cpp"),
    mutation("no catching up after a first start", RUNNER, "s.last_due = s.last_due.value_or(now())", "s.last_due = now() - std::chrono::hours(24)",
             TEST + "local_runner.cpp"),
    mutation("a job that was begun waits for others", STORE, "if (!e.steps.empty()) return e.record.job;", "", TEST + "memory_job_store.cpp"),
    mutation("a job begins before its time", STORE, "e.record.job.begin <= now && ", "", TEST + "memory_job_store.cpp"),
]
