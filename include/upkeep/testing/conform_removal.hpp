#pragma once
// Puts a removal through every promise of its role, in one line and without a test framework.

#include "../concepts/removal.hpp"
#include "../concepts/vector_store.hpp"
#include "conformance.hpp"
#include "store_rows.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace upkeep::inline v0::testing {

/// Checks what the prose of concepts/removal.hpp promises, on stores with generated rows.
/// @param make_store  gives a new, empty store at every call, of which the removal knows how to take rows out
/// @param make        gives the removal: `[] { return my_removal(…); }`
/// @param shape       what the store takes
template <class MakeStore, class Make>
conformance_report conform_removal(MakeStore make_store, Make make, const row_shape& given = {}) {
  detail::rule_runner runner("removal");
  const row_shape shape = detail::shape_for(make_store(), given);
  // Rows that were taken out are gone for everybody who asks the store, also where they are only marked.
  const auto with_rows = [&](auto&& body) {
    auto store = make_store();
    auto removal = make();
    if constexpr (requires { removal.attach(store); }) removal.attach(store);
    row_generator generator(1, shape);
    detail::row_list all = generator.next(120);
    detail::put_rows(store, shape, all);
    const detail::row_list missing = generator.next(20);
    body(store, removal, all, missing);
  };
  runner.rule("rows_leave", [&] {
    with_rows([&](auto& store, auto& removal, const detail::row_list& all, const detail::row_list&) {
      const std::vector<key_view> keys = detail::keys_of(std::span(all).first(50));
      detail::require_equal(removal.take_out(store, keys), 50, "what take_out of 50 rows returns");
      detail::require_rows(store, shape, {all.begin() + 50, all.end()});
      std::size_t found = 0;
      store.fetch(keys, field::none, [&](const record_batch& b) { found += b.size(); });
      detail::require_equal(found, 0, "the number of rows that a fetch still finds");
    });
  });
  runner.rule("counts_only_what_left", [&] {
    with_rows([&](auto& store, auto& removal, const detail::row_list& all, const detail::row_list& missing) {
      std::vector<key_view> keys = detail::keys_of(missing);
      for (const key_view k : detail::keys_of(std::span(all).last(30))) keys.push_back(k);
      detail::require_equal(removal.take_out(store, keys), 30, "what take_out of 30 rows and 20 missing keys returns");
      detail::require_rows(store, shape, {all.begin(), all.end() - 30});
      detail::require_equal(removal.take_out(store, keys), 0, "what a second take_out returns");
    });
  });
  runner.rule("takes_no_keys", [&] {
    with_rows([&](auto& store, auto& removal, const detail::row_list& all, const detail::row_list&) {
      detail::require_equal(removal.take_out(store, {}), 0, "what take_out of no keys returns");
      detail::require_rows(store, shape, all);
    });
  });
  using store_type = std::remove_cvref_t<decltype(make_store())>;
  if constexpr (transactional_store<store_type>) {
    runner.rule("a_transaction_takes_it_back", [&] {
      with_rows([&](auto& store, auto& removal, const detail::row_list& all, const detail::row_list&) {
        struct stopped {};
        const std::vector<key_view> keys = detail::keys_of(std::span(all).first(50));
        try {
          store.transact([&] {
            removal.take_out(store, keys);
            throw stopped{};
          });
        } catch (const stopped&) {
        }
        detail::require_rows(store, shape, all);
      });
    });
  }
  return runner.finish();
}

}  // namespace upkeep::inline v0::testing
