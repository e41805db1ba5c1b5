// HMAC-SHA256 gives the codes of RFC 4231, and codes are compared byte for byte.

#include "upkeep/crypto/hmac.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"
#include "upkeep/crypto/hex.hpp"

namespace {

std::vector<std::byte> bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span<const char>(text.data(), text.size()));
  return {view.begin(), view.end()};
}

std::string code(std::string_view key, std::string_view message) { return upkeep::to_hex(upkeep::hmac_sha256(bytes(key), message)); }

}  // namespace

TEST_CASE("hmac_sha256 gives the codes of RFC 4231") {
  CHECK(code(std::string(20, '\x0b'), "Hi There") == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(code("Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(code(std::string(20, '\xaa'), std::string(50, '\xdd')) == "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  std::string counting;
  for (char c = 1; c <= 25; ++c) counting += c;
  CHECK(code(counting, std::string(50, '\xcd')) == "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  CHECK(code(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("an empty key and an empty message have a code of their own, whatever was computed before") {
  const std::string empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  CHECK(upkeep::to_hex(upkeep::hmac_sha256({}, std::string_view())) == empty);
  static_cast<void>(code("another key", "m"));
  CHECK(upkeep::to_hex(upkeep::hmac_sha256({}, std::string_view())) == empty);
}

TEST_CASE("codes are the same only where every byte is") {
  const std::vector<std::byte> a = bytes(std::string("\0abc", 4));
  CHECK(upkeep::equal_in_constant_time(a, bytes(std::string("\0abc", 4))));
  CHECK(upkeep::equal_in_constant_time({}, {}));
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::vector<std::byte> b = a;
    b[i] ^= std::byte{1};
    CHECK_FALSE(upkeep::equal_in_constant_time(a, b));
  }
  CHECK_FALSE(upkeep::equal_in_constant_time(a, std::span<const std::byte>(a).first(3)));
  CHECK_FALSE(upkeep::equal_in_constant_time(a, {}));
}
