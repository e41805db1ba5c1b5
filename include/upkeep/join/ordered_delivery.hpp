#pragma once
// Hands the pairs that several workers find to one sink, in the order of the work and not of the workers.

#include "../base/parallel.hpp"
#include "../concepts/duplicate_finder.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace upkeep::inline UPKEEP_ARCH_NAMESPACE {

/// Units of work are numbered and begun in ascending order; whoever finishes one delivers its pairs. They reach the sink unit by unit, in
/// ascending order, one thread at a time. Results that come early are kept while they are few; beyond that their worker waits for its turn,
/// which comes because the units before it have all been begun.
/// @par Thread safety  All members may be called from any thread.
class ordered_delivery {
 public:
  /// @param most_waiting  pairs that may be kept for their turn
  explicit ordered_delivery(pair_sink sink, std::size_t most_waiting = std::size_t{1} << 20) : sink_(sink), most_waiting_(most_waiting) {}

  /// Takes the pairs of a unit, each unit once. Throws what the sink throws; everything else is then dropped.
  void deliver(std::size_t unit, std::vector<scored_pair>&& pairs) {
    std::unique_lock<std::mutex> guard(mutex_);
    turn_.wait(guard, [&] { return abandoned_ || unit == next_ || pairs.empty() || waiting_pairs_ + pairs.size() <= most_waiting_; });
    if (abandoned_) return;
    if (unit != next_) {
      waiting_pairs_ += pairs.size();
      waiting_.emplace(unit, std::move(pairs));
      return;
    }
    try {
      hand_over(pairs);
      for (auto early = waiting_.begin(); early != waiting_.end() && early->first == next_; early = waiting_.erase(early)) {
        waiting_pairs_ -= early->second.size();
        hand_over(early->second);
      }
    } catch (...) {
      abandoned_ = true;
      turn_.notify_all();
      throw;
    }
    turn_.notify_all();
  }

  /// A worker failed and its unit will never come: nobody waits any more, nothing more reaches the sink.
  void abandon() noexcept {
    const std::lock_guard<std::mutex> guard(mutex_);
    abandoned_ = true;
    turn_.notify_all();
  }

  [[nodiscard]] std::size_t units_delivered() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return next_;
  }
  [[nodiscard]] std::uint64_t pairs_delivered() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return delivered_;
  }

 private:
  void hand_over(const std::vector<scored_pair>& pairs) {
    for (const scored_pair& p : pairs) {
      sink_(p);
      ++delivered_;
    }
    ++next_;
  }

  pair_sink sink_;
  const std::size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable turn_;
  std::map<std::size_t, std::vector<scored_pair>> waiting_;  // by unit
  std::size_t waiting_pairs_ = 0, next_ = 0;
  std::uint64_t delivered_ = 0;
  bool abandoned_ = false;
};

/// Runs `work(unit, worker, found)` for every unit on the threads of `how` and delivers what it put into `found`, ordered by (first, second)
/// within a unit. Tells how far it is as `step`, from the calling thread, and stops with `error` cancelled when told to.
/// @param units_are  what the units are called in progress events
template <class Work>
void deliver_in_order(std::size_t units, const execution& how, ordered_delivery& delivery, progress& progress, std::string_view units_are,
                      const Work& work) {
  constexpr std::string_view step = "find_pairs";
  const auto caller = std::this_thread::get_id();
  parallel_for(units, how, [&](std::size_t unit, std::size_t worker) {
    try {
      progress.check("the search for near-duplicates");
      std::vector<scored_pair> found;
      work(unit, worker, found);
      std::sort(found.begin(), found.end(),
                [](const scored_pair& a, const scored_pair& b) { return a.first != b.first ? a.first < b.first : a.second < b.second; });
      delivery.deliver(unit, std::move(found));
      if (std::this_thread::get_id() == caller) progress.report(step, std::min(delivery.units_delivered(), units - 1), units, units_are);
    } catch (...) {
      delivery.abandon();
      throw;
    }
  });
  progress.report(step, units, units, units_are);
}

}  // namespace upkeep::inline UPKEEP_ARCH_NAMESPACE
