#include "upkeep/janitor/report_text.hpp"

#include "support/catch.hpp"
#include "upkeep/base/json.hpp"

#include <cstddef>

using namespace upkeep;

namespace {

janitor_report some_report() {
  janitor_report r;
  r.phase = "cleanup";
  r.store = "a \"store\"\n";
  r.status = outcome::failed;
  r.aborted_reason = "reason";
  r.error = "an error";
  r.rows = 18'446'744'073'709'551'615U;
  r.set_aside = {9, 1, 2, 3, 4};
  r.kb_reclaimed = 1.5;
  r.total_seconds = .25;
  r.seconds.join = 2;
  r.dry_run = true;
  r.receipt.emplace();
  r.receipt->rows = 5;
  r.receipt_path = "/r";
  r.policies = {{"store", "memory_store"}};
  return r;
}

}  // namespace

TEST_CASE("the JSON of a report is one object with an object for each group", "[report_text]") {
  const std::string text = report_as_json(some_report());
  CHECK(text.back() == '\n');
  const json_value parsed = parse_json(text, "the report");
  const json_object& o = parsed.as_object();
  CHECK(o.at("status").as_string() == "failed");
  CHECK(o.at("aborted").as_object().at("reason").as_string() == "reason");
  CHECK(o.at("store").as_string() == "a \"store\"\n");
  CHECK(o.at("rows").as_uint64() == 18'446'744'073'709'551'615U);
  CHECK(o.at("set_aside").as_object().size() == 4);
  CHECK(o.at("set_aside").as_object().at("unreadable").to_number<int>() == 4);
  CHECK(o.at("kb_reclaimed").to_number<double>() == 1.5);
  CHECK(o.at("dry_run").as_bool());
  CHECK(o.at("seconds").as_object().at("join").to_number<double>() == 2);
  CHECK(o.at("receipt").as_object().at("path").as_string() == "/r");
  CHECK(o.at("policies").as_object().at("store").as_string() == "memory_store");
}

TEST_CASE("every field of a report is in its JSON and in its text", "[report_text]") {
  for (const janitor_report& r : {janitor_report(), some_report()}) {
    std::size_t fields = 0, lines = 0, leaves = 0;
    r.fields([&](std::string_view, const auto&) { ++fields; });
    const auto parsed = parse_json(report_as_json(r), "r");
    for (const auto& item : parsed.as_object()) leaves += item.value().is_object() ? item.value().as_object().size() : 1;
    janitor_report plain = r;
    plain.store = "store";
    const std::string text = report_as_text(plain);
    for (const char c : text) lines += c == '\n' ? 1 : 0;
    CHECK(leaves == fields);
    CHECK(lines == fields);
    CHECK(text.find("status                ") == 0);
    CHECK(text.find(r.dry_run ? "dry_run               yes\n" : "dry_run               no\n") != std::string::npos);
  }
}

TEST_CASE("what is not UTF-8 does not break the JSON", "[report_text]") {
  janitor_report r;
  r.store = "\xff";
  CHECK(parse_json(report_as_json(r), "r").as_object().at("store").as_string() == "/w==");
}
