// The suite for locks passes the shipped ones, and catches a lock that breaks any one of its rules.

#include "upkeep/testing/conform_run_lock.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "upkeep/store/file_run_lock.hpp"
#include "upkeep/store/memory_lock.hpp"

using upkeep::lock_answer;
using upkeep::testing::conform_run_lock;

namespace {

enum class bug {
  none,
  always_acquired,
  forgets_the_owner,
  anybody_unlocks,
  holder_may_lock_again,
  stays_after_its_object,
  one_for_all_stores,
  checks_then_takes
};

struct shared {
  std::mutex mutex;
  bool held = false;
  const void* holder = nullptr;
  std::string owner;
};

// A small lock with one bug. What it holds is told by a token, so that it can be moved.
class broken_lock {
 public:
  broken_lock(bug b, std::shared_ptr<shared> state) : bug_(b), state_(std::move(state)) {}
  broken_lock(broken_lock&&) = default;
  ~broken_lock() {
    if (state_ && bug_ != bug::stays_after_its_object) unlock_if_mine();
  }

  lock_answer try_lock(const std::string& owner) {
    if (bug_ == bug::checks_then_takes) {
      {
        const std::lock_guard guard(state_->mutex);
        if (state_->held) return {.acquired = false, .owner = state_->owner, .since = "2026-01-02T03:04:05Z"};
      }
      std::this_thread::yield();
    }
    const std::lock_guard guard(state_->mutex);
    const bool again = bug_ == bug::holder_may_lock_again && state_->holder == token_.get();
    if (state_->held && !again && bug_ != bug::always_acquired && bug_ != bug::checks_then_takes)
      return {.acquired = false, .owner = bug_ == bug::forgets_the_owner ? "somebody" : state_->owner, .since = "2026-01-02T03:04:05Z"};
    state_->held = true;
    state_->holder = token_.get();
    state_->owner = owner;
    return {.acquired = true, .owner = owner, .since = ""};
  }
  void unlock() {
    if (bug_ != bug::anybody_unlocks) return unlock_if_mine();
    const std::lock_guard guard(state_->mutex);
    state_->held = false;
  }

 private:
  void unlock_if_mine() {
    const std::lock_guard guard(state_->mutex);
    if (state_->holder != token_.get() || token_ == nullptr) return;
    state_->held = false;
    state_->holder = nullptr;
  }
  bug bug_;
  std::shared_ptr<shared> state_;
  std::unique_ptr<int> token_ = std::make_unique<int>(0);
};

auto opener(bug b) {
  return [b, all = std::map<int, std::shared_ptr<shared>>()](int n) mutable {
    std::shared_ptr<shared>& state = all[b == bug::one_for_all_stores ? 0 : n];
    if (!state) state = std::make_shared<shared>();
    return broken_lock(b, state);
  };
}

}  // namespace

TEST_CASE("the shipped locks conform", "[conformance][run_lock]") {
  const upkeep_test::temporary_directory directory;
  const auto by_file = conform_run_lock([&](int n) { return upkeep::file_run_lock(directory / std::to_string(n)); });
  INFO(by_file.text());
  CHECK(by_file.ok());
  const auto in_memory = conform_run_lock([all = std::map<int, upkeep::memory_lock>()](int n) mutable { return all[n]; });
  INFO(in_memory.text());
  CHECK(in_memory.ok());
  const auto small = conform_run_lock(opener(bug::none));
  INFO(small.text());
  CHECK(small.ok());
}

TEST_CASE("the suite catches a lock that breaks one rule", "[conformance][run_lock]") {
  const std::pair<bug, const char*> cases[] = {{bug::always_acquired, "one_holds_it"},
                                               {bug::forgets_the_owner, "refusal_names_the_owner"},
                                               {bug::anybody_unlocks, "only_the_holder_frees_it"},
                                               {bug::holder_may_lock_again, "the_holder_is_refused_as_well"},
                                               {bug::stays_after_its_object, "ends_with_its_object"},
                                               {bug::one_for_all_stores, "stores_are_independent"}};
  for (const auto& [b, rule] : cases) {
    const auto report = conform_run_lock(opener(b));
    INFO(rule << "\n" << report.text());
    CHECK(report.broke(rule));
    CHECK(report.failures.size() < report.rules.size());
  }
}

TEST_CASE("the suite catches a lock that looks first and takes it then", "[conformance][run_lock]") {
  bool caught = false;  // a race: found in one of a few runs
  for (int i = 0; i < 50 && !caught; ++i) caught = conform_run_lock(opener(bug::checks_then_takes)).broke("threads_exclude_each_other");
  CHECK(caught);
}
