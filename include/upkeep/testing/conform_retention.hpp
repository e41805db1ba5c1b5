#pragma once
// Puts a retention through every promise of its role, in one line and without a test framework.

#include "../concepts/retention.hpp"
#include "conformance.hpp"
#include "generated_rows.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace upkeep::inline v0::testing {

/// Checks what the prose of concepts/retention.hpp promises: a strict weak order over generated rows.
/// @param make  gives the retention, equal at every call: `[] { return my_retention(…); }`
template <class Make>
conformance_report conform_retention(Make make) {
  detail::rule_runner runner("retention");
  constexpr std::size_t count = 60;
  row_generator generator(1, {.dimension = 1});
  std::vector<generated_row> owned = generator.next(count);
  for (std::size_t i = 0; i < count; ++i) {  // few values, so that there are ties in every field
    owned[i].created = i % 4 == 0 ? no_time : static_cast<std::int64_t>(generator.random().below(4));
    if (i % 3 == 0) owned[i].text = std::string(static_cast<std::size_t>(generator.random().below(3)), 'x');
  }
  std::vector<record_view> rows;
  for (const generated_row& r : owned) {
    rows.push_back(r.view());
    rows.back().vector = {};
    rows.back().text = {};  // as the janitor hands it over; text_size tells the length
  }
  const auto retention = make();
  const auto outranks = [&](std::size_t a, std::size_t b) { return retention.outranks(rows[a], rows[b]); };
  const auto name = [&](std::size_t i) { return to_string(rows[i].key); };
  std::vector<bool> before(count * count);
  const auto is_before = [&](std::size_t a, std::size_t b) { return before[a * count + b]; };
  const auto tied = [&](std::size_t a, std::size_t b) { return !is_before(a, b) && !is_before(b, a); };
  runner.rule("compares_any_rows", [&] {
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b) before[a * count + b] = outranks(a, b);
  });
  runner.rule("no_row_outranks_itself", [&] {
    for (std::size_t a = 0; a < count; ++a) detail::require(!is_before(a, a), name(a) + " outranks itself");
  });
  runner.rule("no_two_rows_outrank_each_other", [&] {
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b)
        detail::require(a == b || !is_before(a, b) || !is_before(b, a), name(a) + " and " + name(b) + " outrank each other");
  });
  const auto triples = [&](auto&& check) {
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b)
        for (std::size_t c = 0; c < count; ++c) check(a, b, c);
  };
  runner.rule("outranking_is_passed_on", [&] {
    triples([&](std::size_t a, std::size_t b, std::size_t c) {
      if (is_before(a, b) && is_before(b, c))
        detail::require(is_before(a, c), name(a) + " outranks " + name(b) + ", which outranks " + name(c) + ", which the first does not");
    });
  });
  runner.rule("ties_are_passed_on", [&] {
    triples([&](std::size_t a, std::size_t b, std::size_t c) {
      if (tied(a, b) && tied(b, c))
        detail::require(tied(a, c), name(a) + " ties with " + name(b) + ", which ties with " + name(c) + ", but the first and last do not");
    });
  });
  runner.rule("is_deterministic", [&] {
    const auto second = make();
    for (std::size_t a = count; a-- > 0;)
      for (std::size_t b = count; b-- > 0;) {
        detail::require(outranks(a, b) == is_before(a, b), name(a) + " and " + name(b) + " are ordered otherwise when asked again");
        detail::require(second.outranks(rows[a], rows[b]) == is_before(a, b),
                        name(a) + " and " + name(b) + " are ordered otherwise by a second one");
      }
  });
  runner.rule("needs_no_text_and_no_vector", [&] {
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b < count; ++b)
        detail::require(retention.outranks(owned[a].view(), owned[b].view()) == is_before(a, b),
                        name(a) + " and " + name(b) + " are ordered otherwise where texts and vectors are loaded");
  });
  return runner.finish();
}

}  // namespace upkeep::inline v0::testing
