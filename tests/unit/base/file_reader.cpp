// A file is read in order, whatever the sizes of the pieces, and stays the file that was opened.

#include "upkeep/base/file_reader.hpp"

#include <array>
#include <filesystem>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/rng.hpp"

using upkeep::errc;
using upkeep::file_reader;

namespace {

std::string read_in_pieces(file_reader& reader, upkeep::rng& random) {
  std::string all;
  std::array<std::byte, 300> piece{};
  for (;;) {
    const auto wanted = static_cast<std::size_t>(1 + random.below(piece.size()));
    const std::size_t got = reader.read(std::span(piece).first(wanted));
    all.append(reinterpret_cast<const char*>(piece.data()), got);
    if (got < wanted) return all;
  }
}

errc code_of(const std::string& path) {
  try {
    const file_reader reader(path);
  } catch (const upkeep::error& e) {
    CHECK_THAT(e.what(), Catch::Contains(path));
    return e.code();
  }
  FAIL("was opened");
  return errc::io;
}

}  // namespace

TEST_CASE("pieces add up to the file, again after rewind", "[file_reader]") {
  const upkeep_test::temporary_directory directory;
  upkeep::rng random(1);
  for (const std::size_t size : {0U, 1U, 299U, 300U, 100'000U}) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(static_cast<unsigned char>(random.below(256)));
    file_reader reader(directory.write("f", bytes));
    CHECK(reader.size() == size);
    CHECK(read_in_pieces(reader, random) == bytes);
    CHECK(read_in_pieces(reader, random).empty());
    reader.rewind();
    CHECK(read_in_pieces(reader, random) == bytes);
  }
}

TEST_CASE("a reader keeps the file it opened", "[file_reader]") {
  const upkeep_test::temporary_directory directory;
  upkeep::rng random(2);
  file_reader reader(directory.write("f", "old"));
  std::filesystem::remove(directory / "f");
  directory.write("f", "new contents");
  CHECK(read_in_pieces(reader, random) == "old");
}

TEST_CASE("what is no readable file is an error that names it", "[file_reader]") {
  const upkeep_test::temporary_directory directory;
  CHECK(code_of(directory / "missing") == errc::not_found);
  CHECK(code_of(directory.path()) == errc::invalid_argument);
  CHECK_THROWS_AS(file_reader(""), upkeep::error);
}

TEST_CASE("reading goes on where it is told to", "[file_reader]") {
  const upkeep_test::temporary_directory room;
  room.write("file", "0123456789");
  file_reader reader(room / "file");
  std::array<std::byte, 4> piece{};
  const auto next = [&] {
    const std::size_t got = reader.read(piece);
    return std::string(reinterpret_cast<const char*>(piece.data()), got);
  };
  reader.seek(7);
  CHECK(next() == "789");
  reader.seek(2);
  CHECK(next() == "2345");
  CHECK(next() == "6789");
  reader.seek(11);
  CHECK(next().empty());
}
