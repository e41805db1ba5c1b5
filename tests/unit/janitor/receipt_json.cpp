#include "upkeep/janitor/receipt_json.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/rng.hpp"

using namespace upkeep;
using upkeep_test::failure_of;

namespace {

receipt some_receipt(rng& random) {
  receipt r;
  for (std::string* text : {&r.id, &r.path, &r.format, &r.store})
    for (std::uint64_t n = random.below(30); n > 0; --n) *text += static_cast<char>(random.below(128));
  r.rows = random();
  r.checksum = random();
  r.bytes = random();
  r.made = time_point(std::chrono::microseconds(random.between(0, 4'000'000'000'000'000)));
  return r;
}

}  // namespace

TEST_CASE("what was written is read, to the last bit", "[receipt_json]") {
  const upkeep_test::temporary_directory folder;
  rng random(3);
  for (int i = 0; i < 200; ++i) {
    const receipt r = some_receipt(random);
    CHECK(parse_receipt(receipt_text(r), "r") == r);
  }
  const receipt r = some_receipt(random);
  write_receipt(r, folder / "r.json");
  CHECK(read_receipt(folder / "r.json") == r);
}

TEST_CASE("a receipt that was cut is refused at every length", "[receipt_json]") {
  rng random(4);
  const std::string text = receipt_text(some_receipt(random));
  for (std::size_t length = 0; length + 2 <= text.size(); ++length) {
    const auto failure = failure_of([&] { static_cast<void>(parse_receipt(text.substr(0, length), "r")); });
    REQUIRE(failure.code == errc::corrupt);
    REQUIRE(failure.names("the receipt r"));
  }
}

TEST_CASE("what is no receipt is refused", "[receipt_json]") {
  const auto code = [](std::string_view text) { return failure_of([&] { static_cast<void>(parse_receipt(text, "r")); }).code; };
  CHECK(code("[]") == errc::corrupt);
  CHECK(code("{}") == errc::corrupt);
  CHECK(code(R"({"upkeep_plan":1})") == errc::corrupt);
  CHECK(code(R"({"upkeep_receipt":2})") == errc::unsupported);
  CHECK(code(R"({"upkeep_receipt":0})") == errc::corrupt);
  CHECK(code(R"({"upkeep_receipt":1,"id":1})") == errc::corrupt);
  const upkeep_test::temporary_directory folder;
  CHECK(failure_of([&] { static_cast<void>(read_receipt((folder / "none").string())); }).code == errc::not_found);
}

TEST_CASE("every field is needed", "[receipt_json]") {
  rng random(5);
  receipt r = some_receipt(random);
  r.path = "/p";
  const json_value whole = parse_json(receipt_text(r), "r");
  for (const auto& field : whole.as_object()) {
    json_object less = whole.as_object();
    less.erase(field.key());
    CHECK(failure_of([&] { static_cast<void>(parse_receipt(to_json_text(less), "r")); }).code == errc::corrupt);
  }
}
