#pragma once
// How a webhook message is signed, and how its receiver checks that it comes from who has the key, unchanged and now.

#include "../base/clock.hpp"
#include "../crypto/hex.hpp"
#include "../crypto/hmac.hpp"
#include "../crypto/secret_key.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace upkeep::inline v0 {

/// The header that holds the seconds since 1970 when a message was signed.
inline constexpr std::string_view webhook_timestamp_header = "X-Upkeep-Timestamp";
/// The header that holds the signature.
inline constexpr std::string_view webhook_signature_header = "X-Upkeep-Signature";

/// `sha256=` and the HMAC-SHA256 over the timestamp's digits, a dot and the body, in hexadecimal digits. The time is signed with it, so that
/// a message that was overheard is of no use later.
[[nodiscard]] inline std::string webhook_signature(const secret_key& key, std::string_view timestamp, std::string_view body) {
  return "sha256=" + to_hex(hmac_sha256(key.bytes(), std::string(timestamp) + '.' + std::string(body)));
}

/// Whether a message was signed with the key at most `tolerance` before or after `now`: for those who receive. The same message may come
/// twice; its `id` tells.
[[nodiscard]] inline bool is_signed_webhook(const secret_key& key, std::string_view timestamp, std::string_view signature,
                                            std::string_view body, time_point now,
                                            std::chrono::seconds tolerance = std::chrono::minutes(5)) {
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  if (problem != std::errc{} || end != timestamp.data() + timestamp.size() || seconds < 0 || seconds > 253'402'300'799) return false;
  const auto apart = now - time_point(std::chrono::seconds(seconds));
  if (apart > tolerance || apart < -tolerance) return false;
  const std::string wanted = webhook_signature(key, timestamp, body);
  const auto bytes = [](std::string_view text) { return std::as_bytes(std::span<const char>(text.data(), text.size())); };
  return equal_in_constant_time(bytes(wanted), bytes(signature));
}

}  // namespace upkeep::inline v0
