// The file that remembers a search: what is written is read, and what is damaged is not taken for anything.

#include "upkeep/join/sketch_snapshot.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/rng.hpp"

#include <fstream>
#include <iterator>
#include <limits>
#include <string>

namespace {

// `n` rows with every kind of key; pairs of neighbours, by place, the first row at place `first`.
upkeep::remembered_rows some_rows(std::size_t n, std::size_t first, std::uint64_t seed) {
  upkeep::rng random(seed);
  upkeep::remembered_rows rows;
  rows.sketches = upkeep::sketch_table({32, 16}, n);
  const char* const names[] = {"", "a", "it's \"quoted\"\n", "\xff\x80"};
  for (std::size_t i = 0; i < n; ++i) {
    rows.number.push_back(static_cast<upkeep::row_index>(n - 1 - i));
    rows.content.push_back(random.below(std::numeric_limits<std::uint64_t>::max()));
    rows.squared_norms.push_back(random.uniform());
    rows.tails.push_back(static_cast<float>(random.uniform()));
    for (std::size_t k = 0; k < 16; ++k) {
      rows.sketches.leading[i * 16 + k] = static_cast<std::uint8_t>(random.below(256));
      rows.sketches.rest[i * 16 + k] = static_cast<std::uint8_t>(random.below(256));
    }
    rows.sketches.reach[i] = static_cast<std::int32_t>(random.between(-1000, 1000));
    rows.sketches.bound[i] = static_cast<float>(random.uniform());
    if (i < 4)
      rows.keys.push_back(std::string_view(names[i]));
    else if (i == 4)
      rows.keys.push_back(std::string_view("nul\0inside", 10));
    else
      rows.keys.push_back(static_cast<std::int64_t>(first + i) * -7);
    const std::size_t place = first + i;
    if (place > 0)
      rows.pairs.push_back({static_cast<upkeep::row_index>(place - 1), static_cast<upkeep::row_index>(place), random.uniform()});
  }
  return rows;
}

upkeep::sketch_snapshot some_snapshot(std::size_t n) {
  upkeep::sketch_snapshot s;
  s.metric = "cosine";
  s.threshold = 0.98;
  s.components = 5;
  s.shape = {32, 16};
  s.scale = 0.5;
  s.step = 0.25f;
  s.energy = 0.75;
  s.mean.assign(5, 0.5f);
  s.columns.assign(5 * 32, 0.125f);
  s.centre.assign(32, -1.0f);
  s.rows = some_rows(n, 0, 5);
  return s;
}

// Whether the rows from place `first` of `all` on are those of `part`, but for what was taken out.
void check_rows(const upkeep::remembered_rows& all, std::size_t first, const upkeep::remembered_rows& part) {
  REQUIRE(all.size() >= first + part.size());
  for (std::size_t i = 0; i < part.size(); ++i) {
    const std::size_t place = first + i;
    CAPTURE(place);
    const bool there = all.number[place] != upkeep::not_searched;
    if (there) CHECK(all.number[place] == part.number[i]);
    CHECK(all.content[place] == part.content[i]);
    CHECK(all.squared_norms[place] == part.squared_norms[i]);
    CHECK(all.tails[place] == part.tails[i]);
    CHECK(all.keys[place] == part.keys[i]);
    for (std::size_t k = 0; k < 16; ++k) {
      CHECK(all.sketches.leading[place * 16 + k] == part.sketches.leading[i * 16 + k]);
      CHECK(all.sketches.rest[place * 16 + k] == part.sketches.rest[i * 16 + k]);
    }
    CHECK(all.sketches.reach[place] == (there ? part.sketches.reach[i] : upkeep::out_of_reach));
    CHECK(all.sketches.bound[place] == part.sketches.bound[i]);
  }
}

// What stands behind the last row up to the end of its panel is within reach of nothing.
void check_end(const upkeep::remembered_rows& all) {
  for (std::size_t place = all.size(); place < upkeep::sketch_table::filled(all.size()); ++place)
    CHECK(all.sketches.reach[place] == upkeep::out_of_reach);
  CHECK(all.keys.size() == all.size());
  CHECK(all.number.size() == all.size());
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a snapshot that is written is read again, to the last bit", "[sketch_snapshot]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  CHECK_FALSE(upkeep::read_snapshot(path).has_value());
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{40}}) {
    const upkeep::sketch_snapshot s = some_snapshot(n);
    upkeep::write_snapshot(s, path);
    const auto read = upkeep::read_snapshot(path);
    REQUIRE(read.has_value());
    CHECK(read->metric == s.metric);
    CHECK(read->threshold == s.threshold);
    CHECK(read->appended == 0);
    CHECK(read->gone == 0);
    CHECK_FALSE(read->cut);
    CHECK(read->components == s.components);
    CHECK(read->shape.width == 32);
    CHECK(read->shape.leading == 16);
    CHECK(read->scale == s.scale);
    CHECK(read->step == s.step);
    CHECK(read->energy == s.energy);
    CHECK(read->mean == s.mean);
    CHECK(read->columns == s.columns);
    CHECK(read->centre == s.centre);
    REQUIRE(read->rows.size() == n);
    check_rows(read->rows, 0, s.rows);
    check_end(read->rows);
    CHECK(read->rows.pairs == s.rows.pairs);
    CHECK(read->bytes == std::filesystem::file_size(path));
  }
}

