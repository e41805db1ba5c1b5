#pragma once
// Sends a request again when the answer was that it should be, or when there was none.

#include "../base/clock.hpp"
#include "../base/error.hpp"
#include "../base/retry.hpp"
#include "../base/rng.hpp"
#include "http_message.hpp"

#include <algorithm>
#include <chrono>
#include <stop_token>

namespace upkeep::inline v0 {

/// How `send_with_retry` tries again.
struct http_retry_options {
  retry_policy policy{};
  /// The longest wait that a server may ask for; an answer that asks for more is handed over at once.
  std::chrono::microseconds longest_retry_after = std::chrono::minutes(2);
  /// Whether the request may arrive twice. If not, it is sent again only after an answer that says that nothing was done (429, 503): with no
  /// answer at all, nobody knows.
  bool repeatable = true;
};

/// The statuses that may be another one soon: too many requests, bad gateway, unavailable, gateway time-out (RFC 9110, RFC 6585).
[[nodiscard]] constexpr bool is_passing_status(int status) noexcept {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

/// The answer of `client.send(request)`. It is sent again after a passing status and after errc::unavailable, at most `policy.attempts` times
/// in all, each after the policy's pause or the one that Retry-After asks for, whichever is longer. Returns the last answer, whatever its
/// status.
/// @throws error what the last attempt threw, and cancelled once `stop` is requested
template <class Client, class Clock>
http_response send_with_retry(const Client& client, const http_request& request, const http_retry_options& options, Clock&& clock,
                              rng& random, const std::stop_token& stop = {}) {
  for (unsigned attempt = 1;; ++attempt) {
    if (stop.stop_requested()) throw error(errc::cancelled, "stopped while retrying, as asked");
    std::chrono::microseconds asked(0);
    try {
      http_response response = client.send(request);
      const bool again = options.repeatable ? is_passing_status(response.status) : response.status == 429 || response.status == 503;
      asked = response.retry_after.value_or(asked);
      if (!again || attempt >= options.policy.attempts || asked > options.longest_retry_after) return response;
    } catch (const error& failure) {
      if (failure.code() != errc::unavailable || !options.repeatable || attempt >= options.policy.attempts) throw;
    }
    sleep_unless_stopped(clock, clock.now() + std::max(asked, pause_after(options.policy, attempt, random)), stop);
  }
}

}  // namespace upkeep::inline v0
