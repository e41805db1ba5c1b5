#pragma once
// A key that is read from a file or a variable, wiped when it is gone, and never shown.

#include "../base/environment.hpp"
#include "../base/error.hpp"
#include "../base/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <openssl/crypto.h>

namespace upkeep::inline v0 {

/// Bytes that sign. Make some with `openssl rand -hex 32 > key && chmod 600 key`.
///
/// Any bytes are a key. Where all of them are printable ASCII but one line end behind them, that line end is not part of it, so that a key
/// that was echoed into a file and the same key in a variable are one. No message names any byte of a key.
/// @par Thread safety
/// Concurrent reads are safe; a writer needs exclusion.
class secret_key {
 public:
  static constexpr std::size_t least_bytes = 32;   ///< as long as the code it makes (RFC 2104, section 3)
  static constexpr std::size_t most_bytes = 4096;  ///< more is another file that was named by mistake

  /// @throws error invalid_argument where there are too few or too many bytes.
  explicit secret_key(std::span<const std::byte> bytes) : secret_key(bytes, "the key") {}

  /// Reads the key from a regular file that only its owner may read or write.
  /// @throws error not_found or io where it cannot be read, invalid_argument where others may read or write it, or where it holds too few
  ///         or too many bytes.
  [[nodiscard]] static secret_key from_file(const std::string& path) {
    detail::check_path(path);
    // Not blocking, because a named pipe would be waited for.
    const detail::descriptor file = detail::open_file(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (!file.is_open()) detail::throw_file_error("open the key file", path, errno);
    struct stat status {};
    if (::fstat(file.number(), &status) != 0) detail::throw_file_error("read the key file", path, errno);
    if (!S_ISREG(status.st_mode)) throw error(errc::invalid_argument, "the key file '" + path + "' is not a regular file");
    // Asked of what was opened: between a question about the name and the opening, the name could have changed hands.
    if ((status.st_mode & 077U) != 0)
      throw error(errc::invalid_argument, "the key file '" + path + "' can be read or written by others than its owner: run chmod 600 " +
                                              path + ", and make a new key if somebody may have read it");
    std::vector<std::byte> bytes(most_bytes + 3);
    const wiped at_end{bytes};
    std::size_t used = 0;
    while (used < bytes.size()) {
      const auto got = ::read(file.number(), bytes.data() + used, bytes.size() - used);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) detail::throw_file_error("read the key file", path, errno);
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
    }
    return secret_key(std::span<const std::byte>(bytes).first(used), "the key file '" + path + "'");
  }

  /// Reads the key from an environment variable.
  /// @throws error not_found where it is not set, invalid_argument where it holds too few or too many bytes.
  [[nodiscard]] static secret_key from_environment(const std::string& variable) {
    std::optional<std::string> text = environment::process_environment(variable);
    if (!text || text->empty())
      throw error(errc::not_found, "the environment variable " + variable + " is not set: it has to hold the key");
    std::vector<std::byte> bytes(text->size());
    const wiped at_end{bytes};
    std::transform(text->begin(), text->end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
    ::OPENSSL_cleanse(text->data(), text->size());
    return secret_key(bytes, "the environment variable " + variable);
  }

  secret_key(const secret_key&) = default;
  secret_key(secret_key&&) noexcept = default;
  secret_key& operator=(secret_key other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }
  ~secret_key() { ::OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  /// The key itself, for a MAC and nothing else; empty once it was moved from.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  struct wiped {
    std::vector<std::byte>& bytes;
    ~wiped() { ::OPENSSL_cleanse(bytes.data(), bytes.size()); }
  };

  secret_key(std::span<const std::byte> bytes, const std::string& where) {
    bytes = without_line_end(bytes);
    if (bytes.size() < least_bytes)
      throw error(errc::invalid_argument, where + " holds " + std::to_string(bytes.size()) + " bytes: a key has at least " +
                                              std::to_string(least_bytes) + "; make one with openssl rand -hex 32");
    if (bytes.size() > most_bytes)
      throw error(errc::invalid_argument, where + " holds more than " + std::to_string(most_bytes) +
                                              " bytes: is it a key at all? Make one with openssl rand -hex 32");
    bytes_.assign(bytes.begin(), bytes.end());
  }

  static std::span<const std::byte> without_line_end(std::span<const std::byte> bytes) {
    std::size_t text = bytes.size();
    if (text != 0 && bytes[text - 1] == std::byte{'\n'}) --text;
    if (text != bytes.size() && text != 0 && bytes[text - 1] == std::byte{'\r'}) --text;
    const auto printable = [](std::byte b) { return b >= std::byte{' '} && b <= std::byte{'~'}; };
    return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(text), printable) ? bytes.first(text) : bytes;
  }

  std::vector<std::byte> bytes_;
};

}  // namespace upkeep::inline v0
