#include "upkeep/workflow/local_runner.hpp"

#include "support/catch.hpp"
#include "support/failure.hpp"
#include "upkeep/base/rng.hpp"
#include "upkeep/testing/manual_clock.hpp"
#include "upkeep/testing/recording_observer.hpp"
#include "upkeep/workflow/memory_job_store.hpp"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace upkeep;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using what = step_event::what;

namespace {

time_point at(const char* text) { return parse_iso8601(text).value(); }

// Two steps and an alarm; what they do is the test's business.
struct scene {
  memory_job_store jobs;
  testing::recording_observer seen;
  testing::manual_clock clock{at("2026-03-01T00:00:00Z")};
  std::stop_source stop;
  serve_options options{.poll = minutes(10)};
  std::vector<std::string> calls;  // step and time
  activity look = [](step_call&) -> step_facts { return {{"safe", "yes"}}; };
  activity clean = [](step_call&) -> step_facts { return {}; };

  step_table table() const {
    step_table t{.name = "nightly"};
    t.steps.push_back({.name = "look",
                       .retry = {.attempts = 3, .delay = seconds(10), .factor = 2, .maximum_delay = seconds(60), .jitter = 0},
                       .then = {{.fact = "safe", .equals = "yes", .next = "clean"}, {.next = "alarm"}},
                       .on_failure = {.next = "alarm"}});
    t.steps.push_back({.name = "clean"});
    t.steps.push_back({.name = "alarm", .then = {{.status = "aborted", .reason = "safety_threshold"}}});
    return t;
  }

  auto runner() {
    const auto noted = [this](const char* name, activity& work) {
      return [this, name, &work](step_call& call) {
        calls.push_back(name + std::string(" ") + to_iso8601(clock.now()));
        return work(call);
      };
    };
    std::map<std::string, activity, std::less<>> all;
    all["look"] = noted("look", look);
    all["clean"] = noted("clean", clean);
    all["alarm"] = [](step_call&) -> step_facts { return {}; };
    return local_runner(table(), std::move(all), jobs, std::ref(seen), clock);
  }

  job add(const char* id = "j") {
    const job j{id, "nightly", "manual", clock.now(), clock.now()};
    jobs.add_job(j);
    return j;
  }
  void serve(const char* schedule) { runner().serve(cron_schedule(schedule), options, stop.get_token()); }
  // The activity that ends the test: no schedule is served for ever.
  activity ends_after(std::size_t nights) {
    return [this, nights](step_call&) -> step_facts {
      if (calls.size() >= 2 * nights) stop.request_stop();
      return {};
    };
  }
};

std::string kinds(const std::vector<step_event>& events) {
  std::string text;
  for (const step_event& e : events) text += (text.empty() ? "" : " ") + e.step + ":" + std::string(to_string(e.kind));
  return text;
}

}  // namespace

TEST_CASE("steps follow each other and read what earlier ones found", "[local_runner]") {
  scene s;
  s.look = [](step_call& call) -> step_facts {
    CHECK(call.attempt == 1);
    CHECK_FALSE(call.resumed);
    CHECK(call.job.id == "j");
    return {{"safe", "yes"}, {"plan", "p.jsonl"}};
  };
  std::string plan;
  s.clean = [&](step_call& call) -> step_facts {
    plan = call.fact_of("look", "plan");
    CHECK(call.fact_of("look", "nothing").empty());
    CHECK(call.fact_of("alarm", "plan").empty());
    return {};
  };
  const auto end = s.runner().run(s.add(), {});
  REQUIRE(end);
  CHECK(end->status == "done");
  CHECK(plan == "p.jsonl");
  CHECK(kinds(s.jobs.steps("j")) == "look:started look:completed clean:started clean:completed");
  CHECK(s.jobs.jobs("nightly", 1).front().end->status == "done");
}

TEST_CASE("what is not safe is not cleaned", "[local_runner]") {
  scene s;
  s.look = [](step_call&) -> step_facts { return {{"safe", "no"}}; };
  const auto end = s.runner().run(s.add(), {});
  REQUIRE(end);
  CHECK(end->status == "aborted");
  CHECK(end->reason == "safety_threshold");
  CHECK(s.calls.size() == 1);
}

