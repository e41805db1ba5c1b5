// The suite for oracles passes the shipped oracles, and catches an oracle that breaks any one of its rules.

#include "upkeep/testing/conform_orphan_oracle.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/raw_server.hpp"
#include "support/sqlite_database.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/base/json.hpp"
#include "upkeep/oracle/all_oracles.hpp"
#include "upkeep/oracle/any_oracle.hpp"
#include "upkeep/oracle/file_oracle.hpp"
#include "upkeep/oracle/firestore_oracle.hpp"
#include "upkeep/oracle/http_oracle.hpp"
#include "upkeep/oracle/predicate_oracle.hpp"
#include "upkeep/oracle/set_oracle.hpp"
#include "upkeep/oracle/sql_oracle.hpp"
#include "upkeep/testing/manual_clock.hpp"

using upkeep::ownership;
using upkeep::testing::conform_orphan_oracle;
using upkeep::testing::known_sources;

namespace {

const known_sources known{.present = {"note a", "note b", "it's \"c\""}, .absent = {"note d", "note e", "NOTE A"}};
bool exists(std::string_view id) { return id == "note a" || id == "note b" || id == "it's \"c\""; }

void check(const upkeep::testing::conformance_report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

using sources = std::span<const std::string_view>;
using answers = std::span<ownership>;

// Right answers, then one bug.
template <class Bug>
struct broken_oracle {
  Bug bug;
  void tell_owners(sources asked, answers given) {
    for (std::size_t i = 0; i < asked.size(); ++i) given[i] = exists(asked[i]) ? ownership::present : ownership::absent;
    bug(asked, given);
  }
};

template <class Bug>
void caught(Bug bug, const char* rule) {
  const auto report = conform_orphan_oracle([&] { return broken_oracle<Bug>{bug}; }, known);
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
  CHECK(report.failures.size() < report.rules.size());
}

}  // namespace

TEST_CASE("the shipped oracles conform", "[conformance][orphan_oracle]") {
  const upkeep::set_oracle set{"note a", "note b", "it's \"c\""};
  check(conform_orphan_oracle([&] { return set; }, known));
  check(conform_orphan_oracle([] { return upkeep::predicate_oracle(&exists); }, known));
  check(conform_orphan_oracle([&] { return upkeep::all_oracles(set, upkeep::predicate_oracle(&exists)); }, known));
  check(conform_orphan_oracle([&] { return upkeep::any_oracle(upkeep::set_oracle{"note a"}, set); }, known));
  check(conform_orphan_oracle(
      [&] {
        return upkeep::any_oracle(upkeep::set_oracle{"it's \"c\""}, upkeep::set_oracle{"note b", "note a"});
      },
      known));
}

TEST_CASE("an oracle that asks a database conforms, with an index and without", "[conformance][orphan_oracle]") {
  const upkeep_test::temporary_directory directory;
  const std::string path =
      upkeep_test::run_sql(directory / "sources",
                           "CREATE TABLE indexed(id TEXT PRIMARY KEY COLLATE NOCASE, title); CREATE TABLE plain(title, id);"
                           "INSERT INTO indexed(id) VALUES ('note a'), ('note b'), ('it''s \"c\"'), ('7'), ('7.5');"
                           "INSERT INTO plain(id) VALUES ('note a'), (CAST('note b' AS BLOB)), ('it''s \"c\"'), (NULL), (7), (7.5);"
                           "CREATE VIEW seen AS SELECT id FROM plain");
  known_sources numbered = known;
  numbered.present.insert(numbered.present.end(), {"7", "7.5"});
  numbered.absent.insert(numbered.absent.end(), {"07", "8", "7 "});
  for (const char* const table : {"indexed", "plain", "seen"}) {
    INFO(table);
    check(conform_orphan_oracle([&] { return upkeep::sql_oracle(path, table, "id"); }, numbered));
  }
}

TEST_CASE("an oracle that looks for files conforms", "[conformance][orphan_oracle]") {
  const upkeep_test::temporary_directory directory;
  std::filesystem::create_directory(directory / "notes");
  directory.write("notes/a.md", "a");
  directory.write("it's \"b\"", "b");
  const known_sources files{.present = {"notes/a.md", "notes", "it's \"b\"", directory / "notes/a.md"},
                            .absent = {"notes/b.md", "NOTES", "c"}};
  check(conform_orphan_oracle([&] { return upkeep::file_oracle(directory.path()); }, files));
  check(conform_orphan_oracle([&] { return upkeep::file_oracle(directory.path(), {.marker = "notes"}); }, files));
}

TEST_CASE("oracles that ask a service conform", "[conformance][orphan_oracle]") {
  using upkeep::testing::manual_clock;
  upkeep::remote_options quick;
  quick.http.deadline = std::chrono::seconds(60);
  quick.http.variables = [](const std::string&) { return std::nullopt; };
  quick.retry.policy = {.attempts = 1, .jitter = 0};
  quick.circuit = {.failures = 0};

  upkeep_test::raw_server service([](upkeep_test::raw_server::peer& client) {
    const upkeep::json_value asked = upkeep::parse_json(upkeep_test::body_of(client.read_request()), "the question");
    std::string present, absent;
    for (const upkeep::json_value& id : asked.at("sources").as_array()) {
      std::string& list = exists(std::string_view(id.as_string())) ? present : absent;
      list += (list.empty() ? "" : ",") + boost::json::serialize(id);
    }
    client.send(upkeep_test::http_answer(200, R"({"present":[)" + present + R"(],"absent":[)" + absent + "]}"));
  });
  check(conform_orphan_oracle([&] { return upkeep::http_oracle<manual_clock>(service.url(), {.remote = quick}); }, known));

  upkeep_test::raw_server documents([](upkeep_test::raw_server::peer& client) {
    const upkeep::json_value asked = upkeep::parse_json(upkeep_test::body_of(client.read_request()), "the question");
    std::string elements;
    for (const upkeep::json_value& name : asked.at("documents").as_array()) {
      const std::string_view whole(name.as_string());
      const std::string written = boost::json::serialize(name);
      elements += elements.empty() ? "" : ",";
      elements += exists(whole.substr(whole.rfind('/') + 1)) ? R"({"found":{"name":)" + written + "}}" : R"({"missing":)" + written + "}";
    }
    client.send(upkeep_test::http_answer(200, "[" + elements + "]"));
  });
  upkeep::firestore_oracle_options options;
  options.remote = quick;
  options.remote.http.variables = [host = documents.host()](const std::string& name) {
    return name == "FIRESTORE_EMULATOR_HOST" ? std::optional(host) : std::nullopt;
  };
  check(conform_orphan_oracle([&] { return upkeep::firestore_oracle<manual_clock>("demo", "notes/{id}", options); }, known));
}

TEST_CASE("the suite catches an oracle that breaks one rule", "[conformance][orphan_oracle]") {
  caught(
      [](sources asked, answers given) {
        for (std::size_t i = 0; i < asked.size(); ++i)
          if (asked[i] == "note b") given[i] = ownership::unknown;
      },
      "knows_who_is_present");
  caught(
      [](sources asked, answers given) {
        for (std::size_t i = 0; i < asked.size(); ++i)
          if (asked[i] == "NOTE A") given[i] = ownership::present;  // compares without case
      },
      "knows_who_is_absent");
  caught(
      [](sources asked, answers given) {
        if (asked.size() == 1) given[0] = ownership::unknown;
      },
      "answers_each_source_whatever_the_batch");
  caught(
      [calls = 0](sources, answers given) mutable {
        if (++calls == 3 && given.size() == 6) given[0] = ownership::unknown;
      },
      "says_the_same_when_asked_again");
  caught(
      [](sources asked, answers) {
        if (asked.empty()) throw std::runtime_error("nothing to ask");
      },
      "takes_an_empty_batch");
  caught(
      [](sources asked, answers given) {
        for (std::size_t i = 0; i < asked.size(); ++i)
          if (asked.size() > 1000) given[i] = ownership::absent;  // asks only for the first page and takes the rest for gone
      },
      "takes_any_source");
  caught(
      [](sources, answers given) {
        if (!given.empty()) given.data()[given.size()] = ownership::present;
      },
      "knows_who_is_present");
  caught(
      [](sources, answers given) {
        if (!given.empty()) given[0] = static_cast<ownership>(3);
      },
      "knows_who_is_present");
}
