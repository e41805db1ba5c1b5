#include "upkeep/janitor/nightly_workflow.hpp"

#include "support/catch.hpp"
#include "upkeep/observe/null_observer.hpp"
#include "upkeep/testing/manual_clock.hpp"
#include "upkeep/workflow/memory_job_store.hpp"

#include <string>
#include <vector>

using namespace upkeep;

namespace {

// A night with a janitor that reports what the test wants.
struct night {
  memory_job_store jobs;
  testing::manual_clock clock{time_point(std::chrono::hours(1))};
  std::string would_abort{}, refused{};
  outcome status = outcome::done;
  std::string aborted_reason{};
  std::vector<std::string> done{};
  std::vector<message> notices{}, alerts{};
  unsigned messages_that_fail = 0;
  bool analysis_fails = false, first = false;
  unsigned records_that_fail = 0;
  errc why = errc::unavailable;
  std::uint64_t unknown_sources = 0;  ///< of 9

  job_end operator()() {
    nightly_tasks tasks;
    tasks.run = [this](phase p, step_call&) {
      done.emplace_back(to_string(p));
      if (analysis_fails) throw error(errc::corrupt, "the database is damaged");
      if (p == phase::log && records_that_fail > 0) {
        --records_that_fail;
        throw error(why, "the disk is full");
      }
      janitor_report r;
      r.phase = to_string(p);
      r.store = "memory";
      r.rows = 100;
      r.duplicates_found = 4;
      r.refused = refused;
      r.baseline = first;
      r.sources = 9;
      r.unknown_sources = unknown_sources;
      if (p == phase::detect) {
        r.would_abort = would_abort;
      } else {
        r.status = status;
        r.aborted_reason = aborted_reason;
        r.duplicates_removed = status == outcome::done ? 4 : 0;
      }
      return r;
    };
    const auto keep = [this](std::vector<message>& list) {
      return [this, &list](const message& m, step_call& call) {
        CHECK(call.job.id == "j");
        if (messages_that_fail > 0) {
          --messages_that_fail;
          throw error(errc::unavailable, "no answer");
        }
        list.push_back(m);
      };
    };
    tasks.notify = keep(notices);
    tasks.alert = keep(alerts);
    local_runner runner(nightly_workflow(), nightly_activities(tasks), jobs, null_observer(), clock);
    const job j{"j", "nightly_janitor", "manual", clock.now(), clock.now()};
    jobs.add_job(j);
    return runner.run(j, {}).value();
  }
};

}  // namespace

TEST_CASE("a safe night is cleaned and told once", "[nightly_workflow]") {
  check_table(nightly_workflow());
  night n;
  const job_end end = n();
  CHECK(end.status == "done");
  CHECK(n.done == std::vector<std::string>{"detect", "cleanup"});
  REQUIRE(n.notices.size() == 1);
  CHECK(n.alerts.empty());
  CHECK(n.notices[0].level == message::urgency::notice);
  CHECK(n.notices[0].text.find("4 removed") != std::string::npos);
  CHECK(fact(n.jobs.steps("j")[3].facts, "duplicates_removed") == "4");
}

TEST_CASE("a night that kept a container is cleaned, and told once, as an alert", "[nightly_workflow]") {
  night n;
  n.refused = "no source is left in 'mail'";
  n.messages_that_fail = 1;
  const job_end end = n();
  CHECK(end.status == "done");
  CHECK(end.reason == "container_refused");
  CHECK(n.done == std::vector<std::string>{"detect", "cleanup"});
  CHECK(n.notices.empty());
  REQUIRE(n.alerts.size() == 1);
  CHECK(n.alerts[0].level == message::urgency::alert);
  CHECK(n.alerts[0].text.find("4 removed") != std::string::npos);
  CHECK(n.alerts[0].text.find(n.refused) != std::string::npos);
  night all;  // every source lies in the container: unknown, although the oracle answered
  all.refused = n.refused;
  all.unknown_sources = 9;
  CHECK(all().reason == "container_refused");
  CHECK(all.alerts.at(0).text.find("is it down") == std::string::npos);
  night failed;
  failed.refused = n.refused;
  failed.status = outcome::aborted;
  failed.aborted_reason = "count_limit";
  CHECK(failed().reason == "count_limit");
}

TEST_CASE("a night beyond a limit is not cleaned: aborted, with the limit as its reason, and people are alarmed", "[nightly_workflow]") {
  for (const char* limit : {"safety_threshold", "count_limit", "scope_threshold", "absence_spike", "not_enough_space"}) {
    night n;
    n.would_abort = limit;
    const job_end end = n();
    CHECK(end.status == "aborted");
    CHECK(end.reason == limit);
    CHECK(n.done == std::vector<std::string>{"detect", "log"});  // what was seen is remembered
    CHECK(n.notices.empty());
    REQUIRE(n.alerts.size() == 1);
    CHECK(n.alerts[0].level == message::urgency::alert);
    CHECK(n.alerts[0].title == "upkeep: nothing was removed, because of " + std::string(limit) + ", on memory");
  }
}

TEST_CASE("the first night on a store records what is there, whatever a later one would be refused for", "[nightly_workflow]") {
  night n;
  n.first = true;
  n.would_abort = "safety_threshold";
  CHECK(n().status == "done");
  CHECK(n.done == std::vector<std::string>{"detect", "cleanup"});
  CHECK(n.notices.size() == 1);
  CHECK(n.alerts.empty());
}

