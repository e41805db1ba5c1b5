#pragma once
// What a long operation is given to stop by and to report through.

#include "event.hpp"
#include "function_ref.hpp"

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string_view>

namespace upkeep::inline v0 {

/// A stop request and a sink for events. Long operations call `check()` at least once per batch.
/// A default one never stops and speaks to nobody.
/// @par Thread safety  `check()` and `stop_requested()` may be called from any thread; `report()` from the thread that runs the operation.
class progress {
 public:
  progress() = default;
  /// Stops when asked to; speaks to nobody.
  explicit progress(std::stop_token stop) : stop_(std::move(stop)) {}
  /// Borrows `sink`, which must outlive it; what the sink throws ends the operation.
  progress(std::stop_token stop, function_ref<void(const event&)> sink) : stop_(std::move(stop)), sink_(sink), has_sink_(true) {}

  [[nodiscard]] bool stop_requested() const noexcept { return stop_.stop_requested(); }
  [[nodiscard]] const std::stop_token& stop() const noexcept { return stop_; }

  /// @throws error cancelled once a stop was requested.
  void check(std::string_view during) const {
    if (stop_requested()) throw error(errc::cancelled, "cancelled during " + std::string(during) + ": nothing of this step was applied");
  }

  /// Passes an event on.
  void tell(const event& e) const {
    if (has_sink_) sink_(e);
  }

  /// Tells how far a step is, at most ten times a second and once at its end.
  /// @param step  name of the step, snake_case
  /// @param done,total  in `unit`; total 0 where it is not known
  void report(std::string_view step, std::uint64_t done, std::uint64_t total, std::string_view unit) {
    if (!has_sink_) return;
    const auto now = std::chrono::steady_clock::now();
    if (done != total && now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    const event_field fields[] = {{"step", step}, {"done", done}, {"total", total}, {"unit", unit}};
    sink_(event{event_level::progress, "progress", {}, fields});
  }

 private:
  static void ignore(const event&) {}
  std::stop_token stop_;
  function_ref<void(const event&)> sink_{ignore};
  bool has_sink_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace upkeep::inline v0
