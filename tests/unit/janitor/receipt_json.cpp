#include "upkeep/janitor/receipt_json.hpp"

#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include "upkeep/base/rng.hpp"

#include "support/catch.hpp"

#include <string>

using namespace upkeep;

namespace {

receipt sample() {
  receipt r;
  r.id = "20260101T000000Z-1";
  r.path = "/a \"b\"/\n.backup";
  r.format = "file_backup 1";
  r.store = "memory:ä";
  r.rows = 3;
  r.bytes = ~std::uint64_t{0};
  r.checksum = 0xfedcba9876543210;
  r.made = time_point(std::chrono::microseconds(1'700'000'000'123'456));
  return r;
}

}  // namespace

TEST_CASE("a receipt comes back as it was written", "[receipt_json]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = (folder.path() / "r.json").string();
  write_receipt(sample(), path);
  REQUIRE(read_receipt(path) == sample());
}

TEST_CASE("what is no receipt is refused, and never half read", "[receipt_json]") {
  using upkeep_test::failure_of;
  const std::string text = receipt_text(sample());
  for (std::size_t cut = 0; cut + 1 < text.size(); ++cut)
    REQUIRE(failure_of([&] { static_cast<void>(parse_receipt(std::string_view(text).substr(0, cut), "r")); }).code == errc::corrupt);
  REQUIRE(failure_of([] { static_cast<void>(parse_receipt("{}", "r")); }).code == errc::corrupt);
  REQUIRE(failure_of([] { static_cast<void>(parse_receipt("[1]", "r")); }).code == errc::corrupt);
  REQUIRE(failure_of([] { static_cast<void>(parse_receipt("{\"upkeep_receipt\":2}", "r")); }).code == errc::unsupported);
  std::string wrong = text;
  wrong.replace(wrong.find("fedc"), 4, "fedx");
  REQUIRE(failure_of([&] { static_cast<void>(parse_receipt(wrong, "r")); }).code == errc::corrupt);
  REQUIRE(failure_of([] { static_cast<void>(read_receipt("/nowhere/r.json")); }).code == errc::not_found);
}
