#include "upkeep/workflow/step_watch.hpp"

#include "support/catch.hpp"

using namespace upkeep;
using std::chrono::milliseconds;

TEST_CASE("a sign of life begins the time anew", "[step_watch]") {
  const life_signs::time begin{};
  life_signs signs(milliseconds(100), begin);
  CHECK_FALSE(signs.too_long_ago(begin + milliseconds(99)));
  CHECK(signs.too_long_ago(begin + milliseconds(100)));
  signs.sign(begin + milliseconds(99));
  CHECK_FALSE(signs.too_long_ago(begin + milliseconds(198)));
  CHECK(signs.too_long_ago(begin + milliseconds(199)));
}

TEST_CASE("a step without a sign of life is asked to stop", "[step_watch]") {
  step_watch watch(milliseconds(1), {});
  while (!watch.token().stop_requested()) std::this_thread::yield();
  CHECK(watch.ran_out());
}

TEST_CASE("a request from outside is passed on, and is no lack of time", "[step_watch]") {
  std::stop_source outer;
  step_watch watch(std::chrono::hours(1), outer.get_token());
  CHECK_FALSE(watch.token().stop_requested());
  outer.request_stop();
  CHECK(watch.token().stop_requested());
  CHECK_FALSE(watch.ran_out());
  const step_watch late(std::chrono::hours(1), outer.get_token());
  CHECK(late.token().stop_requested());
}
