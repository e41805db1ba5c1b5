#pragma once
// Jobs that live as long as the process.

#include "jobs.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// A job_store in memory; copies are one store.
/// @par Thread safety
/// All members may be called by any thread at any time.
class memory_job_store {
 public:
  bool add_job(const job& j) {
    const std::lock_guard guard(state_->mutex);
    if (find(j.id) != nullptr) return false;
    state_->jobs.push_back({{j, std::nullopt}, {}});
    return true;
  }

  [[nodiscard]] std::optional<job> claim(std::string_view workflow, time_point now) {
    const std::lock_guard guard(state_->mutex);
    const entry* oldest = nullptr;
    for (const entry& e : state_->jobs) {
      if (e.record.job.workflow != workflow || e.record.end) continue;
      if (!e.steps.empty()) return e.record.job;
      if (e.record.job.begin <= now && (oldest == nullptr || e.record.job.begin < oldest->record.job.begin)) oldest = &e;
    }
    return oldest != nullptr ? std::optional(oldest->record.job) : std::nullopt;
  }

  void record_step(std::string_view id, const step_event& event) {
    const std::lock_guard guard(state_->mutex);
    known(id).steps.push_back(event);
  }
  [[nodiscard]] std::vector<step_event> steps(std::string_view id) {
    const std::lock_guard guard(state_->mutex);
    return known(id).steps;
  }
  void end_job(std::string_view id, const job_end& end) {
    const std::lock_guard guard(state_->mutex);
    known(id).record.end = end;
  }

  [[nodiscard]] std::vector<job_record> jobs(std::string_view workflow, std::size_t most) {
    const std::lock_guard guard(state_->mutex);
    std::vector<job_record> found;
    for (auto e = state_->jobs.rbegin(); e != state_->jobs.rend() && found.size() < most; ++e)
      if (e->record.job.workflow == workflow) found.push_back(e->record);
    return found;
  }

  [[nodiscard]] schedule_state schedule(std::string_view workflow) {
    const std::lock_guard guard(state_->mutex);
    const auto found = state_->schedules.find(workflow);
    return found == state_->schedules.end() ? schedule_state() : found->second;
  }
  void change_schedule(std::string_view workflow, function_ref<void(schedule_state&)> change) {
    const std::lock_guard guard(state_->mutex);
    const auto found = state_->schedules.find(workflow);
    schedule_state changed = found == state_->schedules.end() ? schedule_state() : found->second;
    change(changed);
    state_->schedules.insert_or_assign(std::string(workflow), changed);
  }

 private:
  struct entry {
    job_record record;
    std::vector<step_event> steps;
  };
  struct state {
    std::mutex mutex;
    std::vector<entry> jobs;
    std::map<std::string, schedule_state, std::less<>> schedules;
  };

  entry* find(std::string_view id) {
    const auto found = std::find_if(state_->jobs.begin(), state_->jobs.end(), [&](const entry& e) { return e.record.job.id == id; });
    return found == state_->jobs.end() ? nullptr : &*found;
  }
  entry& known(std::string_view id) {
    entry* const found = find(id);
    if (found == nullptr) throw error(errc::not_found, "there is no job " + std::string(id) + ": add it first");
    return *found;
  }

  std::shared_ptr<state> state_ = std::make_shared<state>();
};
static_assert(job_store<memory_job_store>);

}  // namespace upkeep::inline v0
