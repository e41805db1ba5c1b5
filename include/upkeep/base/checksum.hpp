#pragma once
// The one door to xxHash: a fast 64-bit checksum (XXH3) that finds accidental damage; it is no protection against forgery.

#include "../config.hpp"

#include <bit>
#include <climits>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

// What xxhash.h would include itself: included before it, so that the change of target below does not touch the compiler's own headers.
#if defined(__x86_64__) && defined(__AVX2__)
#include <immintrin.h>
#elif defined(__x86_64__)
#include <emmintrin.h>
#endif

// xxHash is compiled into each translation unit (XXH_INLINE_ALL: all its functions are static, so none can be mixed up by the linker). The
// functions that call it are weak symbols, and those the linker does mix: with AVX-512 allowed in one translation unit and not in another
// it may keep the AVX-512 one for both. Neither forcing inlining nor the arch namespace would help, because the callers (digests, stores)
// are shared by all translation units. So this code is made the same everywhere: the scalar algorithm, compiled for plain x86-64 whatever
// -march says, behind functions that are never inlined. Whichever copy the linker keeps runs on every machine.
#pragma push_macro("XXH_VECTOR")
#undef XXH_VECTOR
#define XXH_VECTOR 0  // XXH_SCALAR
#pragma push_macro("XXH_NO_INLINE_HINTS")
#undef XXH_NO_INLINE_HINTS
#define XXH_NO_INLINE_HINTS 1  // GCC at -Og cannot inline through a function pointer, which makes xxHash's always_inline an error
#if !defined(XXH_INLINE_ALL)
#define XXH_INLINE_ALL
#define UPKEEP_DETAIL_UNDEFINE_XXH_INLINE_ALL
#endif
#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute push(__attribute__((target("no-sse3,no-bmi,no-bmi2,no-lzcnt,no-popcnt,no-movbe,no-adx"))), apply_to = function)
#elif defined(__x86_64__) && defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("no-sse3,no-bmi,no-bmi2,no-lzcnt,no-popcnt,no-movbe,no-adx")
#endif

#include <xxhash.h>

namespace upkeep::inline v0::detail {

using xxh3_state = XXH3_state_t;

[[gnu::noinline]] inline std::uint64_t xxh3_hash(const void* data, std::size_t size, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(data, size, seed);
}
[[gnu::noinline]] inline void xxh3_reset(xxh3_state& state, std::uint64_t seed) noexcept {
  static_cast<void>(XXH3_64bits_reset_withSeed(&state, seed));
}
[[gnu::noinline]] inline void xxh3_update(xxh3_state& state, const void* data, std::size_t size) noexcept {
  static_cast<void>(XXH3_64bits_update(&state, data, size));
}
[[gnu::noinline]] inline std::uint64_t xxh3_digest(const xxh3_state& state) noexcept { return XXH3_64bits_digest(&state); }

}  // namespace upkeep::inline v0::detail

#if defined(__x86_64__) && defined(__clang__)
#pragma clang attribute pop
#elif defined(__x86_64__) && defined(__GNUC__)
#pragma GCC pop_options
#endif
#if defined(UPKEEP_DETAIL_UNDEFINE_XXH_INLINE_ALL)
#undef XXH_INLINE_ALL
#undef UPKEEP_DETAIL_UNDEFINE_XXH_INLINE_ALL
#endif
#pragma pop_macro("XXH_NO_INLINE_HINTS")
#pragma pop_macro("XXH_VECTOR")

namespace upkeep::inline v0 {

/// XXH3 (64 bits) of `bytes`; the same number on every machine.
[[nodiscard]] inline std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t seed = 0) noexcept {
  return detail::xxh3_hash(bytes.data(), bytes.size(), seed);
}

/// XXH3 (64 bits) of the bytes of `text`.
[[nodiscard]] inline std::uint64_t checksum(std::string_view text, std::uint64_t seed = 0) noexcept {
  return detail::xxh3_hash(text.data(), text.size(), seed);
}

/// The checksum of bytes that arrive in pieces: equal to `checksum` of all of them in one piece, however they were cut.
///
/// Pieces are not separated: "ab" + "c" equals "a" + "bc". Who hashes fields writes the length before each (`update_value(size)`).
/// @par Thread safety
/// None; one thread at a time.
class checksum_stream {
 public:
  explicit checksum_stream(std::uint64_t seed = 0) noexcept { detail::xxh3_reset(state_, seed); }

  /// Adds `size` bytes; `data` may be null where that is 0.
  void update(const void* data, std::size_t size) noexcept {
    if (size != 0) detail::xxh3_update(state_, data, size);
  }
  void update(std::span<const std::byte> bytes) noexcept { update(bytes.data(), bytes.size()); }
  void update(std::string_view text) noexcept { update(text.data(), text.size()); }

  /// Adds an integer or enumerator as its bytes in little-endian order, so that the digest does not depend on the machine. The width
  /// counts: give it a type of fixed size (`std::uint64_t`, not `std::size_t`).
  template <class Value>
    requires std::integral<Value> || std::is_enum_v<Value>
  void update_value(Value value) noexcept {
    unsigned char bytes[sizeof(Value)];
    std::memcpy(bytes, &value, sizeof(Value));
    if constexpr (std::endian::native == std::endian::big) {
      for (std::size_t i = 0; i < sizeof(Value) / 2; ++i) {
        const unsigned char kept = bytes[i];
        bytes[i] = bytes[sizeof(Value) - 1 - i];
        bytes[sizeof(Value) - 1 - i] = kept;
      }
    }
    update(bytes, sizeof(Value));
  }

  /// The checksum of all bytes so far; more may follow.
  [[nodiscard]] std::uint64_t digest() const noexcept { return detail::xxh3_digest(state_); }

 private:
  detail::xxh3_state state_;
};

/// `value` as 16 lower-case hexadecimal digits, most significant first.
[[nodiscard]] inline std::string hex16(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) text[i] = "0123456789abcdef"[value & 15U];
  return text;
}

/// The number that `hex16` wrote; nothing unless `text` is exactly 16 hexadecimal digits (of either case).
[[nodiscard]] inline std::optional<std::uint64_t> parse_hex16(std::string_view text) noexcept {
  if (text.size() != 16) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10U;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10U;
    } else {
      return std::nullopt;
    }
    value = value << 4U | digit;
  }
  return value;
}

}  // namespace upkeep::inline v0
