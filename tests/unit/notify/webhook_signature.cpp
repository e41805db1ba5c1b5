// A signature fits its key, time and body, and no other.

#include "upkeep/notify/webhook_signature.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using upkeep::is_signed_webhook;
using upkeep::webhook_signature;

namespace {

upkeep::secret_key key(char letter) { return upkeep::secret_key(std::as_bytes(std::span<const char>(std::string(32, letter)))); }

}  // namespace

TEST_CASE("a webhook's signature is the HMAC of time, dot and body") {
  const upkeep::secret_key k = key('k');
  CHECK(webhook_signature(k, "1700000000", "{}") == "sha256=" + upkeep::to_hex(upkeep::hmac_sha256(k.bytes(), "1700000000.{}")));
}

TEST_CASE("a receiver takes what was signed with its key, unchanged, in time") {
  const upkeep::secret_key k = key('k');
  const upkeep::time_point now(std::chrono::seconds(1'700'000'000));
  const std::string body = R"({"title":"x"})", good = webhook_signature(k, "1700000000", body);
  CHECK(is_signed_webhook(k, "1700000000", good, body, now));
  CHECK(is_signed_webhook(k, "1700000000", good, body, now + 5min));
  CHECK(is_signed_webhook(k, "1700000000", good, body, now - 5min));
  CHECK_FALSE(is_signed_webhook(k, "1700000000", good, body, now + 5min + 1us));
  CHECK_FALSE(is_signed_webhook(k, "1700000000", good, body, now - 5min - 1us));
  CHECK_FALSE(is_signed_webhook(key('x'), "1700000000", good, body, now));
  CHECK_FALSE(is_signed_webhook(k, "1700000001", good, body, now));
  CHECK_FALSE(is_signed_webhook(k, "1700000000", good, body + " ", now));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string other = good;
    other[i] = static_cast<char>(other[i] ^ 1);
    CHECK_FALSE(is_signed_webhook(k, "1700000000", other, body, now));
  }
  for (const char* time : {"", "x", "1700000000 ", "+1700000000", "-1700000000", "1.7e9", "99999999999999999999", "9223372036854775807"})
    CHECK_FALSE(is_signed_webhook(k, time, webhook_signature(k, time, body), body, now));
  CHECK_FALSE(is_signed_webhook(k, "1700000000", "", body, now));
}
