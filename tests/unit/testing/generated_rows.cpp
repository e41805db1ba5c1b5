// Generated rows: the same for the same seed, with distinct keys, and every difference is found.

#include "upkeep/testing/generated_rows.hpp"

#include <functional>
#include <set>

#include "support/catch.hpp"

using upkeep::field;
using upkeep::testing::difference;
using upkeep::testing::generated_row;
using upkeep::testing::key_kind;
using upkeep::testing::row_generator;

TEST_CASE("rows have distinct keys and repeat with the seed", "[generated_rows]") {
  row_generator first(5, {.dimension = 4}), second(5, {.dimension = 4}), other(6, {.dimension = 4});
  const auto a = first.next(2000), b = second.next(2000), c = other.next(2000);
  std::set<upkeep::key> keys;
  std::size_t differences = 0, absent = 0, empty = 0, nul = 0, unsound = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(keys.insert(a[i].key).second);
    REQUIRE(difference(a[i].view(), b[i].view()).empty());
    differences += difference(a[i].view(), c[i].view()).empty() ? 0 : 1;
    absent += a[i].text ? 0 : 1;
    empty += a[i].text && a[i].text->empty() ? 1 : 0;
    nul += a[i].text && a[i].text->find('\0') != std::string::npos ? 1 : 0;
    unsound += upkeep::judge_vector(a[i].vector) != upkeep::set_aside::no ? 1 : 0;
  }
  CHECK(differences == a.size());
  CHECK((absent > 0 && empty > 0 && nul > 0 && unsound > 0));
}

TEST_CASE("rows have the shape that was asked for", "[generated_rows]") {
  row_generator tame(1, {.dimension = 2, .keys = key_kind::integers, .fields = field::vector | field::source, .any_floats = false});
  for (const generated_row& r : tame.next(500)) {
    REQUIRE(r.key.view().is_integer());
    REQUIRE_FALSE((r.scope || r.text || r.model || r.pinned || r.created != upkeep::no_time));
    REQUIRE(upkeep::judge_vector(r.vector) == upkeep::set_aside::no);
  }
  row_generator texts(2, {.dimension = 1, .keys = key_kind::texts, .any_bytes = false});
  for (const generated_row& r : texts.next(500)) {
    REQUIRE_FALSE(r.key.view().is_integer());
    REQUIRE(r.key.view().bytes().find('\0') == std::string_view::npos);
  }
}

TEST_CASE("every difference is found", "[generated_rows]") {
  row_generator generator(3, {.dimension = 3});
  generated_row row = generator.next();
  row.text = "";
  const std::function<void(generated_row&)> changes[] = {
      [](generated_row& r) { r.key = upkeep::key("another key"); },
      [](generated_row& r) { r.vector.pop_back(); },
      [](generated_row& r) { r.vector[2] = r.vector[2] == 0.0F ? -r.vector[2] : r.vector[2] * 1.0000002F; },
      [](generated_row& r) { r.source = r.source ? std::nullopt : std::optional<std::string>(""); },
      [](generated_row& r) { r.scope = r.scope.value_or("") + "x"; },
      [](generated_row& r) { r.text.reset(); },
      [](generated_row& r) { r.model = r.model.value_or("") + "x"; },
      [](generated_row& r) { r.created += 1; },
      [](generated_row& r) { r.pinned = !r.pinned; },
  };
  CHECK(difference(row.view(), row.view()).empty());
  for (const auto& change : changes) {
    generated_row other = row;
    change(other);
    CHECK_FALSE(difference(row.view(), other.view()).empty());
  }
}
