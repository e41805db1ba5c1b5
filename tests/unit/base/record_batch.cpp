#include "upkeep/base/record_batch.hpp"

#include "support/catch.hpp"

#include <string>

using namespace upkeep;

TEST_CASE("a batch holds the fields that were asked for and no others", "[record_batch]") {
  record_buffer buffer(field::source | field::text_size | field::digest, 2);
  record r;
  r.key = "a";
  r.source = "s";
  r.text = "text";
  buffer.push_back(r.view(), 17);
  const record_batch b = buffer.batch();
  REQUIRE(b.size() == 1);
  REQUIRE(b.sources[0] == "s");
  REQUIRE(b.text_sizes[0] == 4);
  REQUIRE(b.digests[0] == 17);
  REQUIRE(b.texts.empty());
  REQUIRE(b.vectors.empty());
  REQUIRE(b.health.empty());
  REQUIRE(b[0].source == "s");
  REQUIRE_FALSE(is_present(b[0].text));
  REQUIRE(b[0].text_size == 4);
}

TEST_CASE("a vector that does not fit stands as zeros, with the reason beside it", "[record_batch]") {
  record_buffer buffer(field::vector, 2);
  record good, narrow, zero, broken;
  good.vector = {1, 2};
  narrow.vector = {1};
  zero.vector = {0, 0};
  buffer.push_back(good.view());
  buffer.push_back(narrow.view());
  buffer.push_back(zero.view());
  buffer.push_back(broken.view(), 0, 0, set_aside::unreadable);
  const record_batch b = buffer.batch();
  REQUIRE(b.vectors.rows() == 4);
  REQUIRE(b.health[0] == set_aside::no);
  REQUIRE(b.health[1] == set_aside::wrong_width);
  REQUIRE(b.health[2] == set_aside::zero);
  REQUIRE(b.health[3] == set_aside::unreadable);
  REQUIRE(b.vectors[0][1] == 2);
  REQUIRE(b.vectors[1][0] == 0);
  REQUIRE(b.vectors[3][1] == 0);
}

TEST_CASE("a buffer outlives the rows it was made from, and starts anew", "[record_batch]") {
  record_buffer buffer(stored_fields, 1);
  for (int i = 0; i < 100; ++i) {
    record r;
    r.key = "key " + std::to_string(i);
    r.vector = {static_cast<float>(i) + 1};
    r.text = "text " + std::to_string(i);
    r.pinned = i % 2 == 0;
    buffer.push_back(r.view());
  }
  const record_batch b = buffer.batch();
  for (std::size_t i = 0; i < 100; ++i) {
    REQUIRE(b.keys[i] == key_view("key " + std::to_string(i)));
    REQUIRE(b[i].text == "text " + std::to_string(i));
    REQUIRE(b[i].vector[0] == static_cast<float>(i) + 1);
    REQUIRE(b[i].pinned == (i % 2 == 0));
  }
  buffer.clear();
  REQUIRE(buffer.batch().size() == 0);
  REQUIRE(buffer.batch().texts.empty());
}
