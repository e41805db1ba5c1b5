#pragma once
// What is sent over HTTP and what comes back, free of any library, and what a request must be to be sent.

#include "../base/clock.hpp"
#include "../base/environment.hpp"
#include "../base/error.hpp"
#include "../version.hpp"
#include "url.hpp"

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// One header line.
struct http_header {
  std::string name{};
  std::string value{};
};

/// One request.
struct http_request {
  std::string method = "GET";
  std::string url{};  ///< http or https, absolute
  std::vector<http_header> headers{};
  std::string body{};
  std::string content_type{};  ///< of the body
  /// The whole URL is a secret (a webhook): messages name `what` alone. Headers and body are never in a message, nor is a query.
  bool secret_url = false;
  std::string what{};  ///< what messages call the request: "the message to Slack"; empty: its method and URL without the query
};

/// The answer to a request, whatever its status.
struct http_response {
  int status = 0;
  std::string body{};
  std::optional<std::chrono::microseconds> retry_after{};  ///< how long the server asks to wait, from now on
  std::vector<http_header> headers{};

  /// The first header of that name, in any case of letters; nothing if there is none.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const {
    for (const http_header& h : headers)
      if (detail::ascii_lower(h.name) == detail::ascii_lower(name)) return h.value;
    return std::nullopt;
  }
  [[nodiscard]] bool ok() const noexcept { return status >= 200 && status <= 299; }
};

/// How an http_client connects, and what it takes.
struct http_options {
  std::chrono::microseconds connect_timeout = std::chrono::seconds(5);  ///< to all addresses of the host together
  /// Of one exchange from its begin to the last byte, however slowly they come. The one thing that it cannot cut short is the system's
  /// resolver, which has time-outs of its own.
  std::chrono::microseconds deadline = std::chrono::seconds(30);
  std::size_t maximum_response_bytes = std::size_t{16} << 20U;  ///< of the body; the header lines have 64 KiB
  std::string ca_file{};                                        ///< PEM: the only authorities to trust; empty: those of the system
  bool proxy_from_environment = true;                           ///< HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
  std::string user_agent = "upkeep/" UPKEEP_VERSION_STRING;
  environment::lookup variables = environment::process_environment;  ///< where the proxy variables are looked up
};

namespace detail {

/// How messages call a request whose URL may be shown once it is known to be one.
inline std::string name_of(const http_request& request, const http_url* url = nullptr) {
  if (request.secret_url) return request.what.empty() ? std::string("the request to a secret address") : request.what;
  const std::string address = url != nullptr ? request.method + ' ' + url->without_query() : std::string();
  if (request.what.empty()) return address.empty() ? std::string("the request") : address;
  return address.empty() ? request.what : request.what + " (" + address + ')';
}

/// A token of RFC 9110: what a method and the name of a header may be.
constexpr bool is_http_token(std::string_view text) noexcept {
  for (const char c : text)
    if (!is_ascii_letter_or_digit(c) && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  return !text.empty();
}

/// Whether a header can have this value: no line break, NUL or other control character, which would end or split the header.
constexpr bool is_http_value(std::string_view text) noexcept {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20U && c != '\t') || c == '\x7f') return false;
  return text.empty() || (text.front() != ' ' && text.back() != ' ' && text.front() != '\t' && text.back() != '\t');
}

/// Throws errc::invalid_argument for what must not be sent. Values are never shown: they may be tokens.
inline void check_request(const http_request& request, const std::string& name) {
  const auto refuse = [&](const std::string& why) { throw error(errc::invalid_argument, name + ": " + why); };
  if (!is_http_token(request.method)) refuse("the method is not a word that HTTP knows");
  if (request.method == "CONNECT" || request.method == "TRACE") refuse("the method " + request.method + " is none for a client like this");
  for (const http_header& h : request.headers) {
    if (!is_http_token(h.name)) refuse("the name of a header holds a character that it must not");
    if (!is_http_value(h.value)) refuse("the value of the header " + h.name + " holds a line break or another control character");
    const std::string lower = ascii_lower(h.name);
    for (const std::string_view own : {"host", "content-length", "transfer-encoding", "connection", "te", "expect", "upgrade", "trailer",
                                       "accept-encoding", "proxy-authorization", "proxy-connection", "keep-alive"})
      if (lower == own) refuse("the header " + h.name + " is the client's own: leave it out");
    if (lower == "content-type" && !request.content_type.empty()) refuse("the content type is given twice");
  }
  if (!is_http_value(request.content_type)) refuse("the content type holds a line break or another control character");
}

}  // namespace detail

}  // namespace upkeep::inline v0
