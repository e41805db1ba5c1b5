#pragma once
// The URLs that the HTTP client takes: http and https, taken apart strictly, and text made fit to stand in one.

#include "../base/error.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace upkeep::inline v0 {

/// An absolute http or https URL (RFC 3986) without user name, password and fragment.
struct http_url {
  bool secure = false;       ///< https
  std::string host;          ///< in lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;    ///< 80 or 443 where the URL names none
  std::string target;        ///< path and query, "/" where the URL has none
  std::size_t query_at = 0;  ///< where in `target` the query begins, its size where there is none

  /// As it stands in a Host header: with brackets, and with the port where it is not the scheme's own.
  [[nodiscard]] std::string host_and_port() const {
    std::string text = bracketed();
    if (port != (secure ? 443 : 80)) text += ':' + std::to_string(port);
    return text;
  }
  /// The host as a URL writes it.
  [[nodiscard]] std::string bracketed() const { return host.find(':') == std::string::npos ? host : '[' + host + ']'; }
  /// Whether what is sent there can be read by nobody on the way: TLS, or an address of this machine. A name such as 127.example.com is none.
  [[nodiscard]] bool is_private() const {
    return secure || host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
  }
  /// Scheme, host and path, for messages: a query may hold a secret.
  [[nodiscard]] std::string without_query() const {
    return (secure ? "https://" : "http://") + host_and_port() + target.substr(0, query_at);
  }
};

namespace detail {

constexpr bool is_ascii_letter_or_digit(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
inline std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

/// What may stand in a URL without being encoded; no space, no control character and no byte above 127, so that nothing of a URL can end
/// the request line it is written into.
constexpr bool is_url_character(char c) noexcept {
  return is_ascii_letter_or_digit(c) || std::string_view("-._~:/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos;
}

}  // namespace detail

/// Takes an http or https URL apart; a fragment is left out. `name` stands for the URL in messages, which never show it: it may be secret.
/// @throws error invalid_argument for another scheme, a user name or password (they belong into a header), a host or port that is none,
///   and a character that must be percent-encoded
[[nodiscard]] inline http_url parse_http_url(std::string_view text, const std::string& name) {
  const auto refuse = [&](const std::string& why) { throw error(errc::invalid_argument, name + ": the URL " + why); };
  for (const char c : text)
    if (!detail::is_url_character(c)) refuse("holds a character that must be percent-encoded");
  http_url url;
  const std::size_t colon = text.find("://");
  const std::string scheme = detail::ascii_lower(text.substr(0, colon == std::string_view::npos ? 0 : colon));
  if (scheme != "http" && scheme != "https") refuse("must begin with https:// or http://");
  url.secure = scheme == "https";
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) refuse("holds a user name or password: send an Authorization header instead");

  std::string_view host = authority;
  std::string_view port;
  bool has_port = false;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) refuse("holds a host that begins with [ and does not end with ]");
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
    if (host.find(':') == std::string_view::npos || host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos)
      refuse("holds a host in brackets that is no IPv6 address");
    has_port = !port.empty();
    if (has_port && port.front() != ':') refuse("holds a host that is none");
    if (has_port) port.remove_prefix(1);
  } else {
    const std::size_t at = host.find(':');
    has_port = at != std::string_view::npos;
    if (has_port) port = host.substr(at + 1);
    host = host.substr(0, at);
    for (const char c : host)
      if (!detail::is_ascii_letter_or_digit(c) && c != '-' && c != '.' && c != '_') refuse("holds a host that is none");
  }
  if (host.empty()) refuse("names no host");
  url.host = detail::ascii_lower(host);
  url.port = url.secure ? 443 : 80;
  if (has_port) {
    const auto [stop, failure] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (failure != std::errc() || stop != port.data() + port.size() || url.port == 0) refuse("names a port that is not from 1 to 65535");
  }
  if (end == std::string_view::npos || rest[end] == '?') url.target = "/";
  if (end != std::string_view::npos) url.target += rest.substr(end);
  const std::size_t query = url.target.find('?');
  url.query_at = query == std::string::npos ? url.target.size() : query;
  return url;
}

/// Any bytes as one piece of a URL: all but letters, digits and `-._~` percent-encoded (RFC 3986, section 2).
[[nodiscard]] inline std::string percent_encode(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (detail::is_ascii_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      text += c;
    } else {
      text += '%';
      text += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4U];
      text += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15U];
    }
  }
  return text;
}

}  // namespace upkeep::inline v0
