#include "upkeep/base/record.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace upkeep;

TEST_CASE("fields form a set", "[record]") {
  const field some = field::vector | field::text;
  REQUIRE(has(some, field::text));
  REQUIRE_FALSE(has(some, field::text | field::source));
  REQUIRE(has(some, field::none));
  REQUIRE((some & field::vector) == field::vector);
  REQUIRE(has(stored_fields, field::pinned | field::created));
  REQUIRE_FALSE(has(stored_fields, field::digest));
}

TEST_CASE("vectors that nothing may touch are told apart", "[record]") {
  constexpr float inf = std::numeric_limits<float>::infinity();
  const auto judge = [](std::vector<float> v) { return judge_vector(v); };
  REQUIRE(judge({0, 1e-45F}) == set_aside::no);
  REQUIRE(judge({0, -0.0F}) == set_aside::zero);
  REQUIRE(judge({}) == set_aside::zero);
  REQUIRE(judge({1, std::nanf("")}) == set_aside::not_finite);
  REQUIRE(judge({inf}) == set_aside::not_finite);
  REQUIRE(judge({0, -inf}) == set_aside::not_finite);
  REQUIRE(judge({std::numeric_limits<float>::max()}) == set_aside::no);
  REQUIRE(to_string(set_aside::wrong_width) == "wrong_width");
}

TEST_CASE("a record lends what it owns", "[record]") {
  record r;
  r.key = "id";
  r.vector = {1, 2};
  r.text = "four";
  r.created = 5;
  r.pinned = true;
  const record_view v = r.view();
  REQUIRE(v.key == key_view("id"));
  REQUIRE(v.vector.data() == r.vector.data());
  REQUIRE(v.text_size == 4);
  REQUIRE(v.created == 5);
  REQUIRE(v.pinned);
  REQUIRE(record().view().created == no_time);
}
