#pragma once
// Jobs of a workflow, what is written down about their steps, and who keeps it: the concept job_store.

#include "../base/clock.hpp"
#include "../base/error.hpp"
#include "../base/function_ref.hpp"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// What a step found out, by name: small texts that later steps and the step table read. Large results lie in files that they name.
using step_facts = std::vector<std::pair<std::string, std::string>>;

/// The fact of that name, or nothing.
[[nodiscard]] inline std::optional<std::string_view> fact(const step_facts& facts, std::string_view name) noexcept {
  for (const auto& [n, value] : facts)
    if (n == name) return value;
  return std::nullopt;
}

/// One time that a workflow is carried out.
struct job {
  std::string id;        ///< unique among all jobs of a store
  std::string workflow;  ///< name of its step table
  std::string cause;     ///< `schedule`, `catch_up`, `manual`
  time_point due{};      ///< the instant that the schedule named, or at which somebody asked
  time_point begin{};    ///< not to be begun before (`due` and a jitter)
};

/// How a job ended.
struct job_end {
  std::string status;  ///< `done`, `aborted`, `failed`, `skipped`
  std::string reason;  ///< snake_case, or empty; several are separated by ", "
  time_point time{};
};

/// One line of what is known about a job. A step that was `started` and has no later line was interrupted: the process died.
struct step_event {
  enum class what {
    started,
    completed,   ///< with facts
    failed,      ///< with code and text
    timed_out,   ///< it showed no sign of life for its start-to-close time
    interrupted  ///< the process died (code unavailable) or was asked to stop (code cancelled) within it
  };

  what kind = what::started;
  std::string step;
  time_point time{};
  step_facts facts{};
  errc code = errc::inconsistent;
  std::string text{};
};

constexpr std::string_view to_string(step_event::what kind) noexcept {
  switch (kind) {
    case step_event::what::started: return "started";
    case step_event::what::completed: return "completed";
    case step_event::what::failed: return "failed";
    case step_event::what::timed_out: return "timed_out";
    case step_event::what::interrupted: return "interrupted";
  }
  return "unknown";
}

/// What is remembered of a workflow between its jobs.
struct schedule_state {
  bool paused = false;
  std::string reason{};                     ///< why it is paused
  std::optional<time_point> last_due = {};  ///< the last due time that was dealt with, in whatever way; none before the first
};

/// A job and how it ended, if it has.
struct job_record {
  upkeep::job job;
  std::optional<job_end> end{};
};

/// Keeps jobs. Every write is on the disk when the call returns, whole or not at all.
///
///     bool add_job(const job&)                            false where that id is known already: nothing changes then
///     std::optional<job> claim(workflow, now)             a job that was begun and has not ended, else the oldest one that may begin
///     void record_step(job_id, const step_event&)
///     std::vector<step_event> steps(job_id)               in the order in which they were recorded
///     void end_job(job_id, const job_end&)
///     std::vector<job_record> jobs(workflow, most)        the newest first
///     schedule_state schedule(workflow)
///     void change_schedule(workflow, function_ref<void(schedule_state&)>)
template <class T>
concept job_store = requires(T& t, const job& j, std::string_view name, time_point now, const step_event& event, const job_end& end,
                             function_ref<void(schedule_state&)> change) {
  { t.add_job(j) } -> std::same_as<bool>;
  { t.claim(name, now) } -> std::same_as<std::optional<job>>;
  { t.record_step(name, event) } -> std::same_as<void>;
  { t.steps(name) } -> std::same_as<std::vector<step_event>>;
  { t.end_job(name, end) } -> std::same_as<void>;
  { t.jobs(name, std::size_t{1}) } -> std::same_as<std::vector<job_record>>;
  { t.schedule(name) } -> std::same_as<schedule_state>;
  { t.change_schedule(name, change) } -> std::same_as<void>;
};

}  // namespace upkeep::inline v0
