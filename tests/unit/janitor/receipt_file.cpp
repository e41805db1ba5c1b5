#include "upkeep/janitor/receipt_file.hpp"

#include "support/temporary_directory.hpp"

#include "support/catch.hpp"

#include <string>

using namespace upkeep;

TEST_CASE("a receipt is one line of JSON under its final name", "[receipt_file]") {
  const upkeep_test::temporary_directory folder;
  receipt r;
  r.id = "20260101T000000Z-1";
  r.path = "/a \"b\"/c.backup";
  r.format = "file_backup 1";
  r.store = "memory:x";
  r.rows = 3;
  r.bytes = 400;
  r.checksum = 0xabc;
  r.made = *parse_iso8601("2026-01-01T00:00:00Z");
  const std::string path = (folder.path() / "r.json").string();
  write_receipt(r, path);
  REQUIRE(read_file(path) ==
          "{\"upkeep_receipt\":1,\"id\":\"20260101T000000Z-1\",\"path\":\"/a \\\"b\\\"/c.backup\",\"format\":\"file_backup "
          "1\",\"store\":\"memory:x\","
          "\"rows\":3,\"bytes\":400,\"checksum\":\"0000000000000abc\",\"made\":\"2026-01-01T00:00:00Z\"}\n");
}