TEST_CASE("a night in which the oracle answered for no source is told as an alert", "[nightly_workflow]") {
  for (const bool mute : {false, true}) {
    night n;
    n.unknown_sources = mute ? 9 : 8;
    const job_end end = n();
    CHECK(end.status == "done");
    CHECK(end.reason == (mute ? "oracle_mute" : ""));
    CHECK(n.notices.size() == (mute ? 0 : 1));
    REQUIRE(n.alerts.size() == (mute ? 1 : 0));
    if (mute) CHECK(n.alerts[0].text.find("answered for none of 9 sources") != std::string::npos);
  }
}

TEST_CASE("what the cleanup itself finds to be unsafe ends the night in the same way", "[nightly_workflow]") {
  night n;
  n.status = outcome::aborted;
  n.aborted_reason = "absence_spike";
  const job_end end = n();
  CHECK(end.status == "aborted");
  CHECK(end.reason == "absence_spike");
  CHECK(n.alerts.size() == 1);
  CHECK(n.notices.empty());
}

TEST_CASE("a store that came out wrong, or cannot be read, is a failed night with an alert", "[nightly_workflow]") {
  night wrong;
  wrong.status = outcome::inconsistent;
  CHECK(wrong().status == "failed");
  CHECK(wrong.alerts.size() == 1);

  night unreadable;
  unreadable.analysis_fails = true;
  CHECK(unreadable().status == "failed");
  CHECK(unreadable.done.size() == 1);  // what is damaged is not tried again
  REQUIRE(unreadable.alerts.size() == 1);
  CHECK(unreadable.alerts[0].title == "upkeep: the night's run failed");
  CHECK(unreadable.alerts[0].text.find("analyze_vector_store: the database is damaged") != std::string::npos);
}

TEST_CASE("a message is tried again, and one that cannot be delivered does not undo the night", "[nightly_workflow]") {
  night n;
  n.messages_that_fail = 2;
  CHECK(n().status == "done");
  CHECK(n.notices.size() == 1);
  CHECK(n.done.size() == 2);

  night mute;
  mute.messages_that_fail = 1000;
  const job_end end = mute();
  CHECK(end.status == "done");
  CHECK(end.reason == "message_not_delivered");
}

TEST_CASE("an alert that cannot be delivered does not hide what it was about", "[nightly_workflow]") {
  for (const char* limit : {"safety_threshold", "count_limit", "scope_threshold", "absence_spike", "not_enough_space"})
    for (const bool by_cleanup : {false, true}) {
      night n;
      n.messages_that_fail = 1000;
      if (by_cleanup) n.status = outcome::aborted;
      (by_cleanup ? n.aborted_reason : n.would_abort) = limit;
      const job_end end = n();
      CHECK(end.status == "aborted");
      CHECK(end.reason == limit + std::string(", message_not_delivered"));
    }
  const auto reason = [](auto&& change) {
    night n;
    n.messages_that_fail = 1000;
    change(n);
    return n().reason;
  };
  CHECK(reason([](night& n) { n.refused = "no source is left in 'mail'"; }) == "container_refused, message_not_delivered");
  CHECK(reason([](night& n) { n.unknown_sources = 9; }) == "oracle_mute, message_not_delivered");
  CHECK(reason([](night& n) { n.analysis_fails = true; }) == "step_failed, message_not_delivered");
}

TEST_CASE("a refused night whose record cannot be written is refused all the same, and the alert says so", "[nightly_workflow]") {
  for (const errc code : {errc::unavailable, errc::corrupt}) {  // the first is tried again
    night n;
    n.would_abort = "count_limit";
    n.records_that_fail = 1000;
    n.why = code;
    const job_end end = n();
    CHECK(end.status == "aborted");
    CHECK(end.reason == "count_limit");
    CHECK(n.done.size() == (code == errc::unavailable ? 6 : 2));
    REQUIRE(n.alerts.size() == 1);
    CHECK(n.alerts[0].title == "upkeep: nothing was removed, because of count_limit, on memory");
    CHECK(n.alerts[0].text.find("what was seen could not be recorded: the disk is full") != std::string::npos);
  }
  night once;
  once.would_abort = "count_limit";
  once.records_that_fail = 1;
  CHECK(once().reason == "count_limit");
  CHECK(once.done == std::vector<std::string>{"detect", "log", "log"});
  CHECK(once.alerts.at(0).text.find("could not be recorded") == std::string::npos);
}

TEST_CASE("a cleanup that was stopped between two batches goes on the next time", "[nightly_workflow]") {
  night n;
  n.status = outcome::cancelled;
  nightly_tasks tasks;
  std::stop_source stop;
  unsigned calls = 0;
  tasks.run = [&](phase p, step_call& call) {
    janitor_report r;
    if (p == phase::cleanup && ++calls == 1) {
      stop.request_stop();
      r.status = outcome::cancelled;
    }
    CHECK(call.resumed == (calls == 2));
    return r;
  };
  std::vector<message> told;
  tasks.notify = tasks.alert = [&](const message& m, step_call&) { told.push_back(m); };
  local_runner runner(nightly_workflow(), nightly_activities(tasks), n.jobs, null_observer(), n.clock);
  const job j{"j", "nightly_janitor", "manual", n.clock.now(), n.clock.now()};
  n.jobs.add_job(j);
  CHECK_FALSE(runner.run(j, stop.get_token()));
  CHECK(told.empty());
  CHECK(runner.run(j, {})->status == "done");
  CHECK(calls == 2);
  CHECK(told.size() == 1);
}
