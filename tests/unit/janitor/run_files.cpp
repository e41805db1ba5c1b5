#include "upkeep/janitor/run_files.hpp"

#include "support/catch.hpp"
#include "upkeep/janitor/receipt_file.hpp"

#include <string>

using namespace upkeep;
using v0::detail::is_receipt_of;
using v0::detail::new_run_id;
using v0::detail::run_of_file;
using v0::detail::time_of_run;

TEST_CASE("run_files: an id tells its time, to the second", "[run_files]") {
  const time_point when = *parse_iso8601("2026-03-04T05:06:07.89Z");
  const std::string id = new_run_id(when);
  CHECK(id.starts_with("20260304T050607Z-"));
  CHECK(id != new_run_id(when));
  CHECK(time_of_run(id) == parse_iso8601("2026-03-04T05:06:07Z"));
  CHECK(new_run_id(when) < new_run_id(when + std::chrono::seconds(1)));
}

TEST_CASE("run_files: other names are no ids", "[run_files]") {
  const std::string id = "20260304T050607Z-0123abcf";
  REQUIRE(time_of_run(id));
  for (std::size_t i = 0; i < id.size(); ++i) {
    std::string other = id;
    other[i] = 'g';
    CHECK_FALSE(time_of_run(other));
    other[i] = '/';
    CHECK_FALSE(time_of_run(other));
  }
  for (const char* name : {"", "20260304T050607Z", "20260304T050607Z-0123abcff", "20261304T050607Z-0123abcf", "20260230T050607Z-0123abcf",
                           "2026030aT050607Z-0123abcf", "20260304T050607Z-0123ABCF"})
    CHECK_FALSE(time_of_run(name));
}

TEST_CASE("run_files: a file belongs to a run by its whole name", "[run_files]") {
  const std::string id = "20260304T050607Z-0123abcf";
  const std::string backup = id + ".backup", twice = id + ".backup.backup", other = "my-" + id + ".backup";
  CHECK(run_of_file(backup, ".backup") == std::string_view(id));
  CHECK_FALSE(run_of_file(backup, ".receipt.json"));
  CHECK_FALSE(run_of_file(twice, ".backup"));
  CHECK_FALSE(run_of_file(other, ".backup"));
  CHECK_FALSE(run_of_file(".backup", ".backup"));
}

TEST_CASE("run_files: a receipt is told from those of other runs and other stores", "[run_files]") {
  receipt r;
  r.id = "20260304T050607Z-0123abcf";
  r.path = R"(/folder","store":"sqlite:other","rows":7)";
  r.format = "sqlite_backup 1";
  r.store = R"(sqlite:/a "quoted" \ folder)";
  const std::string text = receipt_text(r);
  CHECK(is_receipt_of(text, r.id, r.store));
  CHECK_FALSE(is_receipt_of(text, "20260304T050607Z-0123abce", r.store));
  CHECK_FALSE(is_receipt_of(text, r.id, "sqlite:other"));
  CHECK_FALSE(is_receipt_of(text, r.id, ""));
  CHECK_FALSE(is_receipt_of(text.substr(0, text.size() - 3), r.id, r.store));
  CHECK_FALSE(is_receipt_of("{}\n", r.id, r.store));
}
