#pragma once
// A clock on which somebody asks for a stop while one waits.

#include "upkeep/testing/manual_clock.hpp"

#include <chrono>
#include <memory>
#include <stop_token>

namespace upkeep_test {

/// A manual_clock; the first sleep of which requests a stop.
struct stopping_clock {
  upkeep::testing::manual_clock clock;
  std::shared_ptr<std::stop_source> stop = std::make_shared<std::stop_source>();

  [[nodiscard]] upkeep::time_point now() const { return clock.now(); }
  void sleep_until(upkeep::time_point instant) const {
    clock.sleep_until(instant);
    stop->request_stop();
  }
};

}  // namespace upkeep_test
