#pragma once
// The subcommands of the schedule: serve, trigger, pause, resume, history, status.

#include "commands.hpp"

#include <cstdint>
#include <stop_token>
#include <string>

namespace nightly_janitor {

/// What can be said of a schedule besides the settings of a run. Texts are turned into values by the commands.
struct schedule_request {
  std::string schedule = "0 3 * * *", utc_offset = "Z", overlap = "skip", catch_up = "1h", jitter = "0";
  bool pause_on_failure = false;
  std::string notification_channel, alert_channel;
  std::string reason = "by hand";
  std::int64_t jobs = 20;
};

/// Carries out the nightly workflow as it becomes due, until it is asked to stop.
exit_code serve_command(const screen& out, const settings& s, const schedule_request& request, std::stop_token stop);

/// Asks for a night now; whoever serves the schedule begins it.
exit_code trigger_command(const screen& out, const settings& s);

exit_code pause_command(const screen& out, const settings& s, const schedule_request& request, bool pause);

/// The latest jobs with their steps.
exit_code history_command(const screen& out, const settings& s, const schedule_request& request);

/// Whether anybody serves the schedule, whether it is paused, and how the last night went.
exit_code status_command(const screen& out, const settings& s);

}  // namespace nightly_janitor
