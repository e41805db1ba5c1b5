#pragma once
// A workflow as data: its steps, how often each is tried, and which follows which.

#include "../base/error.hpp"
#include "../base/retry.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// Where a workflow goes after a step: on to `next`, or to its end with `status` and `reason` where `next` is empty.
struct step_transition {
  std::string fact{};    ///< name of a fact of the step's result; empty: this transition always fits
  std::string equals{};  ///< what that fact has to be
  std::string next{};
  std::string status = "done";  ///< of a job that ends here
  std::string reason{};
};

/// One step. The defaults are those of a step that may run long and be tried again.
struct step_rule {
  std::string name;                                                     ///< of the activity that carries it out
  std::chrono::milliseconds start_to_close = std::chrono::minutes(30);  ///< longest time without a sign of life
  retry_policy retry = {.attempts = 3, .delay = std::chrono::seconds(10), .factor = 2.0, .maximum_delay = std::chrono::minutes(5)};
  std::vector<errc> not_retried = {errc::invalid_argument, errc::unsupported, errc::corrupt, errc::limit_exceeded};
  std::vector<step_transition> then{};  ///< the first that fits; none fits: the job ends `done`
  /// What follows when it has failed for good; with next empty and nothing else said the job ends `failed`.
  step_transition on_failure = {.status = "failed", .reason = "step_failed"};
};

/// The steps of a workflow; the first one begins.
struct step_table {
  std::string name;
  std::vector<step_rule> steps{};

  [[nodiscard]] const step_rule* find(std::string_view step) const noexcept {
    const auto found = std::find_if(steps.begin(), steps.end(), [&](const step_rule& r) { return r.name == step; });
    return found == steps.end() ? nullptr : &*found;
  }
};

/// @throws error invalid_argument for a table that could not be carried out: no step, a name that is empty or comes twice, a transition to a
///         step that there is not, a time or a number of attempts of 0
inline void check_table(const step_table& table) {
  const auto refuse = [&](const std::string& what) { throw error(errc::invalid_argument, "workflow \"" + table.name + "\": " + what); };
  if (table.name.empty()) refuse("it needs a name");
  if (table.steps.empty()) refuse("it has no step: give at least one");
  for (const step_rule& rule : table.steps) {
    const std::string about = "the step \"" + rule.name + "\" ";
    if (rule.name.empty()) refuse("a step has no name");
    if (table.find(rule.name) != &rule) refuse(about + "stands there twice");
    if (rule.start_to_close <= std::chrono::milliseconds(0)) refuse(about + "has no time: give start_to_close");
    if (rule.retry.attempts == 0) refuse(about + "has no attempt: give at least one");
    const auto check = [&](const step_transition& t) {
      if (!t.next.empty() && table.find(t.next) == nullptr) refuse(about + "leads to \"" + t.next + "\", which is no step of it");
      if (t.next.empty() && t.status.empty()) refuse(about + "ends the job without a status");
    };
    for (const step_transition& t : rule.then) check(t);
    check(rule.on_failure);
  }
}

}  // namespace upkeep::inline v0