TEST_CASE("a step that fails is tried again after its pause, and gives up in the end", "[local_runner]") {
  scene s;
  unsigned last_attempt = 0;
  s.look = [&](step_call& call) -> step_facts {
    last_attempt = call.attempt;
    if (call.attempt < 3) throw error(errc::unavailable, "no answer");
    return {{"safe", "yes"}};
  };
  const auto end = s.runner().run(s.add(), {});
  CHECK(end->status == "done");
  CHECK(last_attempt == 3);
  CHECK(s.calls == std::vector<std::string>{"look 2026-03-01T00:00:00Z", "look 2026-03-01T00:00:10Z", "look 2026-03-01T00:00:30Z",
                                            "clean 2026-03-01T00:00:30Z"});
  s.look = [](step_call&) -> step_facts { throw std::runtime_error("a bug"); };
  CHECK(s.runner().run(s.add("k"), {})->status == "aborted");
  CHECK(kinds(s.jobs.steps("k")) ==
        "look:started look:failed look:started look:failed look:started look:failed alarm:started alarm:completed");
  CHECK(s.jobs.steps("k")[1].text == "a bug");
}

TEST_CASE("a clock that is set back during a pause does not make it longer than the longest", "[local_runner]") {
  scene s;
  struct setter {
    testing::manual_clock clock;
    void observe(const event& e) const {
      if (e.name == "step_failed") clock.set(at("2026-02-20T00:00:00Z"));
    }
  };
  std::map<std::string, activity, std::less<>> work;
  work["look"] = [&](step_call& call) -> step_facts {
    s.calls.push_back(to_iso8601(s.clock.now()));
    if (call.attempt == 1) throw error(errc::io, "a fault");
    return {};
  };
  work["clean"] = work["alarm"] = [](step_call&) -> step_facts { return {}; };
  local_runner(s.table(), work, s.jobs, setter{s.clock}, s.clock).run(s.add(), {});
  REQUIRE(s.calls.size() == 2);
  CHECK(s.calls[1] <= "2026-02-20T00:01:00Z");
}

namespace {

/// A clock that somebody sets while others sleep: at each instant once, by so much.
struct clock_that_is_set {
  testing::manual_clock inner;
  std::vector<std::pair<time_point, minutes>>* changes;

  [[nodiscard]] time_point now() const { return inner.now(); }
  void sleep_until(time_point instant) const {
    if (!changes->empty() && instant >= changes->front().first) {
      inner.set(changes->front().first + changes->front().second);
      changes->erase(changes->begin());
    } else {
      inner.sleep_until(instant);
    }
  }
};

}  // namespace

TEST_CASE("a clock that jumps an hour back and forward across a due time brings one job a night", "[local_runner]") {
  scene s;
  std::vector<std::pair<time_point, minutes>> changes = {{at("2026-03-01T03:20:00Z"), minutes(-60)},   // back to 02:20, after the job
                                                         {at("2026-03-02T02:30:00Z"), minutes(60)},    // to 03:30: late
                                                         {at("2026-03-02T03:45:00Z"), minutes(-60)},   // and back again
                                                         {at("2026-03-03T02:50:00Z"), minutes(-60)}};  // before the job: it waits
  s.clean = s.ends_after(3);
  std::map<std::string, activity, std::less<>> work;
  work["look"] = [&](step_call& call) {
    s.calls.push_back("look " + to_iso8601(s.clock.now()));
    return s.look(call);
  };
  work["clean"] = [&](step_call& call) {
    s.calls.emplace_back("clean");
    return s.clean(call);
  };
  work["alarm"] = [](step_call&) -> step_facts { return {}; };
  local_runner runner(s.table(), work, s.jobs, std::ref(s.seen), clock_that_is_set{s.clock, &changes});
  runner.serve(cron_schedule("0 3 * * *"), {.catch_up_window = hours(1), .poll = seconds(30)}, s.stop.get_token());
  CHECK(changes.empty());
  REQUIRE(s.calls.size() == 6);
  CHECK(s.calls[0].starts_with("look 2026-03-01T03:00"));
  CHECK(s.calls[2].starts_with("look 2026-03-02T03:30"));
  CHECK(s.calls[4].starts_with("look 2026-03-03T03:00"));
  CHECK(s.jobs.jobs("nightly", 9).size() == 3);
}

