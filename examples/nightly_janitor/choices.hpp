#pragma once
// Policies that are chosen when the program runs: one type each, so that one janitor serves every choice of the command line.

#include <upkeep/guard/any_pair.hpp>
#include <upkeep/guard/contained.hpp>
#include <upkeep/guard/digits_and_negation.hpp>
#include <upkeep/guard/keep_fullest.hpp>
#include <upkeep/guard/keep_newest.hpp>
#include <upkeep/guard/keep_oldest.hpp>
#include <upkeep/guard/same_words.hpp>
#include <upkeep/oracle/set_oracle.hpp>
#include <upkeep/oracle/sql_oracle.hpp>

#include "options.hpp"

#include <span>
#include <string_view>
#include <utility>
#include <variant>

namespace nightly_janitor {

/// The library's guards behind one switch. A policy of one's own is no more than this: a struct with the verb of its role.
struct chosen_guard {
  guard_kind kind = guard_kind::contained;
  static constexpr upkeep::field reads = upkeep::field::text;

  [[nodiscard]] upkeep::verdict judge(const upkeep::pair_view& pair) const {
    switch (kind) {
      case guard_kind::same_words: return upkeep::same_words().judge(pair);
      case guard_kind::digits: return upkeep::digits_and_negation().judge(pair);
      case guard_kind::any: return upkeep::any_pair().judge(pair);
      case guard_kind::contained: break;
    }
    return upkeep::contained().judge(pair);
  }
  [[nodiscard]] std::string_view doubt(const upkeep::pair_view& pair) const {
    switch (kind) {
      case guard_kind::same_words: return upkeep::same_words().doubt(pair);
      case guard_kind::digits: return upkeep::digits_and_negation().doubt(pair);
      case guard_kind::any: return {};  // never hesitates
      case guard_kind::contained: break;
    }
    return upkeep::contained().doubt(pair);
  }
};
static_assert(upkeep::doubting_guard<chosen_guard>);

struct chosen_retention {
  keep_kind kind = keep_kind::fullest;

  [[nodiscard]] bool outranks(const upkeep::record_view& a, const upkeep::record_view& b) const {
    switch (kind) {
      case keep_kind::oldest: return upkeep::keep_oldest().outranks(a, b);
      case keep_kind::newest: return upkeep::keep_newest().outranks(a, b);
      case keep_kind::fullest: break;
    }
    return upkeep::keep_fullest().outranks(a, b);
  }
};
static_assert(upkeep::retention<chosen_retention>);

/// A table or a list of the sources that exist.
struct chosen_oracle {
  std::variant<upkeep::set_oracle, upkeep::sql_oracle> list;

  void tell_owners(std::span<const std::string_view> sources, std::span<upkeep::ownership> answers) {
    std::visit([&](auto& oracle) { oracle.tell_owners(sources, answers); }, list);
  }
};
static_assert(upkeep::orphan_oracle<chosen_oracle>);

}  // namespace nightly_janitor
