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

upkeep::sketch_snapshot some_snapshot(std::size_t n) {
  upkeep::rng random(5);
  upkeep::sketch_snapshot s;
  s.metric = "cosine";
  s.threshold = 0.98;
  s.appended = 3;
  s.components = 5;
  s.shape = {32, 16};
  s.scale = 0.5;
  s.step = 0.25f;
  s.energy = 0.75;
  s.mean.assign(5, 0.5f);
  s.columns.assign(5 * 32, 0.125f);
  s.centre.assign(32, -1.0f);
  const char* const names[] = {"", "a", "it's \"quoted\"\n", "\xff\x80"};
  for (std::size_t i = 0; i < n; ++i) {
    s.content.push_back(random.below(std::numeric_limits<std::uint64_t>::max()));
    s.squared_norms.push_back(random.uniform());
    s.tails.push_back(static_cast<float>(random.uniform()));
    for (int k = 0; k < 16; ++k) s.leading.push_back(static_cast<std::uint8_t>(random.below(256)));
    for (int k = 0; k < 16; ++k) s.rest.push_back(static_cast<std::uint8_t>(random.below(256)));
    s.reach.push_back(static_cast<std::int32_t>(random.between(-1000, 1000)));
    s.bound.push_back(static_cast<float>(random.uniform()));
    if (i < 4)
      s.keys.push_back(std::string_view(names[i]));
    else if (i == 4)
      s.keys.push_back(std::string_view("nul\0inside", 10));
    else
      s.keys.push_back(static_cast<std::int64_t>(i) * -7);
    if (i > 0) s.pairs.push_back({static_cast<upkeep::row_index>(i - 1), static_cast<upkeep::row_index>(i), random.uniform()});
  }
  return s;
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
    CHECK(read->appended == s.appended);
    CHECK(read->components == s.components);
    CHECK(read->shape.width == 32);
    CHECK(read->shape.leading == 16);
    CHECK(read->scale == s.scale);
    CHECK(read->step == s.step);
    CHECK(read->energy == s.energy);
    CHECK(read->mean == s.mean);
    CHECK(read->columns == s.columns);
    CHECK(read->centre == s.centre);
    CHECK(read->content == s.content);
    CHECK(read->squared_norms == s.squared_norms);
    CHECK(read->tails == s.tails);
    CHECK(read->leading == s.leading);
    CHECK(read->rest == s.rest);
    CHECK(read->reach == s.reach);
    CHECK(read->bound == s.bound);
    CHECK(read->pairs == s.pairs);
    REQUIRE(read->keys.size() == n);
    for (std::size_t i = 0; i < n; ++i) CHECK(read->keys[i] == s.keys[i]);
  }
}

TEST_CASE("a flipped, a missing and an added byte are all found", "[sketch_snapshot]") {
  const upkeep_test::temporary_directory room;
  const std::string path = room / "sketches";
  upkeep::write_snapshot(some_snapshot(12), path);
  const std::string whole = bytes_of(path);
  const auto refused = [&](std::string_view bytes) {
    room.write("sketches", bytes);
    try {
      static_cast<void>(upkeep::read_snapshot(path));
    } catch (const upkeep::error& e) {
      return e.code() == upkeep::errc::corrupt;
    }
    return false;
  };
  for (std::size_t at = 0; at < whole.size(); at += 1 + at / 40) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    CAPTURE(at);
    CHECK(refused(flipped));
  }
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 20) CHECK(refused(whole.substr(0, size)));
  CHECK(refused(whole + '\0'));
  room.write("sketches", whole);
  CHECK(upkeep::read_snapshot(path).has_value());
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
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.leading.pop_back(); }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.bound.clear(); }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.columns.push_back(0); }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.components = ~std::uint64_t{0}; }));
  CHECK(refused([](upkeep::sketch_snapshot& s) { s.pairs.push_back({0, 6, 1.0}); }));

  // Of another version: not ours to judge.
  upkeep::write_snapshot(some_snapshot(6), path);
  std::string bytes = bytes_of(path);
  bytes[8] = 2;
  const std::uint64_t sum = upkeep::checksum(std::string_view(bytes).substr(0, bytes.size() - 8));
  std::memcpy(bytes.data() + bytes.size() - 8, &sum, 8);
  room.write("sketches", bytes);
  CHECK_FALSE(upkeep::read_snapshot(path).has_value());
}
