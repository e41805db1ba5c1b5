#include "upkeep/workflow/step_table.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"

#include <string>

using namespace upkeep;

namespace {

std::string refusal(const step_table& t) {
  return upkeep_test::failure_of([&] { check_table(t); }).message;
}
bool holds(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("a table that could not be carried out is refused with what is wrong", "[step_table]") {
  step_table t{.name = "w", .steps = {{.name = "a", .then = {{.next = "b"}}}, {.name = "b"}}};
  CHECK(refusal(t).empty());
  CHECK(t.find("b") == &t.steps[1]);
  CHECK(t.find("c") == nullptr);

  CHECK(holds(refusal({.name = "w"}), "has no step"));
  CHECK(holds(refusal({.name = "", .steps = t.steps}), "needs a name"));
  step_table wrong = t;
  wrong.steps.push_back({.name = "a"});
  CHECK(holds(refusal(wrong), "\"a\" stands there twice"));
  wrong.steps[2].name = "";
  CHECK(holds(refusal(wrong), "has no name"));
  wrong = t;
  wrong.steps[0].then[0].next = "c";
  CHECK(holds(refusal(wrong), "leads to \"c\""));
  wrong = t;
  wrong.steps[1].on_failure = {.next = "d"};
  CHECK(holds(refusal(wrong), "leads to \"d\""));
  wrong = t;
  wrong.steps[1].start_to_close = std::chrono::seconds(0);
  CHECK(holds(refusal(wrong), "start_to_close"));
  wrong = t;
  wrong.steps[1].retry.attempts = 0;
  CHECK(holds(refusal(wrong), "no attempt"));
  wrong = t;
  wrong.steps[1].then = {{.status = ""}};
  CHECK(holds(refusal(wrong), "without a status"));
}

TEST_CASE("a step has half an hour and three attempts where nothing else is said", "[step_table]") {
  const step_rule rule{.name = "a"};
  CHECK(rule.start_to_close == std::chrono::minutes(30));
  CHECK(rule.retry.attempts == 3);
}
