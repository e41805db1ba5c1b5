// The suite for retentions passes the shipped ones, and catches a retention that breaks any one of its rules.

#include "upkeep/testing/conform_retention.hpp"

#include <memory>
#include <stdexcept>

#include "support/catch.hpp"
#include "upkeep/guard/keep_fullest.hpp"
#include "upkeep/guard/keep_highest.hpp"
#include "upkeep/guard/keep_newest.hpp"
#include "upkeep/guard/keep_oldest.hpp"

using upkeep::record_view;
using upkeep::testing::conform_retention;

namespace {

void check(const upkeep::testing::conformance_report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

template <class Compare>
struct by {
  Compare compare;
  bool outranks(const record_view& a, const record_view& b) const { return compare(a, b); }
};

template <class Compare>
void caught(Compare compare, const char* rule) {
  const auto report = conform_retention([&] { return by<Compare>{compare}; });
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
}

}  // namespace

TEST_CASE("the shipped retentions conform", "[conformance][retention]") {
  check(conform_retention([] { return upkeep::keep_fullest(); }));
  check(conform_retention([] { return upkeep::keep_oldest(); }));
  check(conform_retention([] { return upkeep::keep_newest(); }));
  check(conform_retention([] { return upkeep::keep_highest<&record_view::created>(); }));
}

TEST_CASE("the suite catches a retention that breaks one rule", "[conformance][retention]") {
  caught([](const record_view& a,
            const record_view&) -> bool { return a.created == upkeep::no_time ? throw std::runtime_error("no time") : false; },
         "compares_any_rows");
  caught([](const record_view& a, const record_view& b) { return a.created >= b.created; }, "no_row_outranks_itself");
  caught([](const record_view& a, const record_view& b) { return a.created != b.created; }, "no_two_rows_outrank_each_other");
  // Longer where both are of one kind, newer where not: a circle.
  caught(
      [](const record_view& a, const record_view& b) { return a.pinned == b.pinned ? a.text_size > b.text_size : a.created > b.created; },
      "outranking_is_passed_on");
  caught([](const record_view& a, const record_view& b) { return a.created > b.created + 1; }, "ties_are_passed_on");
  caught([n = std::make_shared<int>(0)](const record_view& a, const record_view& b) { return ++*n > 3600 && a.created > b.created; },
         "is_deterministic");
  caught([](const record_view& a, const record_view& b) { return a.text.size() > b.text.size(); }, "needs_no_text_and_no_vector");
}
