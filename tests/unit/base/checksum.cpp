// The checksum is XXH3 as everybody computes it, whole or in pieces, on every machine.

#include "upkeep/base/checksum.hpp"

#include "support/catch.hpp"
#include "upkeep/base/rng.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace {

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 7 + i / 256 * 13 + 1) & 255U);
  return bytes;
}

struct known {
  std::size_t size;
  std::uint64_t plain;
  std::uint64_t seeded;
};

// Computed by the xxHash library itself (its Python binding, with vector code), seed 0 and 0x9e3779b97f4a7c15; one size in each of the
// algorithm's length classes.
constexpr known answers[] = {
    {0, 0x2d06800538d394c2U, 0x602b0e2cd6662c8bU},      {1, 0xe12ef9d2eb86ceebU, 0x439a256d3da4e7e3U},
    {3, 0x5c83885a0fb5d516U, 0x8840137a8295d79bU},      {4, 0x244f36de481e7522U, 0x89af97f4a1e8d1fcU},
    {8, 0x96cc97a6768fd7a9U, 0x7f7986a4ac5342b6U},      {9, 0x4781d83b8e99d495U, 0xa9fd0dd2db7e1fc7U},
    {16, 0x913bd4a8038027a7U, 0xcdf0cbaa77afe281U},     {17, 0x2bf6f66973a6179dU, 0x51290e3ab460cf3fU},
    {128, 0xc4399c7829d0628fU, 0xb4852aec21eb5644U},    {129, 0x8433489056750b32U, 0xeea48e728c6ca28aU},
    {240, 0x3c0bb96864e543a1U, 0xfdbbfb1fa843fe64U},    {241, 0xbff7215089202d8fU, 0xdbbc9f7c061b0878U},
    {1024, 0x33ba39360ec01521U, 0x5809591b54ff9d64U},   {1025, 0xa786915585c6bf1bU, 0x17fbd6962cbb4ecbU},
    {100000, 0x3b7e6caab8b196c5U, 0xa2e189ec8dd54c72U},
};

}  // namespace

TEST_CASE("checksum gives the numbers of the xxHash library", "[checksum]") {
  for (const known& answer : answers) {
    CAPTURE(answer.size);
    const std::vector<std::byte> bytes = pattern(answer.size);
    CHECK(upkeep::checksum(bytes) == answer.plain);
    CHECK(upkeep::checksum(bytes, 0x9e3779b97f4a7c15U) == answer.seeded);
  }
  CHECK(upkeep::checksum(std::string_view("abc")) == 0x78af5f94892f3950U);
}

TEST_CASE("checksum does not depend on where in memory the bytes lie", "[checksum]") {
  const std::vector<std::byte> bytes = pattern(300);
  for (std::size_t shift = 0; shift < 9; ++shift) {
    std::vector<std::byte> moved(shift + bytes.size());
    std::copy(bytes.begin(), bytes.end(), moved.begin() + static_cast<std::ptrdiff_t>(shift));
    CHECK(upkeep::checksum(std::span(moved).subspan(shift)) == upkeep::checksum(bytes));
  }
}

TEST_CASE("a stream cut anywhere equals the whole", "[checksum]") {
  upkeep::rng random(3);
  for (int round = 0; round < 200; ++round) {
    const std::vector<std::byte> bytes = pattern(random.below(5000));
    const std::uint64_t seed = round % 2 == 0 ? 0 : random();
    upkeep::checksum_stream stream(seed);
    for (std::size_t done = 0; done < bytes.size();) {
      const std::size_t piece = std::min<std::size_t>(random.below(600), bytes.size() - done);
      stream.update(std::span(bytes).subspan(done, piece));
      done += piece;
    }
    CHECK(stream.digest() == upkeep::checksum(bytes, seed));
  }
}

TEST_CASE("digest may be asked in between, and a copy goes its own way", "[checksum]") {
  const std::vector<std::byte> bytes = pattern(2000);
  upkeep::checksum_stream stream(5);
  stream.update(std::span(bytes).first(1000));
  CHECK(stream.digest() == upkeep::checksum(std::span(bytes).first(1000), 5));
  upkeep::checksum_stream copy = stream;
  copy.update("x", 1);
  stream.update(std::span(bytes).subspan(1000));
  CHECK(stream.digest() == upkeep::checksum(bytes, 5));
  CHECK(copy.digest() != stream.digest());
  upkeep::checksum_stream empty;
  empty.update(nullptr, 0);
  CHECK(empty.digest() == upkeep::checksum(std::string_view()));
}

TEST_CASE("values are hashed as little-endian bytes of their width", "[checksum]") {
  enum class colour : std::uint16_t { red = 0x0102 };
  upkeep::checksum_stream stream;
  stream.update_value(std::uint32_t{0x01020304});
  stream.update_value(std::int64_t{-2});
  stream.update_value(true);
  stream.update_value(colour::red);
  const std::string bytes("\x04\x03\x02\x01\xfe\xff\xff\xff\xff\xff\xff\xff\x01\x02\x01", 15);
  CHECK(stream.digest() == upkeep::checksum(std::string_view(bytes)));
}

TEST_CASE("every single flipped bit changes the checksum", "[checksum]") {
  std::vector<std::byte> bytes = pattern(260);
  const std::uint64_t whole = upkeep::checksum(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    REQUIRE(upkeep::checksum(bytes) != whole);
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
  }
}

TEST_CASE("sixteen hexadecimal digits go out and come back", "[checksum]") {
  CHECK(upkeep::hex16(0) == "0000000000000000");
  CHECK(upkeep::hex16(0x00ff00ab12cd34efU) == "00ff00ab12cd34ef");
  CHECK(upkeep::hex16(std::numeric_limits<std::uint64_t>::max()) == "ffffffffffffffff");
  upkeep::rng random(4);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = random();
    REQUIRE(upkeep::parse_hex16(upkeep::hex16(value)) == value);
  }
  CHECK(upkeep::parse_hex16("00FF00AB12CD34EF") == 0x00ff00ab12cd34efU);
  for (const char* bad : {"", "0", "00ff00ab12cd34e", "00ff00ab12cd34eff", "00ff00ab12cd34eg", "0x0000000000000f", " 000000000000000",
                          "-000000000000001", "0000000000000/00", "000000000000:000", "000000000000@000", "000000000000`000"}) {
    CAPTURE(bad);
    CHECK_FALSE(upkeep::parse_hex16(bad));
  }
}
