// What a request may be, and what messages say of it.

#include "upkeep/net/http_message.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <string>

using upkeep::errc;
using upkeep::http_request;
using upkeep::v0::detail::check_request;
using upkeep::v0::detail::name_of;
using upkeep_test::failure_of;

TEST_CASE("headers cannot end their line, nor take the client's place", "[http_message]") {
  const auto refused = [](const http_request& request) {
    const auto failure = failure_of([&] { check_request(request, "it"); });
    CHECK_FALSE(failure.names("secret"));
    return failure.code == errc::invalid_argument;
  };
  for (const char* value : {"", "a", "a b", "a\tb", "\xc3\xa4", "Bearer secret"}) CHECK_FALSE(refused({.headers = {{"X-Y", value}}}));
  for (const std::string& value :
       {std::string("secret\r\nX: y"), std::string("secret\n"), std::string("\rsecret"), std::string("secret\0x", 8),
        std::string(" secret"), std::string("secret\t"), std::string("secret\x7f")}) {
    CAPTURE(value);
    CHECK(refused({.headers = {{"X", value}}}));
    CHECK(refused({.content_type = value}));
  }
  for (const char* name : {"", "a b", "a:", "a\r\nb", "\xc3\xa4", "(x)"}) CHECK(refused({.headers = {{name, "secret"}}}));
  for (const char* name : {"Host", "CONTENT-LENGTH", "transfer-encoding", "Connection", "Expect", "Proxy-Authorization", "Accept-Encoding"})
    CHECK(refused({.headers = {{name, "secret"}}}));
  CHECK(refused({.headers = {{"Content-Type", "a/b"}}, .content_type = "a/b"}));
  CHECK_FALSE(refused({.headers = {{"Content-Type", "a/b"}}}));
  for (const char* method : {"", "GET /", "G\r\n", "CONNECT", "TRACE"}) CHECK(refused({.method = method}));
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) CHECK_FALSE(refused({.method = method}));
}

TEST_CASE("messages show neither a query nor a secret address", "[http_message]") {
  const auto url = upkeep::parse_http_url("https://host/path?token=secret", "x");
  CHECK(name_of({.method = "POST"}, &url) == "POST https://host/path");
  CHECK(name_of({.method = "POST", .what = "the report"}, &url) == "the report (POST https://host/path)");
  CHECK(name_of({.secret_url = true}, &url) == "the request to a secret address");
  CHECK(name_of({.secret_url = true, .what = "the message"}, &url) == "the message");
  CHECK(name_of({}) == "the request");
}

TEST_CASE("a header is found in any case of letters", "[http_message]") {
  const upkeep::http_response response{.status = 299, .headers = {{"Content-Type", "a"}, {"X", "1"}, {"x", "2"}}};
  CHECK(response.header("content-TYPE") == "a");
  CHECK(response.header("x") == "1");
  CHECK_FALSE(response.header("y"));
  CHECK(response.ok());
  CHECK_FALSE(upkeep::http_response{.status = 301}.ok());
  CHECK_FALSE(upkeep::http_response{.status = 199}.ok());
}
