// The suite for oracles passes the shipped oracles, and catches an oracle that breaks any one of its rules.

#include "upkeep/testing/conform_orphan_oracle.hpp"

#include <stdexcept>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/oracle/all_oracles.hpp"
#include "upkeep/oracle/any_oracle.hpp"
#include "upkeep/oracle/predicate_oracle.hpp"
#include "upkeep/oracle/set_oracle.hpp"

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
