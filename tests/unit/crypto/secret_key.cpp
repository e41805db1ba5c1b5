// A key comes from a private file or a variable, and no message shows it.

#include "upkeep/crypto/secret_key.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

using upkeep::errc;
using upkeep::secret_key;
using upkeep_test::failure_of;

namespace {

const std::string good = "0123456789abcdef0123456789abcdef";

std::string text_of(const secret_key& key) {
  std::string text;
  for (const std::byte b : key.bytes()) text += static_cast<char>(b);
  return text;
}

std::string key_file(const upkeep_test::temporary_directory& directory, std::string_view bytes, unsigned permissions = 0600) {
  const std::string path = directory.write("key", bytes);
  REQUIRE(::chmod(path.c_str(), static_cast<mode_t>(permissions)) == 0);
  return path;
}

}  // namespace

TEST_CASE("a key file is read as it is, but for the line end behind text") {
  const upkeep_test::temporary_directory directory;
  const std::string binary = std::string(31, '\x80') + "\n";
  for (const auto& [written, meant] : {std::pair<std::string, std::string>{good, good},
                                       {good + "\n", good},
                                       {good + "\r\n", good},
                                       {good + "\n\n", good + "\n\n"},
                                       {good + " \n", good + " "},
                                       {binary, binary},
                                       {std::string(4096, 'k') + "\r\n", std::string(4096, 'k')}}) {
    CAPTURE(written.size());
    CHECK(text_of(secret_key::from_file(key_file(directory, written))) == meant);
  }
  CHECK(text_of(secret_key::from_file(key_file(directory, good, 0400))) == good);
}

TEST_CASE("a key file that others may read or write is refused with the remedy") {
  const upkeep_test::temporary_directory directory;
  for (const unsigned permissions : {0640U, 0604U, 0620U, 0602U, 0644U, 0660U, 0610U, 0601U, 0777U}) {
    CAPTURE(permissions);
    const std::string path = key_file(directory, good, permissions);
    const auto refused = failure_of([&] { static_cast<void>(secret_key::from_file(path)); });
    CHECK(refused.code == errc::invalid_argument);
    CHECK(refused.names("chmod 600 " + path));
    CHECK_FALSE(refused.names(good));
  }
}

TEST_CASE("what is no key is refused without being shown") {
  const upkeep_test::temporary_directory directory;
  for (const std::string& bytes :
       {std::string(), std::string("\n"), good.substr(1), good.substr(1) + "\n", std::string(4097, 'k'), std::string(100'000, 'k')}) {
    CAPTURE(bytes.size());
    const auto refused = failure_of([&] { static_cast<void>(secret_key::from_file(key_file(directory, bytes))); });
    CHECK(refused.code == errc::invalid_argument);
    CHECK(refused.names("openssl rand -hex 32"));
    CHECK_FALSE(refused.names(good.substr(1)));
  }
  CHECK(failure_of([&] { static_cast<void>(secret_key::from_file(directory / "none")); }).code == errc::not_found);
  CHECK(failure_of([&] { static_cast<void>(secret_key::from_file(directory.path())); }).happened);
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  CHECK(failure_of([&] { static_cast<void>(secret_key::from_file(directory / "pipe")); }).names("not a regular file"));
  CHECK(failure_of([] { secret_key(std::as_bytes(std::span<const char>(good.data(), 31))); }).names("31 bytes"));
}

TEST_CASE("a key comes from a variable, which a message names and does not show") {
  ::setenv("UPKEEP_TEST_KEY", good.c_str(), 1);
  CHECK(text_of(secret_key::from_environment("UPKEEP_TEST_KEY")) == good);
  ::setenv("UPKEEP_TEST_KEY", "too short to be one", 1);
  const auto refused = failure_of([] { static_cast<void>(secret_key::from_environment("UPKEEP_TEST_KEY")); });
  CHECK(refused.names("UPKEEP_TEST_KEY holds 19 bytes"));
  CHECK_FALSE(refused.names("too short"));
  for (const bool empty : {true, false}) {
    empty ? ::setenv("UPKEEP_TEST_KEY", "", 1) : ::unsetenv("UPKEEP_TEST_KEY");
    CHECK(failure_of([] { static_cast<void>(secret_key::from_environment("UPKEEP_TEST_KEY")); }).code == errc::not_found);
  }
}

TEST_CASE("copies hold the key for themselves") {
  const secret_key first(std::as_bytes(std::span<const char>(good.data(), good.size())));
  secret_key second(std::as_bytes(std::span<const char>((good + "x").data(), 33)));
  {
    const secret_key third = second;
    second = first;
    CHECK(text_of(third) == good + "x");
  }
  CHECK(text_of(second) == good);
  const secret_key moved = std::move(second);
  CHECK(text_of(moved) == good);
}