TEST_CASE("who sleeps when the clock is set back sleeps no longer for it", "[local_runner]") {
  scene s;
  std::vector<std::pair<time_point, minutes>> changes = {{at("2026-03-01T00:00:05Z"), minutes(-60)}};
  std::map<std::string, activity, std::less<>> work;
  work["look"] = [&](step_call& call) -> step_facts {
    s.calls.push_back(to_iso8601(s.clock.now()));
    if (call.attempt == 1) throw error(errc::io, "a fault");  // again in ten seconds, five of them before the change
    return {};
  };
  work["clean"] = work["alarm"] = [](step_call&) -> step_facts { return {}; };
  local_runner(s.table(), work, s.jobs, std::ref(s.seen), clock_that_is_set{s.clock, &changes}).run(s.add(), {});
  REQUIRE(s.calls.size() == 2);
  CHECK(s.calls[1] >= "2026-02-28T23:00:09.8");
  CHECK(s.calls[1] <= "2026-02-28T23:00:10.2");
}

TEST_CASE("a step that was interrupted is carried out again, and told so", "[local_runner]") {
  scene s;
  const job j = s.add();
  s.jobs.record_step("j", {.kind = what::started, .step = "look"});
  s.jobs.record_step("j", {.kind = what::completed, .step = "look", .facts = {{"safe", "yes"}}});
  s.jobs.record_step("j", {.kind = what::started, .step = "clean"});
  bool resumed = false;
  s.clean = [&](step_call& call) -> step_facts {
    resumed = call.resumed;
    CHECK(call.attempt == 2);
    return {};
  };
  CHECK(s.runner().run(j, {})->status == "done");
  CHECK(resumed);
  CHECK(kinds(s.jobs.steps("j")) == "look:started look:completed clean:started clean:interrupted clean:started clean:completed");
}

TEST_CASE("who is asked to stop goes on later where it was", "[local_runner]") {
  scene s;
  const job j = s.add();
  s.clean = [&](step_call& call) -> step_facts {
    s.stop.request_stop();
    CHECK(call.stop().stop_requested());
    throw error(errc::cancelled, "stopped, as asked");
  };
  CHECK_FALSE(s.runner().run(j, s.stop.get_token()));
  CHECK_FALSE(s.jobs.jobs("nightly", 1).front().end);
  unsigned attempt = 0;
  s.clean = [&](step_call& call) -> step_facts {
    attempt = call.attempt;
    CHECK(call.resumed);
    return {};
  };
  CHECK(s.runner().run(j, {})->status == "done");
  CHECK(attempt == 1);
  CHECK(s.calls.size() == 3);
}

TEST_CASE("a step that shows no sign of life is stopped and tried again", "[local_runner]") {
  scene s;
  step_table table = s.table();
  table.steps[0].start_to_close = std::chrono::milliseconds(1);
  table.steps[0].retry.attempts = 2;
  std::map<std::string, activity, std::less<>> work;
  unsigned calls = 0;
  work["look"] = [&](step_call& call) -> step_facts {
    ++calls;
    while (!call.stop().stop_requested()) std::this_thread::yield();
    throw error(errc::cancelled, "stopped, as asked");
  };
  work["clean"] = work["alarm"] = [](step_call&) -> step_facts { return {}; };
  local_runner runner(table, work, s.jobs, std::ref(s.seen), s.clock);
  CHECK(runner.run(s.add(), {})->status == "aborted");
  CHECK(calls == 2);
  CHECK(kinds(s.jobs.steps("j")) == "look:started look:timed_out look:started look:timed_out alarm:started alarm:completed");
  // What was finished although the time was over is not done again.
  work["look"] = [](step_call& call) -> step_facts {
    while (!call.stop().stop_requested()) std::this_thread::yield();
    return {{"safe", "yes"}};
  };
  CHECK(local_runner(table, work, s.jobs, std::ref(s.seen), s.clock).run(s.add("k"), {})->status == "done");
}

TEST_CASE("a step without an activity, and a history of another table, are refused", "[local_runner]") {
  scene s;
  std::map<std::string, activity, std::less<>> some;
  some["look"] = s.look;
  CHECK(upkeep_test::failure_of([&] {
          local_runner(s.table(), some, s.jobs, std::ref(s.seen), s.clock);
        }).names("nothing carries out the step \"clean\""));
  const job j = s.add();
  s.jobs.record_step("j", {.kind = what::completed, .step = "wash"});
  const auto end = s.runner().run(j, {});
  REQUIRE(end);
  CHECK(end->status == "failed");
  CHECK(end->reason == "table_changed");
}

