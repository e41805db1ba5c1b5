// Every task runs exactly once on some worker, whatever threads or pool there are, and failures come back.

#include "upkeep/base/parallel.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <deque>
#include <functional>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using upkeep::execution;
using upkeep::parallel_for;

namespace {

/// Runs all tasks and returns how often each ran; checks the worker numbers.
std::vector<int> runs(std::size_t tasks, const execution& how) {
  std::vector<std::atomic<int>> ran(tasks);
  std::vector<std::atomic<int>> inside(upkeep::worker_count(how));
  std::atomic<bool> overlap{false};
  parallel_for(tasks, how, [&](std::size_t task, std::size_t worker) {
    if (inside.at(worker).fetch_add(1) != 0) overlap = true;
    ran.at(task).fetch_add(1);
    inside.at(worker).fetch_sub(1);
  });
  CHECK_FALSE(overlap);
  return {ran.begin(), ran.end()};
}

/// A pool that runs jobs when it is told to.
struct late_pool {
  std::deque<std::function<void()>> jobs;
  void run_all() {
    while (!jobs.empty()) {
      jobs.front()();
      jobs.pop_front();
    }
  }
};

}  // namespace

TEST_CASE("each task runs once for every number of tasks and threads", "[parallel]") {
  for (const unsigned threads : {0U, 1U, 2U, 3U, 8U}) {
    for (const std::size_t tasks : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1000}}) {
      CAPTURE(threads, tasks);
      CHECK(runs(tasks, {.threads = threads}) == std::vector<int>(tasks, 1));
    }
  }
}

TEST_CASE("one thread means the calling thread, in order", "[parallel]") {
  std::vector<std::size_t> order;
  const auto caller = std::this_thread::get_id();
  parallel_for(50, {.threads = 1}, [&](std::size_t task, std::size_t worker) {
    CHECK(std::this_thread::get_id() == caller);
    CHECK(worker == 0);
    order.push_back(task);
  });
  std::vector<std::size_t> expected(50);
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  CHECK(order == expected);
}

TEST_CASE("tasks really run at the same time", "[parallel]") {
  // Would never finish if one thread had to run them all.
  std::barrier<> together(3);
  std::vector<std::size_t> workers(3);
  parallel_for(3, {.threads = 3}, [&](std::size_t task, std::size_t worker) {
    together.arrive_and_wait();
    workers.at(task) = worker;
  });
  std::sort(workers.begin(), workers.end());
  CHECK(workers == std::vector<std::size_t>{0, 1, 2});  // so each may have scratch memory of its own
}

TEST_CASE("tasks are handed out in ascending order", "[parallel]") {
  std::atomic<std::size_t> begun{0};
  std::atomic<bool> ahead{false};
  parallel_for(2000, {.threads = 4}, [&](std::size_t task, std::size_t) {
    // A task may begin at most as many places early as there are other workers between hand-out and start.
    if (task > begun.fetch_add(1) + 4) ahead = true;
  });
  CHECK_FALSE(ahead);
}

TEST_CASE("a user's pool is used, and one that runs jobs at once, late or never still finishes", "[parallel]") {
  std::size_t given = 0;
  const execution inline_pool{.threads = 4, .executor = [&](std::function<void()> job) {
                                ++given;
                                job();
                              }};
  CHECK(runs(100, inline_pool) == std::vector<int>(100, 1));
  CHECK(given == 3);

  late_pool late;
  const execution late_execution{.threads = 4, .executor = [&](std::function<void()> job) { late.jobs.push_back(std::move(job)); }};
  CHECK(runs(100, late_execution) == std::vector<int>(100, 1));
  REQUIRE(late.jobs.size() == 3);
  late.run_all();  // after the call has returned: must touch nothing of it

  const execution never{.threads = 4, .executor = [](const std::function<void()>&) {}};
  CHECK(runs(100, never) == std::vector<int>(100, 1));

  int taken = 0;
  const execution refusing{.threads = 4, .executor = [&](const std::function<void()>& job) {
                             if (++taken > 1) throw std::runtime_error("full");
                             job();
                           }};
  CHECK(runs(100, refusing) == std::vector<int>(100, 1));
}

TEST_CASE("a real pool of threads is joined before the call returns", "[parallel]") {
  std::vector<std::thread> threads;
  const execution pool{.threads = 3, .executor = [&](std::function<void()> job) { threads.emplace_back(std::move(job)); }};
  for (int round = 0; round < 20; ++round) CHECK(runs(500, pool) == std::vector<int>(500, 1));
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("the call waits for a pool's worker that is still inside a task", "[parallel]") {
  std::barrier<> together(2);
  std::atomic<bool> returned{false};
  bool outlived = false;
  std::thread pool_thread;
  const execution pool{.threads = 2, .executor = [&](std::function<void()> job) { pool_thread = std::thread(std::move(job)); }};
  const auto caller = std::this_thread::get_id();
  parallel_for(2, pool, [&](std::size_t, std::size_t) {
    together.arrive_and_wait();
    if (std::this_thread::get_id() == caller) return;
    for (int i = 0; i < 50000 && !returned; ++i) std::this_thread::yield();
    outlived = returned;
  });
  returned = true;
  pool_thread.join();
  CHECK_FALSE(outlived);
}

TEST_CASE("an exception stops the hand-out and comes back after all workers have stopped", "[parallel]") {
  for (const unsigned threads : {1U, 3U}) {
    CAPTURE(threads);
    std::atomic<std::size_t> begun{0};
    std::atomic<int> inside{0};
    try {
      parallel_for(100000, {.threads = threads}, [&](std::size_t task, std::size_t) {
        ++inside;
        ++begun;
        if (task == 10) {
          --inside;
          throw std::out_of_range("task ten");
        }
        --inside;
      });
      FAIL("nothing was thrown");
    } catch (const std::out_of_range& e) {
      CHECK(std::string(e.what()) == "task ten");
    }
    CHECK(inside == 0);
    CHECK(begun < 100000);
    if (threads == 1) CHECK(begun == 11);
  }
}

TEST_CASE("of several failures the lowest task's comes back and the others are counted", "[parallel]") {
  std::barrier<> together(3);
  try {
    parallel_for(3, {.threads = 3}, [&](std::size_t task, std::size_t) {
      together.arrive_and_wait();
      throw upkeep::error(upkeep::errc::io, "task " + std::to_string(task));
    });
    FAIL("nothing was thrown");
  } catch (const upkeep::error& e) {
    CHECK(e.code() == upkeep::errc::io);
    CHECK(std::string(e.what()) == "task 0 (and 2 more of the parallel tasks failed)");
  }
}

TEST_CASE("a parallel call may stand inside a task", "[parallel]") {
  std::atomic<int> ran{0};
  parallel_for(4, {.threads = 2},
               [&](std::size_t, std::size_t) { parallel_for(5, {.threads = 2}, [&](std::size_t, std::size_t) { ++ran; }); });
  CHECK(ran == 20);
}

TEST_CASE("worker_count follows the option or the machine", "[parallel]") {
  CHECK(upkeep::worker_count({.threads = 5}) == 5);
  CHECK(upkeep::worker_count({}) >= 1);
}
