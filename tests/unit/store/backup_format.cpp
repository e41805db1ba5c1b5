// Backup files: what goes in comes out, and no file, however made, is more than an error.

#include "upkeep/store/backup_format.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/testing/generated_rows.hpp"

using upkeep::backup_reader;
using upkeep::backup_row;
using upkeep::backup_seal;
using upkeep::backup_writer;
using upkeep::errc;
using upkeep::testing::generated_row;
using upkeep::testing::row_generator;

namespace {

backup_seal write(const std::string& path, const std::vector<generated_row>& rows, std::size_t dimension) {
  std::filesystem::remove(path);
  backup_writer writer(path, {.store = "test:store", .fields = upkeep::stored_fields, .dimension = dimension});
  for (const generated_row& r : rows) writer.add(r.view());
  return writer.commit();
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put_number(std::string& bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

// Makes checksums and sizes right, so that only the parser stands between the bytes and the program.
backup_seal sealed(std::string& bytes, std::uint64_t rows) {
  if (bytes.size() >= 8) put_number(bytes, bytes.size() - 8, upkeep::checksum(std::string_view(bytes).substr(0, bytes.size() - 8)));
  return {.rows = rows, .bytes = bytes.size(), .checksum = upkeep::checksum(bytes)};
}

// The code of the refusal, or nothing where the file was read to its end.
std::optional<errc> read_all(const std::string& path, const backup_seal& seal, std::vector<generated_row>* rows = nullptr) {
  try {
    backup_reader reader(path, seal);
    backup_row row;
    while (reader.next(row))
      if (rows != nullptr) rows->emplace_back(row.view());
    CHECK_FALSE(reader.next(row));
    return std::nullopt;
  } catch (const upkeep::error& e) {
    CHECK_THAT(e.what(), Catch::Contains(path));
    return e.code();
  }
}

}  // namespace

TEST_CASE("rows come back bit by bit", "[backup_format]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "b";
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::size_t dimension = 1 + seed % 9;
    row_generator generator(seed, {.dimension = dimension});
    const auto rows = generator.next(static_cast<std::size_t>(generator.random().below(seed == 0 ? 1 : 200)));
    const backup_seal seal = write(path, rows, dimension);
    CHECK(seal.rows == rows.size());
    CHECK(seal.bytes == std::filesystem::file_size(path));
    CHECK(seal.checksum == upkeep::checksum(bytes_of(path)));
    std::vector<generated_row> read;
    REQUIRE(read_all(path, seal, &read) == std::nullopt);
    REQUIRE(read.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) REQUIRE(upkeep::testing::difference(read[i].view(), rows[i].view()) == "");
  }
}

TEST_CASE("the header comes back, and restart reads the rows again", "[backup_format]") {
  const upkeep_test::temporary_directory directory;
  row_generator generator(1, {.dimension = 2});
  const auto rows = generator.next(40);
  const backup_seal seal = write(directory / "b", rows, 2);
  backup_reader reader(directory / "b", seal);
  CHECK(reader.header().store == "test:store");
  CHECK(reader.header().fields == upkeep::stored_fields);
  CHECK(reader.header().dimension == 2);
  backup_row row;
  for (int i = 0; i < 5; ++i) REQUIRE(reader.next(row));
  reader.restart();
  std::size_t count = 0;
  while (reader.next(row)) CHECK(row.key == rows.at(count++).key);
  CHECK(count == rows.size());
}

TEST_CASE("the format is written down: this file must stay readable", "[backup_format]") {
  const upkeep_test::temporary_directory directory;
  backup_writer writer(directory / "b", {.store = "s", .fields = upkeep::field::vector | upkeep::field::text, .dimension = 1});
  const float one[] = {1.0F};
  writer.add({.key = 258, .vector = one, .source = {}, .scope = {}, .text = "ab", .model = {}, .created = -2, .pinned = true});
  writer.add({.key = "k", .vector = one, .source = "", .scope = {}, .text = {}, .model = {}, .created = 0});
  const backup_seal seal = writer.commit();
  using namespace std::string_literals;
  const std::string u8 = "\0\0\0\0\0\0\0"s;                                               // the upper bytes of a small number
  const std::string body = "UPKEEPBK\1\0\0\0\x09\0\0\0"s + "\1" + u8 + "\1" + u8 + "s" +  //
                           "\1i\2\1\0\0\0\0\0\0"s + "\0\0\x80\x3f"s + "\0\0\1"s + "\2" + u8 + "ab\0"s +
                           "\xfe\xff\xff\xff\xff\xff\xff\xff\1"s +                                                        //
                           "\1b\1"s + u8 + "k" + "\0\0\x80\x3f"s + "\1"s + "\0"s + u8 + "\0\0\0"s + "\0"s + u8 + "\0"s +  //
                           "\0\2"s + u8;
  const std::string written = bytes_of(directory / "b");
  CHECK(written.substr(0, written.size() - 8) == body);
  CHECK(seal.bytes == body.size() + 8);
}

TEST_CASE("a newer format, another kind of file and a damaged one each get their sentence", "[backup_format]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "b";
  row_generator generator(3, {.dimension = 2});
  const auto rows = generator.next(10);
  const backup_seal seal = write(path, rows, 2);
  const std::string good = bytes_of(path);

  std::string newer = good;
  newer[8] = 2;
  const backup_seal newer_seal = sealed(newer, rows.size());
  directory.write("b", newer);
  CHECK(read_all(path, newer_seal) == errc::unsupported);
  CHECK_THROWS_WITH(backup_reader(path, newer_seal), Catch::Contains("newer") && Catch::Contains("format 2"));

  std::string other = good;
  other[0] = 'X';
  const backup_seal other_seal = sealed(other, rows.size());
  directory.write("b", other);
  CHECK(read_all(path, other_seal) == errc::corrupt);

  directory.write("b", good);
  CHECK(read_all(path, seal) == std::nullopt);
  CHECK(read_all(path, {.rows = seal.rows + 1, .bytes = seal.bytes, .checksum = seal.checksum}) == errc::corrupt);
  CHECK(read_all(path, {.rows = seal.rows, .bytes = seal.bytes + 1, .checksum = seal.checksum}) == errc::corrupt);
  CHECK(read_all(path, {.rows = seal.rows, .bytes = seal.bytes, .checksum = seal.checksum ^ 1U}) == errc::corrupt);
  std::filesystem::remove(path);
  CHECK(read_all(path, seal) == errc::not_found);
}

TEST_CASE("every flipped bit is found", "[backup_format]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "b";
  row_generator generator(4, {.dimension = 2});
  const auto rows = generator.next(3);
  const backup_seal seal = write(path, rows, 2);
  const std::string good = bytes_of(path);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
    directory.write("b", bad);
    REQUIRE(read_all(path, seal) == errc::corrupt);
  }
}

