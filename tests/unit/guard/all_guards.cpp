#include "upkeep/guard/all_guards.hpp"

#include "judging.hpp"
#include "support/catch.hpp"
#include "upkeep/guard/contained.hpp"
#include "upkeep/guard/same_scope.hpp"

#include <functional>
#include <type_traits>

using upkeep::field;
using upkeep::verdict;

namespace {

struct fixed {
  verdict answer;
  int* asked;
  verdict judge(const upkeep::pair_view&) const {
    ++*asked;
    return answer;
  }
};

struct reads_all {
  verdict judge(const upkeep::pair_view&) const { return verdict::covers; }
};

constexpr verdict verdicts[] = {verdict::covers, verdict::review, verdict::distinct};

}  // namespace

TEST_CASE("all_guards: the most cautious verdict wins, in any order") {
  for (const verdict a : verdicts) {
    for (const verdict b : verdicts) {
      for (const verdict c : verdicts) {
        int asked = 0;
        const bool distinct = a == verdict::distinct || b == verdict::distinct || c == verdict::distinct;
        const bool review = a == verdict::review || b == verdict::review || c == verdict::review;
        const verdict expected = distinct ? verdict::distinct : review ? verdict::review : verdict::covers;
        CHECK(upkeep::all_guards(fixed{a, &asked}, fixed{b, &asked}, fixed{c, &asked}).judge({}) == expected);
      }
    }
  }
}

TEST_CASE("all_guards: nobody is asked after `distinct`, everybody after `review`") {
  int first = 0;
  int second = 0;
  CHECK(upkeep::all_guards(fixed{verdict::distinct, &first}, fixed{verdict::covers, &second}).judge({}) == verdict::distinct);
  CHECK((first == 1 && second == 0));
  CHECK(upkeep::all_guards(fixed{verdict::review, &first}, fixed{verdict::distinct, &second}).judge({}) == verdict::distinct);
  CHECK((first == 2 && second == 1));
}

TEST_CASE("all_guards: an answer that is no verdict never covers") {
  int asked = 0;
  CHECK(upkeep::all_guards(fixed{static_cast<verdict>(77), &asked}).judge({}) != verdict::covers);
}

TEST_CASE("all_guards deduces its parts and reads what they read") {
  const upkeep::all_guards guard(upkeep::same_scope{}, upkeep::contained{});
  using type = std::remove_const_t<decltype(guard)>;
  STATIC_REQUIRE(std::is_same_v<type, upkeep::all_guards<upkeep::same_scope, upkeep::contained>>);
  CHECK(upkeep::fields_read<type>() == (field::scope | field::text));
  CHECK(upkeep::fields_read<upkeep::all_guards<upkeep::contained, reads_all>>() == upkeep::fields_read<reads_all>());

  upkeep::pair_view pair;
  pair.removed.text = "One.";
  pair.survivor.text = "One. Two.";
  CHECK(guard.judge(pair) == verdict::covers);
  pair.removed.scope = "a";
  CHECK(guard.judge(pair) == verdict::distinct);
  pair.survivor.scope = "a";
  pair.survivor.text = "Two.";
  CHECK(guard.judge(pair) == verdict::review);
}

TEST_CASE("all_guards borrows through std::ref") {
  int asked = 0;
  fixed part{verdict::covers, &asked};
  const upkeep::all_guards guard(std::ref(part), std::cref(part));
  CHECK(guard.judge({}) == verdict::covers);
  part.answer = verdict::review;
  CHECK(guard.judge({}) == verdict::review);
  CHECK(asked == 4);
}

TEST_CASE("all_guards can be nested") {
  int asked = 0;
  const upkeep::all_guards inner(fixed{verdict::review, &asked});
  CHECK(upkeep::all_guards(reads_all{}, inner).judge({}) == verdict::review);
}

TEST_CASE("all_guards: the doubt is that of the first part that hesitates") {
  struct doubting {
    verdict answer;
    std::string_view why;
    verdict judge(const upkeep::pair_view&) const { return answer; }
    std::string_view doubt(const upkeep::pair_view&) const { return why; }
  };
  int asked = 0;
  const upkeep::pair_view pair = upkeep_test::pair_of("a", "b");
  CHECK(upkeep::all_guards(doubting{verdict::covers, "no"}, doubting{verdict::review, "yes"}, doubting{verdict::review, "late"})
            .doubt(pair) == "yes");
  CHECK(upkeep::all_guards(fixed{verdict::review, &asked}, doubting{verdict::review, "late"}).doubt(pair).empty());
}
