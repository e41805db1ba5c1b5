#include "upkeep/oracle/any_oracle.hpp"

#include "answering.hpp"
#include "support/catch.hpp"

#include <functional>
#include <string_view>
#include <vector>

using upkeep::ownership;
using upkeep_test::ask_one;
using upkeep_test::failing_oracle;
using upkeep_test::fixed_oracle;
using upkeep_test::silent_oracle;

TEST_CASE("any_oracle: present as soon as one part is, absent only when all are") {
  for (const ownership a : upkeep_test::ownerships) {
    CHECK(ask_one(upkeep::any_oracle(fixed_oracle{{a}})) == a);
    for (const ownership b : upkeep_test::ownerships) {
      for (const ownership c : upkeep_test::ownerships) {
        const auto one_says = [&](ownership o) { return a == o || b == o || c == o; };
        [[maybe_unused]] const bool present = one_says(ownership::present);
        [[maybe_unused]] const bool absent = one_says(ownership::absent);
        const bool unknown = one_says(ownership::unknown);
        const ownership expected = present ? ownership::present : unknown ? ownership::unknown : ownership::absent;
        CAPTURE(to_string(a), to_string(b), to_string(c));
        CHECK(ask_one(upkeep::any_oracle(fixed_oracle{{a}}, fixed_oracle{{b}}, fixed_oracle{{c}})) == expected);
      }
    }
  }
}

TEST_CASE("any_oracle: a part that writes no answer says unknown") {
  CHECK(ask_one(upkeep::any_oracle(fixed_oracle{{ownership::present}}, silent_oracle{})) == ownership::present);
  CHECK(ask_one(upkeep::any_oracle(silent_oracle{}, fixed_oracle{{ownership::absent}})) == ownership::unknown);
}

TEST_CASE("any_oracle: an answer that is none of the three is never absent") {
  CHECK(ask_one(upkeep::any_oracle(fixed_oracle{{static_cast<ownership>(9)}}, fixed_oracle{{ownership::absent}})) == ownership::unknown);
}

TEST_CASE("any_oracle: a part that throws leaves every answer unknown") {
  const std::vector<std::string_view> sources{"a", "b"};
  std::vector<ownership> answers(2, ownership::unknown);
  upkeep::any_oracle oracle(fixed_oracle{{ownership::absent, ownership::absent}}, failing_oracle{});
  CHECK_THROWS_WITH(oracle.tell_owners(sources, answers), "no connection");
  CHECK(answers == std::vector<ownership>{ownership::unknown, ownership::unknown});
}

TEST_CASE("any_oracle answers source by source, and borrows through std::ref") {
  fixed_oracle borrowed{{ownership::present, ownership::present, ownership::absent}};
  upkeep::any_oracle oracle(std::ref(borrowed), fixed_oracle{{ownership::present, ownership::absent, ownership::absent}});
  const std::vector<std::string_view> sources{"a", "b", "c"};
  std::vector<ownership> answers(3, ownership::unknown);
  oracle.tell_owners(sources, answers);
  CHECK(answers == std::vector<ownership>{ownership::present, ownership::present, ownership::absent});
  CHECK(borrowed.asked == 3);
  oracle.tell_owners({}, {});
  CHECK(borrowed.asked == 3);
}