TEST_CASE("a length that reaches beyond the file takes no memory", "[backup_format]") {
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "b";
  backup_writer writer(path, {.store = "s", .fields = upkeep::stored_fields, .dimension = 0});
  writer.add({.key = "0123456789", .vector = {}, .source = {}, .scope = {}, .text = {}, .model = {}});
  writer.commit();
  const std::string good = bytes_of(path);
  const std::size_t identity = 8 + 4 + 4 + 8, key = identity + 8 + 1 + 2;
  for (const std::size_t at : {identity - 8, identity, key})
    for (const std::uint64_t length : {std::uint64_t{1} << 62, ~std::uint64_t{0}, std::uint64_t{1} << 40}) {
      std::string bad = good;
      put_number(bad, at, length);
      const backup_seal seal = sealed(bad, 1);
      directory.write("b", bad);
      CHECK(read_all(path, seal) == errc::corrupt);
    }
}

TEST_CASE("a writer leaves nothing behind that it did not finish, and replaces nothing", "[backup_format]") {
  const upkeep_test::temporary_directory directory;
  const float narrow[] = {1.0F};
  {
    backup_writer writer(directory / "b", {.store = "s", .fields = upkeep::stored_fields, .dimension = 2});
    CHECK_THROWS_AS(writer.add({.key = 1, .vector = narrow, .source = {}, .scope = {}, .text = {}, .model = {}}), upkeep::error);
  }
  CHECK(std::filesystem::is_empty(directory.path()));
  directory.write("b", "precious");
  CHECK_THROWS_AS(backup_writer(directory / "b", {}), upkeep::error);
  CHECK(bytes_of(directory / "b") == "precious");
}

namespace {

// Mutated files with right checksums: each is read or refused, and what is read is what a writer could have written.
void fuzz(std::uint64_t first_seed, std::size_t files) {
  constexpr int mutations = 500;  // of one file: writing it durably is slower than all of them
  const upkeep_test::temporary_directory directory;
  const std::string path = directory / "b";
  std::size_t read = 0, refused = 0;
  for (std::size_t file = 0; file < files;) {
    const std::uint64_t seed = first_seed + file;
    row_generator generator(seed, {.dimension = 2});
    upkeep::rng& random = generator.random();
    const auto rows = generator.next(static_cast<std::size_t>(1 + random.below(4)));
    write(path, rows, 2);
    const std::string good = bytes_of(path);
    for (int mutation = 0; mutation < mutations && file < files; ++mutation, ++file) {
      std::string bad = good;
      for (auto changes = 1 + random.below(3); changes > 0; --changes) {
        const auto at = static_cast<std::size_t>(random.below(bad.size()));
        const auto some = static_cast<std::size_t>(random.below(std::min<std::uint64_t>(20, bad.size() - at) + 1));
        switch (random.below(6)) {
          case 0: bad[at] = static_cast<char>(static_cast<unsigned char>(random.below(256))); break;
          case 1: bad[at] = static_cast<char>(static_cast<unsigned char>(random.below(3))); break;
          case 2: bad.erase(at, some); break;
          case 3: bad.insert(at, bad.substr(at, some)); break;
          case 4: bad.resize(at); break;
          default:
            if (at + 8 <= bad.size()) put_number(bad, at, random.chance(0.5) ? random() : random.below(bad.size() * 2));
            break;
        }
        if (bad.empty()) break;
      }
      const backup_seal seal = sealed(bad, random.chance(0.8) ? rows.size() : random.below(6));
      {
        std::ofstream out(path, std::ios::binary);
        out << bad;
      }
      std::vector<generated_row> seen;
      const auto code = read_all(path, seal, &seen);
      if (code) {
        ++refused;
        if (*code != errc::corrupt && *code != errc::unsupported) FAIL("seed " << seed << ": refused as " << upkeep::to_string(*code));
      } else {
        ++read;
        if (seen.size() != seal.rows) FAIL("seed " << seed << ": " << seen.size() << " rows were read");
      }
    }
  }
  CHECK(refused > files / 4);
  CHECK(read > 0);
}

}  // namespace

TEST_CASE("5,000 hostile backup files", "[backup_format]") { fuzz(0, 5'000); }
TEST_CASE("100,000 more hostile backup files", "[backup_format][long]") { fuzz(1'000'000, 100'000); }
