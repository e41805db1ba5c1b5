#pragma once
// What the oracles that ask over HTTP share: retries, a circuit breaker, the token, and what becomes of questions that fail.

#include "../base/circuit_breaker.hpp"
#include "../base/clock.hpp"
#include "../base/error.hpp"
#include "../base/parallel.hpp"
#include "../base/rng.hpp"
#include "../net/http_client.hpp"
#include "../net/http_message.hpp"
#include "../net/send_with_retry.hpp"
#include "../net/url.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace upkeep::inline v0 {

/// How an oracle asks a service over HTTP.
struct remote_options {
  http_options http{};
  http_retry_options retry{};
  circuit_options circuit{};  ///< while it is open, nothing is asked and everything is unknown
  /// Gives the token that is sent as "Authorization: Bearer ..."; called once for each batch, so that it may be renewed. Empty: none is sent.
  /// Refused for an http:// address of another machine.
  std::function<std::string()> bearer_token{};
  /// Told why some sources of a batch stay unknown, once for the batch. Where all of them do, the error is thrown as well.
  std::function<void(const error&)> on_failure{};
};

namespace detail {

/// One service: the client, and what has been learnt about it.
/// @par Thread safety
/// All members may be called by several threads at once.
template <class Clock>
class remote_service {
 public:
  remote_service(const remote_options& options, Clock clock)
      : client_(options.http),
        retry_(options.retry),
        breaker_(options.circuit),
        bearer_token_(options.bearer_token),
        on_failure_(options.on_failure),
        clock_(std::move(clock)),
        seed_(static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())) {}

  /// The header that goes with the questions of a batch, if any.
  [[nodiscard]] std::optional<http_header> authorization() const {
    if (!bearer_token_) return std::nullopt;
    return http_header{"Authorization", "Bearer " + bearer_token_()};
  }

  /// Sends `request` and hands the answer to `read`. What either throws counts against the service.
  template <class Read>
  void ask(const http_request& request, Read&& read) {
    if (!breaker_.allows(clock_.now()))
      throw error(errc::unavailable, name_of(request) + ": it is not sent, since too many before it failed in a row; later ones will be");
    try {
      rng random(seed_.fetch_add(1, std::memory_order_relaxed));
      read(send_with_retry(client_, request, retry_, clock_, random));
    } catch (...) {
      breaker_.failed(clock_.now());
      throw;
    }
    breaker_.succeeded();
  }

  /// Calls `ask_part(i)` for each part of a batch, several at a time. A part that throws an upkeep::error leaves its sources unknown.
  /// @throws error the first, where every part failed
  template <class AskPart>
  void ask_in_parts(std::size_t parts, unsigned at_a_time, AskPart&& ask_part) {
    std::mutex mutex;
    std::size_t failures = 0;
    std::optional<error> first;
    parallel_for(parts, {.threads = at_a_time == 0 ? 1 : at_a_time}, [&](std::size_t part, std::size_t) {
      try {
        ask_part(part);
      } catch (const error& failure) {
        const std::lock_guard<std::mutex> guard(mutex);
        if (failures++ == 0) first = failure;
      }
    });
    if (!first) return;
    if (failures > 1) first = error(first->code(), std::string(first->what()) + " (and " + std::to_string(failures - 1) + " more failed)");
    if (on_failure_) on_failure_(*first);
    if (failures == parts) throw *first;
  }

 private:
  http_client client_;
  http_retry_options retry_;
  circuit_breaker breaker_;
  std::function<std::string()> bearer_token_;
  std::function<void(const error&)> on_failure_;
  Clock clock_;
  std::atomic<std::uint64_t> seed_;  // for the jitter, another one for each question
};

/// The URL of a service, taken apart. Throws errc::invalid_argument for one that is none, and where a token would go there for all to read.
inline http_url check_service(const std::string& url, const remote_options& options, const std::string& name) {
  http_url address = parse_http_url(url, name);
  if (options.bearer_token && !address.is_private())
    throw error(errc::invalid_argument, name + ": the URL must begin with https://, because a token is sent with each question");
  return address;
}

/// The sentence for a status that is no answer to the question.
[[noreturn]] inline void refuse_status(const std::string& name, int status) {
  const char* remedy = "";
  if (status == 401 || status == 403) remedy = "; check the token and what it permits";
  if (status >= 300 && status <= 399) remedy = "; redirects are not followed: give the address that answers";
  if (status == 404) remedy = "; check the address";
  throw error(status == 429 || status >= 500 ? errc::unavailable : errc::inconsistent,
              name + " was answered with the status " + std::to_string(status) + remedy);
}

}  // namespace detail

}  // namespace upkeep::inline v0
