#include "upkeep/oracle/set_oracle.hpp"

#include "support/catch.hpp"

#include <list>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;
using upkeep::ownership;

namespace {

ownership ask(const upkeep::set_oracle& oracle, std::string_view source) {
  ownership answer = ownership::unknown;
  oracle.tell_owners({&source, 1}, {&answer, 1});
  return answer;
}

}  // namespace

TEST_CASE("set_oracle: what is in the set is present, everything else absent") {
  upkeep::set_oracle oracle{"a", "b"};
  CHECK(ask(oracle, "a") == ownership::present);
  CHECK(ask(oracle, "b") == ownership::present);
  CHECK(ask(oracle, "c") == ownership::absent);
  CHECK(ask(oracle, "A") == ownership::absent);
  CHECK(ask(oracle, "a\0"sv) == ownership::absent);
  CHECK(ask(oracle, "") == ownership::absent);
  oracle.add("c");
  CHECK(ask(oracle, "c") == ownership::present);
}

TEST_CASE("set_oracle: ids are bytes, and each counts once") {
  upkeep::set_oracle oracle;
  CHECK(oracle.size() == 0);
  for (const std::string_view id : {"x\0y"sv, "x\0y"sv, "\xff"sv, ""sv}) oracle.add(id);
  CHECK(oracle.size() == 3);
  CHECK(ask(oracle, "x\0y"sv) == ownership::present);
  CHECK(ask(oracle, "x") == ownership::absent);
  CHECK(ask(oracle, "\xff") == ownership::present);
  CHECK(ask(oracle, "") == ownership::present);
}

TEST_CASE("set_oracle copies its ids from any range of strings") {
  upkeep::set_oracle from_vector(std::vector<std::string>{"a", "b"});
  const std::list<const char*> names{"c"};
  const upkeep::set_oracle from_list(names);
  CHECK(ask(from_vector, "b") == ownership::present);
  CHECK(ask(from_list, "c") == ownership::present);
  CHECK(ask(from_list, "a") == ownership::absent);
  const upkeep::set_oracle copy(from_vector);
  from_vector.add("z");
  CHECK(ask(copy, "a") == ownership::present);
  CHECK(ask(copy, "z") == ownership::absent);
}

TEST_CASE("set_oracle answers in the order of the questions") {
  const upkeep::set_oracle oracle{"a", "b"};
  const std::vector<std::string_view> sources{"x", "b", "y", "a"};
  std::vector<ownership> answers(4, ownership::unknown);
  oracle.tell_owners(sources, answers);
  CHECK(answers == std::vector<ownership>{ownership::absent, ownership::present, ownership::absent, ownership::present});
  oracle.tell_owners({}, {});
}