TEST_CASE("a schedule is served night by night", "[local_runner]") {
  scene s;
  s.clean = s.ends_after(3);
  s.serve("0 3 * * *");
  CHECK(s.calls == std::vector<std::string>{"look 2026-03-01T03:00:00Z", "clean 2026-03-01T03:00:00Z", "look 2026-03-02T03:00:00Z",
                                            "clean 2026-03-02T03:00:00Z", "look 2026-03-03T03:00:00Z", "clean 2026-03-03T03:00:00Z"});
  const auto all = s.jobs.jobs("nightly", 9);
  REQUIRE(all.size() == 3);
  CHECK(all[0].job.cause == "schedule");
  CHECK(all[0].job.due == at("2026-03-03T03:00:00Z"));
}

TEST_CASE("a machine that was off at the due time runs once when it is back", "[local_runner]") {
  scene s;
  s.clean = s.ends_after(1);
  s.serve("0 3 * * *");
  s.stop = {};
  s.clock.set(at("2026-03-05T03:40:00Z"));
  s.clean = s.ends_after(2);
  s.serve("0 3 * * *");
  CHECK(s.jobs.jobs("nightly", 1).front().job.cause == "catch_up");
  CHECK(s.calls.back() == "clean 2026-03-05T03:40:00Z");
  s.stop = {};
  s.clock.set(at("2026-03-09T12:00:00Z"));  // the window is over: the next night
  s.clean = s.ends_after(3);
  s.serve("0 3 * * *");
  CHECK(s.calls.back() == "clean 2026-03-10T03:00:00Z");
  CHECK(s.seen.count("due_time_missed") == 1);
  CHECK(s.jobs.jobs("nightly", 9).size() == 3);
}

TEST_CASE("what was due before anybody served it was not missed", "[local_runner]") {
  scene s;
  s.clock.set(at("2026-03-01T03:30:00Z"));
  s.clean = s.ends_after(1);
  s.serve("0 3 * * *");
  CHECK(s.calls.front() == "look 2026-03-02T03:00:00Z");
}

TEST_CASE("a due time during a job is skipped, or waits for its end", "[local_runner]") {
  for (const overlap_policy policy : {overlap_policy::skip, overlap_policy::buffer_one}) {
    scene s;
    s.options.overlap = policy;
    s.look = [&](step_call&) -> step_facts {
      if (s.calls.size() == 1) s.clock.advance(hours(50));  // two due times pass
      return {{"safe", "yes"}};
    };
    s.clean = s.ends_after(2);
    s.serve("0 3 * * *");
    CHECK(s.calls.back() == (policy == overlap_policy::skip ? "clean 2026-03-04T03:00:00Z" : "clean 2026-03-03T05:00:00Z"));
    CHECK(s.seen.count("due_time_skipped") == (policy == overlap_policy::skip ? 1U : 0U));
    CHECK(s.jobs.jobs("nightly", 9).size() == 2);
  }
}

TEST_CASE("a job that failed pauses the schedule where that is wanted; asked for by hand it runs all the same", "[local_runner]") {
  scene s;
  s.options.pause_on_failure = true;
  s.look = [](step_call&) -> step_facts { return {{"safe", "no"}}; };
  testing::manual_clock clock = s.clock;
  // Two days of pause end the test: by hand, since no step runs any more.
  s.options.poll = hours(6);
  unsigned polls = 0;
  struct stopping_clock {
    testing::manual_clock inner;
    std::stop_source* stop;
    unsigned* polls;
    [[nodiscard]] time_point now() const { return inner.now(); }
    void sleep_until(time_point t) const {
      inner.sleep_until(t + hours(6));
      if (++*polls > 12) stop->request_stop();
    }
  };
  std::map<std::string, activity, std::less<>> work;
  work["look"] = [&](step_call& call) {
    s.calls.emplace_back("look");
    return s.look(call);
  };
  work["clean"] = work["alarm"] = [](step_call&) -> step_facts { return {}; };
  local_runner runner(s.table(), work, s.jobs, std::ref(s.seen), stopping_clock{clock, &s.stop, &polls});
  runner.serve(cron_schedule("0 3 * * *"), {.catch_up_window = hours(24), .pause_on_failure = true}, s.stop.get_token());
  CHECK(s.calls.size() == 1);
  CHECK(s.jobs.schedule("nightly").paused);
  CHECK(s.jobs.schedule("nightly").reason == "job_aborted");
  CHECK(s.seen.count("due_time_paused") >= 1);

  const std::string one = runner.trigger(), two = runner.trigger();
  CHECK(one != two);
  s.stop = {};
  polls = 0;
  runner.serve(cron_schedule("0 3 * * *"), {}, s.stop.get_token());
  CHECK(s.calls.size() == 3);
  CHECK(s.jobs.jobs("nightly", 9).size() == 3);
}

