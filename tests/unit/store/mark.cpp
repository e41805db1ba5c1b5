#include "upkeep/store/mark.hpp"

#include "support/catch.hpp"

#include <string>
#include <variant>
#include <vector>

namespace {

struct marking_store {
  std::string column;
  upkeep::mark_value value;
  std::vector<upkeep::key> marked;

  void attach_mark(const std::string& name, const upkeep::mark_value& what) {
    column = name;
    value = what;
  }
  std::size_t mark(std::span<const upkeep::key_view> keys) {
    for (const upkeep::key_view k : keys) marked.emplace_back(k);
    return keys.size();
  }
};

struct erasing_store {
  std::size_t erase(std::span<const upkeep::key_view> keys) { return keys.size(); }
};

struct unattachable_store {
  std::size_t mark(std::span<const upkeep::key_view> keys) { return keys.size(); }
};

}  // namespace

TEST_CASE("mark tells the store the column and the value, and marks the keys") {
  marking_store store;
  upkeep::mark removal{"deleted", "yes"};
  removal.attach(store);
  CHECK(store.column == "deleted");
  CHECK(std::get<std::string>(store.value) == "yes");
  const upkeep::key_view keys[] = {1, "a"};
  CHECK(removal.take_out(store, keys) == 2);
  CHECK(store.marked == std::vector<upkeep::key>{1, "a"});
}

TEST_CASE("mark: a value keeps its type") {
  CHECK(std::get<std::int64_t>(upkeep::mark{"c", 7}.value) == 7);
  CHECK(std::get<double>(upkeep::mark{"c", 7.5}.value) == 7.5);
  CHECK(std::get<std::string>(upkeep::mark{"c", "7"}.value) == "7");
  CHECK(std::get<std::int64_t>(upkeep::mark{.column = "c"}.value) == 1);
}

TEST_CASE("mark: a column without a name is refused before the store hears of it") {
  marking_store store;
  store.column = "untouched";
  try {
    upkeep::mark{}.attach(store);
    FAIL("nothing was thrown");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::invalid_argument);
  }
  CHECK(store.column == "untouched");
}

TEST_CASE("mark fits stores that can mark, and no others") {
  STATIC_REQUIRE(upkeep::markable_store<marking_store>);
  STATIC_REQUIRE(upkeep::removal<upkeep::mark, marking_store>);
  STATIC_REQUIRE_FALSE(upkeep::removal<upkeep::mark, erasing_store>);
  STATIC_REQUIRE_FALSE(upkeep::removal<upkeep::mark, unattachable_store>);
}
