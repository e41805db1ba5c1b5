// The suite for guards passes the shipped guards, and catches a guard that breaks any one of its rules.

#include "upkeep/testing/conform_duplicate_guard.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>

#include "support/catch.hpp"
#include "upkeep/guard/all_guards.hpp"
#include "upkeep/guard/any_pair.hpp"
#include "upkeep/guard/contained.hpp"
#include "upkeep/guard/digits_and_negation.hpp"
#include "upkeep/guard/same_scope.hpp"
#include "upkeep/guard/same_source.hpp"
#include "upkeep/guard/same_words.hpp"

using upkeep::pair_view;
using upkeep::verdict;
using upkeep::testing::conform_duplicate_guard;

namespace {

void check(const upkeep::testing::conformance_report& report) {
  INFO(report.text());
  CHECK(report.ok());
}

template <class Guard>
void caught(Guard guard, const char* rule) {
  const auto report = conform_duplicate_guard([&] { return guard; });
  INFO(rule << "\n" << report.text());
  CHECK(report.broke(rule));
}

struct needs_a_text {
  verdict judge(const pair_view& p) const {
    if (!upkeep::is_present(p.removed.text)) throw std::runtime_error("a text is missing");
    return verdict::covers;
  }
};
struct no_such_verdict {
  verdict judge(const pair_view& p) const { return p.removed.text.empty() ? static_cast<verdict>(9) : verdict::review; }
};
struct counts_calls {
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
  verdict judge(const pair_view&) const { return ++*calls % 7 == 0 ? verdict::covers : verdict::distinct; }
};
// Keeps what it judges in a member: right in one thread, wrong in several. The second thread that is inside sees the first one's row.
struct keeps_state {
  struct slot {
    std::atomic<std::uint64_t> key{0};
  };
  std::shared_ptr<slot> shared = std::make_shared<slot>();
  verdict judge(const pair_view& p) const {
    const auto mine = static_cast<std::uint64_t>(upkeep::key_hash{}(p.removed.key));
    shared->key = mine;
    std::this_thread::yield();
    return shared->key == mine ? verdict::covers : verdict::distinct;
  }
};
struct reads_in_secret {
  static constexpr upkeep::field reads = upkeep::field::text;
  verdict judge(const pair_view& p) const { return p.removed.pinned ? verdict::distinct : verdict::covers; }
};

}  // namespace

TEST_CASE("the shipped guards conform", "[conformance][duplicate_guard]") {
  check(conform_duplicate_guard([] { return upkeep::contained(); }));
  check(conform_duplicate_guard([] { return upkeep::same_words(); }));
  check(conform_duplicate_guard([] { return upkeep::digits_and_negation(); }));
  check(conform_duplicate_guard([] { return upkeep::any_pair(); }));
  check(conform_duplicate_guard([] { return upkeep::same_scope(); }));
  check(conform_duplicate_guard([] { return upkeep::same_source(); }));
  check(conform_duplicate_guard([] { return upkeep::all_guards(upkeep::same_scope(), upkeep::contained()); }));
}

TEST_CASE("the suite catches a guard that breaks one rule", "[conformance][duplicate_guard]") {
  caught(needs_a_text(), "judges_any_pair");
  caught(no_such_verdict(), "judges_any_pair");
  caught(counts_calls(), "is_deterministic");
  caught(keeps_state(), "judges_in_many_threads");
  caught(reads_in_secret(), "reads_only_what_it_says");
}
