#pragma once
// An observer that keeps what it saw, for tests.

#include "../concepts/observer.hpp"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace upkeep::inline v0::testing {

/// A copy of an event.
struct recorded_event {
  using value_type = std::variant<std::int64_t, std::uint64_t, double, bool, std::string>;

  event_level level = event_level::info;
  std::string name, text;
  std::vector<std::pair<std::string, value_type>> fields;

  explicit recorded_event(const event& e) : level(e.level), name(e.name), text(e.text) {
    for (const event_field& f : e.fields)
      fields.emplace_back(f.name, std::visit(
                                      [](const auto& value) -> value_type {
                                        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string_view>)
                                          return std::string(value);
                                        else
                                          return value;
                                      },
                                      f.value));
  }

  /// The field of that name, or null.
  [[nodiscard]] const value_type* find(std::string_view field_name) const noexcept {
    for (const auto& [known, value] : fields)
      if (known == field_name) return &value;
    return nullptr;
  }
};

/// Keeps a copy of every event. Copies of the observer keep into one list: pass one to what is tested, look at the other.
/// @par Thread safety
/// All members may be called by any thread at any time.
class recording_observer {
 public:
  recording_observer() : state_(std::make_shared<state>()) {}

  void observe(const event& e) {
    recorded_event copy(e);
    const std::lock_guard guard(state_->mutex);
    state_->events.push_back(std::move(copy));
  }

  /// All events so far, in order.
  [[nodiscard]] std::vector<recorded_event> events() const {
    const std::lock_guard guard(state_->mutex);
    return state_->events;
  }
  /// How many events of that name were seen.
  [[nodiscard]] std::size_t count(std::string_view name) const {
    const std::lock_guard guard(state_->mutex);
    std::size_t n = 0;
    for (const recorded_event& e : state_->events) n += e.name == name ? 1 : 0;
    return n;
  }
  /// The last event of that name.
  [[nodiscard]] std::optional<recorded_event> last(std::string_view name) const {
    const std::lock_guard guard(state_->mutex);
    for (std::size_t i = state_->events.size(); i-- > 0;)
      if (state_->events[i].name == name) return state_->events[i];
    return std::nullopt;
  }
  void clear() {
    const std::lock_guard guard(state_->mutex);
    state_->events.clear();
  }

 private:
  struct state {
    std::mutex mutex;
    std::vector<recorded_event> events;
  };
  std::shared_ptr<state> state_;
};
static_assert(observer<recording_observer>);

}  // namespace upkeep::inline v0::testing
