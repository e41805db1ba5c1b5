#pragma once
// HMAC-SHA256 (RFC 2104, FIPS 180-4) and the comparison that goes with it: the one door to OpenSSL.

#include "../base/error.hpp"

#include <array>
#include <climits>
#include <cstddef>
#include <span>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace upkeep::inline v0 {

/// 256 bits of a message authentication code.
using mac256 = std::array<std::byte, 32>;

/// The HMAC-SHA256 of a message under a key of any length.
/// @throws error unsupported where this OpenSSL offers no SHA-256 (a FIPS configuration without its module).
[[nodiscard]] inline mac256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) {
  mac256 mac{};
  unsigned size = 0;
  const void* const key_bytes = key.empty() ? "" : static_cast<const void*>(key.data());  // null would mean "the key of before"
  const void* const bytes = message.empty() ? "" : static_cast<const void*>(message.data());
  if (key.size() > INT_MAX ||
      ::HMAC(::EVP_sha256(), key_bytes, static_cast<int>(key.size()), static_cast<const unsigned char*>(bytes), message.size(),
             static_cast<unsigned char*>(static_cast<void*>(mac.data())), &size) == nullptr ||
      size != mac.size())
    throw error(errc::unsupported, "OpenSSL refuses to compute HMAC-SHA256: check its configuration (openssl list -mac-algorithms)");
  return mac;
}
[[nodiscard]] inline mac256 hmac_sha256(std::span<const std::byte> key, std::string_view message) {
  return hmac_sha256(key, std::as_bytes(std::span<const char>(message.data(), message.size())));
}

/// Whether two runs of bytes are the same, in a time that does not depend on where they differ: who guesses a code learns nothing from how
/// long the refusal takes. The lengths are no secret.
[[nodiscard]] inline bool equal_in_constant_time(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  return a.size() == b.size() && (a.empty() || ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace upkeep::inline v0
