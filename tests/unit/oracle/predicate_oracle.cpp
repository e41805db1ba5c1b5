#include "upkeep/oracle/predicate_oracle.hpp"

#include "support/catch.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using upkeep::ownership;

TEST_CASE("predicate_oracle: true is present, false is absent") {
  upkeep::predicate_oracle oracle([](std::string_view id) { return id.starts_with("a"); });
  const std::vector<std::string_view> sources{"ab", "b", "a"};
  std::vector<ownership> answers(3, ownership::unknown);
  oracle.tell_owners(sources, answers);
  CHECK(answers == std::vector<ownership>{ownership::present, ownership::absent, ownership::present});
}

TEST_CASE("predicate_oracle: an ownership is passed on") {
  upkeep::predicate_oracle oracle([](std::string_view id) {
    return id == "?" ? ownership::unknown : id == "+" ? ownership::present : ownership::absent;
  });
  const std::vector<std::string_view> sources{"?", "+", "-"};
  std::vector<ownership> answers(3, ownership::present);
  oracle.tell_owners(sources, answers);
  CHECK(answers == std::vector<ownership>{ownership::unknown, ownership::present, ownership::absent});
}

TEST_CASE("predicate_oracle: an exception passes through and no unasked source is absent") {
  upkeep::predicate_oracle oracle([](std::string_view id) -> bool {
    if (id == "b") throw std::runtime_error("timed out");
    return false;
  });
  const std::vector<std::string_view> sources{"a", "b", "c"};
  std::vector<ownership> answers(3, ownership::unknown);
  CHECK_THROWS_WITH(oracle.tell_owners(sources, answers), "timed out");
  CHECK(answers[1] == ownership::unknown);
  CHECK(answers[2] == ownership::unknown);
}

TEST_CASE("predicate_oracle asks once for each source, in order") {
  std::vector<std::string> asked;
  upkeep::predicate_oracle oracle([&](std::string_view id) {
    asked.emplace_back(id);
    return true;
  });
  const std::vector<std::string_view> sources{"a", "b", "c"};
  std::vector<ownership> answers(3, ownership::unknown);
  oracle.tell_owners(sources, answers);
  CHECK(asked == std::vector<std::string>{"a", "b", "c"});
  oracle.tell_owners({}, {});
  CHECK(asked.size() == 3);
}

TEST_CASE("predicate_oracle takes any callable") {
  const std::function<bool(std::string_view)> function = [](std::string_view id) { return id == "a"; };
  upkeep::predicate_oracle of_function(function);
  int calls = 0;
  upkeep::predicate_oracle of_mutable([calls](std::string_view) mutable { return ++calls % 2 == 0; });
  upkeep::predicate_oracle of_unique([p = std::make_unique<bool>(true)](std::string_view) { return *p; });
  const std::vector<std::string_view> sources{"a", "b"};
  std::vector<ownership> answers(2, ownership::unknown);
  of_function.tell_owners(sources, answers);
  CHECK(answers == std::vector<ownership>{ownership::present, ownership::absent});
  of_mutable.tell_owners(sources, answers);
  CHECK(answers == std::vector<ownership>{ownership::absent, ownership::present});
  of_unique.tell_owners(sources, answers);
  CHECK(answers == std::vector<ownership>{ownership::present, ownership::present});
}
