// Room that is aligned, moves without copying and grows only.

#include "upkeep/join/aligned_buffer.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <numeric>
#include <utility>

using upkeep::UPKEEP_ARCH_NAMESPACE::detail::aligned_buffer;

TEST_CASE("room begins on a cache line's boundary, whatever is asked for", "[join]") {
  for (const std::size_t count : {1u, 3u, 63u, 64u, 65u, 100'000u}) {
    const aligned_buffer<std::uint8_t> bytes(count);
    const aligned_buffer<double> numbers(count);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 64 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(numbers.data()) % 64 == 0);
    std::iota(numbers.data(), numbers.data() + count, 0.5);  // all of it is there
    CHECK(numbers[count - 1] == static_cast<double>(count) - 0.5);
  }
  CHECK(aligned_buffer<float>().data() == nullptr);
  CHECK(aligned_buffer<float>(0).data() == nullptr);
}

TEST_CASE("reserving keeps what is large enough and replaces what is not", "[join]") {
  aligned_buffer<int> room(100);
  room[99] = 7;
  const int* const before = room.data();
  room.reserve(100);
  room.reserve(3);
  CHECK(room.data() == before);
  CHECK(room[99] == 7);
  room.reserve(200'000);
  std::iota(room.data(), room.data() + 200'000, 0);
  CHECK(room[199'999] == 199'999);
}

TEST_CASE("room moves with what is in it", "[join]") {
  aligned_buffer<int> a(10);
  a[9] = 9;
  const int* const place = a.data();
  aligned_buffer<int> b(std::move(a));
  CHECK(a.data() == nullptr);  // NOLINT(bugprone-use-after-move): what is left is what is tested
  CHECK(b.data() == place);
  aligned_buffer<int> c(5);
  c = std::move(b);
  CHECK(c.data() == place);
  CHECK(c[9] == 9);
  a.reserve(4);  // what was moved from can be used again
  CHECK(a.data() != nullptr);
  a = aligned_buffer<int>();
  a.reserve(0);
  CHECK(c[9] == 9);
}
