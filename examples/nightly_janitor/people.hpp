#pragma once
// Where the messages of the schedule go: the server's log, and the channels that the environment and the options name.

#include <upkeep/concepts/notifier.hpp>
#include <upkeep/workflow/local_runner.hpp>

#include <functional>
#include <string>

namespace nightly_janitor {

/// The channels of Slack that a token writes to. Secrets are taken from the environment alone, where no list of processes shows them.
struct channel_names {
  std::string notification, alert, report;
};

/// Delivers to the log and to every channel there is: UPKEEP_SLACK_WEBHOOK and UPKEEP_SLACK_ALERT_WEBHOOK, or UPKEEP_SLACK_TOKEN;
/// UPKEEP_WEBHOOK_URL with UPKEEP_WEBHOOK_KEY. One that fails does not keep a message from the others; when it is tried again for the same job, those that
/// have it do not get it twice. A stop of the step ends the waiting: it throws errc::cancelled, and the step delivers when it is resumed.
/// @throws usage_error for a set of them that cannot be used
std::function<void(const upkeep::message&, upkeep::step_call&)> people_of(const channel_names& names);

}  // namespace nightly_janitor
