#include "upkeep/janitor/plan_json.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>

using namespace upkeep;
using upkeep_test::failure_of;
using upkeep_test::temporary_directory;

namespace {

plan small_plan() {
  plan p;
  p.id = "20260102T030405Z-0011aabb";
  p.store = "memory:notes";
  p.made = time_point(std::chrono::microseconds(1'767'322'245'000'001));
  p.threshold = .98;
  p.rows = 4;
  p.sources = 3;
  p.absent_sources = 1;
  p.models = {"bge-micro-v2"};
  p.policies = {{"duplicate_guard", "contained"}};
  planned_removal duplicate;
  duplicate.key = "b\n";
  duplicate.source = "s";
  duplicate.has_source = true;
  duplicate.witness = 7;
  duplicate.score = .9925;
  duplicate.digest = 0x0123456789abcdefU;
  duplicate.witness_digest = 1;
  duplicate.bytes = 1570;
  duplicate.scope = "tenant";
  planned_removal orphan;
  orphan.key = std::string("\xff\0", 2);
  orphan.reason = removal_reason::orphan;
  orphan.source = "";
  orphan.has_source = true;
  orphan.digest = ~std::uint64_t{0};
  orphan.bytes = 3;
  p.removals = {duplicate, orphan};
  p.review = {{1, -1, 1.0, "guard"}};
  return p;
}

std::string text_of(const plan& p) {
  const temporary_directory folder;
  const std::string path = folder / "plan.jsonl";
  write_plan(p, path);
  return read_file(path, 1U << 20U);
}

}  // namespace

TEST_CASE("a plan file is a header and a line for each removal and each review pair", "[plan_json]") {
  const std::string text = text_of(small_plan());
  CHECK(text.find(R"({"upkeep_plan":1,"id":"20260102T030405Z-0011aabb","made":"2026-01-02T02:50:45.000001Z","store":"memory:notes",)"
                  R"("threshold":0.98,"rows":4,"sources":3,"absent_sources":1,"removals":2,"review_pairs":1,"models":["bge-micro-v2"],)"
                  R"("policies":{"duplicate_guard":"contained"},"digest":")") == 0);
  const std::string lines = text.substr(text.find('\n') + 1);
  CHECK(lines == R"({"remove":"b\n","reason":"duplicate","source":"s","scope":"tenant","witness":7,"score":0.9925,)"
                 R"("witness_digest":"0000000000000001","row_digest":"0123456789abcdef","bytes":1570})"
                 "\n"
                 R"({"remove":{"base64":"/wA="},"reason":"orphan","source":"","row_digest":"ffffffffffffffff","bytes":3})"
                 "\n"
                 R"({"review":1,"survivor":-1,"score":1,"reason":"guard"})"
                 "\n");
}

TEST_CASE("what was written is read", "[plan_json]") {
  const temporary_directory folder;
  const std::string path = folder / "plan.jsonl";
  for (const plan& p : {plan(), small_plan()}) {
    write_plan(p, path);
    CHECK(read_plan(path) == p);
  }
}

TEST_CASE("a plan that was edited is refused, wherever", "[plan_json]") {
  const std::string text = text_of(small_plan());
  const auto edited = [&](std::string_view from, std::string_view to) {
    std::string copy = text;
    const std::size_t at = copy.find(from);
    REQUIRE(at != std::string::npos);
    copy.replace(at, from.size(), to);
    return failure_of([&] { static_cast<void>(parse_plan(copy, "p")); });
  };
  CHECK(edited("2026-01-02T02", "2027-01-02T02").names("cut or edited"));  // made to look younger
  CHECK(edited("memory:notes", "memory:other").names("cut or edited"));
  CHECK(edited("0.98", "0.18").code == errc::corrupt);
  CHECK(edited("\"absent_sources\":1", "\"absent_sources\":0").names("cut or edited"));
  CHECK(edited("\"witness\":7", "\"witness\":8").code == errc::corrupt);
  CHECK(edited("0123456789abcdef", "0123456789abcdee").code == errc::corrupt);
  CHECK(edited("duplicate\"", "orphan\"").code == errc::corrupt);
  CHECK(edited("\"digest\":\"", "\"digest\": \"").code == errc::corrupt);
  CHECK(edited("{\"upkeep_plan\":1", "{\"upkeep_plan\":2").code == errc::unsupported);
  CHECK(edited("{\"upkeep_plan\":1", "{\"upkeep_plan\":0").code == errc::corrupt);
  CHECK(edited("upkeep_plan", "upkeep_plam").names("no plan header"));
  const auto cut = failure_of([&] { static_cast<void>(parse_plan(text.substr(0, text.size() - 1), "p")); });
  CHECK(cut.code == errc::corrupt);
  const auto shorter = failure_of([&] { static_cast<void>(parse_plan(text.substr(0, text.rfind("{\"review\"")), "p")); });
  CHECK(shorter.code == errc::corrupt);
  CHECK(failure_of([&] { static_cast<void>(parse_plan(text + text.substr(text.find('\n') + 1), "p")); }).code == errc::corrupt);
}

TEST_CASE("what is no plan is refused with the name and the line", "[plan_json]") {
  const auto refused = [](std::string_view text) { return failure_of([&] { static_cast<void>(parse_plan(text, "night.plan")); }); };
  CHECK(refused("").names("night.plan is empty"));
  CHECK(refused("hello\n").names("night.plan, line 1"));
  CHECK(refused("[]\n").names("night.plan, line 1"));
  CHECK(refused("{}\n").names("is this a plan file?"));
  CHECK(refused("{\"upkeep_plan\":\"1\"}\n").code == errc::corrupt);
  CHECK(refused("{\"upkeep_plan\":99}\n").code == errc::unsupported);
  CHECK(refused("{\"upkeep_plan\":1}\n").names("`id` is missing"));
}

TEST_CASE("a plan file that is not there is not found", "[plan_json]") {
  const temporary_directory folder;
  CHECK(failure_of([&] { static_cast<void>(read_plan((folder / "none").string())); }).code == errc::not_found);
  CHECK(failure_of([&] { write_plan(small_plan(), (folder / "no" / "plan").string()); }).happened);
  CHECK_FALSE(std::filesystem::exists(folder / "no"));
}