TEST_CASE("jobs begin later by a distance that their due time fixes", "[local_runner]") {
  std::vector<std::string> before;
  for (int again = 0; again < 2; ++again) {
    scene s;
    s.options.jitter = minutes(30);
    s.options.poll = seconds(1);
    s.clean = s.ends_after(2);
    s.serve("0 3 * * *");
    REQUIRE(s.calls.size() == 4);
    CHECK(s.calls[0] > "look 2026-03-01T03:00:00Z");
    CHECK(s.calls[0] < "look 2026-03-01T03:30:01Z");
    CHECK(s.calls[0].substr(16) != s.calls[2].substr(16));
    if (again == 1) CHECK(s.calls == before);
    before = s.calls;
  }
}

namespace {

// Dies at its n-th write, before or after it is done.
struct dying_store {
  struct death {};
  memory_job_store inner;
  unsigned* writes_left;
  bool after = false;

  template <class Write>
  auto write(Write&& w) -> decltype(w()) {
    const bool last = *writes_left == 0;
    if (!last) --*writes_left;
    if (last && !after) throw death();
    if constexpr (std::is_void_v<decltype(w())>) {
      w();
      if (last) throw death();
    } else {
      auto result = w();
      if (last) throw death();
      return result;
    }
  }
  bool add_job(const job& j) {
    return write([&] { return inner.add_job(j); });
  }
  std::optional<job> claim(std::string_view w, time_point t) { return inner.claim(w, t); }
  void record_step(std::string_view id, const step_event& e) {
    write([&] { inner.record_step(id, e); });
  }
  std::vector<step_event> steps(std::string_view id) { return inner.steps(id); }
  void end_job(std::string_view id, const job_end& e) {
    write([&] { inner.end_job(id, e); });
  }
  std::vector<job_record> jobs(std::string_view w, std::size_t n) { return inner.jobs(w, n); }
  schedule_state schedule(std::string_view w) { return inner.schedule(w); }
  void change_schedule(std::string_view w, function_ref<void(schedule_state&)> f) {
    write([&] { inner.change_schedule(w, f); });
  }
};

}  // namespace

TEST_CASE("whenever a server dies, the next one goes on: every hour once, every step completed once", "[local_runner]") {
  rng random(7);
  for (int round = 0; round < 25; ++round) {
    testing::manual_clock clock(at("2026-03-01T00:00:00Z"));
    testing::recording_observer seen;
    unsigned writes_left = 0;
    dying_store store{.inner = {}, .writes_left = &writes_left};
    step_table table{.name = "w"};
    table.steps.push_back({.name = "a", .retry = {.attempts = 1000, .delay = seconds(1)}, .then = {{.next = "b"}}});
    table.steps.push_back({.name = "b", .retry = {.attempts = 1000, .delay = seconds(1)}});
    std::stop_source stop;
    unsigned ends = 0;
    std::map<std::string, activity, std::less<>> work;
    work["a"] = [&](step_call&) -> step_facts {
      if (random.chance(.2)) throw error(errc::io, "a fault");
      clock.advance(seconds(1 + static_cast<std::int64_t>(random.below(60))));
      return {};
    };
    work["b"] = [&](step_call&) -> step_facts {
      if (clock.now() > at("2026-03-01T05:30:00Z")) stop.request_stop();
      return {};
    };
    for (bool dead = true; dead;) {
      writes_left = static_cast<unsigned>(random.below(40));
      store.after = random.chance(.5);
      local_runner runner(table, work, store, std::ref(seen), clock);
      try {
        runner.serve(cron_schedule("@hourly"), {.catch_up_window = minutes(50), .poll = minutes(5)}, stop.get_token());
        dead = false;
      } catch (const dying_store::death&) {
        clock.advance(minutes(static_cast<std::int64_t>(random.below(10))));
      }
      if (++ends > 200) stop.request_stop();
    }
    const auto jobs = store.jobs("w", 99);
    std::set<time_point> due;
    for (const job_record& r : jobs) {
      CHECK(due.insert(r.job.due).second);
      if (!r.end) continue;
      int a = 0, b = 0;
      for (const step_event& e : store.steps(r.job.id)) (e.step == "a" ? a : b) += e.kind == what::completed ? 1 : 0;
      CHECK(a == 1);
      CHECK(b == 1);
    }
    CHECK(jobs.size() >= 3);
  }
}
