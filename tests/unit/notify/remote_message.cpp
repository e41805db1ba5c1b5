#include "upkeep/notify/remote_message.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <string>

using upkeep::errc;
using upkeep_test::failure_of;

TEST_CASE("an address that is a secret is encrypted on its way, or does not leave the machine", "[remote_message]") {
  const auto check = [](const std::string& address) {
    return failure_of([&] { upkeep::v0::detail::check_secret_address(address, "the hook"); });
  };
  for (const char* good :
       {"https://hooks.example.com/secret", "http://localhost:8080/secret", "http://127.0.0.1/secret", "http://[::1]:80/secret"}) {
    CAPTURE(good);
    CHECK_FALSE(check(good).happened);
  }
  for (const char* bad : {"http://hooks.example.com/secret", "http://localhost.example.com/secret", "http://127.0.0.1.example.com/secret",
                          "ftp://example.com/secret", "secret", ""}) {
    CAPTURE(bad);
    const auto refused = check(bad);
    CHECK(refused.code == errc::invalid_argument);
    CHECK(refused.names("the hook"));
    CHECK_FALSE(refused.names("secret"));
  }
}

TEST_CASE("a refusal says the status, the service's word and what to look at", "[remote_message]") {
  const auto refusal = [](int status, const std::string& why = {}) {
    return failure_of([&] { upkeep::v0::detail::refuse_answer("the message", status, why); });
  };
  CHECK(refusal(429).code == errc::unavailable);
  CHECK(refusal(500).code == errc::unavailable);
  CHECK(refusal(400, "no_text").code == errc::io);
  CHECK(refusal(400, "no_text").message == "the message was not taken: the status is 400, the reason no_text");
  CHECK(refusal(302).names("redirects are not followed"));
  CHECK(refusal(404).names("still in use"));
  CHECK_FALSE(refusal(400).names("still in use"));
}

TEST_CASE("a message is sent again where no answer came: twice is better than none", "[remote_message]") {
  CHECK(upkeep::message_retries.repeatable);
  CHECK(upkeep::message_retries.longest_retry_after >= std::chrono::seconds(1));
}
