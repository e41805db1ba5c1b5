// Each part gets each message, and what failed is said whole.

#include "upkeep/notify/fanout_notifier.hpp"

#include <functional>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/testing/recording_notifier.hpp"

using upkeep::errc;
using upkeep::fanout_notifier;
using upkeep::message;
using upkeep::testing::recording_notifier;
using upkeep_test::failure_of;

namespace {

struct throws_an_error {
  void deliver(const message&) const { throw upkeep::error(errc::limit_exceeded, "too long"); }
};
struct throws_something_else {
  void deliver(const message&) const { throw std::runtime_error("no network"); }
};
struct throws_no_exception {
  void deliver(const message&) const { throw 7; }
};

const message hello{.level = message::urgency::alert, .title = "hello", .text = "there"};

}  // namespace

TEST_CASE("each part gets each message, in order") {
  recording_notifier first, second;
  fanout_notifier all(first, std::ref(second), upkeep::null_notifier());
  all.deliver(hello);
  all.deliver({.level = message::urgency::notice, .title = "again", .text = ""});
  for (const recording_notifier& part : {first, second}) {
    REQUIRE(part.messages().size() == 2);
    CHECK(part.messages()[0].title == "hello");
    CHECK(part.messages()[0].text == "there");
    CHECK(part.messages()[0].level == message::urgency::alert);
    CHECK(part.messages()[1].title == "again");
  }
}

TEST_CASE("parts that throw do not keep the message from others, and all of them are named") {
  recording_notifier first, last;
  fanout_notifier all(first, throws_something_else(), throws_an_error(), throws_no_exception(), last);
  const auto failed = failure_of([&] { all.deliver(hello); });
  CHECK(failed.code == errc::unavailable);
  CHECK(failed.message == "3 of 5 notifiers failed: no network; too long; something that is no std::exception was thrown");
  CHECK(first.messages().size() == 1);
  CHECK(last.messages().size() == 1);
  fanout_notifier one(throws_an_error(), first);
  CHECK(failure_of([&] { one.deliver(hello); }).code == errc::limit_exceeded);
  CHECK(first.messages().size() == 2);
}

TEST_CASE("without parts there is nobody to fail") { CHECK_NOTHROW(fanout_notifier<>().deliver(hello)); }
