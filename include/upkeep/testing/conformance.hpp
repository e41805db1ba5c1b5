#pragma once
// What a conformance suite gives back, and how it runs its rules; without a test framework.

#include "../base/error.hpp"
#include "../base/function_ref.hpp"

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upkeep::inline v0::testing {

/// A promise of a role that a policy does not keep.
struct conformance_failure {
  std::string rule;    ///< snake_case name of the promise
  std::string detail;  ///< what was seen
};

/// What became of a policy that was put through a suite.
struct conformance_report {
  std::string role;
  std::vector<std::string> rules;  ///< all that were checked
  std::vector<conformance_failure> failures;

  [[nodiscard]] bool ok() const noexcept { return failures.empty() && !rules.empty(); }
  [[nodiscard]] bool broke(std::string_view rule) const noexcept {
    for (const conformance_failure& f : failures)
      if (f.rule == rule) return true;
    return false;
  }

  /// One line for a policy that keeps its promises; else a line for each that it breaks.
  [[nodiscard]] std::string text() const {
    if (ok()) return role + ": all " + std::to_string(rules.size()) + " rules hold\n";
    std::string out = role + ": " + std::to_string(failures.size()) + " of " + std::to_string(rules.size()) + " rules are broken\n";
    for (const conformance_failure& f : failures) out += "  " + f.rule + ": " + f.detail + "\n";
    return out;
  }
};

namespace detail {

struct broken_rule {
  std::string detail;
};

/// Runs rules and notes which are broken; an exception that a rule does not expect breaks it.
class rule_runner {
 public:
  explicit rule_runner(std::string_view role) { report_.role = role; }

  void rule(std::string_view name, function_ref<void()> body) {
    report_.rules.emplace_back(name);
    try {
      body();
    } catch (const broken_rule& broken) {
      report_.failures.push_back({std::string(name), broken.detail});
    } catch (const std::exception& thrown) {
      report_.failures.push_back({std::string(name), std::string("threw: ") + thrown.what()});
    } catch (...) {
      report_.failures.push_back({std::string(name), "threw something that is no std::exception"});
    }
  }

  [[nodiscard]] conformance_report finish() { return std::move(report_); }

 private:
  conformance_report report_;
};

inline void require(bool holds, const std::string& otherwise) {
  if (!holds) throw broken_rule{otherwise};
}

inline void require_equal(std::uint64_t seen, std::uint64_t expected, const std::string& what) {
  require(seen == expected, what + " is " + std::to_string(seen) + ", not " + std::to_string(expected));
}

/// The code of the upkeep::error that `action` throws; anything else breaks the rule.
inline errc thrown_code(function_ref<void()> action, const std::string& what) {
  try {
    action();
  } catch (const error& e) {
    return e.code();
  } catch (const std::exception& e) {
    throw broken_rule{what + " threw something that is no upkeep::error: " + e.what()};
  }
  throw broken_rule{what + " was not refused"};
}

}  // namespace detail
}  // namespace upkeep::inline v0::testing
