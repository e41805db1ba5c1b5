// The proxy that the environment names, as curl understands it.

#include "upkeep/net/proxy.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <map>
#include <optional>
#include <string>

using upkeep::errc;
using upkeep_test::failure_of;

namespace {

using variables = std::map<std::string, std::string>;

std::string proxy(const std::string& url, const variables& set) {
  const auto found = upkeep::proxy_for(upkeep::parse_http_url(url, "url"), [&](const std::string& name) {
    const auto at = set.find(name);
    return at == set.end() ? std::optional<std::string>() : at->second;
  });
  if (!found) return "none";
  return found->host + ' ' + std::to_string(found->port) + (found->authorization.empty() ? "" : ' ' + found->authorization);
}

}  // namespace

TEST_CASE("each scheme has its variable, and one is for both", "[proxy]") {
  CHECK(proxy("http://a", {}) == "none");
  CHECK(proxy("http://a", {{"http_proxy", ""}}) == "none");
  CHECK(proxy("http://a", {{"http_proxy", "http://p:3128"}}) == "p 3128");
  CHECK(proxy("http://a", {{"http_proxy", "P:3128"}}) == "p 3128");
  CHECK(proxy("http://a", {{"http_proxy", "http://[::1]:3128/"}}) == "::1 3128");
  CHECK(proxy("https://a", {{"http_proxy", "p:1"}}) == "none");
  CHECK(proxy("https://a", {{"https_proxy", "p:1"}, {"HTTPS_PROXY", "q:2"}}) == "p 1");
  CHECK(proxy("https://a", {{"HTTPS_PROXY", "q:2"}}) == "q 2");
  CHECK(proxy("http://a", {{"all_proxy", "p:1"}, {"ALL_PROXY", "q:2"}}) == "p 1");
  CHECK(proxy("https://a", {{"ALL_PROXY", "q:2"}}) == "q 2");
  CHECK(proxy("http://a", {{"http_proxy", "http://user:p%40ss@p:1"}}) == "p 1 Basic dXNlcjpwQHNz");
}

TEST_CASE("a stranger's Proxy header does not choose the proxy of a CGI program", "[proxy]") {
  CHECK(proxy("http://a", {{"HTTP_PROXY", "evil:1"}}) == "evil 1");
  CHECK(proxy("http://a", {{"HTTP_PROXY", "evil:1"}, {"REQUEST_METHOD", "GET"}}) == "none");
  CHECK(proxy("http://a", {{"HTTP_PROXY", "evil:1"}, {"REQUEST_METHOD", "GET"}, {"ALL_PROXY", "p:1"}}) == "p 1");
  CHECK(proxy("http://a", {{"http_proxy", "p:1"}, {"REQUEST_METHOD", "GET"}}) == "p 1");
  CHECK(proxy("https://a", {{"HTTPS_PROXY", "p:1"}, {"REQUEST_METHOD", "GET"}}) == "p 1");
}

TEST_CASE("NO_PROXY names hosts, domains and ports", "[proxy]") {
  const auto without = [](const std::string& url, const std::string& list) {
    return proxy(url, {{"ALL_PROXY", "p:1"}, {"NO_PROXY", list}}) == "none";
  };
  CHECK(without("http://a.example", "*"));
  CHECK(without("http://a.example", "a.example"));
  CHECK(without("http://A.example", "other, A.Example"));
  CHECK(without("http://a.example", "example"));
  CHECK(without("http://a.example", ".example"));
  CHECK(without("http://x.a.example", "b,a.example c"));
  CHECK(without("http://a.example:81", "a.example:81"));
  CHECK(without("http://[::1]/", "::1"));
  CHECK(without("http://[::1]/", "[::1]"));
  CHECK(without("http://[::1]:81/", "[::1]:81"));
  CHECK_FALSE(without("http://[::1]:82/", "[::1]:81"));
  CHECK(without("http://127.0.0.1", "127.0.0.1"));
  CHECK_FALSE(without("http://a.example", ""));
  CHECK_FALSE(without("http://a.example", ",, ,"));
  CHECK_FALSE(without("http://a.example", "ample"));
  CHECK_FALSE(without("http://example", "a.example"));
  CHECK_FALSE(without("http://a.example:82", "a.example:81"));
  CHECK_FALSE(without("http://a.example", ":80"));
  CHECK_FALSE(without("http://a.example", "."));
  CHECK(proxy("http://a", {{"http_proxy", "p:1"}, {"no_proxy", "b"}, {"NO_PROXY", "a"}}) == "p 1");
}

TEST_CASE("a proxy that is none is refused without being shown", "[proxy]") {
  for (const char* value : {"socks5://secret:1", "https://secret:1", "secret", "http://secret", "secret:0", "secret:99999", "u:secret@",
                            "u%zz:secret@p:1", "u:secret@p:1\r\nX: y", "u:secret@[::1]", "a b:1"}) {
    CAPTURE(value);
    const auto failure = failure_of([&] { static_cast<void>(proxy("https://a", {{"HTTPS_PROXY", value}})); });
    CHECK(failure.code == errc::invalid_argument);
    CHECK(failure.names("HTTPS_PROXY"));
    CHECK_FALSE(failure.names("secret"));
  }
}
