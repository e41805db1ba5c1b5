#include "upkeep/janitor/receipt_file.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

using namespace upkeep;

namespace {

receipt some_receipt() {
  receipt r;
  r.id = "20260102T030405Z-0011aabb";
  r.path = "/backups/a \"b\".backup";
  r.format = "file_backup 1";
  r.store = "memory:notes";
  r.rows = 3;
  r.checksum = 0xabcU;
  r.bytes = 4096;
  r.made = time_point(std::chrono::seconds(1'767'322'245));
  return r;
}

}  // namespace

TEST_CASE("a receipt is one line of JSON with everything an undo needs", "[receipt_file]") {
  CHECK(receipt_text(some_receipt()) ==
        R"({"upkeep_receipt":1,"id":"20260102T030405Z-0011aabb","path":"/backups/a \"b\".backup","format":"file_backup 1",)"
        R"("store":"memory:notes","rows":3,"bytes":4096,"checksum":"0000000000000abc","made":"2026-01-02T02:50:45Z"})"
        "\n");
}

TEST_CASE("a receipt is written whole", "[receipt_file]") {
  const upkeep_test::temporary_directory folder;
  const std::string path = folder / "r.json";
  write_receipt(some_receipt(), path);
  CHECK(read_file(path, 1U << 20U) == receipt_text(some_receipt()));
  CHECK(upkeep_test::failure_of([&] { write_receipt(some_receipt(), (folder / "no" / "r.json").string()); }).happened);
}

TEST_CASE("a path that JSON cannot hold is refused before anything is removed, not mangled", "[receipt_file]") {
  receipt r = some_receipt();
  SECTION("path") { r.path = "/backups/\xff"; }
  SECTION("store") { r.store = "memory:\xff"; }
  CHECK(upkeep_test::failure_of([&] { static_cast<void>(receipt_text(r)); }).code == errc::invalid_argument);
}