TEST_CASE("later searches add rows and pairs and take rows out", "[sketch_snapshot]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  const upkeep::sketch_snapshot first = some_snapshot(100);
  const upkeep::remembered_rows second = some_rows(70, 100, 6), third = some_rows(3, 170, 7);
  upkeep::write_snapshot(first, path);
  auto read = upkeep::read_snapshot(path);
  REQUIRE(read.has_value());
  upkeep::append_snapshot(*read, std::vector<upkeep::row_index>{0, 99}, second, path);
  read = upkeep::read_snapshot(path);
  REQUIRE(read.has_value());
  upkeep::append_snapshot(*read, std::vector<upkeep::row_index>{5, 120, 169}, third, path);
  upkeep::append_snapshot(*read, std::vector<upkeep::row_index>{5, 120, 169}, third, path);  // again from the same state: in its place
  read = upkeep::read_snapshot(path);
  REQUIRE(read.has_value());
  CHECK_FALSE(read->cut);
  CHECK(read->appended == 73);
  CHECK(read->gone == 5);
  REQUIRE(read->rows.size() == 173);
  check_rows(read->rows, 0, first.rows);
  check_rows(read->rows, 100, second);
  check_rows(read->rows, 170, third);
  check_end(read->rows);
  for (std::size_t place = 0; place < 173; ++place) {
    const bool gone = place == 0 || place == 99 || place == 5 || place == 120 || place == 169;
    CHECK((read->rows.number[place] == upkeep::not_searched) == gone);
  }
  auto pairs = first.rows.pairs;
  pairs.insert(pairs.end(), second.pairs.begin(), second.pairs.end());
  pairs.insert(pairs.end(), third.pairs.begin(), third.pairs.end());
  CHECK(read->rows.pairs == pairs);
}

