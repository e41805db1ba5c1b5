// Only URLs that can be sent without changing what they mean are taken, and none can end the line it is written into.

#include "upkeep/net/url.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/base/rng.hpp"

#include <string>
#include <string_view>

using upkeep::errc;
using upkeep::http_url;
using upkeep::parse_http_url;
using upkeep_test::failure_of;

namespace {
std::string shown(const http_url& u) {
  return std::string(u.secure ? "s" : "-") + '|' + u.host + '|' + std::to_string(u.port) + '|' + u.target + '|' + u.host_and_port() + '|' +
         u.without_query();
}
std::string parsed(std::string_view text) { return shown(parse_http_url(text, "it")); }
}  // namespace

TEST_CASE("a URL is taken apart", "[url]") {
  CHECK(parsed("http://a") == "-|a|80|/|a|http://a/");
  CHECK(parsed("https://A.Example.COM/x/y?z=1#part") == "s|a.example.com|443|/x/y?z=1|a.example.com|https://a.example.com/x/y");
  CHECK(parsed("HTTP://a:8080?q") == "-|a|8080|/?q|a:8080|http://a:8080/");
  CHECK(parsed("https://a:443/") == "s|a|443|/|a|https://a/");
  CHECK(parsed("http://a:443/") == "-|a|443|/|a:443|http://a:443/");
  CHECK(parsed("http://[::1]:81/p") == "-|::1|81|/p|[::1]:81|http://[::1]:81/p");
  CHECK(parsed("http://[fe80::A]") == "-|fe80::a|80|/|[fe80::a]|http://[fe80::a]/");
  CHECK(parsed("http://a/b@c:d//e") == "-|a|80|/b@c:d//e|a|http://a/b@c:d//e");
  CHECK(parsed("http://a#b?c") == "-|a|80|/|a|http://a/");
}

TEST_CASE("only TLS and this machine are private", "[url]") {
  for (const char* url :
       {"https://a.example", "http://localhost:1", "http://LOCALHOST/", "http://127.0.0.1/", "http://127.1.2.3:4/", "http://[::1]/"})
    CHECK(parse_http_url(url, "it").is_private());
  for (const char* url : {"http://a.example", "http://127.example.com", "http://127.0.0.1.example.com/", "http://localhost.example.com",
                          "http://128.0.0.1", "http://[::2]/", "http://0.0.0.0/"})
    CHECK_FALSE(parse_http_url(url, "it").is_private());
}

TEST_CASE("what is no http URL is refused without being shown", "[url]") {
  for (const std::string_view text : {"",
                                      "a",
                                      "a.example",
                                      "ftp://a/",
                                      "file:///etc/passwd",
                                      "http:/a",
                                      "http://",
                                      "https:///secret",
                                      "http://?q",
                                      "http://#",
                                      "http://:80/",
                                      "http://user:secret@a/",
                                      "http://secret@a",
                                      "http://a:0/",
                                      "http://a:65536/",
                                      "http://a:/",
                                      "http://a:8x/",
                                      "http://a:-1/",
                                      "http://[::1",
                                      "http://[]/",
                                      "http://[secret]/",
                                      "http://[::1]x/",
                                      "http://[::1]:/",
                                      "http://::1/",
                                      "http://a b/",
                                      "http://a/secret x",
                                      "http://a/\n",
                                      "http://a/x\r\nHost: b",
                                      "http://a/\x7f",
                                      "http://a/\xc3\xa4",
                                      "http://a/{id}",
                                      "http://a/\"",
                                      "http://a/<",
                                      "http://a/\\",
                                      "http://a/^",
                                      "http://a/`",
                                      "http://a/|",
                                      "http://a%2fb/",
                                      "http://a!/",
                                      "http://a\t/"}) {
    CAPTURE(text);
    const auto failure = failure_of([&] { static_cast<void>(parse_http_url(text, "the address")); });
    CHECK(failure.code == errc::invalid_argument);
    CHECK(failure.message.starts_with("the address: the URL "));
    CHECK_FALSE(failure.names("secret"));
  }
  CHECK(failure_of([] { static_cast<void>(parse_http_url(std::string_view("http://a/\0b", 11), "x")); }).happened);
}

TEST_CASE("generated text is a URL that can be sent, or none", "[url]") {
  upkeep::rng random(5);
  const std::string_view pieces[] = {"http://", "https://", "a",     "[",   "]", ":",    "/",    "?", "#",
                                     "@",       "80",       "99999", "%41", " ", "\r\n", "\xff", ".", "-"};
  int taken = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = random.chance(0.8) ? "http://a" : "";
    for (std::uint64_t n = random.below(8); n > 0; --n) text += pieces[random.below(std::size(pieces))];
    http_url url;
    if (failure_of([&] { url = parse_http_url(text, "x"); }).happened) continue;
    ++taken;
    INFO(text);
    REQUIRE(!url.host.empty());
    REQUIRE(url.port != 0);
    REQUIRE(url.target.front() == '/');
    REQUIRE((url.target + url.host).find_first_of(" \r\n#\xff") == std::string::npos);
    REQUIRE(url.host.find_first_of("@/?[]") == std::string::npos);
    // What it says of itself is the same URL.
    const std::string again = (url.secure ? "https://" : "http://") + url.host_and_port() + url.target;
    REQUIRE(shown(parse_http_url(again, "x")) == shown(url));
  }
  CHECK(taken > 500);
}

TEST_CASE("any bytes can be made a piece of a URL", "[url]") {
  CHECK(upkeep::percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(upkeep::percent_encode(std::string_view("/ ?#%\n\0\xff&=+", 11)) == "%2F%20%3F%23%25%0A%00%FF%26%3D%2B");
  CHECK(upkeep::percent_encode("") == "");
}
