#pragma once
// Runs numbered tasks on several threads, or on a user's own pool; the first exception is kept and comes back to the caller.

#include "error.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// Where parallel work runs.
struct execution {
  /// How many threads work, the calling one included; 0: one per core.
  unsigned threads = 0;
  /// Hands a job to a pool of the user's own, which runs it at once, later or never; empty: threads are started and joined per call.
  std::function<void(std::function<void()>)> executor{};
};

/// How many workers a parallel call may use; every worker index is below it.
[[nodiscard]] inline unsigned worker_count(const execution& how) noexcept {
  return how.threads != 0 ? how.threads : std::max(1U, std::thread::hardware_concurrency());
}

namespace detail {

/// One parallel call. Shared with the jobs given to an executor, because a job may be started after the call has returned: it then finds no
/// task left to take, or the stop sign of a failure, and touches nothing of the caller's.
class task_run {
 public:
  using call = void (*)(void* function, std::size_t task, std::size_t worker);

  task_run(std::size_t tasks, void* function, call invoke) : tasks_(tasks), function_(function), invoke_(invoke) {}

  /// Takes tasks until none is left; the work of one worker.
  void work() {
    std::size_t worker = 0;
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      worker = next_worker_++;
      ++active_;
    }
    while (!stop_.load(std::memory_order_relaxed)) {
      const std::size_t task = next_task_.fetch_add(1, std::memory_order_relaxed);
      if (task >= tasks_) break;
      try {
        invoke_(function_, task, worker);
      } catch (...) {
        stop_.store(true, std::memory_order_relaxed);
        const std::lock_guard<std::mutex> guard(mutex_);
        ++failures_;
        if (task < failed_task_) {
          failed_task_ = task;
          failure_ = std::current_exception();
        }
      }
    }
    const std::lock_guard<std::mutex> guard(mutex_);
    if (--active_ == 0) idle_.notify_all();
  }

  /// Waits for the workers that have begun (those that begin later find nothing to do), and rethrows what a task threw.
  void finish() {
    std::exception_ptr failure;
    std::size_t others = 0;
    {
      std::unique_lock<std::mutex> guard(mutex_);
      idle_.wait(guard, [&] { return active_ == 0; });
      failure = std::exchange(failure_, nullptr);
      others = failures_ - (failure ? 1 : 0);
    }
    if (!failure) return;
    if (others == 0) std::rethrow_exception(failure);
    try {
      std::rethrow_exception(failure);
    } catch (const error& first) {
      if (typeid(first) != typeid(error)) throw;
      throw error(first.code(), std::string(first.what()) + " (and " + std::to_string(others) + " more of the parallel tasks failed)");
    }
  }

 private:
  const std::size_t tasks_;
  void* const function_;
  const call invoke_;
  std::atomic<std::size_t> next_task_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t next_worker_ = 0;
  std::size_t active_ = 0;
  std::exception_ptr failure_;
  std::size_t failed_task_ = std::numeric_limits<std::size_t>::max();
  std::size_t failures_ = 0;
};

inline void run_tasks(std::size_t tasks, const execution& how, void* function, task_run::call invoke) {
  const auto run = std::make_shared<task_run>(tasks, function, invoke);
  const std::size_t workers = std::min<std::size_t>(worker_count(how), tasks);
  std::vector<std::thread> threads;
  // A pool that refuses a job and a system that refuses a thread cost speed, never the result: the calling thread can do all the work.
  if (how.executor) {
    try {
      for (std::size_t i = 1; i < workers; ++i) how.executor([run] { run->work(); });
    } catch (...) {
    }
  } else {
    try {
      threads.reserve(workers);
      for (std::size_t i = 1; i < workers; ++i) threads.emplace_back([&run] { run->work(); });
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
  }
  run->work();
  for (std::thread& thread : threads) thread.join();
  run->finish();
}

}  // namespace detail

/// Calls `f(task, worker)` once for each task in [0, tasks), from several threads at once, and returns when all calls have returned.
///
/// Tasks are handed out one by one in ascending order, so uneven ones balance. The calling thread works too. `worker` is below
/// `worker_count(how)` and no two calls with the same `worker` overlap: it can index scratch memory. Once a call has thrown, no further
/// task is handed out, and when all have returned the exception of the lowest such task is rethrown; if it is an `upkeep::error`, its
/// message says how many other tasks failed too.
/// @par Thread safety
/// May be called by several threads at once and from inside a task.
template <class F>
void parallel_for(std::size_t tasks, const execution& how, F&& f) {
  using function = std::remove_reference_t<F>;
  if (tasks == 0) return;
  detail::run_tasks(tasks, how, const_cast<void*>(static_cast<const void*>(std::addressof(f))),
                    [](void* f_pointer, std::size_t task, std::size_t worker) { (*static_cast<function*>(f_pointer))(task, worker); });
}

}  // namespace upkeep::inline v0
