// Texts are kept from the first row on until one finds no room, absent and empty ones told apart.

#include "upkeep/janitor/kept_texts.hpp"

#include "support/catch.hpp"

using upkeep::is_present;

TEST_CASE("kept_texts: the first text without room ends it, even where a later one would fit", "[kept_texts]") {
  upkeep::v0::detail::kept_texts texts(10);
  texts.push_back("four");
  texts.push_back({});
  texts.push_back("");
  texts.push_back("sixsix");
  texts.push_back("");  // needs no room
  REQUIRE(texts.has(4));
  CHECK(texts[0] == "four");
  CHECK_FALSE(is_present(texts[1]));
  CHECK((is_present(texts[2]) && texts[2].empty()));
  CHECK(texts[3] == "sixsix");
  texts.push_back("x");
  texts.push_back("");
  CHECK_FALSE(texts.has(5));
  CHECK_FALSE(texts.has(6));
  CHECK(texts.has(4));
}

TEST_CASE("kept_texts: without room nothing is kept", "[kept_texts]") {
  upkeep::v0::detail::kept_texts texts(0);
  CHECK_FALSE(texts.has(0));
  texts.push_back("x");
  CHECK_FALSE(texts.has(0));
}

TEST_CASE("kept_texts: a text that is not known ends it, whatever comes behind", "[kept_texts]") {
  upkeep::v0::detail::kept_texts texts(100);
  texts.push_back("one");
  texts.end();
  texts.push_back("three");
  CHECK(texts.has(0));
  CHECK_FALSE(texts.has(1));
}
