#pragma once
// The janitor's night as a step table: look, clean only where that is safe, and tell people either way.

#include "../workflow/local_runner.hpp"
#include "options.hpp"
#include "report.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// What a night needs from those who run it.
struct nightly_tasks {
  /// Runs the janitor up to a phase (`phase::detect`, which changes nothing, then `phase::cleanup`, or `phase::log` where it would be refused)
  /// and returns its report. To be called again after an attempt that was interrupted, when `step_call::resumed` is true.
  std::function<janitor_report(phase, step_call&)> run;
  /// Delivers to the notification channel. May throw: then it is called again with the same job, also for those who have the message. Where
  /// `step_call::stop()` ends its waiting (see stoppable_notifier) it throws errc::cancelled, and is called again when the job goes on.
  std::function<void(const message&, step_call&)> notify;
  std::function<void(const message&, step_call&)> alert;  ///< the same to the alert channel
};

/// `analyze_vector_store`, then `cleanup_vector_store` where no limit would be exceeded, then `send_slack_notification`, or
/// `send_container_alert` where the rows of a container were kept that seems to have gone, or `send_oracle_alert` where the oracle answered for
/// no source. Where a limit would be exceeded, `record_refused_night`, whatever becomes of it, and `send_alert`: the job ends `aborted` with the
/// limit as its reason. In all other cases `send_failure_alert`, and the job ends `failed`. Where people could not be told, the reason of the
/// job is followed by `message_not_delivered`: "safety_threshold, message_not_delivered".
///
/// Facts of `analyze_vector_store` and `cleanup_vector_store`: `status`, `reason` (the limit that would be or was exceeded), the counts of the
/// report, `refused` (`yes` where only containers were refused, or `no`), `oracle` (`mute` or `answers`), `message_title`,
/// `message_text`; of the first one also `safe`, `yes` or `no`.
[[nodiscard]] inline step_table nightly_workflow() {
  step_table table{.name = "nightly_janitor"};
  const retry_policy patient{.attempts = 5, .delay = std::chrono::seconds(30), .factor = 2.0, .maximum_delay = std::chrono::minutes(10)};
  const step_transition alert_failed{.next = "send_failure_alert"};
  const std::string untold = "message_not_delivered", and_untold = ", " + untold;
  // How a refused night ends, by the limit.
  const auto aborted_by_limit = [](const std::string& told) {
    std::vector<step_transition> ends;
    for (const std::string limit : {"count_limit", "scope_threshold", "absence_spike", "not_enough_space"})
      ends.push_back({.fact = "reason", .equals = limit, .status = "aborted", .reason = limit + told});
    ends.push_back({.status = "aborted", .reason = "safety_threshold" + told});
    return ends;
  };
  table.steps.push_back({.name = "analyze_vector_store",
                         .retry = patient,
                         .then = {{.fact = "safe", .equals = "yes", .next = "cleanup_vector_store"}, {.next = "record_refused_night"}},
                         .on_failure = alert_failed});
  // What was seen counts also in a night that is refused: for the grace of orphans, for the history and the metrics. That it could not be
  // written down does not make the night another one.
  table.steps.push_back(
      {.name = "record_refused_night", .retry = patient, .then = {{.next = "send_alert"}}, .on_failure = {.next = "send_alert"}});
  table.steps.push_back({.name = "cleanup_vector_store",
                         .retry = patient,
                         .then = {{.fact = "refused", .equals = "yes", .next = "send_container_alert"},
                                  {.fact = "oracle", .equals = "mute", .next = "send_oracle_alert"},
                                  {.fact = "status", .equals = "done", .next = "send_slack_notification"},
                                  {.fact = "status", .equals = "aborted", .next = "send_alert"},
                                  {.next = "send_failure_alert"}},
                         .on_failure = alert_failed});
  // What could be done was done, and somebody has to look: one message, to those who do.
  table.steps.push_back({.name = "send_container_alert",
                         .start_to_close = std::chrono::minutes(5),
                         .retry = patient,
                         .then = {{.status = "done", .reason = "container_refused"}},
                         .on_failure = {.status = "done", .reason = "container_refused" + and_untold}});
  // Nothing was removed, since nothing is known of any source; the next night may be better.
  table.steps.push_back({.name = "send_oracle_alert",
                         .start_to_close = std::chrono::minutes(5),
                         .retry = patient,
                         .then = {{.status = "done", .reason = "oracle_mute"}},
                         .on_failure = {.status = "done", .reason = "oracle_mute" + and_untold}});
  // A message that cannot be delivered changes nothing about the night; that it could not is in the history.
  table.steps.push_back({.name = "send_slack_notification",
                         .start_to_close = std::chrono::minutes(5),
                         .retry = patient,
                         .on_failure = {.status = "done", .reason = untold}});
  table.steps.push_back({.name = "send_alert",
                         .start_to_close = std::chrono::minutes(5),
                         .retry = patient,
                         .then = aborted_by_limit(""),
                         .on_failure = {.next = "end_without_alert"}});
  // Does nothing but end the night with the limit that it was refused for.
  table.steps.push_back(
      {.name = "end_without_alert", .then = aborted_by_limit(and_untold), .on_failure = {.status = "aborted", .reason = untold}});
  table.steps.push_back({.name = "send_failure_alert",
                         .start_to_close = std::chrono::minutes(5),
                         .retry = patient,
                         .then = {{.status = "failed", .reason = "step_failed"}},
                         .on_failure = {.status = "failed", .reason = "step_failed" + and_untold}});
  return table;
}

