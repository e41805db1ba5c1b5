#pragma once
// A notifier that keeps what it was given, and fails when told to, for tests.

#include "../base/error.hpp"
#include "../concepts/notifier.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace upkeep::inline v0::testing {

/// Keeps every message. Copies of the notifier keep into one list: pass one to what is tested, look at the other.
/// @par Thread safety
/// All members may be called by any thread at any time.
class recording_notifier {
 public:
  recording_notifier() : state_(std::make_shared<state>()) {}

  /// @throws error unavailable with the words that fail_with was given.
  void deliver(const message& m) {
    const std::lock_guard guard(state_->mutex);
    if (!state_->failure.empty()) throw error(errc::unavailable, state_->failure);
    state_->messages.push_back(m);
  }

  /// All messages that were delivered, in order.
  [[nodiscard]] std::vector<message> messages() const {
    const std::lock_guard guard(state_->mutex);
    return state_->messages;
  }
  /// From now on nothing is delivered and `deliver` throws these words; an empty text ends that.
  void fail_with(std::string words) {
    const std::lock_guard guard(state_->mutex);
    state_->failure = std::move(words);
  }

 private:
  struct state {
    std::mutex mutex;
    std::vector<message> messages;
    std::string failure;
  };
  std::shared_ptr<state> state_;
};
static_assert(notifier<recording_notifier>);

}  // namespace upkeep::inline v0::testing
