#pragma once
// A notifier that posts messages as signed JSON to an address of the user's own.

#include "../base/clock.hpp"
#include "../base/json_text.hpp"
#include "../concepts/notifier.hpp"
#include "../crypto/hex.hpp"
#include "../crypto/secret_key.hpp"
#include "remote_message.hpp"
#include "webhook_signature.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep::inline v0 {

/// Where a webhook_notifier posts to, and how.
struct webhook_options {
  std::string url = {};     ///< a secret: in no message, log or report
  std::string report = {};  ///< link or path of the report, for the receiver; may be empty
  http_options http = {};
  http_retry_options retry = message_retries;
};

/// The body of a message to a webhook: one JSON object. Bytes that are no UTF-8 are replaced.
[[nodiscard]] inline std::string webhook_body(const message& message, std::string_view id, time_point now, std::string_view report = {}) {
  std::string out;
  json_writer json(out);
  json.begin_object().key("upkeep_message").value(1).key("id").value(id).key("time").value(to_iso8601(now));
  json.key("level").value(message.level == message::urgency::alert ? "alert" : "notice");
  json.key("title").value(message.title).key("text").value(message.text);
  if (!report.empty()) json.key("report").value(report);
  json.end().finish();
  return out;
}

/// Notifier: posts `{"upkeep_message":1,"id":…,"time":…,"level":…,"title":…,"text":…}` with the headers `X-Upkeep-Timestamp` and
/// `X-Upkeep-Signature` (see webhook_signature.hpp, also for the receiver). What one delivery sends twice, for want of an
/// answer, has the same `id` both times.
/// @par Thread safety
/// `deliver` may be called by several threads at once.
template <class Clock = system_clock>
class webhook_notifier {
 public:
  /// @throws error invalid_argument for an address that is none, or that is not https (but for this machine).
  explicit webhook_notifier(webhook_options options, secret_key key, Clock clock = Clock())
      : options_(std::move(options)), key_(std::move(key)), clock_(std::move(clock)), client_(options_.http) {
    detail::check_secret_address(options_.url, "the address of the webhook");
  }

  /// Throws errc::unavailable where there is no answer, or the service is busy, after all attempts; errc::io where it refuses.
  void deliver(const message& message) { deliver(message, std::stop_token()); }

  /// The same; throws errc::cancelled once `stop` is requested, but for an attempt under way, which is waited for.
  void deliver(const message& message, const std::stop_token& stop) {
    const time_point now = clock_.now();
    const std::string what = "the message to the webhook";
    std::string body = webhook_body(message, new_id(), std::chrono::floor<std::chrono::seconds>(now), options_.report);
    const std::string timestamp = std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
    const std::string signature = webhook_signature(key_, timestamp, body);
    const http_response answer = detail::post_message(
        client_, options_.retry, clock_, options_.url, what, std::move(body),
        {{std::string(webhook_timestamp_header), timestamp}, {std::string(webhook_signature_header), signature}}, stop);
    if (!answer.ok()) detail::refuse_answer(what, answer.status, {});
  }

 private:
  static std::string new_id() {
    std::random_device device;
    std::array<std::byte, 16> id;
    for (std::byte& b : id) b = static_cast<std::byte>(device() & 255U);
    return to_hex(id);
  }

  webhook_options options_;
  secret_key key_;
  Clock clock_;
  http_client client_;
};

static_assert(stoppable_notifier<webhook_notifier<>>);

}  // namespace upkeep::inline v0