// A kill or a power cut can stop an addition anywhere: what was there before it stays, to the last bit, and can be added to.
TEST_CASE("an addition that was not written whole is as if it had not begun", "[sketch_snapshot]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  const upkeep::sketch_snapshot first = some_snapshot(40);
  const upkeep::remembered_rows second = some_rows(30, 40, 6);
  upkeep::write_snapshot(first, path);
  const std::size_t before = bytes_of(path).size();
  const std::vector<upkeep::row_index> gone{1, 2};
  upkeep::append_snapshot(*upkeep::read_snapshot(path), gone, second, path);
  const std::string whole = bytes_of(path);
  const auto is_the_first = [&](std::string_view bytes) {
    room.write("sketches", bytes);
    const auto read = upkeep::read_snapshot(path);
    REQUIRE(read.has_value());
    CHECK(read->cut);
    CHECK(read->bytes == before);
    REQUIRE(read->rows.size() == 40);
    CHECK(read->gone == 0);
    check_rows(read->rows, 0, first.rows);
    check_end(read->rows);
    CHECK(read->rows.pairs == first.rows.pairs);
    upkeep::append_snapshot(*read, gone, second, path);
    CHECK(bytes_of(path) == whole);
  };
  for (std::size_t size = before + 1; size < whole.size(); size += 1 + (size - before) / 10)
    is_the_first(std::string_view(whole).substr(0, size));
  for (std::size_t at = before; at < whole.size(); at += 1 + (at - before) / 10) {
    CAPTURE(at - before);
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    is_the_first(flipped);
  }
  // Blocks that the disk never saw.
  std::string zeros = whole;
  std::fill(zeros.begin() + static_cast<std::ptrdiff_t>(before), zeros.end(), '\0');
  is_the_first(zeros);
}

TEST_CASE("what is to be added to must still be there", "[sketch_snapshot]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  upkeep::write_snapshot(some_snapshot(40), path);
  const auto read = upkeep::read_snapshot(path);
  room.write("sketches", "short");
  CHECK_THROWS_AS(upkeep::append_snapshot(*read, {}, some_rows(1, 40, 6), path), upkeep::error);
  CHECK(bytes_of(path) == "short");
  std::filesystem::remove(path);
  CHECK_THROWS_AS(upkeep::append_snapshot(*read, {}, some_rows(1, 40, 6), path), upkeep::error);
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a flipped and a missing byte of the first part are found", "[sketch_snapshot]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  upkeep::write_snapshot(some_snapshot(12), path);
  const std::string whole = bytes_of(path);
  const auto refused = [&](std::string_view bytes) {
    room.write("sketches", bytes);
    try {
      return !upkeep::read_snapshot(path).has_value();  // another version
    } catch (const upkeep::error& e) {
      return e.code() == upkeep::errc::corrupt;
    }
  };
  for (std::size_t at = 0; at < whole.size(); at += 1 + at / 40) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    CAPTURE(at);
    CHECK(refused(flipped));
  }
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 20) CHECK(refused(whole.substr(0, size)));
  CHECK_FALSE(refused(whole));
  room.write("sketches", whole + '\0');
  CHECK(upkeep::read_snapshot(path)->cut);
}

// Somebody who can compute the checksum can write anything: it must not be believed either.
TEST_CASE("a file with a right checksum and wrong contents is refused", "[sketch_snapshot]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  const auto refused = [&](auto change) {
    upkeep::sketch_snapshot s = some_snapshot(6);
    change(s);
    upkeep::write_snapshot(s, path);
    try {
      static_cast<void>(upkeep::read_snapshot(path));
    } catch (const upkeep::error& e) {
      return e.code() == upkeep::errc::corrupt;
    }
    return false;
  };
  CHECK_FALSE(refused([](upkeep::sketch_snapshot&) {}));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.shape = {31, 16}; }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.shape = {16, 32}; }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.rows.tails.pop_back(); }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.rows.number.clear(); }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.rows.sketches.shape = {16, 16}; }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.columns.push_back(0); }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.components = ~std::uint64_t{0}; }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.rows.pairs.push_back({0, 6, 1.0}); }));

  // Of another version: not ours to judge.
  upkeep::write_snapshot(some_snapshot(6), path);
  std::string bytes = bytes_of(path);
  bytes[8] = static_cast<char>(upkeep::sketch_snapshot_version + 1);
  room.write("sketches", bytes);
  CHECK_FALSE(upkeep::read_snapshot(path).has_value());
}
