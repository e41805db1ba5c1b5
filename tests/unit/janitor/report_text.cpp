#include "upkeep/janitor/report_text.hpp"

#include "upkeep/base/json.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string>

using namespace upkeep;

namespace {

janitor_report sample() {
  janitor_report r;
  r.status = outcome::aborted;
  r.aborted_reason = "safety_threshold";
  r.error = "a \"sentence\"\nin two lines";
  r.store = "sqlite:/tmp/\xff";
  r.rows = ~std::uint64_t{0};
  r.set_aside[1] = 13;
  r.seconds.join = .25;
  r.dry_run = true;
  r.policies = {{"duplicate_guard", "contained"}};
  return r;
}

}  // namespace

TEST_CASE("the JSON is one object with objects inside", "[report_text]") {
  const json_value value = parse_json(report_as_json(sample()), "the report");
  const json_fields all(value, "the report");
  REQUIRE(all.text("status") == "aborted");
  REQUIRE(json_fields(all.object("aborted"), "aborted").text("reason") == "safety_threshold");
  REQUIRE(all.text("error") == "a \"sentence\"\nin two lines");
  REQUIRE(all.text("store") == to_base64(std::string_view("sqlite:/tmp/\xff")));
  REQUIRE(all.count("rows") == ~std::uint64_t{0});
  REQUIRE(json_fields(all.object("set_aside"), "set_aside").count("zero") == 13);
  REQUIRE(json_fields(all.object("seconds"), "seconds").number("join") == .25);
  REQUIRE(all.boolean("dry_run"));
  REQUIRE(json_fields(all.object("policies"), "policies").text("duplicate_guard") == "contained");
}

TEST_CASE("the text has a line per field", "[report_text]") {
  const std::string text = report_as_text(janitor_report{});
  std::size_t fields = 0;
  janitor_report().fields([&](std::string_view name, const auto&) {
    ++fields;
    REQUIRE(("\n" + text).find("\n" + std::string(name) + " ") != std::string::npos);
  });
  REQUIRE(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == fields);
  REQUIRE(text.find("dry_run               no\n") != std::string::npos);
}
