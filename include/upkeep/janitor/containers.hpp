#pragma once
// Whether a whole container of sources has gone: a mount, a folder, a collection that an oracle does not see rather than one without sources.

#include "../concepts/orphan_oracle.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace upkeep::inline v0 {

/// The part of a source before its last '/' or ':', its folder or collection; empty where it has neither.
[[nodiscard]] inline std::string_view container_before(std::string_view source, std::string_view separators = "/:") noexcept {
  const std::size_t end = source.find_last_of(separators);
  return end == std::string_view::npos ? std::string_view() : source.substr(0, end);
}

/// A container whose sources are all said to be absent, more of them at a time than are believed.
struct refused_container {
  std::string name;
  std::uint64_t sources = 0;       ///< of it that the oracle answered for
  std::uint64_t newly_absent = 0;  ///< of these, present (or never asked for) until now

  friend bool operator==(const refused_container&, const refused_container&) = default;
};

/// Counts the answers for the sources of each container. A container lies in another one where it has a container itself, and its sources
/// count for that one too: a tree of many small folders can go as a whole.
/// @par Thread safety
/// One thread at a time.
class container_census {
 public:
  using container_of = std::function<std::string(std::string_view)>;

  /// @param of  what a source or a container lies in, shorter than its name; empty: container_before
  /// @param gone  containers that are known to be gone: their sources are not counted at all
  container_census(const container_of& of, std::span<const std::string> gone) : of_(of), gone_(gone.begin(), gone.end()) {}

  /// @param known  that it is absent was seen and believed by an earlier run
  void count(std::string_view source, ownership answer, bool known) {
    if (answer == ownership::unknown) return;
    const std::vector<std::string> all = around(source);
    for (const std::string& name : all)
      if (gone_.contains(name)) return;
    for (const std::string& name : all) {
      totals& t = totals_[name];
      t.answered += 1;
      t.absent += answer == ownership::absent ? 1 : 0;
      t.fresh += answer == ownership::absent && !known ? 1 : 0;
    }
  }

  /// The outermost containers of which no source is present and at least `least` are newly absent, by name. 0: none ever is.
  std::vector<refused_container> refuse(std::uint64_t least) {
    std::vector<refused_container> outermost;
    for (const auto& [name, t] : totals_)
      if (least != 0 && t.absent == t.answered && t.fresh >= least) refused_.insert(name);
    for (const std::string& name : refused_) {
      const std::vector<std::string> outer = around(name);
      const bool inside = std::any_of(outer.begin(), outer.end(), [&](const std::string& o) { return refused_.contains(o); });
      if (!inside) outermost.push_back({name, totals_[name].answered, totals_[name].fresh});
    }
    std::sort(outermost.begin(), outermost.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return outermost;
  }

  /// Whether the source lies in a container that was refused.
  [[nodiscard]] bool refused(std::string_view source) const {
    if (refused_.empty()) return false;
    const std::vector<std::string> all = around(source);
    const auto known_gone = [&](const std::string& name) { return gone_.contains(name); };
    if (std::any_of(all.begin(), all.end(), known_gone)) return false;
    return std::any_of(all.begin(), all.end(), [&](const std::string& name) { return refused_.contains(name); });
  }

 private:
  struct totals {
    std::uint64_t answered = 0, absent = 0, fresh = 0;
  };

  // From the inside out. A name that does not get shorter is the last one, whatever it says that it lies in.
  [[nodiscard]] std::vector<std::string> around(std::string_view name) const {
    std::vector<std::string> all;
    for (;;) {
      std::string outer = of_ ? of_(name) : std::string(container_before(name));
      if (outer.empty() || outer.size() >= name.size()) return all;
      all.push_back(std::move(outer));
      name = all.back();
    }
  }

  const container_of& of_;
  std::unordered_set<std::string> gone_;
  std::unordered_map<std::string, totals> totals_;
  std::unordered_set<std::string> refused_;
};

namespace detail {

/// One sentence about containers that were refused; empty where there are none.
inline std::string about_refused(const std::vector<refused_container>& all) {
  constexpr std::size_t named = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), named); ++i)
    text += (i == 0 ? "" : ", ") + ("'" + all[i].name + "' (" + std::to_string(all[i].sources)) + " sources)";
  if (all.size() > named) text += " and " + std::to_string(all.size() - named) + " more";
  if (!text.empty())
    text =
        "no source is left in " + text +
        ": their rows were kept; check that the oracle sees these containers, or name them in gone_containers where they are gone for good";
  return text;
}

}  // namespace detail
}  // namespace upkeep::inline v0
