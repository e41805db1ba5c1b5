// Where the messages of the schedule go.
#include "people.hpp"

#include <upkeep/crypto/secret_key.hpp>
#include <upkeep/notify/log_notifier.hpp>
#include <upkeep/notify/slack_notifier.hpp>
#include <upkeep/notify/webhook_notifier.hpp>

#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

namespace nightly_janitor {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

struct channel {
  std::function<void(const upkeep::message&, const std::stop_token&)> deliver;
  std::string has{};  ///< the last job whose message it took
};

template <class Notifier>
channel channel_of(Notifier notifier) {
  const auto shared = std::make_shared<Notifier>(std::move(notifier));
  return {[shared](const upkeep::message& m, const std::stop_token& stop) { upkeep::deliver_unless_stopped(*shared, m, stop); }};
}

}  // namespace

std::function<void(const upkeep::message&, upkeep::step_call&)> people_of(const channel_names& names) {
  const auto channels = std::make_shared<std::vector<channel>>();
  channels->push_back(channel_of(upkeep::log_notifier(stderr)));
  upkeep::slack_options slack;
  slack.webhook = variable("UPKEEP_SLACK_WEBHOOK");
  slack.alert_webhook = variable("UPKEEP_SLACK_ALERT_WEBHOOK");
  slack.token = variable("UPKEEP_SLACK_TOKEN");
  slack.channel = names.notification;
  slack.alert_channel = names.alert;
  slack.report = names.report;
  if (const std::string api = variable("UPKEEP_SLACK_API"); !api.empty()) slack.api = api;
  if (slack.token.empty() && !(names.notification.empty() && names.alert.empty()))
    throw usage_error("--notification-channel and --alert-channel need a token to write with: set UPKEEP_SLACK_TOKEN");
  if (!slack.token.empty() && slack.channel.empty())
    throw usage_error("UPKEEP_SLACK_TOKEN is set: say where to write to with --notification-channel");
  if (slack.webhook.empty() && !slack.alert_webhook.empty())
    throw usage_error("UPKEEP_SLACK_ALERT_WEBHOOK is set without UPKEEP_SLACK_WEBHOOK: set that one, too");
  if (!slack.webhook.empty() || !slack.token.empty()) channels->push_back(channel_of(upkeep::slack_notifier<>(slack)));
  if (const std::string url = variable("UPKEEP_WEBHOOK_URL"); !url.empty()) {
    upkeep::webhook_options webhook;
    webhook.url = url;
    webhook.report = names.report;
    channels->push_back(channel_of(upkeep::webhook_notifier<>(webhook, upkeep::secret_key::from_environment("UPKEEP_WEBHOOK_KEY"))));
  }
  return [channels](const upkeep::message& m, upkeep::step_call& call) {
    std::string failed;
    for (channel& c : *channels) {
      if (c.has == call.job.id) continue;
      call.heartbeat();  // how long one of them is waited for is no reason to give up the next
      try {
        c.deliver(m, call.stop());
        c.has = call.job.id;
      } catch (const std::exception& failure) {
        failed += (failed.empty() ? "" : "; ") + std::string(failure.what());
      }
    }
    if (!failed.empty() && call.stop().stop_requested()) throw upkeep::error(upkeep::errc::cancelled, failed);
    if (!failed.empty()) throw upkeep::error(upkeep::errc::unavailable, failed);
  };
}

}  // namespace nightly_janitor
