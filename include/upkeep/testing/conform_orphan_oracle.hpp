#pragma once
// Puts an orphan_oracle through every promise of its role, in one line and without a test framework.

#include "../base/rng.hpp"
#include "../concepts/orphan_oracle.hpp"
#include "conformance.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace upkeep::inline v0::testing {

/// Sources whose owners the user knows, to hold the oracle's answers against.
struct known_sources {
  std::vector<std::string> present;  ///< at least one
  std::vector<std::string> absent;   ///< at least one, unless the oracle never says absent
};

namespace detail {

/// The answers to `sources`, in an array whose neighbours must stay untouched.
template <class Oracle>
std::vector<ownership> guarded_answers(Oracle& oracle, std::span<const std::string_view> sources) {
  constexpr auto untouched = static_cast<ownership>(77);
  std::vector<ownership> all(sources.size() + 2, ownership::unknown);
  all.front() = all.back() = untouched;
  oracle.tell_owners(sources, std::span(all).subspan(1, sources.size()));
  require(all.front() == untouched && all.back() == untouched, "the oracle wrote beyond the answers it was given");
  all.erase(all.begin());
  all.pop_back();
  for (std::size_t i = 0; i < all.size(); ++i)
    require(all[i] == ownership::present || all[i] == ownership::absent || all[i] == ownership::unknown,
            "the answer to source " + std::to_string(i) + " is none of present, absent and unknown");
  return all;
}

}  // namespace detail

/// Checks what the prose of concepts/orphan_oracle.hpp promises.
/// @param make   gives an oracle: `[] { return my_oracle(…); }`
/// @param known  what it must answer
template <class Make>
conformance_report conform_orphan_oracle(Make make, const known_sources& known) {
  detail::rule_runner runner("orphan_oracle");
  using views = std::vector<std::string_view>;
  const auto ask = [&](const views& sources) {
    auto&& oracle = make();
    return detail::guarded_answers(oracle, sources);
  };
  const auto said = [](std::string_view source, ownership answer) {
    return "the source '" + std::string(source) + "' is said to be " + std::string(to_string(answer));
  };
  views all(known.present.begin(), known.present.end());
  all.insert(all.end(), known.absent.begin(), known.absent.end());

  runner.rule("knows_who_is_present", [&] {
    const views sources(known.present.begin(), known.present.end());
    detail::require(!sources.empty(), "no present source was given to ask for");
    const auto answers = ask(sources);
    for (std::size_t i = 0; i < sources.size(); ++i) detail::require(answers[i] == ownership::present, said(sources[i], answers[i]));
  });
  runner.rule("knows_who_is_absent", [&] {
    const views sources(known.absent.begin(), known.absent.end());
    const auto answers = ask(sources);
    for (std::size_t i = 0; i < sources.size(); ++i) detail::require(answers[i] == ownership::absent, said(sources[i], answers[i]));
  });
  runner.rule("answers_each_source_whatever_the_batch", [&] {
    const auto together = ask(all);
    for (std::size_t i = 0; i < all.size(); ++i)
      detail::require(ask({all[i]})[0] == together[i], said(all[i], together[i]) + " in a batch and otherwise alone");
    rng random(1);
    std::vector<std::size_t> order(all.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    random.shuffle(std::span(order));
    views shuffled;
    for (const std::size_t i : order) shuffled.push_back(all[i]);
    const auto again = ask(shuffled);
    for (std::size_t i = 0; i < order.size(); ++i)
      detail::require(again[i] == together[order[i]], said(shuffled[i], again[i]) + " in one order and otherwise in another");
  });
  runner.rule("says_the_same_when_asked_again", [&] {
    auto&& oracle = make();
    const auto first = detail::guarded_answers(oracle, all);
    for (int i = 0; i < 3; ++i)
      detail::require(detail::guarded_answers(oracle, all) == first, "the same oracle gives other answers when asked again");
  });
  runner.rule("takes_an_empty_batch", [&] { detail::require(ask({}).empty(), "an empty batch has answers"); });
  runner.rule("takes_any_source", [&] {
    using namespace std::string_literals;
    std::vector<std::string> odd{"",  " ",         "\n",   "'", "\"; DROP TABLE sources; --", "a\0b"s, "\xff\xfe", "%", "_",
                                 "*", "../../etc", "NULL", "0", std::string(100'000, 'x')};
    for (int i = 0; i < 5000; ++i) odd.push_back("upkeep conformance " + std::to_string(i));
    const std::unordered_set<std::string_view> named(all.begin(), all.end());
    views sources;
    for (const std::string& s : odd)
      if (named.count(s) == 0) sources.push_back(s);
    sources.insert(sources.end(), all.begin(), all.end());
    std::vector<ownership> answers;
    try {
      answers = ask(sources);
    } catch (const std::exception&) {
      return;  // allowed: the whole batch is unknown then
    }
    for (std::size_t i = 0; i < known.present.size(); ++i) {
      const std::size_t at = sources.size() - all.size() + i;
      detail::require(answers[at] == ownership::present, said(sources[at], answers[at]) + " among sources with odd names");
    }
  });
  return runner.finish();
}

}  // namespace upkeep::inline v0::testing
