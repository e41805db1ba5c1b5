#pragma once
// Puts a duplicate_guard through every promise of its role, in one line and without a test framework.

#include "../concepts/duplicate_guard.hpp"
#include "conformance.hpp"
#include "generated_rows.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace upkeep::inline v0::testing {

namespace detail {

/// Pairs of rows with related texts: equal, contained, one word apart, absent, of odd bytes.
inline std::vector<std::pair<generated_row, generated_row>> generated_pairs(std::uint64_t seed, std::size_t count) {
  row_generator generator(seed, {.dimension = 2});
  rng& random = generator.random();
  constexpr std::string_view words[] = {"the",  "deadline", "is",    "October", "15th",  "16th",  "not", "no", "never", "3.14",
                                        "v1.2", "Win32",    "Win64", "safe.",   "loose", "tight", "a",   "\n", "end."};
  const auto sentence = [&] {
    std::string text;
    for (auto n = 1 + random.below(12); n > 0; --n) text += (text.empty() ? "" : " ") + std::string(words[random.below(std::size(words))]);
    return text;
  };
  std::vector<std::pair<generated_row, generated_row>> pairs;
  for (std::size_t i = 0; i < count; ++i) {
    generated_row removed = generator.next(), survivor = generator.next();
    switch (random.below(5)) {
      case 0: break;  // two odd texts
      case 1: survivor.text = removed.text = sentence(); break;
      case 2:
        removed.text = sentence() + ".";
        survivor.text = sentence() + ".\n" + *removed.text + "\n" + sentence();
        break;
      case 3:
        removed.text = sentence();
        survivor.text = *removed.text + " " + std::string(words[random.below(std::size(words))]);
        break;
      default:
        removed.text = sentence();
        survivor.text = sentence();
        break;
    }
    if (random.chance(0.5)) survivor.source = removed.source;
    if (random.chance(0.5)) survivor.scope = removed.scope;
    pairs.emplace_back(std::move(removed), std::move(survivor));
  }
  return pairs;
}

template <class Guard>
class duplicate_guard_suite {
 public:
  duplicate_guard_suite() : pairs_(generated_pairs(1, 400)), runner_("duplicate_guard") {}

  template <class Make>
  conformance_report run(Make& make) {
    std::vector<verdict> verdicts;
    runner_.rule("judges_any_pair", [&] {
      const Guard guard = make();
      for (std::size_t i = 0; i < pairs_.size(); ++i) {
        const verdict v = guard.judge(pair(i));
        require(v == verdict::covers || v == verdict::review || v == verdict::distinct,
                "pair " + std::to_string(i) + " gets no known verdict");
        verdicts.push_back(v);
      }
    });
    if (verdicts.size() != pairs_.size()) return runner_.finish();
    runner_.rule("is_deterministic", [&] {
      const Guard first = make(), second = make();
      for (std::size_t i = pairs_.size(); i-- > 0;) {
        require(first.judge(pair(i)) == verdicts[i] && first.judge(pair(i)) == verdicts[i],
                "pair " + std::to_string(i) + " gets another verdict when it is judged again");
        require(second.judge(pair(i)) == verdicts[i], "pair " + std::to_string(i) + " gets another verdict from a second guard");
      }
    });
    runner_.rule("judges_in_many_threads", [&] {
      const Guard guard = make();
      std::vector<std::optional<std::size_t>> wrong(4);
      std::vector<std::thread> threads;
      for (std::size_t t = 0; t < wrong.size(); ++t)
        threads.emplace_back([&, t] {
          for (int round = 0; round < 5; ++round)
            for (std::size_t i = 0; i < pairs_.size(); ++i) {
              const std::size_t at = (i + t * 97) % pairs_.size();
              try {
                if (guard.judge(pair(at)) != verdicts[at]) wrong[t] = at;
              } catch (...) {
                wrong[t] = at;
              }
            }
        });
      for (std::thread& t : threads) t.join();
      for (const auto& w : wrong)
        require(!w.has_value(), "pair " + std::to_string(w.value_or(0)) + " gets another verdict while other threads judge");
    });
    runner_.rule("reads_only_what_it_says", [&] {
      const Guard guard = make();
      for (std::size_t i = 0; i < pairs_.size(); ++i) {
        pair_view seen = pair(i);
        seen.removed = masked(seen.removed);
        seen.survivor = masked(seen.survivor);
        require(guard.judge(seen) == verdicts[i],
                "pair " + std::to_string(i) + " gets another verdict without the fields that `reads` leaves out");
      }
    });
    return runner_.finish();
  }

 private:
  // As the janitor hands it over: no vectors.
  [[nodiscard]] pair_view pair(std::size_t i) const {
    pair_view p{.removed = pairs_[i].first.view(), .survivor = pairs_[i].second.view(), .score = 0.985 + 0.00001 * static_cast<double>(i)};
    p.removed.vector = p.survivor.vector = {};
    return p;
  }

  static record_view masked(record_view r) {
    constexpr field reads = fields_read<Guard>();
    if (!has(reads, field::source)) r.source = {};
    if (!has(reads, field::scope)) r.scope = {};
    if (!has(reads, field::text)) r.text = {};
    if (!has(reads, field::model)) r.model = {};
    if (!has(reads, field::created)) r.created = no_time;
    if (!has(reads, field::pinned)) r.pinned = false;
    return r;
  }

  std::vector<std::pair<generated_row, generated_row>> pairs_;
  rule_runner runner_;
};

}  // namespace detail

/// Checks what the prose of concepts/duplicate_guard.hpp promises, over generated pairs.
/// @param make  gives the guard, equal at every call: `[] { return my_guard(…); }`
template <class Make>
conformance_report conform_duplicate_guard(Make make) {
  return detail::duplicate_guard_suite<std::remove_cvref_t<decltype(make())>>().run(make);
}

}  // namespace upkeep::inline v0::testing
