#include "upkeep/sqlite/own_file.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>
#include <string>

#include <sys/stat.h>

using namespace upkeep;
using upkeep_test::failure_of;

namespace {

constexpr sqlite::own_format numbers = {"list of numbers", 0x75706B74, 2, "CREATE TABLE numbers(n)"};

std::int64_t sum(const sqlite::own_file& file) {
  std::int64_t total = -1;
  file.read([&](sqlite::connection& database) { total = sqlite::select_int64(database, "SELECT coalesce(sum(n), 0) FROM numbers"); });
  return total;
}

}  // namespace

TEST_CASE("a file is made by the first write and found by the next", "[own_file]") {
  const upkeep_test::temporary_directory directory;
  const sqlite::own_file file((directory / "new/numbers.sqlite").string(), numbers);
  CHECK(sum(file) == -1);
  CHECK_FALSE(file.exists());
  CHECK_FALSE(std::filesystem::exists(directory / "new"));
  file.change([](sqlite::connection& database) { database.execute("INSERT INTO numbers VALUES (3)"); });
  file.change([](sqlite::connection& database) { database.execute("INSERT INTO numbers VALUES (4)"); });
  CHECK(sum(file) == 7);
}

TEST_CASE("nobody else can read the file, whatever the folder and the umask allow", "[own_file]") {
  const upkeep_test::temporary_directory directory;
  std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
  const std::string path = (directory / "numbers.sqlite").string();
  const auto permissions = [&] { return static_cast<unsigned>(std::filesystem::status(path).permissions()); };
  const mode_t before = ::umask(0);
  const sqlite::own_file file(path, numbers);
  file.change([](sqlite::connection& database) { database.execute("INSERT INTO numbers VALUES (3)"); });
  ::umask(before);
  CHECK(permissions() == 0600U);
  std::filesystem::permissions(path, std::filesystem::perms(0640));  // what the owner chose stays
  file.change([](sqlite::connection& database) { database.execute("INSERT INTO numbers VALUES (4)"); });
  CHECK(permissions() == 0640U);
  CHECK(sum(file) == 7);
}

TEST_CASE("a change that throws changes nothing, not even a file that was to be made", "[own_file]") {
  const upkeep_test::temporary_directory directory;
  const sqlite::own_file file((directory / "numbers.sqlite").string(), numbers);
  const auto fail = [](sqlite::connection& database) {
    database.execute("INSERT INTO numbers VALUES (3)");
    throw error(errc::cancelled, "no");
  };
  CHECK(failure_of([&] { file.change(fail); }).code == errc::cancelled);
  CHECK(sum(file) == -1);
  file.change([](sqlite::connection& database) { database.execute("INSERT INTO numbers VALUES (4)"); });
  CHECK(failure_of([&] { file.change(fail); }).code == errc::cancelled);
  CHECK(sum(file) == 4);
}

TEST_CASE("a file of somebody else, or of a newer version, is refused by name", "[own_file]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = (directory / "numbers.sqlite").string();
  const sqlite::own_file file(path, numbers);
  {
    sqlite::connection other(path, {.mode = sqlite::open_mode::create});
    other.execute("CREATE TABLE mine(x)");
  }
  CHECK(failure_of([&] { sum(file); }).names("no list of numbers of upkeep: move it away"));
  CHECK(failure_of([&] { file.change([](sqlite::connection&) {}); }).code == errc::unsupported);
  std::filesystem::remove(path);
  file.change([](sqlite::connection& database) { database.execute("PRAGMA user_version = 3"); });
  CHECK(failure_of([&] { sum(file); }).names("of format 3; this upkeep reads up to 2"));
}
