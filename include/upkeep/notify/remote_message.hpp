#pragma once
// Posts a message to an address that is a secret: how such an address must be, and how what fails is said without it.

#include "../base/error.hpp"
#include "../base/rng.hpp"
#include "../net/http_client.hpp"
#include "../net/http_message.hpp"
#include "../net/send_with_retry.hpp"
#include "../net/url.hpp"

#include <chrono>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// How a message is posted: a message twice is better than none, so it is sent again where no answer came.
inline constexpr http_retry_options message_retries = {.policy = {}, .longest_retry_after = std::chrono::seconds(60), .repeatable = true};

namespace detail {

/// Throws errc::invalid_argument, without the address, for one that is none, and for one that everybody on the way could read.
inline void check_secret_address(const std::string& address, const std::string& what) {
  if (!parse_http_url(address, what).is_private())
    throw error(errc::invalid_argument, what + ": the URL must begin with https://, because whoever reads it can send messages");
}

/// Sends `body`, signed or authorised by `headers`, and returns the answer, whatever it is. Throws errc::cancelled once `stop` is requested; an
/// attempt under way is waited for.
template <class Clock>
http_response post_message(const http_client& client, const http_retry_options& retry, Clock& clock, const std::string& address,
                           const std::string& what, std::string body, std::vector<http_header> headers, const std::stop_token& stop) {
  http_request request;
  request.method = "POST";
  request.url = address;
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.content_type = "application/json; charset=utf-8";
  request.secret_url = true;
  request.what = what;
  std::random_device device;
  rng random(device());
  return send_with_retry(client, request, retry, clock, random, stop);
}

/// Throws what an answer means that is not a yes. `why` is a word of the service's, or empty.
[[noreturn]] inline void refuse_answer(const std::string& what, int status, const std::string& why) {
  std::string sentence = what + " was not taken: the status is " + std::to_string(status) + (why.empty() ? "" : ", the reason " + why);
  if (status >= 300 && status <= 399) sentence += "; redirects are not followed: give the address that answers";
  if (status == 401 || status == 403 || status == 404 || status == 410) sentence += "; check that the address and token are still in use";
  throw error(status == 429 || status >= 500 ? errc::unavailable : errc::io, sentence);
}

}  // namespace detail
}  // namespace upkeep::inline v0
