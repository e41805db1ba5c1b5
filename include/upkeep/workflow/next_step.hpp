#pragma once
// Decides from what is written down about a job what comes next, and does nothing.

#include "../base/checksum.hpp"
#include "jobs.hpp"
#include "step_table.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace upkeep::inline v0 {

/// What a job needs next: a step, or its end.
struct step_decision {
  std::string step{};       ///< empty: the job is over
  unsigned attempt = 1;     ///< of this step, since it was last reached
  time_point not_before{};  ///< the pause before a further attempt
  std::string status{};     ///< of the job, where it is over
  std::string reason{};
};

namespace detail {

/// Chance that a name fixes: the same for whoever asks, in whatever process.
[[nodiscard]] inline rng chance_of(std::string_view name, std::uint64_t number) noexcept {
  return rng(checksum(std::as_bytes(std::span(name.data(), name.size())), number));
}

}  // namespace detail

/// A pure function of its arguments: any engine that has them decides the same. An attempt counts that failed, timed out or took the process
/// with it; one that was asked to stop does not. After a process died there is no pause: it took its time to come back.
/// @param history  all events of the job, in their order
/// @throws error invalid_argument for a history that the table cannot have led to: it was changed, or is of another workflow
[[nodiscard]] inline step_decision next_step(const step_table& table, std::string_view job_id, std::span<const step_event> history) {
  step_decision now{.step = table.steps.front().name};
  unsigned spent = 0;
  const auto go = [&](const step_transition& t) {
    spent = 0;
    now = {.step = t.next};
    if (t.next.empty()) now = {.step = {}, .status = t.status, .reason = t.reason};
  };
  for (const step_event& e : history) {
    const step_rule* const rule = table.find(e.step);
    if (rule == nullptr || e.step != now.step)
      throw error(errc::invalid_argument, "workflow \"" + table.name + "\": the job " + std::string(job_id) +
                                              " has an event of the step \"" + e.step + "\" where \"" + now.step +
                                              "\" is due: its table was changed; end the job and begin anew");
    switch (e.kind) {
      case step_event::what::started: break;
      case step_event::what::completed: {
        const auto fits = [&](const step_transition& t) { return t.fact.empty() || fact(e.facts, t.fact) == std::string_view(t.equals); };
        const auto t = std::find_if(rule->then.begin(), rule->then.end(), fits);
        go(t != rule->then.end() ? *t : step_transition());
        break;
      }
      case step_event::what::interrupted:
        if (e.code == errc::cancelled) break;
        [[fallthrough]];
      case step_event::what::failed:
      case step_event::what::timed_out: {
        ++spent;
        const bool final = e.kind == step_event::what::failed &&
                           std::find(rule->not_retried.begin(), rule->not_retried.end(), e.code) != rule->not_retried.end();
        if (final || spent >= rule->retry.attempts) {
          go(rule->on_failure);
          break;
        }
        rng chance = detail::chance_of(job_id, spent);
        now.attempt = spent + 1;
        now.not_before = {};
        if (e.kind != step_event::what::interrupted) now.not_before = e.time + pause_after(rule->retry, spent, chance);
        break;
      }
    }
  }
  return now;
}

}  // namespace upkeep::inline v0
