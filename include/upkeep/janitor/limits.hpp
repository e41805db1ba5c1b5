#pragma once
// Whether a plan stays within its limits, and what is left of it where the user chose to trim.

#include "../concepts/history.hpp"
#include "options.hpp"
#include "plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// A limit that a plan exceeds: none where `reason` is empty.
struct limit_excess {
  std::string reason;   ///< `safety_threshold`, `count_limit`, `scope_threshold`, `absence_spike`
  std::string message;  ///< one sentence with the figures and the option that raises the limit
};

/// What the limits are measured against.
struct limit_basis {
  std::uint64_t rows = 0;                                             ///< of the whole store
  std::map<std::string, std::uint64_t, std::less<>> scope_rows = {};  ///< empty where scopes are not limited
  double absent_share = 0;                                            ///< of the sources answered for now
  std::optional<double> last_absent_share = {};                       ///< and in the last run that did not rise too far
};

namespace detail {

inline std::string percent(double share) {
  std::string text = std::to_string(std::round(share * 10000) / 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text + " %";
}

/// Of the sources that an oracle answered for, the share that it said to be absent; none where it answered for none.
inline std::optional<double> absent_share(std::uint64_t absent, std::uint64_t answered) {
  if (answered == 0) return std::nullopt;
  return static_cast<double>(absent) / static_cast<double>(answered);
}

/// The same of the run before.
inline std::optional<double> absent_share(const std::optional<run_summary>& last) {
  return last && last->asked_oracle ? absent_share(last->absent_sources, last->sources) : std::nullopt;
}

/// Whether no run before has looked at the rows: `apply` and `undo` do not.
inline bool looks_first(const std::optional<run_summary>& last) {
  return !last || (last->rows == 0 && (last->phase == "apply" || last->phase == "undo"));
}

/// The number of rows that a share allows: rounded down, with a grain for shares such as .05 that binary fractions miss.
inline std::uint64_t allowed(double share, std::uint64_t rows) {
  return static_cast<std::uint64_t>(std::floor(share * static_cast<double>(rows) + 1e-9));
}

inline std::map<std::string, std::uint64_t, std::less<>> removals_by_scope(const plan& p) {
  std::map<std::string, std::uint64_t, std::less<>> counts;
  for (const planned_removal& r : p.removals) ++counts[r.scope];
  return counts;
}

}  // namespace detail

/// The first limit that `p` exceeds.
inline limit_excess exceeded_limit(const plan& p, const removal_limits& limits, const limit_basis& basis) {
  using detail::allowed;
  using detail::percent;
  if (basis.last_absent_share && basis.absent_share > *basis.last_absent_share + limits.absence_spike + 1e-12)
    return {"absence_spike", percent(basis.absent_share) + " of the sources are said to be absent, after " +
                                 percent(*basis.last_absent_share) +
                                 " in the last run: check that the oracle sees all sources, or raise limits.absence_spike (" +
                                 percent(limits.absence_spike) + ")"};
  const std::uint64_t planned = p.removals.size();
  if (planned > limits.count)
    return {"count_limit", std::to_string(planned) + " removals are planned and " + std::to_string(limits.count) +
                               " allowed: look at the plan, then raise limits.count"};
  if (planned > allowed(limits.fraction, basis.rows))
    return {"safety_threshold", std::to_string(planned) + " of " + std::to_string(basis.rows) + " rows (" +
                                    percent(static_cast<double>(planned) / static_cast<double>(std::max<std::uint64_t>(basis.rows, 1))) +
                                    ") are planned to be removed and " + percent(limits.fraction) +
                                    " allowed: look at the plan, then raise limits.fraction"};
  if (limits.scope_fraction < 1.0)
    for (const auto& [scope, count] : detail::removals_by_scope(p)) {
      const auto rows = basis.scope_rows.find(scope);
      const std::uint64_t all = rows == basis.scope_rows.end() ? 0 : rows->second;
      if (count > allowed(limits.scope_fraction, all))
        return {"scope_threshold", std::to_string(count) + " of the " + std::to_string(all) + " rows of the scope \"" + scope +
                                       "\" are planned to be removed and " + percent(limits.scope_fraction) +
                                       " allowed: look at the plan, then raise limits.scope_fraction"};
    }
  return {};
}

/// Leaves out the least safe removals until fraction, count and scope limits hold. Safest first: duplicates by falling score, then orphans; in
/// plan order where equal. @return how many were left out.
inline std::uint64_t trim_to_limits(plan& p, const removal_limits& limits, const limit_basis& basis) {
  const std::uint64_t before = p.removals.size();
  const std::uint64_t most = std::min(limits.count, detail::allowed(limits.fraction, basis.rows));
  std::stable_sort(p.removals.begin(), p.removals.end(), [](const planned_removal& a, const planned_removal& b) {
    if (a.reason != b.reason) return a.reason == removal_reason::duplicate;
    return a.reason == removal_reason::duplicate && a.score > b.score;
  });
  std::map<std::string, std::uint64_t, std::less<>> taken;
  std::vector<planned_removal> kept;
  for (planned_removal& r : p.removals) {
    if (kept.size() >= most) break;
    if (limits.scope_fraction < 1.0) {
      const auto rows = basis.scope_rows.find(r.scope);
      if (taken[r.scope] >= detail::allowed(limits.scope_fraction, rows == basis.scope_rows.end() ? 0 : rows->second)) continue;
      ++taken[r.scope];
    }
    kept.push_back(std::move(r));
  }
  p.removals = std::move(kept);
  return before - p.removals.size();
}

}  // namespace upkeep::inline v0