namespace detail {

/// What later steps and readers of the history need of a report.
[[nodiscard]] inline step_facts facts_of(const janitor_report& r) {
  const message m = message_about(r);
  return {{"status", std::string(to_string(r.status))},
          {"reason", r.aborted_reason.empty() ? r.would_abort : r.aborted_reason},
          {"refused", r.status == outcome::done && !r.refused.empty() ? "yes" : "no"},
          {"oracle", r.oracle_was_mute() ? "mute" : "answers"},
          {"run_id", r.run_id},
          {"rows", std::to_string(r.rows)},
          {"duplicates_found", std::to_string(r.duplicates_found)},
          {"duplicates_removed", std::to_string(r.duplicates_removed)},
          {"orphans_found", std::to_string(r.orphans_found)},
          {"orphans_removed", std::to_string(r.orphans_removed)},
          {"review_pairs", std::to_string(r.review_pairs)},
          {"bytes_reclaimed", std::to_string(r.bytes_reclaimed)},
          {"receipt", r.receipt ? r.receipt_path : std::string()},
          {"message_title", m.title},
          {"message_text", m.text}};
}

/// What the last attempt of a step said that never came to its end; empty where it did, or was never begun.
[[nodiscard]] inline std::string failure_of(const std::vector<step_event>& history, std::string_view step) {
  const auto last = std::find_if(history.rbegin(), history.rend(), [&](const step_event& e) { return e.step == step; });
  if (last == history.rend() || last->kind == step_event::what::completed) return {};
  return last->text.empty() ? "no sign of life for too long" : last->text;
}

}  // namespace detail

/// The activities of nightly_workflow().
[[nodiscard]] inline std::map<std::string, activity, std::less<>> nightly_activities(nightly_tasks tasks) {
  const auto run = [work = std::move(tasks.run)](phase p, step_call& call) {
    const janitor_report r = work(p, call);
    // Stopped between two batches: what is left is done when the step is carried out again.
    if (r.status == outcome::cancelled) throw error(errc::cancelled, "the run was stopped between two batches: the rest is done later");
    return r;
  };
  std::map<std::string, activity, std::less<>> all;
  all["analyze_vector_store"] = [run](step_call& call) {
    const janitor_report r = run(phase::detect, call);
    // The first cleanup only records what is there, and is refused for nothing.
    const bool safe = r.would_abort.empty() || r.baseline;
    step_facts facts = detail::facts_of(r);
    if (!safe)
      for (auto& [name, value] : facts)
        if (name == "message_title") value = "upkeep: nothing was removed, because of " + r.would_abort + ", on " + r.store;
    facts.emplace_back("safe", safe ? "yes" : "no");
    return facts;
  };
  all["record_refused_night"] = [run](step_call& call) -> step_facts {
    run(phase::log, call);
    return {};
  };
  all["cleanup_vector_store"] = [run](step_call& call) { return detail::facts_of(run(phase::cleanup, call)); };
  const auto told_by = [](const step_call& call) {
    const bool cleaned = !call.fact_of("cleanup_vector_store", "status").empty();
    const std::string_view step = cleaned ? "cleanup_vector_store" : "analyze_vector_store";
    return message{.title = std::string(call.fact_of(step, "message_title")), .text = std::string(call.fact_of(step, "message_text"))};
  };
  all["send_slack_notification"] = [told_by, send = std::move(tasks.notify)](step_call& call) -> step_facts {
    send(told_by(call), call);
    return {};
  };
  for (const char* step : {"send_container_alert", "send_oracle_alert"})
    all[step] = [told_by, send = tasks.alert](step_call& call) -> step_facts {
      message m = told_by(call);
      m.level = message::urgency::alert;
      send(m, call);
      return {};
    };
  const auto refused_for = [](const step_call& call) {
    const std::string_view cleaned = call.fact_of("cleanup_vector_store", "reason");
    return std::string(cleaned.empty() ? call.fact_of("analyze_vector_store", "reason") : cleaned);
  };
  all["send_alert"] = [told_by, refused_for, send = tasks.alert](step_call& call) -> step_facts {
    message m = told_by(call);
    m.level = message::urgency::alert;
    if (const std::string why = detail::failure_of(call.history(), "record_refused_night"); !why.empty())
      m.text += "what was seen could not be recorded: " + why + '\n';
    send(m, call);
    return {{"reason", refused_for(call)}};
  };
  all["end_without_alert"] = [refused_for](step_call& call) -> step_facts { return {{"reason", refused_for(call)}}; };
  all["send_failure_alert"] = [told_by, send = std::move(tasks.alert)](step_call& call) -> step_facts {
    message m = told_by(call);
    if (m.title.empty()) m.title = "upkeep: the night's run failed";
    m.level = message::urgency::alert;
    for (const step_event& e : call.history())
      if (e.kind == step_event::what::failed || e.kind == step_event::what::timed_out)
        m.text += e.step + ": " + (e.text.empty() ? "no sign of life for too long" : e.text) + '\n';
    send(m, call);
    return {};
  };
  return all;
}

}  // namespace upkeep::inline v0
