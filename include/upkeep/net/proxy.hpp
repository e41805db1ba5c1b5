#pragma once
// Which proxy a request goes through, as the environment says.

#include "../base/environment.hpp"
#include "../base/error.hpp"
#include "../base/json_text.hpp"
#include "url.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace upkeep::inline v0 {

/// An HTTP proxy.
struct http_proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string authorization;  ///< the value of Proxy-Authorization, a secret; empty: none
};

namespace detail {

/// Whether an entry of NO_PROXY names the host: the name itself or a domain that it lies in ("example.com", ".example.com", "*"), with a
/// port or without.
inline bool is_without_proxy(std::string_view entry, const http_url& url) {
  if (entry == "*") return true;
  const std::string lower = ascii_lower(entry);
  std::string_view name = lower;
  const std::size_t colon = name.rfind(':');
  const bool bracket = name.starts_with('[');
  if (colon != std::string_view::npos && (bracket ? name[colon - 1] == ']' : name.find(':') == colon)) {
    if (name.substr(colon + 1) != std::to_string(url.port)) return false;
    name = name.substr(0, colon);
  }
  if (bracket && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  while (name.starts_with('.')) name.remove_prefix(1);
  if (name.empty() || !std::string_view(url.host).ends_with(name)) return false;
  const std::size_t before = url.host.size() - name.size();
  return before == 0 || url.host[before - 1] == '.';
}

inline std::optional<std::string> percent_decode(std::string_view text) {
  const auto digit = [](char c) { return std::string_view("0123456789abcdef").find(ascii_lower(c)); };
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      bytes += text[i];
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) > 15 || digit(text[i + 2]) > 15) return std::nullopt;
    bytes += static_cast<char>(static_cast<unsigned char>(digit(text[i + 1]) << 4U | digit(text[i + 2])));
    i += 2;
  }
  return bytes;
}

}  // namespace detail

/// The proxy for `url`, or none. As curl does it: `https_proxy` or `HTTPS_PROXY` for https, `http_proxy` or `HTTP_PROXY` for http, else
/// `all_proxy` or `ALL_PROXY`; none for the hosts of `no_proxy` or `NO_PROXY`. `HTTP_PROXY` in capitals is passed over where
/// `REQUEST_METHOD` is set: a CGI program gets it from a stranger's "Proxy:" header.
/// @throws error invalid_argument for a proxy that is no URL, or of another kind than http; its value is never shown, for it may hold a
///   password
[[nodiscard]] inline std::optional<http_proxy> proxy_for(const http_url& url, const environment::lookup& variables) {
  const auto value = [&](const std::string& name) {
    std::optional<std::string> text = variables(name);
    return text && text->empty() ? std::nullopt : text;
  };
  const std::string scheme = url.secure ? "https" : "http";
  std::string name = scheme + "_proxy";
  std::optional<std::string> text = value(name);
  if (!text && (url.secure || !value("REQUEST_METHOD"))) text = value(name = url.secure ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (!text) text = value(name = "all_proxy");
  if (!text) text = value(name = "ALL_PROXY");
  if (!text) return std::nullopt;

  std::optional<std::string> without = value("no_proxy");
  if (!without) without = value("NO_PROXY");
  std::string_view rest = without ? std::string_view(*without) : std::string_view();
  while (!rest.empty()) {
    const std::size_t begin = rest.find_first_not_of(", \t");
    if (begin == std::string_view::npos) break;
    rest.remove_prefix(begin);
    const std::size_t end = rest.find_first_of(", \t");
    if (detail::is_without_proxy(rest.substr(0, end), url)) return std::nullopt;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
  }

  const std::string what = "the proxy that the environment variable " + name + " names";
  std::string_view address = *text;
  const std::size_t scheme_end = address.find("://");
  if (scheme_end != std::string_view::npos) {
    if (detail::ascii_lower(address.substr(0, scheme_end)) != "http")
      throw error(errc::invalid_argument, what + " must be one that is spoken to by http://");
    address.remove_prefix(scheme_end + 3);
  }
  http_proxy proxy;
  const std::size_t at = address.rfind('@');
  if (at != std::string_view::npos) {
    const auto credentials = detail::percent_decode(address.substr(0, at));
    if (!credentials) throw error(errc::invalid_argument, what + " holds a % that is no percent-encoding");
    proxy.authorization = "Basic " + to_base64(std::string_view(*credentials));
    address.remove_prefix(at + 1);
  }
  const std::size_t bracket = address.rfind(']');
  if (address.find(':', bracket == std::string_view::npos ? 0 : bracket) == std::string_view::npos)
    throw error(errc::invalid_argument, what + " has no port: write it behind the host (clients differ in which one they assume)");
  http_url parsed = parse_http_url("http://" + std::string(address), what);
  proxy.port = parsed.port;
  proxy.host = std::move(parsed.host);
  return proxy;
}

}  // namespace upkeep::inline v0
