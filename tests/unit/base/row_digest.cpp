#include "upkeep/base/row_digest.hpp"

#include "support/catch.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

using namespace upkeep;
using namespace std::string_literals;

TEST_CASE("type and length of every column count", "[row_digest]") {
  const auto of = [](const std::function<void(row_digester&)>& add) {
    row_digester d;
    add(d);
    return d.finish();
  };
  const std::string one = "1";
  std::set<std::uint64_t> digests = {
      of([](row_digester&) {}),
      of([](row_digester& d) { d.add_null(); }),
      of([](row_digester& d) { d.add_null().add_null(); }),
      of([](row_digester& d) { d.add_integer(1); }),
      of([](row_digester& d) { d.add_real(1.0); }),
      of([](row_digester& d) { d.add_text("1"); }),
      of([&](row_digester& d) { d.add_blob(std::as_bytes(std::span(one))); }),
      of([](row_digester& d) { d.add_text(""); }),
      of([](row_digester& d) { d.add_real(0.0); }),
      of([](row_digester& d) { d.add_real(-0.0); }),
      of([](row_digester& d) { d.add_text("ab").add_text("c"); }),
      of([](row_digester& d) { d.add_text("a").add_text("bc"); }),
      of([](row_digester& d) { d.add_text("abc"); }),
  };
  REQUIRE(digests.size() == 13);
}

TEST_CASE("finishing starts anew", "[row_digest]") {
  row_digester d;
  const std::uint64_t first = d.add_text("a").finish();
  REQUIRE(d.add_text("a").finish() == first);
}

TEST_CASE("every field of a record counts, and absent is not empty", "[row_digest]") {
  record r;
  r.key = 1;
  r.vector = {1, 2};
  const std::uint64_t plain = row_digest(r.view());
  REQUIRE(row_digest(r.view()) == plain);
  std::vector<std::function<void(record&)>> changes = {[](record& x) { x.key = "1"; },    [](record& x) { x.vector[0] = 1.0000001F; },
                                                       [](record& x) { x.source = "s"; }, [](record& x) { x.scope = "s"; },
                                                       [](record& x) { x.text = "s"; },   [](record& x) { x.model = "s"; },
                                                       [](record& x) { x.created = 0; },  [](record& x) { x.pinned = true; }};
  std::set<std::uint64_t> digests = {plain};
  for (const auto& change : changes) {
    record changed = r;
    change(changed);
    digests.insert(row_digest(changed.view()));
  }
  record_view absent = r.view();
  absent.text = {};
  digests.insert(row_digest(absent));
  REQUIRE(digests.size() == changes.size() + 2);
}
