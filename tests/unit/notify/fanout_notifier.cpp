// Each part gets each message, and what failed is said whole.

#include "upkeep/notify/fanout_notifier.hpp"

#include <functional>
#include <stdexcept>
#include <stop_token>
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

namespace {

/// Waits until it is asked to stop.
struct waits_for_a_stop {
  void deliver(const message&) const { throw upkeep::error(errc::unavailable, "still busy"); }
  void deliver(const message&, const std::stop_token& stop) const {
    if (stop.stop_requested()) throw upkeep::error(errc::cancelled, "stopped while retrying, as asked");
    throw upkeep::error(errc::unavailable, "still busy");
  }
};
static_assert(upkeep::stoppable_notifier<waits_for_a_stop> && upkeep::notifier<waits_for_a_stop>);
static_assert(!upkeep::stoppable_notifier<recording_notifier> && !upkeep::stoppable_notifier<int>);

}  // namespace

TEST_CASE("a stop reaches the parts that can be stopped; the others are told all the same, and the whole is to be delivered again") {
  std::stop_source stop;
  recording_notifier first, last;
  waits_for_a_stop waiting;
  fanout_notifier all(first, throws_an_error(), std::ref(waiting), last);
  CHECK(failure_of([&] { all.deliver(hello, stop.get_token()); }).code == errc::limit_exceeded);  // the first that failed
  stop.request_stop();
  const auto stopped = failure_of([&] { all.deliver(hello, stop.get_token()); });
  CHECK(stopped.code == errc::cancelled);
  CHECK(stopped.names("too long"));
  CHECK(stopped.names("as asked"));
  CHECK(first.messages().size() == 2);
  CHECK(last.messages().size() == 2);
  // One that was not stopped is delivered, whatever was asked for.
  CHECK_NOTHROW(fanout_notifier(first, last).deliver(hello, stop.get_token()));
  CHECK(last.messages().size() == 3);
}
