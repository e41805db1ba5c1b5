#pragma once
// A notifier that writes to Slack, through an incoming webhook or as a bot.

#include "../base/clock.hpp"
#include "../base/error.hpp"
#include "../concepts/notifier.hpp"
#include "remote_message.hpp"
#include "slack_answer_json.hpp"
#include "slack_message.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Where a slack_notifier writes to: either a webhook or a token with a channel. Addresses and tokens are secrets: in no message, log or
/// report.
struct slack_options {
  std::string webhook = {};                                    ///< address of an incoming webhook
  std::string alert_webhook = {};                              ///< the same for alerts; empty: `webhook`
  std::string token = {};                                      ///< of a bot with the scope chat:write
  std::string channel = {};                                    ///< id or name of the channel; with a token
  std::string alert_channel = {};                              ///< the same for alerts; empty: `channel`
  std::string report = {};                                     ///< link or path of the report, shown in each message; may be empty
  std::string api = "https://slack.com/api/chat.postMessage";  ///< where a token's messages go
  http_options http = {};
  http_retry_options retry = message_retries;
};

/// Notifier: one message in Slack's blocks, alerts where they are wanted. At most one message a second, which is what Slack takes; what it
/// asks for with 429 and Retry-After is waited for, up to the options' limit. A message of which no answer came is sent again, so that it
/// may stand there twice.
/// @par Thread safety
/// None; one thread at a time.
template <class Clock = system_clock>
class slack_notifier {
 public:
  /// @throws error invalid_argument where neither or both ways are given, a channel is missing, or an address cannot be used.
  explicit slack_notifier(slack_options options, Clock clock = Clock())
      : options_(std::move(options)), clock_(std::move(clock)), client_(options_.http) {
    if (options_.webhook.empty() == options_.token.empty())
      throw error(errc::invalid_argument, "slack_options: give either webhook or token: one says where a message goes");
    if (by_token()) {
      if (options_.channel.empty()) throw error(errc::invalid_argument, "slack_options: a token needs a channel to write to");
      if (!detail::is_http_value(options_.token))
        throw error(errc::invalid_argument, "slack_options: the token holds a line break or a space at its end: was it read from a file?");
      detail::check_secret_address(options_.api, "the address of Slack's API");
    } else {
      detail::check_secret_address(options_.webhook, "the address of the Slack webhook");
      if (!options_.alert_webhook.empty())
        detail::check_secret_address(options_.alert_webhook, "the address of the Slack webhook for alerts");
    }
  }

  /// Throws errc::unavailable where there is no answer, or Slack is busy, after all attempts; errc::io where it refuses, with its word why.
  void deliver(const message& message) { deliver(message, std::stop_token()); }

  /// The same; throws errc::cancelled once `stop` is requested, but for an attempt under way, which is waited for.
  void deliver(const message& message, const std::stop_token& stop) {
    const bool alert = message.level == message::urgency::alert;
    const auto chosen = [&](const std::string& usual, const std::string& for_alerts) -> const std::string& {
      return alert && !for_alerts.empty() ? for_alerts : usual;
    };
    std::vector<http_header> headers;
    if (by_token()) headers.push_back({"Authorization", "Bearer " + options_.token});
    const std::string& address = by_token() ? options_.api : chosen(options_.webhook, options_.alert_webhook);
    const std::string channel = by_token() ? chosen(options_.channel, options_.alert_channel) : std::string();
    wait_for_turn(stop);
    const std::string what = "the message to Slack";
    const http_response answer = detail::post_message(client_, options_.retry, clock_, address, what,
                                                      slack_body(message, channel, options_.report), std::move(headers), stop);
    last_ = clock_.now();
    if (const std::string refusal = slack_refusal(answer.status, answer.body, by_token()); !refusal.empty())
      detail::refuse_answer(what, answer.status, refusal);
  }

 private:
  [[nodiscard]] bool by_token() const noexcept { return !options_.token.empty(); }

  void wait_for_turn(const std::stop_token& stop) {
    if (!last_) return;
    constexpr std::chrono::microseconds apart = std::chrono::seconds(1);
    const auto since = std::max(clock_.now() - *last_, std::chrono::microseconds(0));  // a clock may have been set back
    if (since < apart) sleep_unless_stopped(clock_, clock_.now() + (apart - since), stop);
  }

  slack_options options_;
  Clock clock_;
  http_client client_;
  std::optional<time_point> last_;  // message that was sent
};

static_assert(stoppable_notifier<slack_notifier<>>);

}  // namespace upkeep::inline v0
